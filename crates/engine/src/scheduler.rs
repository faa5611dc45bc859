//! Stages what is due and sends word of it to workers; and keeps house.
//!
//! Without a broker there is nothing to send: workers look into the tables by themselves. Several schedulers do not get in each other's way,
//! because a row that one has staged is not due for the others.

use std::time::Duration;

use moments_domain::Timestamp;
use moments_queue::{Broker, Link};
use moments_store::{Room, StoreError};
use tokio_util::sync::CancellationToken;

use crate::app::Engine;
use crate::wake::{SWEEP, rest};

/// How long a staged row waits for its message; then it comes up again.
const GRACE: Duration = Duration::from_secs(5);
/// How long to wait for workers to take something when as much is staged as may be.
const CROWDED: Duration = Duration::from_millis(50);
/// How long the answer to an idempotency key is kept.
const KEYS_KEPT: Duration = Duration::from_hours(7 * 24);
/// How long a push is remembered whose work is over, so that a repetition is no news.
const PUSHES_KEPT: Duration = Duration::from_hours(7 * 24);
/// How long the outcome of an install can be asked for.
const INSTALLS_KEPT: Duration = Duration::from_hours(30 * 24);
/// Between rounds of housekeeping.
const HOUSEKEEPING: Duration = Duration::from_hours(1);

/// What a round came to, and so what comes next.
enum Round {
    /// Rows were handed over; there may be more.
    HandedOver,
    /// Nothing is due.
    NothingDue,
    /// Something is due, but enough is staged.
    Crowded,
    /// Nobody would get a message.
    NobodyListens,
}

/// Schedules until `stop`.
pub async fn run(engine: Engine, stop: CancellationToken) {
    let mut housekeeping_due = Timestamp(i64::MIN);
    while !stop.is_cancelled() {
        let now = engine.clock.now();
        if now >= housekeeping_due {
            keep_house(&engine, now).await;
            housekeeping_due = now + HOUSEKEEPING;
        }
        match round(&engine).await {
            Ok(done) => {
                engine.marks.scheduler.set(engine.clock.now());
                wait_after(&engine, &done, &stop).await;
            }
            Err(error) => {
                tracing::error!(%error, source = ?std::error::Error::source(&error), "nothing could be scheduled");
                rest(SWEEP, &stop).await;
            }
        }
    }
}

async fn round(engine: &Engine) -> Result<Round, StoreError> {
    match &engine.broker {
        Some(broker) if somebody_listens(&broker.link()) => hand_over(engine, broker).await,
        _ => Ok(Round::NobodyListens),
    }
}

/// While no worker takes messages, rows stay where workers find them by themselves.
fn somebody_listens(link: &Link) -> bool {
    link.depth.is_some_and(|depth| depth.consumers > 0)
}

async fn hand_over(engine: &Engine, broker: &Broker) -> Result<Round, StoreError> {
    let now = engine.clock.now();
    engine.wake.scheduler.sleeping_until(now + SWEEP);
    if engine.store.next_look().await?.is_none_or(|due| due > now) {
        return Ok(Round::NothingDue);
    }
    let until = now + GRACE;
    let staged = engine.store.stage(now, until, room(engine)).await?;
    if staged.is_empty() {
        return Ok(Round::Crowded);
    }
    let Err(unsent) = broker.publish(&staged, GRACE).await else {
        return Ok(Round::HandedOver);
    };
    tracing::warn!(error = %unsent, "due publications could not be handed over: workers find them by themselves");
    engine.store.unstage(&unsent.ids, until, engine.clock.now()).await?;
    Ok(Round::NobodyListens)
}

/// So much that a worker is never idle, and so little that nothing waits behind a long queue: a corp with a backlog takes an eighth of it.
fn room(engine: &Engine) -> Room {
    let all = 4 * engine.settings.concurrency;
    Room {
        all,
        each: (all / 8).max(1),
    }
}

async fn wait_after(engine: &Engine, round: &Round, stop: &CancellationToken) {
    let sleep = match round {
        Round::HandedOver => return,
        Round::NothingDue => until_next_look(engine).await,
        Round::Crowded => CROWDED,
        Round::NobodyListens => {
            engine.wake.scheduler.mute();
            SWEEP
        }
    };
    tokio::select! {
        () = rest(sleep, stop) => (),
        () = engine.wake.scheduler.signal() => (),
    }
}

/// At most a sweep; a table that cannot be read is tried again after one.
async fn until_next_look(engine: &Engine) -> Duration {
    let next = engine.store.next_look().await.ok().flatten();
    next.map_or(SWEEP, |next| next.since(engine.clock.now()).min(SWEEP))
}

/// What must be done now and then by somebody; that several do it does no harm.
async fn keep_house(engine: &Engine, now: Timestamp) {
    let told = |what, done: Result<u64, StoreError>| match done {
        Ok(_) => (),
        Err(error) => tracing::warn!(%error, "{what} could not be forgotten"),
    };
    told(
        "old idempotency keys",
        engine.store.prune_idempotency(now - KEYS_KEPT).await,
    );
    told("media that were looked at ahead", engine.store.prune_early().await);
    told("old pushes", engine.store.prune_pushes(now - PUSHES_KEPT).await);
    told("old installs", engine.store.prune_installs(now - INSTALLS_KEPT).await);
}
