//! The signals that something is due. Losing one costs a second, never a post: whoever waits for one also looks by itself.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use moments_domain::Timestamp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// The longest sleep between looks at the table.
pub(crate) const SWEEP: Duration = Duration::from_secs(1);

/// Wakes the scheduler and the worker of this process when a new row is due before they would look again.
#[derive(Debug, Default)]
pub(crate) struct Wake {
    pub(crate) scheduler: Bell,
    pub(crate) worker: Bell,
    /// A push has come in.
    pub(crate) inbox: Notify,
}

impl Wake {
    /// Something is due at `due`.
    pub(crate) fn due_at(&self, due: Timestamp) {
        self.scheduler.ring(due);
        self.worker.ring(due);
    }
}

/// Wakes one sleeper.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    notify: Notify,
    sleeps_until: AtomicI64,
}

impl Bell {
    fn ring(&self, due: Timestamp) {
        if due.0 < self.sleeps_until.load(Ordering::SeqCst) {
            self.notify.notify_one();
        }
    }

    /// The sleeper is about to sleep until `until`. Call before the last look at the table.
    pub(crate) fn sleeping_until(&self, until: Timestamp) {
        self.sleeps_until.store(until.0, Ordering::SeqCst);
    }

    /// The sleeper does not look into the table for now.
    pub(crate) fn mute(&self) {
        self.sleeps_until.store(i64::MIN, Ordering::SeqCst);
    }

    /// Waits for the signal; one that came before the wait counts.
    pub(crate) async fn signal(&self) {
        self.notify.notified().await;
    }
}

/// Sleeps for `span`, or until `stop`.
pub(crate) async fn rest(span: Duration, stop: &CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(span) => (),
        () = stop.cancelled() => (),
    }
}
