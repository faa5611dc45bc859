//! Channels: one authorised way to a platform each.

use moments_domain::{AppKind, ChannelId, ChannelKind, FailReason, NewAudit, NoticedBy, Timestamp, UserId};
use sea_orm::{DatabaseTransaction, QueryResult};

use crate::accounts::{self, NewAccount, shorter};
use crate::audit;
use crate::checks;
use crate::db::{Statements, Store, again, commit};
use crate::dialect::{Kind, Sql};
use crate::error::StoreError;
use crate::rows::{self, json};
use crate::sequence::Sequence;
use crate::standing::{Notice, StatusChange};

/// One row of `t_moment_channel`.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// Whose it is.
    pub user_id: UserId,
    /// Its platform.
    pub kind: ChannelKind,
    /// Whose app it is (WeCom).
    pub app: AppKind,
    /// The provider's suite or template that the app comes from; `None` for a self-built one.
    pub suite_id: Option<String>,
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
    /// Since when the credential is suspected, having been refused once; `None`: it is not, or it is known to be broken.
    pub suspect_since: Option<Timestamp>,
    /// What an administrator should know although no account is at fault.
    pub notice: Option<ChannelNotice>,
    /// When the platform was last asked after it.
    pub checked_time: Timestamp,
    /// No creation before this.
    pub pause_until: Timestamp,
    /// When it was bound.
    pub create_time: Timestamp,
    /// When its account first logged in here; `None`: nobody saw a log-in, as with every WeCom channel.
    pub first_login_time: Option<Timestamp>,
    /// Whether limits were chosen for it or for one of its accounts.
    pub has_limits: bool,
}

/// What keeps a channel from publishing although its credential works, as far as anybody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelNotice {
    /// Why a post would fail.
    pub reason: FailReason,
    /// The same for people, in Chinese.
    pub message: String,
    /// Since when.
    pub since: Timestamp,
}

/// A channel to be bound, or bound anew with another credential.
#[derive(Clone, Debug)]
pub struct NewChannel {
    /// Whose it is.
    pub user_id: UserId,
    /// Its platform.
    pub kind: ChannelKind,
    /// See [`Channel::app`].
    pub app: AppKind,
    /// See [`Channel::suite_id`].
    pub suite_id: Option<String>,
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

pub(crate) const COLUMNS: &str = "c.id, c.user_id, c.kind, c.app_kind, c.suite_id, c.name, c.handle, c.agent_id, c.wxid, c.base_url, c.credential, \
    c.credential_version, c.broken_reason, c.pause_until, c.create_time, c.first_login_time, c.suspect_since, c.notice_code, c.notice, c.notice_time, c.checked_time, \
    (SELECT COUNT(*) FROM t_moment_limit l WHERE l.channel_id = c.id) AS limits";

impl Store {
    /// A new channel's id; the credential is sealed for it before the row exists.
    pub async fn new_channel_id(&self) -> Result<ChannelId, StoreError> {
        Ok(ChannelId(self.take_ids(Sequence::Channel, 1).await?))
    }

    /// The channel of this platform and handle, whoever's it is.
    pub async fn find_channel_by_handle(&self, kind: ChannelKind, handle: &str) -> Result<Option<Channel>, StoreError> {
        let row = self.row(&BY_HANDLE, [kind.name().into(), handle.into()]).await?;
        row.as_ref().map(channel).transpose()
    }

    /// The channel, whoever's it is.
    pub async fn find_channel(&self, id: ChannelId) -> Result<Option<Channel>, StoreError> {
        let row = self.row(&BY_ID, [id.0.into()]).await?;
        row.as_ref().map(channel).transpose()
    }

    /// The channels of these ids, whoever's they are, in no order; those that are gone are left out.
    pub async fn find_channels(&self, ids: &[ChannelId]) -> Result<Vec<Channel>, StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| [id.0]).collect();
        let rows = self.rows(&BY_IDS, [json(&ids)?.into()]).await?;
        rows.iter().map(channel).collect()
    }

    /// The user's channels, oldest first.
    pub async fn channels(&self, user: UserId) -> Result<Vec<Channel>, StoreError> {
        let rows = self.rows(&OF_USER, [user.0.into()]).await?;
        rows.iter().map(channel).collect()
    }

    /// The channels of a platform, whoever's they are, oldest first.
    pub async fn channels_of_kind(&self, kind: ChannelKind) -> Result<Vec<Channel>, StoreError> {
        let rows = self.rows(&OF_KIND, [kind.name().into()]).await?;
        rows.iter().map(channel).collect()
    }

    /// Stores a channel with its sealed credential and its accounts; an existing one of the same id gets the new credential, and its token is forgotten.
    /// The accounts that were known before and whose status changed.
    ///
    /// [`StoreError::Conflict`] when the handle or one of the accounts belongs to another channel.
    pub async fn put_channel(
        &self,
        id: ChannelId,
        new: &NewChannel,
        sealed: &str,
        reported: &[NewAccount],
        now: Timestamp,
        entry: &NewAudit,
    ) -> Result<Vec<StatusChange>, StoreError> {
        let first_account = self.take_ids(Sequence::Account, reported.len().max(1)).await?;
        let notice = Notice {
            by: NoticedBy::Bind,
            at: now,
        };
        again!({
            let txn = self.write().await?;
            put(&txn, id, new, sealed, now).await?;
            checks::mend(&txn, id, None, now).await?;
            audit::write(&txn, [entry]).await?;
            let changes = accounts::replace(&txn, (new.user_id, id), first_account, reported, notice).await?;
            refuse_foreign_accounts(&txn, id, reported).await?;
            commit(txn).await?;
            Ok(changes)
        })
    }

    /// Keeps the sealed keys of a self-built app's own callback; false when the user has no such channel.
    pub async fn put_callback_keys(
        &self,
        user: UserId,
        id: ChannelId,
        sealed: &str,
        entry: &NewAudit,
    ) -> Result<bool, StoreError> {
        again!({
            let txn = self.write().await?;
            let values = [sealed.into(), id.0.into(), user.0.into()];
            if txn.run(&PUT_CALLBACK, values).await? == 0 {
                return Ok(false);
            }
            audit::write(&txn, [entry]).await?;
            commit(txn).await?;
            Ok(true)
        })
    }

    /// The sealed keys of a self-built app's own callback; `None` before they were set.
    pub async fn callback_keys(&self, id: ChannelId) -> Result<Option<String>, StoreError> {
        let row = self.row(&CALLBACK, [id.0.into()]).await?;
        Ok(row.map(|row| row.try_get("", "callback")).transpose()?.flatten())
    }

    /// The corps that have an app of the suite, as the suite sees them.
    pub async fn corps_of_suite(&self, suite_id: &str) -> Result<Vec<String>, StoreError> {
        let rows = self.rows(&CORPS_OF_SUITE, [suite_id.into()]).await?;
        rows.iter().map(|row| Ok(row.try_get("", "handle")?)).collect()
    }

    /// Every channel of the installation.
    pub async fn channel_ids(&self) -> Result<Vec<ChannelId>, StoreError> {
        let rows = self.rows(&ALL_IDS, []).await?;
        rows.iter().map(|row| Ok(ChannelId(row.try_get("", "id")?))).collect()
    }

    /// No creation on the channel before `until`; an earlier end than the present one changes nothing.
    pub async fn pause_channel(&self, id: ChannelId, until: Timestamp) -> Result<(), StoreError> {
        self.run(&PAUSE, [until.0.into(), id.0.into(), until.0.into()]).await?;
        Ok(())
    }

    /// The newest Moment that is known to have come out on the channel, with the time when that became known.
    pub async fn newest_moment(&self, id: ChannelId) -> Result<Option<(String, Timestamp)>, StoreError> {
        let Some(row) = self.row(&NEWEST_MOMENT, [id.0.into()]).await? else {
            return Ok(None);
        };
        let moment: Option<String> = row.try_get("", "moment_id")?;
        Ok(moment.zip(rows::time_opt(&row, "created_time")?))
    }
}

static PUT_CALLBACK: Sql = Sql::same("UPDATE t_moment_channel SET callback = ? WHERE id = ? AND user_id = ?");
static CALLBACK: Sql = Sql::same("SELECT callback FROM t_moment_channel WHERE id = ?");
static CORPS_OF_SUITE: Sql = Sql::same("SELECT handle FROM t_moment_channel WHERE suite_id = ?");
static BY_HANDLE: Sql =
    Sql::each(|_| format!("SELECT {COLUMNS} FROM t_moment_channel c WHERE c.kind = ? AND c.handle = ?"));
static BY_ID: Sql = Sql::each(|_| format!("SELECT {COLUMNS} FROM t_moment_channel c WHERE c.id = ?"));
static BY_IDS: Sql = Sql::each(|d| {
    let (rows, join) = (d.rows(&[("id", Kind::Int)]), d.join());
    format!("SELECT {COLUMNS} FROM {rows} v {join} t_moment_channel c ON c.id = v.id")
});
static OF_USER: Sql =
    Sql::each(|_| format!("SELECT {COLUMNS} FROM t_moment_channel c WHERE c.user_id = ? ORDER BY c.id"));
static OF_KIND: Sql = Sql::each(|_| format!("SELECT {COLUMNS} FROM t_moment_channel c WHERE c.kind = ? ORDER BY c.id"));
static ALL_IDS: Sql = Sql::same("SELECT id FROM t_moment_channel ORDER BY id");
static PAUSE: Sql = Sql::same("UPDATE t_moment_channel SET pause_until = ? WHERE id = ? AND pause_until < ?");
static NEWEST_MOMENT: Sql = Sql::same(
    "SELECT moment_id, created_time FROM t_moment_publication \
     WHERE channel_id = ? AND created_time IS NOT NULL ORDER BY created_time DESC LIMIT 1",
);
/// Not an upsert: MySQL's would also change the channel of another owner that has the same handle.
pub(crate) async fn put(
    txn: &DatabaseTransaction,
    id: ChannelId,
    new: &NewChannel,
    sealed: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let values = [
        new.app.name().into(),
        new.suite_id.clone().into(),
        shorter(&new.name).into(),
        new.agent_id.into(),
        new.wxid.clone().into(),
        new.base_url.clone().into(),
        sealed.into(),
        now.0.into(),
        id.0.into(),
    ];
    if txn.run(&BIND_AGAIN, values.clone()).await? > 0 {
        return Ok(());
    }
    let [app, suite_id, name, agent_id, wxid, base_url, sealed, now, id] = values;
    let (user, kind, handle) = (new.user_id.0.into(), new.kind.name().into(), new.handle.as_str().into());
    let values = [
        id,
        user,
        kind,
        app,
        suite_id,
        name,
        handle,
        agent_id,
        wxid,
        base_url,
        sealed,
        now.clone(),
        now,
    ];
    match txn.run(&BIND, values).await {
        Err(e) if e.is_duplicate() => Err(StoreError::Conflict("channel")),
        done => done.map(drop),
    }
}

static BIND_AGAIN: Sql = Sql::same(
    "UPDATE t_moment_channel SET app_kind = ?, suite_id = ?, name = ?, agent_id = ?, wxid = ?, base_url = ?, credential = ?, \
     update_time = ?, credential_version = credential_version + 1, broken_reason = NULL, token = NULL, token_expires = NULL, \
     refresh_fence = refresh_fence + 1, refresh_until = 0 WHERE id = ?",
);
static BIND: Sql = Sql::same(
    "INSERT INTO t_moment_channel (id, user_id, kind, app_kind, suite_id, name, handle, agent_id, wxid, base_url, credential, \
     credential_version, pause_until, refresh_fence, refresh_until, create_time, update_time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0, 0, 0, ?, ?)",
);

pub(crate) async fn refuse_foreign_accounts(
    txn: &DatabaseTransaction,
    id: ChannelId,
    reported: &[NewAccount],
) -> Result<(), StoreError> {
    let ids: Vec<_> = reported.iter().map(|new| [&new.account_id]).collect();
    match txn.row(&FOREIGN, [json(&ids)?.into(), id.0.into()]).await? {
        Some(_) => Err(StoreError::Conflict("account")),
        None => Ok(()),
    }
}

static FOREIGN: Sql = Sql::each(|d| {
    let (rows, join) = (d.rows(&[("account", Kind::Text)]), d.join());
    format!(
        "SELECT a.id FROM {rows} v {join} t_wechat_account a ON a.account_id = v.account WHERE a.channel_id <> ? LIMIT 1"
    )
});

pub(crate) fn channel(row: &QueryResult) -> Result<Channel, StoreError> {
    let id: i64 = row.try_get("", "id")?;
    let reason: Option<FailReason> = rows::parse_opt(row, "t_moment_channel", id, "notice_code")?;
    let message: Option<String> = row.try_get("", "notice")?;
    let since = rows::time_opt(row, "notice_time")?;
    let notice = reason.zip(message).zip(since);
    Ok(Channel {
        id: ChannelId(id),
        user_id: UserId(row.try_get("", "user_id")?),
        kind: rows::parse(row, "t_moment_channel", id, "kind")?,
        app: rows::parse(row, "t_moment_channel", id, "app_kind")?,
        suite_id: row.try_get("", "suite_id")?,
        name: row.try_get("", "name")?,
        handle: row.try_get("", "handle")?,
        agent_id: row.try_get("", "agent_id")?,
        wxid: row.try_get("", "wxid")?,
        base_url: row.try_get("", "base_url")?,
        credential: row.try_get("", "credential")?,
        credential_version: row.try_get("", "credential_version")?,
        broken_reason: row.try_get("", "broken_reason")?,
        suspect_since: rows::time_opt(row, "suspect_since")?,
        notice: notice.map(|((reason, message), since)| ChannelNotice { reason, message, since }),
        checked_time: Timestamp(row.try_get("", "checked_time")?),
        pause_until: Timestamp(row.try_get("", "pause_until")?),
        create_time: Timestamp(row.try_get("", "create_time")?),
        first_login_time: rows::time_opt(row, "first_login_time")?,
        has_limits: row.try_get::<i64>("", "limits")? > 0,
    })
}
