use moments_domain::Timestamp;

use super::*;
use crate::tests::HandClock;

const ALICE: UserId = UserId(1);
const BOB: UserId = UserId(2);

#[test]
fn a_user_gets_a_minutes_share_at_once_and_then_waits() {
    let clock = HandClock::at(Timestamp::from_secs(1_760_000_000));
    let limiter = UserLimiter::new(60, clock.clone());
    for _ in 0..60 {
        assert_eq!(limiter.check(ALICE), Ok(()));
    }
    assert_eq!(
        limiter.check(ALICE),
        Err(Duration::from_secs(1)),
        "the minute's share is used up"
    );
    assert_eq!(limiter.check(BOB), Ok(()), "another user has a share of its own");
    clock.advance(Duration::from_secs(1));
    assert_eq!(limiter.check(ALICE), Ok(()), "one more has come back");
    assert!(limiter.check(ALICE).is_err());
}

#[test]
fn zero_is_no_limit() {
    let limiter = UserLimiter::new(0, HandClock::at(Timestamp::from_secs(0)));
    assert!((0..10_000).all(|_| limiter.check(ALICE).is_ok()));
}
