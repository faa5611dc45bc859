//! The signal that something is due. Losing it costs a second, never a post: the worker also looks by itself.

use std::sync::atomic::{AtomicI64, Ordering};

use moments_domain::Timestamp;
use tokio::sync::Notify;

/// Wakes the worker when a new row is due before it would look again.
#[derive(Debug, Default)]
pub(crate) struct Wake {
    notify: Notify,
    sleeps_until: AtomicI64,
}

impl Wake {
    /// Something is due at `due`.
    pub(crate) fn due_at(&self, due: Timestamp) {
        if due.0 < self.sleeps_until.load(Ordering::SeqCst) {
            self.notify.notify_one();
        }
    }

    /// The worker is about to sleep until `until`. Call before the last look at the table.
    pub(crate) fn sleeping_until(&self, until: Timestamp) {
        self.sleeps_until.store(until.0, Ordering::SeqCst);
    }

    /// Waits for the signal; one that came before the wait counts.
    pub(crate) async fn signal(&self) {
        self.notify.notified().await;
    }
}
