//! The audit: what people, platforms and this program did, in an order that nobody can change unnoticed.
//!
//! An entry is written in the transaction of what it tells of. [`run`] gives it its place in the chain a moment later, so that nobody who writes
//! waits for the one before. Whoever adds an action adds it to [`AuditAction`] and writes an [`Engine::entry`].

use std::time::Duration;

use moments_domain::{AuditAction, AuditActor, AuditEntry, AuditObject, NewAudit, Timestamp, UserId};
use moments_store::{AuditFilter, ChainHead, Store, StoreError};
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

use crate::app::Engine;
use crate::problem::Problem;
use crate::wake::rest;

/// Entries that are chained in one transaction.
const TOGETHER: u32 = 1_000;
/// Between looks for new entries; after a full batch too, so that writers find the database free.
const BETWEEN: Duration = Duration::from_secs(1);
/// How often the log is told where the chain ends, so that an entry that leaves it can be missed even when the whole chain is written anew.
const TOLD_EVERY: Duration = Duration::from_hours(1);
/// Entries read at a time.
const PAGE: u32 = 1_000;

tokio::task_local! {
    static REQUEST: String;
}

/// Runs `work` for a request with this id: entries that it writes name the request.
pub async fn in_request<F: Future>(id: &str, work: F) -> F::Output {
    REQUEST.scope(id.to_owned(), work).await
}

/// The request that is being answered, if one is.
pub(crate) fn request_id() -> Option<String> {
    REQUEST.try_with(Clone::clone).ok()
}

impl Engine {
    /// An entry of what the user does now. `detail` is an object without any secret.
    pub(crate) fn entry(
        &self,
        user: UserId,
        action: AuditAction,
        (object, object_id): (AuditObject, impl ToString),
        detail: Json,
    ) -> NewAudit {
        NewAudit {
            user,
            actor: AuditActor::User,
            action,
            object,
            object_id: object_id.to_string(),
            detail,
            request_id: request_id(),
            time: self.clock.now(),
        }
    }

    /// Entries that pass the filter, newest first, at most `most` behind the first `skip`, with how many there are in all. An entry shows when it
    /// has its place in the chain, a second or two after it was written.
    pub async fn audit(&self, filter: &AuditFilter, skip: u64, most: u64) -> Result<(Vec<AuditEntry>, u64), Problem> {
        Ok(self.store.find_audit(filter, skip, most).await?)
    }
}

/// Chains what is written, until `stop`. Any number of processes may.
pub async fn run(engine: Engine, stop: CancellationToken) {
    let mut told = Timestamp(i64::MIN);
    while !stop.is_cancelled() {
        let chained = engine.store.chain_audit(TOGETHER).await;
        if let Err(error) = chained {
            tracing::warn!(%error, "audit entries wait for their places in the chain");
        }
        let now = engine.clock.now();
        if now.since(told) >= TOLD_EVERY {
            tell_head(&engine.store).await;
            told = now;
        }
        rest(BETWEEN, &stop).await;
    }
}

async fn tell_head(store: &Store) {
    match store.chain_head().await {
        Ok(ChainHead { number, hash }) => tracing::info!(number, hash, "the end of the audit's chain"),
        Err(error) => tracing::warn!(%error, "the end of the audit's chain could not be read"),
    }
}

/// What a look at the whole chain came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Where the chain ends.
    pub head: ChainHead,
    /// Entries that have no place yet.
    pub waiting: u64,
    /// The first one that is not what it was, if any.
    pub broken: Option<Broken>,
}

/// The first entry at which the chain does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// It is not there.
    #[error("entry {0} is missing")]
    Missing(i64),
    /// It was changed after it was chained.
    #[error("entry {0} was changed")]
    Changed(i64),
    /// It does not follow the one before: that one was changed together with its hash.
    #[error("entry {0} does not follow the entry before it, which was written anew")]
    Unlinked(i64),
    /// The chain is not the one whose end is noted.
    #[error("the chain does not end as noted: entry {0} was written anew")]
    OtherEnd(i64),
}

/// Reads the whole chain.
pub async fn verify(store: &Store) -> Result<Verdict, StoreError> {
    let head = store.chain_head().await?;
    let broken = first_broken(store, &head).await?;
    Ok(Verdict {
        waiting: store.audit_waiting().await?,
        head,
        broken,
    })
}

async fn first_broken(store: &Store, head: &ChainHead) -> Result<Option<Broken>, StoreError> {
    let mut last = (0, AuditEntry::GENESIS.to_owned());
    while last.0 < head.number {
        let page = store.audit_after(last.0, PAGE).await?;
        if page.is_empty() {
            return Ok(Some(Broken::Missing(last.0 + 1)));
        }
        for entry in page.into_iter().take_while(|entry| entry.number <= head.number) {
            if let Some(broken) = judge(&entry, &last) {
                return Ok(Some(broken));
            }
            last = (entry.number, entry.hash);
        }
    }
    Ok((last.1 != head.hash).then_some(Broken::OtherEnd(last.0)))
}

fn judge(entry: &AuditEntry, (number, hash): &(i64, String)) -> Option<Broken> {
    if entry.number != number + 1 {
        Some(Broken::Missing(number + 1))
    } else if entry.prev_hash != *hash {
        Some(Broken::Unlinked(entry.number))
    } else if entry.hash != entry.digest() {
        Some(Broken::Changed(entry.number))
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
