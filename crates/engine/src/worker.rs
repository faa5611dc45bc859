//! Takes what is due and hands it to the publisher.
//!
//! Woken by a signal, repaired by a sweep, one path for both: a tick takes no hint of what changed, because after a crash there is none.

use std::sync::Arc;
use std::time::Duration;

use moments_domain::Timestamp;
use moments_store::StoreError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::Engine;
use crate::publisher;

/// The longest sleep between looks at the table.
const SWEEP: Duration = Duration::from_secs(1);
/// Most publications in one claim.
const MOST_AT_ONCE: usize = 512;
/// How long a claim waits for more free slots.
const GATHER: Duration = Duration::from_millis(2);
/// How long a stop waits for work under way; what is not done by then comes up again when its lease ends.
const STOP_WITHIN: Duration = Duration::from_secs(35);

/// Works until `stop`, then lets the work under way finish.
pub async fn run(engine: Engine, stop: CancellationToken) {
    let slots = Arc::new(Semaphore::new(engine.settings.concurrency));
    let tracker = TaskTracker::new();
    loop {
        let Some(free) = take_slots(&slots, &stop).await else {
            break;
        };
        match tick(&engine, &tracker, free).await {
            Ok(0) => idle(&engine, &stop).await,
            Ok(_) => (),
            Err(error) => {
                tracing::error!(%error, source = ?std::error::Error::source(&error), "no work could be claimed");
                rest(SWEEP, &stop).await;
            }
        }
        if stop.is_cancelled() {
            break;
        }
    }
    tracker.close();
    if tokio::time::timeout(STOP_WITHIN, tracker.wait()).await.is_err() {
        tracing::warn!(
            left = tracker.len(),
            "stopped with work under way: it goes on after the next start"
        );
    }
}

/// Claims what is due now and works on all of it until it waits or is done; how many there were. For tests that bring their own clock.
pub async fn run_due(engine: &Engine) -> Result<usize, StoreError> {
    let claimed = claim(engine, MOST_AT_ONCE).await?;
    let count = claimed.len();
    futures::future::join_all(claimed.into_iter().map(|one| publisher::work(engine, one))).await;
    Ok(count)
}

/// As many slots as are free, at least one; `None` when it is time to stop. While most are taken it waits a little for more to come free, because
/// a claim costs the same for one as for many.
async fn take_slots(slots: &Arc<Semaphore>, stop: &CancellationToken) -> Option<Vec<OwnedSemaphorePermit>> {
    let first = tokio::select! {
        permit = Arc::clone(slots).acquire_owned() => permit.ok()?,
        () = stop.cancelled() => return None,
    };
    if slots.available_permits() < MOST_AT_ONCE / 4 {
        tokio::time::sleep(GATHER).await;
    }
    let mut free = vec![first];
    while free.len() < MOST_AT_ONCE {
        match Arc::clone(slots).try_acquire_owned() {
            Ok(permit) => free.push(permit),
            Err(_) => break,
        }
    }
    Some(free)
}

async fn tick(engine: &Engine, tracker: &TaskTracker, free: Vec<OwnedSemaphorePermit>) -> Result<usize, StoreError> {
    let claimed = claim(engine, free.len()).await?;
    let count = claimed.len();
    for (one, slot) in claimed.into_iter().zip(free) {
        let engine = engine.clone();
        tracker.spawn(async move {
            publisher::work(&engine, one).await;
            drop(slot);
        });
    }
    Ok(count)
}

async fn claim(engine: &Engine, most: usize) -> Result<Vec<moments_store::Claimed>, StoreError> {
    let now = engine.clock.now();
    engine.wake.sleeping_until(now + SWEEP);
    engine.marks.claim.set(now);
    match engine.store.next_look().await? {
        Some(due) if due <= now => {
            let most = u32::try_from(most).unwrap_or(u32::MAX);
            engine
                .store
                .claim(&engine.owner, now, now + engine.settings.lease, most)
                .await
        }
        _ => Ok(Vec::new()),
    }
}

/// Nothing is due: sleeps until something is, or a signal comes, or the sweep is due.
async fn idle(engine: &Engine, stop: &CancellationToken) {
    let now = engine.clock.now();
    let next = engine
        .store
        .next_look()
        .await
        .ok()
        .flatten()
        .unwrap_or(Timestamp(i64::MAX));
    let sleep = next.since(now).min(SWEEP);
    if sleep.is_zero() {
        return;
    }
    tokio::select! {
        () = tokio::time::sleep(sleep) => (),
        () = engine.wake.signal() => (),
        () = stop.cancelled() => (),
    }
}

async fn rest(span: Duration, stop: &CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(span) => (),
        () = stop.cancelled() => (),
    }
}
