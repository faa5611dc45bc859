//! Which processes live. Whoever falls silent loses its leases: its rows come up at once instead of at their leases' end.
//!
//! Signs of life are counted, not dated: processes whose clocks differ do not bury each other.

use moments_domain::Timestamp;
use sea_orm::QueryResult;

use crate::db::{Statements, Store, again, commit};
use crate::dialect::Sql;
use crate::error::StoreError;

/// A process, and how many signs of life it has given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beats {
    /// The process, as claims name it.
    pub owner: String,
    /// The number; whoever reads the same one again and again watches a process that is dead or cut off.
    pub count: i64,
}

impl Store {
    /// One more sign of life of `owner`.
    pub async fn beat(&self, owner: &str) -> Result<(), StoreError> {
        self.run(&BEAT, [owner.into()]).await.map(|_| ())
    }

    /// Every process that has given a sign of life and has not left.
    pub async fn beats(&self) -> Result<Vec<Beats>, StoreError> {
        self.rows(&BEATS, []).await?.iter().map(beats).collect()
    }

    /// `owner` ends, and holds nothing.
    pub async fn leave(&self, owner: &str) -> Result<(), StoreError> {
        self.run(&LEAVE, [owner.into()]).await.map(|_| ())
    }

    /// Makes everything that `silent` holds until `until` due now, unless it has given another sign of life meanwhile or somebody else was quicker;
    /// how much that was. If it lives all the same, its leases count no more: what it still saves changes nothing.
    pub async fn bury(&self, silent: &Beats, now: Timestamp, until: Timestamp) -> Result<u64, StoreError> {
        again!({
            let txn = self.write().await?;
            let gone = txn
                .run(&GONE, [silent.owner.as_str().into(), silent.count.into()])
                .await?;
            let mut freed = 0;
            if gone > 0 {
                let values = [now.0.into(), now.0.into(), until.0.into(), silent.owner.as_str().into()];
                freed = txn.run(&FREE, values).await?;
            }
            commit(txn).await?;
            Ok(freed)
        })
    }
}

static BEAT: Sql = Sql::each(|d| {
    let or_update = d.or_update("owner");
    format!("INSERT INTO t_moment_process (owner, beats) VALUES (?, 1) {or_update} beats = t_moment_process.beats + 1")
});
static BEATS: Sql = Sql::same("SELECT owner, beats FROM t_moment_process");
static LEAVE: Sql = Sql::same("DELETE FROM t_moment_process WHERE owner = ?");
static GONE: Sql = Sql::same("DELETE FROM t_moment_process WHERE owner = ? AND beats = ?");
/// The look of a held row is its lease's end: few rows of a long backlog lie between now and the end of the longest lease.
static FREE: Sql = Sql::same(
    "UPDATE t_moment_publication SET owner = NULL, look_time = ?, lease = lease + 1 \
     WHERE look_time > ? AND look_time <= ? AND owner = ?",
);

fn beats(row: &QueryResult) -> Result<Beats, StoreError> {
    Ok(Beats {
        owner: row.try_get("", "owner")?,
        count: row.try_get("", "beats")?,
    })
}
