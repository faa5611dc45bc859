//! Handing over what is due: who may come next, and the claim of exactly those that were chosen.
//!
//! Staging keeps a due row out of sight for a while, because a message about it is under way: its `look_time` moves, nothing else does. A staged
//! row therefore has no owner and a `look_time` after its `plan_time`, and comes up by itself when the message is lost.

use std::collections::HashMap;

use moments_domain::{ChannelId, PublicationId, Ready, Timestamp};
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult};

use crate::claim::{Claimed, Which, Wish};
use crate::create::json;
use crate::db::{Store, statement};
use crate::error::StoreError;
use crate::rows::PUBLICATION_COLUMNS;

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
        let sql = "SELECT p.id, p.channel_id FROM t_moment_publication p \
                   WHERE p.look_time <= ? AND p.channel_id NOT IN (SELECT value FROM json_each(?)) \
                   ORDER BY p.look_time, p.id LIMIT ?";
        let rows = self
            .rows(sql, [by.0.into(), channels(except)?.into(), limit(most).into()])
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
        let mut waiting = self.staged(now, until).await?;
        let most = room.all.saturating_sub(waiting.values().sum());
        if most == 0 {
            return Ok(Vec::new());
        }
        let full: Vec<_> = waiting
            .iter()
            .filter(|(_, n)| **n >= room.each)
            .map(|(id, _)| *id)
            .collect();
        let txn = self.write().await?;
        let sql = "SELECT p.id, p.channel_id FROM t_moment_publication p \
                   WHERE p.look_time <= ? AND p.channel_id NOT IN (SELECT value FROM json_each(?)) \
                   ORDER BY p.look_time, p.id LIMIT ?";
        let values = [now.0.into(), channels(&full)?.into(), limit(most).into()];
        let rows = txn.query_all_raw(statement(sql, values)).await?;
        let mut staged = rows.iter().map(ready).collect::<Result<Vec<_>, _>>()?;
        staged.retain(|row| {
            let of_channel = waiting.entry(row.channel_id).or_default();
            *of_channel += 1;
            *of_channel <= room.each
        });
        let ids: Vec<_> = staged.iter().map(|row| row.id.0).collect();
        let sql =
            "UPDATE t_moment_publication SET look_time = ?, owner = NULL WHERE id IN (SELECT value FROM json_each(?))";
        txn.execute_raw(statement(sql, [until.0.into(), json(&ids)?.into()]))
            .await?;
        txn.commit().await?;
        Ok(staged)
    }

    /// Makes rows that were staged until `until` due again at `now`: their messages did not leave.
    pub async fn unstage(&self, ids: &[PublicationId], until: Timestamp, now: Timestamp) -> Result<u64, StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
        let sql = "UPDATE t_moment_publication SET look_time = ? \
                   WHERE id IN (SELECT value FROM json_each(?)) AND owner IS NULL AND look_time = ?";
        let done = self
            .execute(sql, [now.0.into(), json(&ids)?.into(), until.0.into()])
            .await?;
        Ok(done.rows_affected())
    }

    /// Gives back what `owner` holds of `ids`: due at `now`, for anybody. What `owner` still has under way for them changes nothing any more.
    pub async fn give_back(&self, owner: &str, ids: &[PublicationId], now: Timestamp) -> Result<u64, StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
        let sql = "UPDATE t_moment_publication SET owner = NULL, look_time = ?, lease = lease + 1 \
                   WHERE id IN (SELECT value FROM json_each(?)) AND owner = ? AND look_time IS NOT NULL";
        let done = self
            .execute(sql, [now.0.into(), json(&ids)?.into(), owner.into()])
            .await?;
        Ok(done.rows_affected())
    }

    /// The first look after `after`; `None` when there is none.
    pub async fn next_look_after(&self, after: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT look_time FROM t_moment_publication WHERE look_time > ? ORDER BY look_time LIMIT 1";
        let row = self.row(sql, [after.0.into()]).await?;
        row.map(|row| Ok(Timestamp(row.try_get("", "look_time")?))).transpose()
    }

    /// How many rows of each channel are staged and not yet claimed.
    async fn staged(&self, now: Timestamp, until: Timestamp) -> Result<HashMap<ChannelId, usize>, StoreError> {
        let sql = "SELECT p.channel_id, COUNT(*) AS n FROM t_moment_publication p \
                   WHERE p.look_time > ? AND p.look_time <= ? AND p.owner IS NULL AND p.plan_time < p.look_time GROUP BY p.channel_id";
        let rows = self.rows(sql, [now.0.into(), until.0.into()]).await?;
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
    let sql = format!(
        "SELECT {PUBLICATION_COLUMNS} FROM t_moment_publication p \
         WHERE p.id IN (SELECT value FROM json_each(?)) \
         AND (p.look_time <= ? OR (p.look_time IS NOT NULL AND p.owner IS NULL AND p.plan_time <= ?)) ORDER BY p.plan_time, p.id"
    );
    let values = [json(&ids)?.into(), now.0.into(), planned_by.0.into()];
    Ok(txn.query_all_raw(statement(&sql, values)).await?)
}

fn ready(row: &QueryResult) -> Result<Ready, StoreError> {
    Ok(Ready {
        id: PublicationId(row.try_get("", "id")?),
        channel_id: ChannelId(row.try_get("", "channel_id")?),
    })
}

fn channels(ids: &[ChannelId]) -> Result<String, StoreError> {
    json(&ids.iter().map(|id| id.0).collect::<Vec<_>>())
}

fn limit(most: usize) -> u32 {
    u32::try_from(most).unwrap_or(u32::MAX)
}
