//! When to look again: the rhythm of following a publication up.

use std::time::Duration;

/// Wait before the next look at a creation job that has run for `age` (reference wecom 7.2: 2–5 s, slowing down).
pub fn job_poll(age: Duration) -> Duration {
    Duration::from_secs(match age.as_secs() {
        0..10 => 2,
        10..60 => 5,
        60..600 => 20,
        _ => 300,
    })
}

/// Wait before asking again who has confirmed, `age` after creation (reference wecom 11.6: minutes at first, then hourly).
pub fn confirmation_poll(age: Duration) -> Duration {
    Duration::from_secs(match age.as_secs() {
        0..30 => 3,
        30..120 => 10,
        120..1800 => 60,
        1800..21_600 => 600,
        _ => 3600,
    })
}
