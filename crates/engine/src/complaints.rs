//! Keeps what strangers can cause from filling the log.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use moments_domain::Timestamp;

/// When something was last told, and how often it was not told since.
#[derive(Debug)]
pub(crate) struct Complaints {
    told: AtomicI64,
    hidden: AtomicU64,
}

impl Default for Complaints {
    fn default() -> Self {
        Self {
            told: AtomicI64::new(i64::MIN),
            hidden: AtomicU64::new(0),
        }
    }
}

impl Complaints {
    /// Whether to tell it now, at most once in `quiet`: then how many went untold before.
    pub(crate) fn may_be_told(&self, now: Timestamp, quiet: Duration) -> Option<u64> {
        let told = self.told.load(Ordering::Relaxed);
        let is_due = told == i64::MIN || now.since(Timestamp(told)) >= quiet;
        let is_first = is_due
            && self
                .told
                .compare_exchange(told, now.0, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if is_first {
            Some(self.hidden.swap(0, Ordering::Relaxed))
        } else {
            self.hidden.fetch_add(1, Ordering::Relaxed);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_told_once_and_counted() {
        let (complaints, quiet) = (Complaints::default(), Duration::from_secs(10));
        let at = |secs| complaints.may_be_told(Timestamp::from_secs(secs), quiet);
        assert_eq!(
            [at(0), at(1), at(9), at(10), at(11), at(30)],
            [Some(0), None, None, Some(2), None, Some(1)]
        );
    }
}
