//! How long to wait after a failure. Pure: the caller brings the dice.

use std::time::Duration;

use rand::{Rng, RngExt as _};

/// Wait after failed attempt `n` (1-based): 30 s, 1 min, 2 min, … at most 1 h, ±10 %; never less than `asked`, the platform's own wish.
pub fn backoff(n: u32, asked: Option<Duration>, rng: &mut dyn Rng) -> Duration {
    let base = 30_u64.saturating_mul(1 << n.saturating_sub(1).min(10)).min(3600);
    jitter(Duration::from_secs(base), rng).max(asked.unwrap_or_default())
}

/// `span` ±10 %, so that many waiters do not come back in the same instant.
pub fn jitter(span: Duration, rng: &mut dyn Rng) -> Duration {
    span.mul_f64(rng.random_range(0.9..=1.1))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    use super::*;

    #[test]
    fn waits_double_up_to_an_hour() {
        let mut rng = SmallRng::seed_from_u64(7);
        for (n, secs) in [(1, 30.0), (2, 60.0), (3, 120.0), (8, 3600.0), (40, 3600.0)] {
            let wait = backoff(n, None, &mut rng).as_secs_f64();
            assert!((secs * 0.9..=secs * 1.1).contains(&wait), "attempt {n}: {wait}");
        }
    }

    #[test]
    fn the_platforms_own_wish_is_heard() {
        let mut rng = SmallRng::seed_from_u64(7);
        assert_eq!(
            backoff(1, Some(Duration::from_secs(90)), &mut rng),
            Duration::from_secs(90)
        );
    }
}
