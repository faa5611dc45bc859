//! Handing over what is due: who may come next, and the claim of exactly those that were chosen.
//!
//! Staging keeps a due row out of sight for a while, because a message about it is under way: its `look_time` moves, nothing else does. A staged
//! row therefore has no owner and a `look_time` after its `plan_time`, and comes up by itself when the message is lost.

use std::collections::{BTreeSet, HashMap};

use moments_domain::{ChannelId, PublicationId, Ready, Timestamp};
use sea_orm::{DatabaseTransaction, QueryResult};

use crate::claim::{Claimed, Which, Wish};
use crate::db::{Statements, Store, again, commit};
use crate::dialect::{Dialect, Kind, Sql};
use crate::error::StoreError;
use crate::rows::{PUBLICATION_COLUMNS, json};

/// How much may be staged and not yet claimed, so that what waits in the broker stays short and one channel's backlog does not fill it.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Of all channels together.
    pub all: usize,
    /// Of any one channel.
    pub each: usize,
}

/// Publications chosen to be claimed.
#[derive(Clone, Copy, Debug)]
pub struct Picked<'a> {
    /// Which ones.
    pub ids: &'a [PublicationId],
    /// A row that nobody holds is taken when it was planned for this time or before.
    pub planned_by: Timestamp,
}

impl Store {
    /// Due rows, earliest first, without the rows of the channels in `except`. Nothing is taken: others may see the same.
    pub async fn due(&self, by: Timestamp, most: usize, except: &[ChannelId]) -> Result<Vec<Ready>, StoreError> {
        let rows = self
            .rows(&DUE, [by.0.into(), channels(except)?.into(), limit(most).into()])
            .await?;
        rows.iter().map(ready).collect()
    }

    /// Claims those of `picked` that nobody holds and that are due; the others have been dealt with, or are somebody else's.
    pub async fn claim_picked(
        &self,
        owner: &str,
        picked: Picked<'_>,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Claimed>, StoreError> {
        let ids = picked.ids.iter().map(|id| id.0).collect();
        let wish = Wish {
            owner: owner.to_owned(),
            now,
            until,
            which: Which::Picked(ids, picked.planned_by),
        };
        let leased = self.commits.claim(wish).await?;
        self.with_content(leased, until).await
    }

    /// Keeps due rows out of sight until `until`, as far as there is room; the messages about them are the caller's matter.
    pub async fn stage(&self, now: Timestamp, until: Timestamp, room: Room) -> Result<Vec<Ready>, StoreError> {
        let waiting = self.staged(now, until).await?;
        let most = room.all.saturating_sub(waiting.values().sum());
        if most == 0 {
            return Ok(Vec::new());
        }
        let full = waiting.iter().filter(|(_, n)| **n >= room.each).map(|(id, _)| *id);
        let full = channels(&full.collect::<Vec<_>>())?;
        again!({
            let txn = self.write().await?;
            let values = [now.0.into(), full.as_str().into(), limit(most).into()];
            let rows = txn.rows(&FREE, values).await?;
            let mut staged = rows.iter().map(ready).collect::<Result<Vec<_>, _>>()?;
            keep_to(room.each, waiting.clone(), &mut staged);
            let rows: Vec<_> = staged.iter().map(|row| (row.id.0, until.0)).collect();
            txn.run(&STAGE, [json(&rows)?.into()]).await?;
            commit(txn).await?;
            Ok(staged)
        })
    }

    /// Makes rows that were staged until `until` due again at `now`: their messages did not leave.
    pub async fn unstage(&self, ids: &[PublicationId], until: Timestamp, now: Timestamp) -> Result<u64, StoreError> {
        let rows: Vec<_> = ids.iter().map(|id| (id.0, until.0, now.0)).collect();
        self.run(&UNSTAGE, [json(&rows)?.into()]).await
    }

    /// Gives back what `owner` holds of `ids`: due at `now`, for anybody. What `owner` still has under way for them changes nothing any more.
    pub async fn give_back(&self, owner: &str, ids: &[PublicationId], now: Timestamp) -> Result<u64, StoreError> {
        let rows: Vec<_> = ids.iter().map(|id| (id.0, owner, now.0)).collect();
        self.run(&GIVE_BACK, [json(&rows)?.into()]).await
    }

    /// The first look after `after`; `None` when there is none.
    pub async fn next_look_after(&self, after: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let row = self.row(&NEXT_LOOK_AFTER, [after.0.into()]).await?;
        row.map(|row| Ok(Timestamp(row.try_get("", "look_time")?))).transpose()
    }

    /// How many rows of each channel are staged and not yet claimed.
    async fn staged(&self, now: Timestamp, until: Timestamp) -> Result<HashMap<ChannelId, usize>, StoreError> {
        let rows = self.rows(&STAGED, [now.0.into(), until.0.into()]).await?;
        let count = |row: &QueryResult| {
            let n: i64 = row.try_get("", "n")?;
            Ok((
                ChannelId(row.try_get("", "channel_id")?),
                usize::try_from(n).unwrap_or(0),
            ))
        };
        rows.iter().map(count).collect()
    }
}

/// The rows of a claim of just these.
pub(crate) async fn picked(
    txn: &DatabaseTransaction,
    ids: &[i64],
    now: Timestamp,
    planned_by: Timestamp,
) -> Result<Vec<QueryResult>, StoreError> {
    // A message may come twice.
    let ids: Vec<_> = ids.iter().collect::<BTreeSet<_>>().into_iter().map(|id| [id]).collect();
    let values = [json(&ids)?.into(), now.0.into(), planned_by.0.into()];
    txn.rows(&PICKED, values).await
}

fn due(d: Dialect, lock: &str) -> String {
    let full = d.rows(&[("id", Kind::Int)]);
    format!(
        "SELECT p.id, p.channel_id FROM t_moment_publication p \
         WHERE p.look_time <= ? AND p.channel_id NOT IN (SELECT v.id FROM {full} v) ORDER BY p.look_time, p.id LIMIT ?{lock}"
    )
}

static DUE: Sql = Sql::each(|d| due(d, ""));
/// Rows that another process is taking are its own.
static FREE: Sql = Sql::each(|d| due(d, d.skip_locked()));
static STAGE: Sql = Sql::each(|d| {
    let rows = d.rows(&[("id", Kind::Int), ("look", Kind::Int)]);
    d.update(
        "t_moment_publication",
        &[("look_time", "v.look"), ("owner", "NULL")],
        &rows,
        "t.id = v.id",
    )
});
static UNSTAGE: Sql = Sql::each(|d| {
    let rows = d.rows(&[("id", Kind::Int), ("until", Kind::Int), ("now", Kind::Int)]);
    let on = "t.id = v.id AND t.owner IS NULL AND t.look_time = v.until";
    d.update("t_moment_publication", &[("look_time", "v.now")], &rows, on)
});
static GIVE_BACK: Sql = Sql::each(|d| {
    let rows = d.rows(&[("id", Kind::Int), ("owner", Kind::Text), ("now", Kind::Int)]);
    let set = [("owner", "NULL"), ("look_time", "v.now"), ("lease", "t.lease + 1")];
    let on = "t.id = v.id AND t.owner = v.owner AND t.look_time IS NOT NULL";
    d.update("t_moment_publication", &set, &rows, on)
});
static NEXT_LOOK_AFTER: Sql =
    Sql::same("SELECT look_time FROM t_moment_publication WHERE look_time > ? ORDER BY look_time LIMIT 1");
static STAGED: Sql = Sql::same(
    "SELECT p.channel_id, COUNT(*) AS n FROM t_moment_publication p \
     WHERE p.look_time > ? AND p.look_time <= ? AND p.owner IS NULL AND p.plan_time < p.look_time GROUP BY p.channel_id",
);
static PICKED: Sql = Sql::each(|d| {
    let (rows, join, free) = (d.rows(&[("id", Kind::Int)]), d.join(), d.skip_locked());
    format!(
        "SELECT {PUBLICATION_COLUMNS} FROM {rows} v {join} t_moment_publication p ON p.id = v.id \
         WHERE p.look_time <= ? OR (p.look_time IS NOT NULL AND p.owner IS NULL AND p.plan_time <= ?) ORDER BY p.plan_time, p.id{free}"
    )
});

/// Leaves out what would be more of a channel than `most`.
fn keep_to(most: usize, mut waiting: HashMap<ChannelId, usize>, staged: &mut Vec<Ready>) {
    staged.retain(|row| {
        let of_channel = waiting.entry(row.channel_id).or_default();
        *of_channel += 1;
        *of_channel <= most
    });
}

fn ready(row: &QueryResult) -> Result<Ready, StoreError> {
    Ok(Ready {
        id: PublicationId(row.try_get("", "id")?),
        channel_id: ChannelId(row.try_get("", "channel_id")?),
    })
}

fn channels(ids: &[ChannelId]) -> Result<String, StoreError> {
    json(&ids.iter().map(|id| [id.0]).collect::<Vec<_>>())
}

fn limit(most: usize) -> u32 {
    u32::try_from(most).unwrap_or(u32::MAX)
}
