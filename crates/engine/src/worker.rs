//! Takes what is due and hands it to the publisher.
//!
//! Woken by a signal, repaired by a sweep, one path for both: messages and looks into the table only say which rows to claim, and the claim
//! decides. While messages come, the worker sweeps up only what no scheduler has seen to; without a broker, or while it is away, it looks for
//! everything itself.

mod hands;
mod shares;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use moments_domain::{PublicationId, Ready, Timestamp};
use moments_queue::Delivery;
use moments_store::{Claimed, Picked, StoreError};
use tokio_util::sync::CancellationToken;

use crate::app::Engine;
use crate::publisher;
use crate::wake::{SWEEP, rest};

use hands::Hands;
use shares::{Shares, Slot};

/// Most publications in one claim. What is claimed together commits together: with more, everything comes in waves, and one core waits.
const MOST_AT_ONCE: usize = 128;
/// How long a claim waits for more free slots.
const GATHER: Duration = Duration::from_millis(2);
/// What is overdue by this has been missed by every scheduler.
const OVERLOOKED: Duration = Duration::from_secs(2);
/// How much earlier than ours the clock of a scheduler may be.
const SKEW: Duration = Duration::from_secs(1);
/// How long a message waits for its channel to come to another slot. Then it is let go, and its row comes up again by itself.
const PATIENCE: Duration = Duration::from_secs(1);

/// How a worker is told to end.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// Take no new work and finish what is under way, within `publish.stop_within_secs`.
    pub in_order: CancellationToken,
    /// Give back what is under way.
    pub at_once: CancellationToken,
}

/// Works until it is told to stop. What is under way by then is finished within the limit, or given back for others to go on with.
pub async fn run(engine: Engine, stop: Stop) {
    let mut worker = Worker::new(engine);
    while !stop.in_order.is_cancelled() {
        match worker.round().await {
            Ok(0) => worker.idle(&stop.in_order).await,
            Ok(_) => (),
            Err(error) => {
                tracing::error!(%error, source = ?std::error::Error::source(&error), "no work could be claimed");
                rest(SWEEP, &stop.in_order).await;
            }
        }
    }
    worker.finish(&stop.at_once).await;
}

/// Claims what is due now and works on all of it until it waits or is done; how many there were. For tests that bring their own clock.
pub async fn run_due(engine: &Engine) -> Result<usize, StoreError> {
    let now = engine.clock.now();
    let due = engine.store.due(now, MOST_AT_ONCE, &[]).await?;
    let claimed = claim(engine, &due, now).await?;
    let count = claimed.len();
    futures::future::join_all(claimed.into_iter().map(|one| publisher::work(engine, one))).await;
    Ok(count)
}

async fn claim(engine: &Engine, ready: &[Ready], planned_by: Timestamp) -> Result<Vec<Claimed>, StoreError> {
    let ids: Vec<_> = ready.iter().map(|one| one.id).collect();
    let picked = Picked { ids: &ids, planned_by };
    let now = engine.clock.now();
    engine
        .store
        .claim_picked(&engine.owner, picked, now, now + engine.settings.lease)
        .await
}

struct Worker {
    engine: Engine,
    shares: Arc<Shares>,
    hands: Hands,
    /// Messages whose channel has its share for now, with the time they came.
    waiting: VecDeque<(Delivery, Timestamp)>,
    /// What a claim that failed may have taken all the same: its rows name this process, and nobody works on them.
    unsure: Vec<PublicationId>,
    /// When the table is to be looked into next.
    sweep_due: Timestamp,
}

/// What may be claimed, and the slot it would have.
#[derive(Default)]
struct Picks {
    ready: Vec<Ready>,
    slots: HashMap<PublicationId, Slot>,
}

impl Picks {
    fn add(&mut self, ready: Ready, slot: Slot) {
        self.ready.push(ready);
        self.slots.insert(ready.id, slot);
    }
}

impl Worker {
    fn new(engine: Engine) -> Self {
        Self {
            shares: Shares::new(engine.settings.concurrency),
            hands: Hands::default(),
            waiting: VecDeque::new(),
            unsure: Vec::new(),
            sweep_due: Timestamp(i64::MIN),
            engine,
        }
    }

    /// Claims what may be claimed now and begins to work on it; how much that was.
    async fn round(&mut self) -> Result<usize, StoreError> {
        self.hands.sort_out();
        self.give_back_unsure().await?;
        let free = self.shares.free();
        if free == 0 {
            return Ok(0);
        }
        if free < MOST_AT_ONCE / 4 {
            // A claim costs the same for one as for many.
            tokio::time::sleep(GATHER).await;
        }
        let told = self.claim_told().await?;
        let found = self.claim_found().await?;
        self.engine.marks.claim.set(self.engine.clock.now());
        Ok(told + found)
    }

    /// Claims what messages have told of.
    async fn claim_told(&mut self) -> Result<usize, StoreError> {
        let Some(broker) = self.engine.broker.clone() else {
            return Ok(0);
        };
        let now = self.engine.clock.now();
        while let Some(delivery) = broker.next_here() {
            self.waiting.push_back((delivery, now));
        }
        let (mut picks, mut over) = (Picks::default(), Vec::new());
        for (delivery, came) in std::mem::take(&mut self.waiting) {
            match self.shares.take(delivery.ready.channel_id) {
                Some(slot) => {
                    picks.add(delivery.ready, slot);
                    over.push(delivery);
                }
                None if now.since(came) > PATIENCE => over.push(delivery),
                None => self.waiting.push_back((delivery, came)),
            }
        }
        let begun = self.begin(picks, now + SKEW).await;
        // From here on the lease keeps the work, or the row's own look time; without the claim the messages come again.
        if begun.is_ok() {
            futures::future::join_all(over.into_iter().map(Delivery::done)).await;
        }
        begun
    }

    /// Claims what a look into the table finds, when it is time for one.
    async fn claim_found(&mut self) -> Result<usize, StoreError> {
        let now = self.engine.clock.now();
        let messages_come = self.messages_come();
        if messages_come {
            self.engine.wake.worker.mute();
        } else {
            self.engine.wake.worker.sleeping_until(now + SWEEP);
        }
        if messages_come && now < self.sweep_due {
            return Ok(0);
        }
        let by = if messages_come { now - OVERLOOKED } else { now };
        let most = self.shares.free().min(MOST_AT_ONCE);
        let due = self.engine.store.due(by, most, &self.shares.served()).await?;
        let mut picks = Picks::default();
        for ready in due {
            if let Some(slot) = self.shares.take(ready.channel_id) {
                picks.add(ready, slot);
            }
        }
        let begun = self.begin(picks, now).await?;
        if begun == 0 {
            self.sweep_due = now + SWEEP;
        }
        Ok(begun)
    }

    async fn begin(&mut self, mut picks: Picks, planned_by: Timestamp) -> Result<usize, StoreError> {
        if picks.ready.is_empty() {
            return Ok(0);
        }
        let claimed = match claim(&self.engine, &picks.ready, planned_by).await {
            Ok(claimed) => claimed,
            Err(error) => {
                self.hands.sort_out();
                let ids = picks.ready.iter().map(|one| one.id);
                self.unsure.extend(ids.filter(|id| !self.hands.hold(*id)));
                return Err(error);
            }
        };
        let count = claimed.len();
        for one in claimed {
            if let Some(slot) = picks.slots.remove(&one.publication.id) {
                self.hands.begin(&self.engine, one, slot);
            }
        }
        Ok(count)
    }

    /// A claim may be committed although its answer, or what belongs to its rows, cannot be read. Before anything else is claimed they go back:
    /// otherwise they would be late by a lease.
    async fn give_back_unsure(&mut self) -> Result<(), StoreError> {
        if !self.unsure.is_empty() {
            let (engine, now) = (&self.engine, self.engine.clock.now());
            let given = engine.store.give_back(&engine.owner, &self.unsure, now).await?;
            tracing::warn!(given, "a claim that failed had taken them: they are given back");
            self.unsure.clear();
        }
        Ok(())
    }

    fn messages_come(&self) -> bool {
        self.engine.broker.as_ref().is_some_and(|broker| broker.link().is_up())
    }

    /// Nothing can be claimed: sleeps until a message comes, a slot is free for what waits, something is due, or the sweep is.
    async fn idle(&mut self, stop: &CancellationToken) {
        let crowded = self.is_crowded();
        let sleep = self.sleep(crowded).await;
        if sleep.is_zero() {
            return;
        }
        let told = tokio::select! {
            () = rest(sleep, stop) => None,
            () = self.engine.wake.worker.signal() => None,
            () = self.shares.freed(), if crowded => None,
            delivery = next(&self.engine) => Some(delivery),
        };
        if let Some(delivery) = told {
            self.waiting.push_back((delivery, self.engine.clock.now()));
        }
    }

    /// Whether something may wait for a slot.
    fn is_crowded(&self) -> bool {
        self.shares.free() == 0 || !self.waiting.is_empty() || !self.shares.served().is_empty()
    }

    /// At most a sweep. Where it is crowded, what is due does not count: a slot that comes free, even by now, ends the sleep.
    async fn sleep(&self, crowded: bool) -> Duration {
        if self.messages_come() {
            return SWEEP;
        }
        let now = self.engine.clock.now();
        let store = &self.engine.store;
        let next = if crowded {
            store.next_look_after(now).await
        } else {
            store.next_look().await
        };
        let next = next.ok().flatten();
        next.map_or(SWEEP, |next| next.since(now).min(SWEEP))
    }

    /// Takes no more, finishes what is under way, and gives back what is left at the end of the limit.
    async fn finish(mut self, at_once: &CancellationToken) {
        if let Some(broker) = &self.engine.broker {
            broker.stop_taking();
        }
        self.waiting.clear();
        tokio::select! {
            () = self.hands.empty() => (),
            () = rest(self.engine.settings.stop_within, at_once) => (),
        }
        let mut left = self.hands.drop_all().await;
        left.append(&mut self.unsure);
        if left.is_empty() {
            return;
        }
        let now = self.engine.clock.now();
        match self.engine.store.give_back(&self.engine.owner, &left, now).await {
            Ok(given) => tracing::warn!(
                given,
                "stopped with work under way: it is given back and goes on elsewhere"
            ),
            Err(error) => {
                tracing::error!(%error, "work under way could not be given back: it goes on when its leases end");
            }
        }
    }
}

/// The next message; never, without a broker.
async fn next(engine: &Engine) -> Delivery {
    match &engine.broker {
        Some(broker) => broker.next().await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
