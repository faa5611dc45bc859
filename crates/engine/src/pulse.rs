//! Signs of life among the processes of an installation: what one held that is dead or cut off goes on in another within half a minute.

use std::collections::HashMap;
use std::time::Duration;

use moments_domain::Timestamp;
use moments_store::{Beats, StoreError};
use tokio_util::sync::CancellationToken;

use crate::app::Engine;
use crate::wake::rest;

/// Between signs of life.
const BEAT: Duration = Duration::from_secs(5);
/// Looks in a row at which a process has given no sign: then it is taken for dead.
const SILENT_LOOKS: u32 = 4;

/// Gives signs of life, and takes over from those who give none, until `ended`: this process holds nothing any more. For databases that several
/// processes share.
pub async fn run(engine: Engine, ended: CancellationToken) {
    let mut watch = Watch::default();
    while !ended.is_cancelled() {
        if let Err(error) = look(&engine, &mut watch).await {
            tracing::warn!(%error, "no sign of life could be given");
            watch = Watch::default();
        }
        rest(BEAT, &ended).await;
    }
    if let Err(error) = engine.store.leave(&engine.owner).await {
        tracing::warn!(%error, "the others will notice by themselves that this process has ended");
    }
}

async fn look(engine: &Engine, watch: &mut Watch) -> Result<(), StoreError> {
    engine.store.beat(&engine.owner).await?;
    let now = engine.clock.now();
    for silent in watch.silent(engine.store.beats().await?, now) {
        let freed = engine.store.bury(&silent, now, now + engine.settings.lease).await?;
        tracing::warn!(
            owner = silent.owner,
            freed,
            "a process gives no sign of life: what it held goes on elsewhere"
        );
        engine.wake.due_at(now);
    }
    Ok(())
}

/// What was seen at the last look, and at how many looks before.
#[derive(Debug, Default)]
struct Watch {
    seen: HashMap<String, (i64, u32)>,
    last: Option<Timestamp>,
}

impl Watch {
    /// Those whose number has not moved for as many looks as it takes. A look that comes late proves nothing: this process itself was stopped, or
    /// the database was away, and then for the others too.
    fn silent(&mut self, beats: Vec<Beats>, now: Timestamp) -> Vec<Beats> {
        if self.last.is_some_and(|last| now.since(last) > 2 * BEAT) {
            self.seen.clear();
        }
        self.last = Some(now);
        let before = std::mem::take(&mut self.seen);
        let mut silent = Vec::new();
        for one in beats {
            let looks = match before.get(&one.owner) {
                Some((count, looks)) if *count == one.count => looks + 1,
                _ => 0,
            };
            self.seen.insert(one.owner.clone(), (one.count, looks));
            if looks >= SILENT_LOOKS {
                silent.push(one);
            }
        }
        silent
    }
}

#[cfg(test)]
mod tests;
