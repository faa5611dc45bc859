//! When each part of the engine last did its work: what a health check asks.

use std::sync::atomic::{AtomicI64, Ordering};

use moments_domain::Timestamp;
use moments_queue::Link;

use crate::app::Engine;

/// What this process last did. A part that does not run here has no time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The scheduler's last round that went well. One comes at least every second.
    pub scheduler: Option<Timestamp>,
    /// The last time that a worker looked for work and could have claimed it, whether or not there was any. One comes at least every second,
    /// save while every slot is taken.
    pub claim: Option<Timestamp>,
    /// How the connection to the broker stands; `None`: no broker is configured.
    pub broker: Option<Link>,
}

impl Engine {
    /// What this process last did.
    pub fn progress(&self) -> Progress {
        Progress {
            scheduler: self.marks.scheduler.get(),
            claim: self.marks.claim.get(),
            broker: self.broker.as_ref().map(moments_queue::Broker::link),
        }
    }
}

/// The times that [`Progress`] tells.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    pub(crate) scheduler: Mark,
    pub(crate) claim: Mark,
}

/// A point in time that is set again and again.
#[derive(Debug)]
pub(crate) struct Mark(AtomicI64);

impl Default for Mark {
    fn default() -> Self {
        Self(AtomicI64::new(i64::MIN))
    }
}

impl Mark {
    pub(crate) fn set(&self, now: Timestamp) {
        self.0.store(now.0, Ordering::Relaxed);
    }

    fn get(&self) -> Option<Timestamp> {
        let at = self.0.load(Ordering::Relaxed);
        (at != i64::MIN).then_some(Timestamp(at))
    }
}
