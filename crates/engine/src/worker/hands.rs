//! What a worker has in its hands, and how it lets go.

use std::collections::HashMap;
use std::time::Duration;

use moments_domain::PublicationId;
use moments_store::Claimed;
use tokio::task::{Id, JoinSet};

use crate::app::Engine;
use crate::publisher::{self, Ended};
use crate::worker::shares::Slot;

/// Waits before a row is given back that was cut off from its commit: the database may need them.
const GIVE_BACK: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(16),
];

/// Publications that are worked on.
#[derive(Debug, Default)]
pub(crate) struct Hands {
    tasks: JoinSet<()>,
    ids: HashMap<Id, PublicationId>,
}

impl Hands {
    /// Works on a claimed publication. A claim made a little early, because the one who sent word of it has another clock, waits for its time.
    pub(crate) fn begin(&mut self, engine: &Engine, claimed: Claimed, slot: Slot) {
        let (id, engine) = (claimed.publication.id, engine.clone());
        let early = claimed.publication.plan_time.since(engine.clock.now());
        // In a box: a task moves its work about, and there is much of it.
        let task = self.tasks.spawn(Box::pin(async move {
            tokio::time::sleep(early).await;
            if publisher::work(&engine, claimed).await == Ended::CutOff {
                give_back_when_possible(&engine, id).await;
            }
            drop(slot);
        }));
        self.ids.insert(task.id(), id);
    }

    /// Whether it is worked on here.
    pub(crate) fn hold(&self, id: PublicationId) -> bool {
        self.ids.values().any(|held| *held == id)
    }

    /// Forgets what is done.
    pub(crate) fn sort_out(&mut self) {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.forget(ended);
        }
    }

    /// Waits until everything is done. Cancelling loses nothing.
    pub(crate) async fn empty(&mut self) {
        while let Some(ended) = self.tasks.join_next_with_id().await {
            self.forget(ended);
        }
    }

    /// Ends all work where it stands; what it was about.
    pub(crate) async fn drop_all(&mut self) -> Vec<PublicationId> {
        self.sort_out();
        self.tasks.shutdown().await;
        std::mem::take(&mut self.ids).into_values().collect()
    }

    fn forget(&mut self, ended: Result<(Id, ()), tokio::task::JoinError>) {
        let id = match &ended {
            Ok((id, ())) => *id,
            Err(error) => error.id(),
        };
        let publication = self.ids.remove(&id);
        if let Err(error) = ended {
            tracing::error!(%error, publication.id = ?publication, "work ended badly; it goes on when the lease ends");
        }
    }
}

/// A moment without the database must not cost a post the rest of its lease. What the row says of its last commit is true, so that whoever looks
/// next goes on as after the death of a process.
async fn give_back_when_possible(engine: &Engine, id: PublicationId) {
    for wait in GIVE_BACK {
        tokio::time::sleep(wait).await;
        let now = engine.clock.now();
        if engine.store.give_back(&engine.owner, &[id], now).await.is_ok() {
            return;
        }
    }
    tracing::error!(publication.id = %id, "the database stays away: work goes on when the lease ends");
}
