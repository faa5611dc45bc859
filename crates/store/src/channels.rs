//! Channels: one authorised way to a platform each.

use moments_domain::{ChannelId, ChannelKind, FailReason, Failure, PublicationState, Timestamp, UserId};
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult};

use crate::accounts::{self, NewAccount};
use crate::db::{Store, statement};
use crate::error::StoreError;
use crate::rows;
use crate::save::refresh_task;
use crate::sequence::Sequence;
use crate::time::to_datetime;

/// One row of `t_moment_channel`.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// Whose it is.
    pub user_id: UserId,
    /// Its platform.
    pub kind: ChannelKind,
    /// What its owner calls it.
    pub name: String,
    /// The corpid, or the device's `appId`.
    pub handle: String,
    /// The app (WeCom).
    pub agent_id: Option<i64>,
    /// The account (gewe).
    pub wxid: Option<String>,
    /// The gateway (gewe).
    pub base_url: Option<String>,
    /// The sealed credential.
    pub credential: String,
    /// Grows with every new credential.
    pub credential_version: i64,
    /// Why the credential does not work, in Chinese; `None`: it does, as far as anybody knows.
    pub broken_reason: Option<String>,
    /// No creation before this.
    pub pause_until: Timestamp,
    /// When it was bound.
    pub create_time: Timestamp,
}

/// A channel to be bound, or bound anew with another credential.
#[derive(Clone, Debug)]
pub struct NewChannel {
    /// Whose it is.
    pub user_id: UserId,
    /// Its platform.
    pub kind: ChannelKind,
    /// What its owner calls it.
    pub name: String,
    /// The corpid, or the device's `appId`.
    pub handle: String,
    /// The app (WeCom).
    pub agent_id: Option<i64>,
    /// The account (gewe).
    pub wxid: Option<String>,
    /// The gateway (gewe).
    pub base_url: Option<String>,
}

/// A credential as it lies in the database.
#[derive(Clone, Debug)]
pub struct SealedCredential {
    /// Whose it is.
    pub channel_id: ChannelId,
    /// See [`Channel::credential_version`].
    pub credential_version: i64,
    /// The sealed text.
    pub sealed: String,
}

/// What removing a channel did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Waiting publications that failed because of it.
    pub failed_publications: u64,
}

const COLUMNS: &str = "c.id, c.user_id, c.kind, c.name, c.handle, c.agent_id, c.wxid, c.base_url, c.credential, c.credential_version, \
    c.broken_reason, c.pause_until, c.create_time";

impl Store {
    /// A new channel's id; the credential is sealed for it before the row exists.
    pub async fn new_channel_id(&self) -> Result<ChannelId, StoreError> {
        Ok(ChannelId(self.take_ids(Sequence::Channel, 1).await?))
    }

    /// The channel of this platform and handle, whoever's it is.
    pub async fn find_channel_by_handle(&self, kind: ChannelKind, handle: &str) -> Result<Option<Channel>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM t_moment_channel c WHERE c.kind = ? AND c.handle = ?");
        self.row(&sql, [kind.name().into(), handle.into()])
            .await?
            .as_ref()
            .map(channel)
            .transpose()
    }

    /// The channel, whoever's it is.
    pub async fn find_channel(&self, id: ChannelId) -> Result<Option<Channel>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM t_moment_channel c WHERE c.id = ?");
        self.row(&sql, [id.0.into()]).await?.as_ref().map(channel).transpose()
    }

    /// The user's channels, oldest first.
    pub async fn channels(&self, user: UserId) -> Result<Vec<Channel>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM t_moment_channel c WHERE c.user_id = ? ORDER BY c.id");
        self.rows(&sql, [user.0.into()]).await?.iter().map(channel).collect()
    }

    /// Stores a channel with its sealed credential and its accounts; an existing one of the same id gets the new credential, and its token is forgotten.
    ///
    /// [`StoreError::Conflict`] when the handle or one of the accounts belongs to another channel.
    pub async fn put_channel(
        &self,
        id: ChannelId,
        new: &NewChannel,
        sealed: &str,
        reported: &[NewAccount],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let first_account = self.take_ids(Sequence::Account, reported.len().max(1)).await?;
        let txn = self.write().await?;
        upsert(&txn, id, new, sealed, now).await?;
        accounts::replace(&txn, (new.user_id, id), first_account, reported, now).await?;
        refuse_foreign_accounts(&txn, id, reported).await?;
        txn.commit().await?;
        Ok(())
    }

    /// Notes what a check of the channel found: its accounts, and that the credential works.
    pub async fn refresh_channel(
        &self,
        channel: &Channel,
        reported: &[NewAccount],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let first_account = self.take_ids(Sequence::Account, reported.len().max(1)).await?;
        let txn = self.write().await?;
        let sql = "UPDATE t_moment_channel SET broken_reason = NULL, update_time = ? WHERE id = ?";
        txn.execute_raw(statement(sql, [now.0.into(), channel.id.0.into()]))
            .await?;
        accounts::replace(&txn, (channel.user_id, channel.id), first_account, reported, now).await?;
        txn.commit().await?;
        Ok(())
    }

    /// Notes that a credential no longer works: its accounts become EXPIRED. Nothing happens when the channel has a newer credential by now.
    pub async fn break_channel(
        &self,
        id: ChannelId,
        credential_version: i64,
        why: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let txn = self.write().await?;
        let sql =
            "UPDATE t_moment_channel SET broken_reason = ?, update_time = ? WHERE id = ? AND credential_version = ?";
        let values = [why.into(), now.0.into(), id.0.into(), credential_version.into()];
        if txn.execute_raw(statement(sql, values)).await?.rows_affected() > 0 {
            let sql = "UPDATE t_wechat_account SET status = 'EXPIRED', update_time = ? WHERE channel_id = ?";
            txn.execute_raw(statement(sql, [to_datetime(now).into(), id.0.into()]))
                .await?;
        }
        txn.commit().await?;
        Ok(())
    }

    /// Every sealed credential of the installation.
    pub async fn sealed_credentials(&self) -> Result<Vec<SealedCredential>, StoreError> {
        let rows = self
            .rows(
                "SELECT id, credential_version, credential FROM t_moment_channel ORDER BY id",
                [],
            )
            .await?;
        let read = |row: &QueryResult| {
            Ok(SealedCredential {
                channel_id: ChannelId(row.try_get("", "id")?),
                credential_version: row.try_get("", "credential_version")?,
                sealed: row.try_get("", "credential")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// The same credential under another key, and no token under the old one; a newer credential stays. The token is forgotten, because the
    /// old key may soon be gone.
    pub async fn replace_seal(&self, id: ChannelId, credential_version: i64, sealed: &str) -> Result<(), StoreError> {
        let sql = "UPDATE t_moment_channel SET credential = ?, token = NULL, token_expires = NULL WHERE id = ? AND credential_version = ?";
        self.execute(sql, [sealed.into(), id.0.into(), credential_version.into()])
            .await?;
        Ok(())
    }

    /// No creation on the channel before `until`; an earlier end than the present one changes nothing.
    pub async fn pause_channel(&self, id: ChannelId, until: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE t_moment_channel SET pause_until = ? WHERE id = ? AND pause_until < ?";
        self.execute(sql, [until.0.into(), id.0.into(), until.0.into()]).await?;
        Ok(())
    }

    /// The newest Moment that is known to have come out on the channel, with the time when that became known.
    pub async fn newest_moment(&self, id: ChannelId) -> Result<Option<(String, Timestamp)>, StoreError> {
        let sql = "SELECT moment_id, created_time FROM t_moment_publication \
                   WHERE channel_id = ? AND created_time IS NOT NULL ORDER BY created_time DESC LIMIT 1";
        let Some(row) = self.row(sql, [id.0.into()]).await? else {
            return Ok(None);
        };
        let moment: Option<String> = row.try_get("", "moment_id")?;
        Ok(moment.zip(rows::time_opt(&row, "created_time")?))
    }

    /// Removes the user's channel with its accounts. Publications that have not been submitted fail; those already with the platform end as
    /// they stand, since nobody can follow them any more. `None` when the user has no such channel.
    pub async fn remove_channel(
        &self,
        user: UserId,
        id: ChannelId,
        now: Timestamp,
    ) -> Result<Option<Removal>, StoreError> {
        let txn = self.write().await?;
        let sql = "DELETE FROM t_moment_channel WHERE id = ? AND user_id = ?";
        if txn
            .execute_raw(statement(sql, [id.0.into(), user.0.into()]))
            .await?
            .rows_affected()
            == 0
        {
            return Ok(None);
        }
        for sql in [
            "DELETE FROM t_wechat_account WHERE channel_id = ?",
            "DELETE FROM t_moment_upload WHERE channel_id = ?",
        ] {
            txn.execute_raw(statement(sql, [id.0.into()])).await?;
        }
        let failed_publications = fail_open(&txn, id, now).await?;
        txn.commit().await?;
        Ok(Some(Removal { failed_publications }))
    }
}

async fn upsert(
    txn: &DatabaseTransaction,
    id: ChannelId,
    new: &NewChannel,
    sealed: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO t_moment_channel (id, user_id, kind, name, handle, agent_id, wxid, base_url, credential, credential_version, \
               pause_until, refresh_fence, refresh_until, create_time, update_time) \
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0, 0, 0, ?, ?) \
               ON CONFLICT (id) DO UPDATE SET name = excluded.name, agent_id = excluded.agent_id, wxid = excluded.wxid, \
               base_url = excluded.base_url, credential = excluded.credential, credential_version = credential_version + 1, \
               broken_reason = NULL, token = NULL, token_expires = NULL, refresh_fence = refresh_fence + 1, refresh_until = 0, \
               update_time = excluded.update_time";
    let values = [
        id.0.into(),
        new.user_id.0.into(),
        new.kind.name().into(),
        new.name.as_str().into(),
        new.handle.as_str().into(),
        new.agent_id.into(),
        new.wxid.clone().into(),
        new.base_url.clone().into(),
        sealed.into(),
        now.0.into(),
        now.0.into(),
    ];
    match txn.execute_raw(statement(sql, values)).await {
        Ok(_) => Ok(()),
        Err(e) if e.sql_err().is_some() => Err(StoreError::Conflict("channel")),
        Err(e) => Err(e.into()),
    }
}

async fn refuse_foreign_accounts(
    txn: &DatabaseTransaction,
    id: ChannelId,
    reported: &[NewAccount],
) -> Result<(), StoreError> {
    let ids: Vec<_> = reported.iter().map(|new| &new.account_id).collect();
    let sql = "SELECT a.id FROM json_each(?) v JOIN t_wechat_account a ON a.account_id = v.value WHERE a.channel_id <> ? LIMIT 1";
    let foreign = txn
        .query_one_raw(statement(sql, [crate::create::json(&ids)?.into(), id.0.into()]))
        .await?;
    if foreign.is_some() {
        Err(StoreError::Conflict("account"))
    } else {
        Ok(())
    }
}

/// Fails every open publication of a channel, whoever holds its lease: the lease is voided.
async fn fail_open(txn: &DatabaseTransaction, id: ChannelId, now: Timestamp) -> Result<u64, StoreError> {
    let failure = Failure::new(FailReason::ChannelRemoved, "渠道已被解绑，任务未完成");
    let sql = "UPDATE t_moment_publication SET state = ?, state_time = ?, look_time = NULL, owner = NULL, lease = lease + 1, \
               in_flight = NULL, failure_reason = ?, failure_message = ? WHERE channel_id = ? AND look_time IS NOT NULL RETURNING id, task_id";
    let values = [
        PublicationState::Failed.name().into(),
        now.0.into(),
        failure.reason.name().into(),
        failure.message.as_str().into(),
        id.0.into(),
    ];
    let failed = txn.query_all_raw(statement(sql, values)).await?;
    for row in &failed {
        let (publication, task): (i64, i64) = (row.try_get("", "id")?, row.try_get("", "task_id")?);
        let sql = "UPDATE t_moment_sync_result SET status = 'FAILED', error_reason = ?, error_message = ?, update_time = ? \
                   WHERE task_id = ? AND publication_id = ? AND outcome = 'PENDING'";
        let values = [
            failure.reason.name().into(),
            failure.message.as_str().into(),
            to_datetime(now).into(),
            task.into(),
            publication.into(),
        ];
        txn.execute_raw(statement(sql, values)).await?;
        refresh_task(txn, moments_domain::TaskId(task), now).await?;
    }
    Ok(u64::try_from(failed.len()).unwrap_or(u64::MAX))
}

fn channel(row: &QueryResult) -> Result<Channel, StoreError> {
    let id: i64 = row.try_get("", "id")?;
    Ok(Channel {
        id: ChannelId(id),
        user_id: UserId(row.try_get("", "user_id")?),
        kind: rows::parse(row, "t_moment_channel", id, "kind")?,
        name: row.try_get("", "name")?,
        handle: row.try_get("", "handle")?,
        agent_id: row.try_get("", "agent_id")?,
        wxid: row.try_get("", "wxid")?,
        base_url: row.try_get("", "base_url")?,
        credential: row.try_get("", "credential")?,
        credential_version: row.try_get("", "credential_version")?,
        broken_reason: row.try_get("", "broken_reason")?,
        pause_until: Timestamp(row.try_get("", "pause_until")?),
        create_time: Timestamp(row.try_get("", "create_time")?),
    })
}
