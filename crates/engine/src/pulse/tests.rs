use super::*;

/// Looks of (seconds since the start, count that is read): at which of them the process is taken for dead.
fn check(looks: &[(u64, i64)], dead_at: &[u64]) {
    let start = Timestamp::from_secs(1_760_000_000);
    let mut watch = Watch::default();
    let mut dead = Vec::new();
    for (secs, count) in looks {
        let beats = Beats {
            owner: "other".to_owned(),
            count: *count,
        };
        if !watch.silent(vec![beats], start + Duration::from_secs(*secs)).is_empty() {
            dead.push(*secs);
        }
    }
    assert_eq!(dead, dead_at, "{looks:?}");
}

#[test]
fn only_who_stays_silent_is_taken_for_dead() {
    check(&[(0, 1), (5, 2), (10, 3), (15, 4), (20, 5), (25, 6)], &[]);
    check(&[(0, 7), (5, 7), (10, 7), (15, 7), (20, 7)], &[20]);
    check(&[(0, 7), (5, 7), (10, 7), (15, 8), (20, 8), (25, 8)], &[]);
}

#[test]
fn who_was_stopped_itself_buries_nobody() {
    check(&[(0, 7), (5, 7), (10, 7), (15, 7), (60, 7), (65, 7)], &[]);
}
