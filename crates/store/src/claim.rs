//! Taking work for a while.
//!
//! A claim pushes the row's `look_time` to the lease's end and raises its `lease` number. When the holder dies, the row comes up by itself;
//! when the holder is merely late, its number is an old one and its save changes nothing.

use std::collections::{HashMap, HashSet};

use moments_domain::content::MomentContent;
use moments_domain::{AccountId, Outcome, Publication, TaskId, Timestamp, UserId};
use sea_orm::{DatabaseTransaction, QueryResult};

use crate::db::{Statements, Store, again, commit};
use crate::dialect::{Dialect, Kind, Sql};
use crate::error::StoreError;
use crate::rows::{self, PUBLICATION_COLUMNS, json};
use crate::stage;

/// The right to change one publication's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The claim's number; an older one is worth nothing.
    pub number: i64,
    /// When the right ends.
    pub until: Timestamp,
}

/// One account of a publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The account.
    pub account_id: AccountId,
    /// Its own outcome so far.
    pub outcome: Outcome,
}

/// A publication with what is needed to work on it.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The row as it was before the claim.
    pub publication: Publication,
    /// The right to change it.
    pub lease: Lease,
    /// What to publish.
    pub content: MomentContent,
    /// For whom.
    pub targets: Vec<Target>,
}

/// A publication as it was before its claim, and the claim's number.
pub(crate) type Leased = (Publication, i64);

/// A claim for the commit queue.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) owner: String,
    pub(crate) now: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) which: Which,
}

/// What a claim asks for.
#[derive(Debug)]
pub(crate) enum Which {
    /// So many of what is due, earliest first.
    Due(u32),
    /// These, as far as nobody holds them and they were planned for that time or before.
    Picked(Vec<i64>, Timestamp),
}

impl Store {
    /// Claims up to `most` publications whose next look is due, oldest first.
    pub async fn claim(
        &self,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
        most: u32,
    ) -> Result<Vec<Claimed>, StoreError> {
        let wish = Wish {
            owner: owner.to_owned(),
            now,
            until,
            which: Which::Due(most),
        };
        let leased = self.commits.claim(wish).await?;
        self.with_content(leased, until).await
    }

    /// Claims every publication of the user's task that nobody holds, whatever its state: for what a person wants. `None` when the user has
    /// no such task.
    pub async fn claim_of_task(
        &self,
        user: UserId,
        task: TaskId,
        owner: &str,
        until: Timestamp,
    ) -> Result<Option<Vec<Claimed>>, StoreError> {
        let free = again!({ self.lease_of_task(user, task, owner, until).await })?;
        if free.is_empty() && self.find_task(user, task).await?.is_none() {
            return Ok(None);
        }
        self.with_content(free, until).await.map(Some)
    }

    /// When the next look is due; `None` when nothing waits.
    pub async fn next_look(&self) -> Result<Option<Timestamp>, StoreError> {
        let row = self.row(&NEXT_LOOK, []).await?;
        row.map(|row| Ok(Timestamp(row.try_get("", "look_time")?))).transpose()
    }

    /// Voids the leases of processes that are gone: everything they held is due at once. Nothing happens where other processes may hold
    /// leases, see [`Store::is_alone`]: there they end by time.
    pub async fn void_leases(&self, now: Timestamp) -> Result<u64, StoreError> {
        if !self.is_alone() {
            return Ok(0);
        }
        self.run(&VOID, [now.0.into()]).await
    }

    /// Those of `ids`, all created after `since`, that other publications of the same channel have as their Moment. An id means something only
    /// on its own platform.
    pub async fn moments_taken(
        &self,
        own: &Publication,
        ids: &[String],
        since: Timestamp,
    ) -> Result<HashSet<String>, StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| [id]).collect();
        let values = [
            own.channel_id.0.into(),
            since.0.into(),
            own.id.0.into(),
            json(&ids)?.into(),
        ];
        let rows = self.rows(&TAKEN, values).await?;
        rows.iter().map(|row| Ok(row.try_get("", "moment_id")?)).collect()
    }

    async fn lease_of_task(
        &self,
        user: UserId,
        task: TaskId,
        owner: &str,
        until: Timestamp,
    ) -> Result<Vec<Leased>, StoreError> {
        let txn = self.write().await?;
        let rows = txn.rows(&FREE_OF_TASK, [task.0.into(), user.0.into()]).await?;
        let free = rows.iter().map(numbered).collect::<Result<Vec<_>, _>>()?;
        take(&txn, &rows, owner, until).await?;
        commit(txn).await?;
        Ok(free)
    }

    pub(crate) async fn with_content(&self, leased: Vec<Leased>, until: Timestamp) -> Result<Vec<Claimed>, StoreError> {
        if leased.is_empty() {
            return Ok(Vec::new());
        }
        let (mut contents, mut targets) = tokio::try_join!(self.contents(&leased), self.targets(&leased))?;
        let claimed = leased.into_iter().map(|(publication, number)| Claimed {
            lease: Lease { number, until },
            content: contents.remove(&publication.id.0).unwrap_or_default(),
            targets: targets.remove(&publication.id.0).unwrap_or_default(),
            publication,
        });
        Ok(claimed.collect())
    }

    async fn contents(&self, leased: &[Leased]) -> Result<HashMap<i64, MomentContent>, StoreError> {
        let ids: Vec<_> = leased.iter().map(|(p, _)| (p.id.0, p.task_id.0)).collect();
        let rows = self.rows(&CONTENTS, [json(&ids)?.into()]).await?;
        rows.iter()
            .map(|row| Ok((row.try_get("", "id")?, content(row)?)))
            .collect()
    }

    async fn targets(&self, leased: &[Leased]) -> Result<HashMap<i64, Vec<Target>>, StoreError> {
        let ids: Vec<_> = leased.iter().map(|(p, _)| (p.id.0, p.task_id.0)).collect();
        let mut targets: HashMap<i64, Vec<Target>> = HashMap::new();
        for row in self.rows(&TARGETS, [json(&ids)?.into()]).await? {
            let id = row.try_get("", "id")?;
            targets
                .entry(row.try_get("", "publication_id")?)
                .or_default()
                .push(Target {
                    account_id: AccountId(row.try_get("", "account_id")?),
                    outcome: rows::parse(&row, "t_moment_sync_result", id, "outcome")?,
                });
        }
        Ok(targets)
    }
}

/// Takes what a wish asks for, as far as it is due.
pub(crate) async fn write(txn: &DatabaseTransaction, wish: &Wish) -> Result<Vec<Leased>, StoreError> {
    let due = match &wish.which {
        Which::Due(most) => txn.rows(&DUE, [wish.now.0.into(), (*most).into()]).await?,
        Which::Picked(ids, planned_by) => stage::picked(txn, ids, wish.now, *planned_by).await?,
    };
    if !due.is_empty() {
        take(txn, &due, &wish.owner, wish.until).await?;
    }
    Ok(due.iter().filter_map(readable).collect())
}

static NEXT_LOOK: Sql =
    Sql::same("SELECT look_time FROM t_moment_publication WHERE look_time IS NOT NULL ORDER BY look_time LIMIT 1");
static VOID: Sql = Sql::same(
    "UPDATE t_moment_publication SET owner = NULL, look_time = ?, lease = lease + 1 WHERE owner IS NOT NULL AND look_time IS NOT NULL",
);
/// Rows that another process is claiming are its own.
static DUE: Sql = Sql::each(|d| {
    let free = d.skip_locked();
    format!(
        "SELECT {PUBLICATION_COLUMNS} FROM t_moment_publication p WHERE p.look_time <= ? ORDER BY p.look_time, p.id LIMIT ?{free}"
    )
});
static FREE_OF_TASK: Sql = Sql::each(|d| {
    let lock = d.for_update();
    format!(
        "SELECT {PUBLICATION_COLUMNS} FROM t_moment_publication p \
         WHERE p.task_id = ? AND p.user_id = ? AND p.owner IS NULL ORDER BY p.id{lock}"
    )
});
static TAKE: Sql = Sql::each(|d| {
    let rows = d.rows(&[("id", Kind::Int), ("owner", Kind::Text), ("look", Kind::Int)]);
    let set = [("lease", "t.lease + 1"), ("owner", "v.owner"), ("look_time", "v.look")];
    d.update_within("t_moment_publication", &set, &rows, "t.id = v.id")
});
static TAKEN: Sql = Sql::each(|d| {
    let rows = d.rows(&[("moment", Kind::Text)]);
    format!(
        "SELECT p.moment_id FROM t_moment_publication p WHERE p.channel_id = ? AND p.created_time >= ? AND p.id <> ? \
         AND p.moment_id IN (SELECT v.moment FROM {rows} v)"
    )
});
static CONTENTS: Sql = Sql::each(|d| {
    let (rows, join) = (with_task(d), d.join());
    format!(
        "SELECT v.id, t.text_content, t.media_urls, t.link, t.visibility, t.video_cut FROM {rows} v {join} t_moment_sync_task t ON t.id = v.task"
    )
});
static TARGETS: Sql = Sql::each(|d| {
    let (rows, join) = (with_task(d), d.join());
    format!(
        "SELECT r.id, r.publication_id, r.account_id, r.outcome FROM {rows} v \
         {join} t_moment_sync_result r ON r.task_id = v.task AND r.publication_id = v.id"
    )
});

fn with_task(dialect: Dialect) -> String {
    dialect.rows(&[("id", Kind::Int), ("task", Kind::Int)])
}

/// Like [`numbered`]; a row that cannot be read is passed over until its lease ends, so that it does not stand in the others' way.
fn readable(row: &QueryResult) -> Option<Leased> {
    numbered(row)
        .inspect_err(|error| tracing::error!(%error, "a due publication cannot be read and is passed over"))
        .ok()
}

/// A row with the lease number that the claim gives it.
fn numbered(row: &QueryResult) -> Result<Leased, StoreError> {
    let number: i64 = row.try_get("", "lease")?;
    Ok((rows::publication(row)?, number + 1))
}

async fn take(
    txn: &DatabaseTransaction,
    rows: &[QueryResult],
    owner: &str,
    until: Timestamp,
) -> Result<(), StoreError> {
    let taken = rows
        .iter()
        .map(|row| Ok((row.try_get("", "id")?, owner, until.0)))
        .collect::<Result<Vec<(i64, _, _)>, StoreError>>()?;
    txn.run(&TAKE, [json(&taken)?.into()]).await?;
    Ok(())
}

/// Reads `text_content`, `media_urls`, `link`, `visibility` and `video_cut`, with an `id` to name in trouble.
pub(crate) fn content(row: &QueryResult) -> Result<MomentContent, StoreError> {
    let id: i64 = row.try_get("", "id")?;
    Ok(MomentContent {
        text: row.try_get::<Option<String>>("", "text_content")?.unwrap_or_default(),
        media_urls: rows::json_opt(row, "t_moment_sync_task", id, "media_urls")?.unwrap_or_default(),
        link: rows::json_opt(row, "t_moment_sync_task", id, "link")?,
        visibility: rows::json_opt(row, "t_moment_sync_task", id, "visibility")?,
        video_cut: row.try_get::<i64>("", "video_cut")? != 0,
    })
}
