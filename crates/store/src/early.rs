//! Media of scheduled posts, looked at ahead: whose turn it is, what was found good, and what is wrong.
//!
//! A claim moves the row's `look_time` to its end and raises its `lease`: when the holder dies, the look comes up by itself, and a holder that
//! comes too late writes nothing.

use std::collections::HashMap;
use std::fmt::Display;

use moments_domain::content::MomentContent;
use moments_domain::{ChannelKind, FailReason, TaskId, Timestamp, UserId};
use sea_orm::{DatabaseTransaction, QueryResult};
use serde_json::json as array;

use crate::claim;
use crate::create::PreparedTask;
use crate::db::{Statements, Store, again, commit};
use crate::dialect::{Kind, Sql};
use crate::error::StoreError;
use crate::media::MediaRow;
use crate::rows::{self, json};

/// A look at a task's media, for one process to make.
#[derive(Clone, Debug)]
pub struct EarlyLook {
    /// The task.
    pub task: TaskId,
    /// Whose it is.
    pub user_id: UserId,
    /// When the post is wanted.
    pub due: Timestamp,
    /// What it shows.
    pub content: MomentContent,
    /// The platforms that it goes to; empty when it no longer waits for its time.
    pub kinds: Vec<ChannelKind>,
    /// How many looks have found trouble so far.
    pub tries: u32,
    lease: i64,
}

/// Something about a post's media that would make it fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlyTrouble {
    /// What it would fail with.
    pub reason: FailReason,
    /// Which medium, why, and what to do.
    pub message: String,
}

/// What a look came to.
#[derive(Clone, Debug, Default)]
pub struct EarlyFound {
    /// What is good, each with its place in the post: it is kept, whatever its address offers later.
    pub good: Vec<(usize, MediaRow)>,
    /// What is wrong; empty: nothing, and earlier trouble is over.
    pub trouble: Vec<EarlyTrouble>,
    /// When to look again; `None`: no more.
    pub next: Option<Timestamp>,
}

impl Store {
    /// Claims up to `most` looks that are due, longest waiting first. Without [`Store::finish_early`] each comes up again at `until`.
    pub async fn claim_early(&self, now: Timestamp, until: Timestamp, most: u32) -> Result<Vec<EarlyLook>, StoreError> {
        again!({
            let txn = self.write().await?;
            let due = txn.rows(&DUE, [now.0.into(), most.into()]).await?;
            let taken: Result<Vec<_>, StoreError> = due
                .iter()
                .map(|row| Ok((row.try_get("", "task_id")?, until.0)))
                .collect();
            let taken: Vec<(i64, i64)> = taken?;
            if taken.is_empty() {
                // Dropped instead, it would let go of the rows that it has looked at only some time later: others would pass them over.
                commit(txn).await?;
                return Ok(Vec::new());
            }
            let taken = json(&taken)?;
            txn.run(&TAKE, [taken.as_str().into()]).await?;
            let kinds = kinds(&txn, &taken).await?;
            let looks = txn.rows(&LOOKS, [taken.into()]).await?;
            commit(txn).await?;
            Ok(looks.iter().filter_map(|row| readable(row, &kinds)).collect())
        })
    }

    /// Notes what a look came to; false when another process holds it by now, and nothing was changed.
    pub async fn finish_early(&self, look: &EarlyLook, found: &EarlyFound, now: Timestamp) -> Result<bool, StoreError> {
        let trouble: Vec<_> = found
            .trouble
            .iter()
            .map(|one| (one.reason.name(), &one.message))
            .collect();
        let trouble = (!trouble.is_empty()).then(|| json(&trouble)).transpose()?;
        let good: Vec<_> = found
            .good
            .iter()
            .map(|(position, row)| array!([look.task.0, position, row.sha256, row.media]))
            .collect();
        let good = json(&good)?;
        again!({
            let txn = self.write().await?;
            let values = [
                found.next.map(|next| next.0).into(),
                i64::from(trouble.is_some()).into(),
                i64::from(trouble.is_some()).into(),
                now.0.into(),
                trouble.clone().into(),
                look.task.0.into(),
                look.lease.into(),
            ];
            let is_ours = txn.run(&FINISH, values).await? > 0;
            if is_ours && !found.good.is_empty() {
                txn.run(&KEEP, [good.as_str().into()]).await?;
            }
            commit(txn).await?;
            Ok(is_ours)
        })
    }

    /// What was found good of the task's media, as the JSON of [`MediaRow`], by its place in the post.
    pub async fn early_media(&self, task: TaskId) -> Result<HashMap<usize, String>, StoreError> {
        let rows = self.rows(&MEDIA, [task.0.into()]).await?;
        let pair = |row: &QueryResult| {
            let position: i64 = row.try_get("", "position")?;
            Ok((usize::try_from(position).unwrap_or_default(), row.try_get("", "media")?))
        };
        rows.iter().map(pair).collect()
    }

    /// When the next look is due; `None` when there is none to come.
    pub async fn next_early(&self) -> Result<Option<Timestamp>, StoreError> {
        let row = self.row(&NEXT, []).await?;
        row.map(|row| Ok(Timestamp(row.try_get("", "look_time")?))).transpose()
    }

    /// Forgets what belongs to posts that are over; how many tasks.
    pub async fn prune_early(&self) -> Result<u64, StoreError> {
        self.run(&PRUNE_MEDIA, []).await?;
        self.run(&PRUNE, []).await
    }
}

/// Has the media of these tasks looked at, as far as they want it.
pub(crate) async fn plan(txn: &DatabaseTransaction, tasks: &[&PreparedTask]) -> Result<(), StoreError> {
    let planned: Vec<_> = tasks
        .iter()
        .filter(|prepared| prepared.task.looks_ahead)
        .map(|prepared| {
            let task = &prepared.task;
            (prepared.id.0, task.scheduled_time.unwrap_or(task.now).0, task.now.0)
        })
        .collect();
    if !planned.is_empty() {
        txn.run(&PLAN, [json(&planned)?.into()]).await?;
    }
    Ok(())
}

/// What is wrong with the media of a task whose post waits, and since when.
pub(crate) async fn trouble(
    snapshot: &DatabaseTransaction,
    task: TaskId,
) -> Result<Vec<(EarlyTrouble, Timestamp)>, StoreError> {
    let Some(row) = snapshot.row(&TROUBLE, [task.0.into()]).await? else {
        return Ok(Vec::new());
    };
    let text: String = row.try_get("", "trouble")?;
    let since = rows::time_opt(&row, "trouble_time")?.unwrap_or(Timestamp(0));
    let noted: Vec<(String, String)> = serde_json::from_str(&text).map_err(|e| unreadable(task.0, &e))?;
    let read = |(reason, message): (String, String)| {
        let reason = reason.parse().map_err(|e| unreadable(task.0, &e))?;
        Ok((EarlyTrouble { reason, message }, since))
    };
    noted.into_iter().map(read).collect()
}

/// The platforms of those of the tasks that still wait for their time.
async fn kinds(txn: &DatabaseTransaction, tasks: &str) -> Result<HashMap<i64, Vec<ChannelKind>>, StoreError> {
    let mut kinds: HashMap<i64, Vec<ChannelKind>> = HashMap::new();
    for row in txn.rows(&KINDS, [tasks.into()]).await? {
        let task: i64 = row.try_get("", "task_id")?;
        let kind = rows::parse(&row, "t_moment_channel", task, "kind")?;
        kinds.entry(task).or_default().push(kind);
    }
    Ok(kinds)
}

/// One unreadable row does not stop the others; it comes up again when its claim ends.
fn readable(row: &QueryResult, kinds: &HashMap<i64, Vec<ChannelKind>>) -> Option<EarlyLook> {
    let told = |error: &StoreError| tracing::error!(%error, "media cannot be looked at ahead");
    look(row, kinds).inspect_err(told).ok()
}

fn look(row: &QueryResult, kinds: &HashMap<i64, Vec<ChannelKind>>) -> Result<EarlyLook, StoreError> {
    let task: i64 = row.try_get("", "task_id")?;
    let tries: i64 = row.try_get("", "tries")?;
    Ok(EarlyLook {
        task: TaskId(task),
        user_id: UserId(row.try_get("", "user_id")?),
        due: Timestamp(row.try_get("", "due_time")?),
        content: claim::content(row)?,
        kinds: kinds.get(&task).cloned().unwrap_or_default(),
        tries: u32::try_from(tries).unwrap_or(u32::MAX),
        lease: row.try_get("", "lease")?,
    })
}

fn unreadable(id: i64, why: &dyn Display) -> StoreError {
    StoreError::Unreadable {
        table: "t_moment_early",
        id,
        why: why.to_string(),
    }
}

const CLAIMED: [(&str, Kind); 2] = [("id", Kind::Int), ("until", Kind::Int)];

static PLAN: Sql = Sql::each(|d| {
    let rows = d.rows(&[("task", Kind::Int), ("due", Kind::Int), ("now", Kind::Int)]);
    format!(
        "INSERT INTO t_moment_early (task_id, due_time, look_time, lease, tries) SELECT v.task, v.due, v.now, 0, 0 FROM {rows} v"
    )
});
static DUE: Sql = Sql::each(|d| {
    let free = d.skip_locked();
    format!(
        "SELECT e.task_id FROM t_moment_early e WHERE e.look_time <= ? ORDER BY e.look_time, e.task_id LIMIT ?{free}"
    )
});
static TAKE: Sql = Sql::each(|d| {
    let set = [("lease", "t.lease + 1"), ("look_time", "v.until")];
    d.update("t_moment_early", &set, &d.rows(&CLAIMED), "t.task_id = v.id")
});
static KINDS: Sql = Sql::each(|d| {
    let (rows, join) = (d.rows(&CLAIMED), d.join());
    format!(
        "SELECT DISTINCT p.task_id, c.kind FROM {rows} v {join} t_moment_publication p ON p.task_id = v.id \
         {join} t_moment_channel c ON c.id = p.channel_id WHERE p.state = 'SCHEDULED'"
    )
});
static LOOKS: Sql = Sql::each(|d| {
    let (rows, join) = (d.rows(&CLAIMED), d.join());
    format!(
        "SELECT e.task_id, e.due_time, e.lease, e.tries, s.user_id, s.id, s.text_content, s.media_urls, s.link, s.visibility, s.video_cut FROM {rows} v \
         {join} t_moment_early e ON e.task_id = v.id {join} t_moment_sync_task s ON s.id = v.id"
    )
});
/// The time before the trouble: what MySQL assigns first, the next assignments see.
static FINISH: Sql = Sql::same(
    "UPDATE t_moment_early SET look_time = ?, tries = tries + ?, \
     trouble_time = CASE WHEN ? = 0 THEN NULL WHEN trouble IS NULL THEN ? ELSE trouble_time END, trouble = ? \
     WHERE task_id = ? AND lease = ?",
);
static KEEP: Sql = Sql::each(|d| {
    let rows = d.rows(&[
        ("task", Kind::Int),
        ("position", Kind::Int),
        ("sha256", Kind::Text),
        ("media", Kind::Text),
    ]);
    let or_nothing = d.or_nothing("t_moment_early_media", "task_id, position");
    format!(
        "INSERT INTO t_moment_early_media (task_id, position, sha256, media) SELECT v.task, v.position, v.sha256, v.media \
         FROM {rows} v WHERE true {or_nothing}"
    )
});
static MEDIA: Sql = Sql::same("SELECT position, media FROM t_moment_early_media WHERE task_id = ?");
static NEXT: Sql =
    Sql::same("SELECT look_time FROM t_moment_early WHERE look_time IS NOT NULL ORDER BY look_time LIMIT 1");
/// Nothing is wrong any more once the post has its media.
static TROUBLE: Sql = Sql::same(
    "SELECT e.trouble, e.trouble_time FROM t_moment_early e WHERE e.task_id = ? AND e.trouble IS NOT NULL \
     AND NOT EXISTS (SELECT 1 FROM t_moment_media m WHERE m.task_id = e.task_id) \
     AND EXISTS (SELECT 1 FROM t_moment_publication p WHERE p.task_id = e.task_id AND p.state IN ('SCHEDULED', 'READY'))",
);
static PRUNE: Sql = Sql::same(
    "DELETE FROM t_moment_early WHERE NOT EXISTS \
     (SELECT 1 FROM t_moment_publication p WHERE p.task_id = t_moment_early.task_id AND p.look_time IS NOT NULL)",
);
static PRUNE_MEDIA: Sql = Sql::same(
    "DELETE FROM t_moment_early_media WHERE NOT EXISTS \
     (SELECT 1 FROM t_moment_publication p WHERE p.task_id = t_moment_early_media.task_id AND p.look_time IS NOT NULL)",
);
