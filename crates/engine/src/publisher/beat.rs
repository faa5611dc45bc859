//! Keeps a lease while something takes its time: a video may wait for others and be encoded for longer than a lease lasts.

use std::pin::pin;
use std::time::Duration;

use moments_store::{Hold, Lease, Save, Saved};

use crate::app::Engine;
use crate::publisher::job::Stop;

/// How often the clock is looked at; a lease lasts for minutes.
const BEAT: Duration = Duration::from_secs(1);

/// The heartbeat of a lease whose publication stays as it is.
pub(crate) struct Beat<'a> {
    engine: &'a Engine,
    /// The row as it is.
    save: Save,
}

impl<'a> Beat<'a> {
    /// `save` is repeated to extend its lease.
    pub(crate) fn new(engine: &'a Engine, save: Save) -> Self {
        Self { engine, save }
    }

    /// Waits for `work`, and extends the lease whenever half of it is gone. Another worker's lease ends the work: it would come to nothing.
    pub(crate) async fn during<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Stop> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                () = tokio::time::sleep(BEAT) => self.extend().await?,
            }
        }
    }

    /// The lease as it is by now.
    pub(crate) fn lease(self) -> Lease {
        self.save.lease
    }

    async fn extend(&mut self) -> Result<(), Stop> {
        let (now, lease) = (self.engine.clock.now(), self.engine.settings.lease);
        if self.save.lease.until.since(now) > lease / 2 {
            return Ok(());
        }
        let until = now + lease;
        (self.save.now, self.save.hold) = (now, Hold::Extend);
        self.save.publication.look_time = Some(until);
        match self.engine.store.save(self.save.clone()).await? {
            Saved::Done => self.save.lease.until = until,
            Saved::LeaseLost | Saved::Refused(_) => return Err(Stop::LeaseLost),
        }
        Ok(())
    }
}
