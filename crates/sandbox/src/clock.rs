//! The sandbox's own time: real, shifted, or set by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Marks a clock that runs; any other value of `frozen_ms` is the time it stands at.
const RUNNING: i64 = i64::MIN;

/// The time of both worlds, in Unix milliseconds. Clones show the same time.
///
/// Everything with a date in the sandbox follows it: tokens (7200 s), jobs (24 h), media (3 days), rate windows,
/// months, human delays. Delays of the wire (`slow`, `late`) are real time, because a client waits in real time.
#[derive(Clone, Debug)]
pub struct SandboxClock(Arc<Hands>);

#[derive(Debug)]
struct Hands {
    frozen_ms: AtomicI64,
    shift_ms: AtomicI64,
}

impl Default for SandboxClock {
    fn default() -> Self {
        Self::real()
    }
}

impl SandboxClock {
    /// A clock that shows the machine's time.
    pub fn real() -> Self {
        Self(Arc::new(Hands {
            frozen_ms: AtomicI64::new(RUNNING),
            shift_ms: AtomicI64::new(0),
        }))
    }

    /// A clock that stands at `ms` (Unix milliseconds) until it is moved.
    pub fn at(ms: i64) -> Self {
        let clock = Self::real();
        clock.set(ms);
        clock
    }

    /// The present time of the sandbox, Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        match self.0.frozen_ms.load(Ordering::Acquire) {
            RUNNING => real_ms() + self.0.shift_ms.load(Ordering::Acquire),
            frozen => frozen,
        }
    }

    /// Whether the clock stands still between [`set`](Self::set) and [`advance`](Self::advance).
    pub fn is_manual(&self) -> bool {
        self.0.frozen_ms.load(Ordering::Acquire) != RUNNING
    }

    /// Stops the clock at `ms`. Earlier than before is allowed, but what already exists keeps its dates.
    pub fn set(&self, ms: i64) {
        self.0.frozen_ms.store(ms.max(RUNNING + 1), Ordering::Release);
    }

    /// Moves the clock forward: a stopped one stands at the later time, a running one runs on from there.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX / 4);
        let hand = if self.is_manual() {
            &self.0.frozen_ms
        } else {
            &self.0.shift_ms
        };
        hand.fetch_add(by, Ordering::AcqRel);
    }

    /// Lets the clock run again, at the machine's time.
    pub fn run(&self) {
        self.0.shift_ms.store(0, Ordering::Release);
        self.0.frozen_ms.store(RUNNING, Ordering::Release);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the sandbox is the outside world and this is its only clock"
)]
fn real_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX / 4)
}
