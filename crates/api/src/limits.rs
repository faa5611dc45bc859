//! How often one user may ask.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use moments_domain::{Clock, UserId};

/// A limit for each user, in this process: with several processes a user may get as many times more.
///
/// Up to the whole minute's share may come at once; after that, requests come back evenly. Keeps one small cell for
/// each user who has shown a good token.
pub(crate) struct UserLimiter(
    Option<RateLimiter<UserId, DashMapStateStore<UserId>, OurClock, NoOpMiddleware<Duration>>>,
);

impl UserLimiter {
    /// At most this many requests in a minute; 0: no limit.
    pub(crate) fn new(requests_per_minute: u32, clock: Arc<dyn Clock>) -> Self {
        let limiter = NonZeroU32::new(requests_per_minute)
            .map(|n| RateLimiter::new(Quota::per_minute(n), DashMapStateStore::default(), OurClock(clock)));
        Self(limiter)
    }

    /// Counts one request; how long to wait when it is one too many.
    pub(crate) fn check(&self, user: UserId) -> Result<(), Duration> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        limiter
            .check_key(&user)
            .map_err(|until| until.wait_time_from(limiter.clock().now()))
    }
}

/// The program's clock as `governor` asks for it.
#[derive(Clone)]
struct OurClock(Arc<dyn Clock>);

impl GovernorClock for OurClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.now().0).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests;
