//! Log-ins of personal accounts, from the wish for a device to the channel that comes of it.

use moments_domain::{
    AuditAction, ChannelId, ChannelKind, DeviceType, LoginId, LoginStatus, NewAudit, NoticedBy, Timestamp, UserId,
};
use sea_orm::{DatabaseTransaction, QueryResult};
use serde_json::json;

use crate::accounts::{self, NewAccount, shorter};
use crate::audit;
use crate::channels::{self, NewChannel};
use crate::checks;
use crate::db::{Statements, Store, again, commit};
use crate::dialect::Sql;
use crate::error::StoreError;
use crate::rows;
use crate::sequence::Sequence;
use crate::standing::Notice;

const TABLE: &str = "t_moment_login";

/// One row of `t_moment_login`.
#[derive(Clone, Debug)]
pub struct Login {
    /// Its id.
    pub id: LoginId,
    /// Who began it.
    pub user_id: UserId,
    /// How far it is.
    pub status: LoginStatus,
    /// Which token at which gateway: a hash of both.
    pub gateway: String,
    /// The gateway's base address; `None`: the installation's.
    pub base_url: Option<String>,
    /// The device; `None`: none yet, or a later log-in has it.
    pub app_id: Option<String>,
    /// When the device was made for us; `None`: it was there before.
    pub device_time: Option<Timestamp>,
    /// What a new device pretends to be.
    pub device_type: DeviceType,
    /// Province code near the phone.
    pub region_id: String,
    /// What the channel will be called; `None`: as the account.
    pub name: Option<String>,
    /// The channel that is logged in again, or that came of it.
    pub channel_id: Option<ChannelId>,
    /// Who has logged in on the device.
    pub wxid: Option<String>,
    /// Who scans; `None`: not known yet.
    pub nick_name: Option<String>,
    /// The picture of who scans.
    pub avatar_url: Option<String>,
    /// Sealed: what only the log-in itself needs.
    pub secrets: Option<String>,
    /// Sealed: the number that WeChat showed, for the next poll.
    pub number: Option<String>,
    /// Why it is over, in Chinese.
    pub message: Option<String>,
    /// The code's end, as far as known.
    pub expire_time: Timestamp,
    /// The next poll; the lease's end while leased; `None` when it is over.
    pub look_time: Option<Timestamp>,
    /// Grows with every claim: who names it may save.
    pub lease: i64,
}

/// What a log-in leaves behind when the account is on line.
#[derive(Clone, Debug)]
pub struct LoggedIn {
    /// The channel, and its credential as sealed.
    pub channel_id: ChannelId,
    /// A channel to be bound; `None`: it is bound already.
    pub bind: Option<(NewChannel, String)>,
    /// The account.
    pub account: NewAccount,
}

const COLUMNS: &str = "l.id, l.user_id, l.status, l.gateway, l.base_url, l.app_id, l.device_time, l.device_type, l.region_id, l.name, \
    l.channel_id, l.wxid, l.nick_name, l.avatar_url, l.secrets, l.number, l.message, l.expire_time, l.look_time, l.lease";

impl Store {
    /// A new log-in's id; its secrets are sealed for it before the row exists.
    pub async fn new_login_id(&self) -> Result<LoginId, StoreError> {
        Ok(LoginId(self.take_ids(Sequence::Login, 1).await?))
    }

    /// Stores a new log-in in place of the user's open one about the same thing. One without a device gets the device of an earlier log-in of
    /// the user at the same gateway on which nobody has ever logged in, if there is one.
    ///
    /// [`StoreError::Conflict`] while an open one has no device yet: it may be about to get one.
    pub async fn begin_login(&self, new: &Login, entry: &NewAudit) -> Result<Login, StoreError> {
        let now = entry.time;
        again!({
            let mut login = new.clone();
            let txn = self.write().await?;
            let busy = busy(&login);
            replace(&txn, &busy, entry).await?;
            audit::write(&txn, [entry]).await?;
            if login.app_id.is_none() {
                let values = [login.user_id.0.into(), login.gateway.as_str().into()];
                if let Some(row) = txn.row(&UNUSED_DEVICE, values).await? {
                    login.app_id = row.try_get("", "app_id")?;
                    login.device_time = rows::time_opt(&row, "device_time")?;
                }
            }
            if let Some(app_id) = &login.app_id {
                txn.run(&RELEASE, [app_id.as_str().into(), login.user_id.0.into()])
                    .await?;
            }
            insert(&txn, &login, &busy, now).await?;
            commit(txn).await?;
            Ok(login)
        })
    }

    /// Saves an end that a holder came to, and tells of it; whether it still held the log-in.
    pub async fn end_login(&self, login: &Login, entry: &NewAudit) -> Result<bool, StoreError> {
        again!({
            let txn = self.write().await?;
            if txn.run(&SAVE, saved(login, entry.time)).await? == 0 {
                return Ok(false);
            }
            audit::write(&txn, [entry]).await?;
            commit(txn).await?;
            Ok(true)
        })
    }

    /// Notes the device that a log-in was given, whoever holds the log-in by now.
    pub async fn keep_device(&self, id: LoginId, app_id: &str, now: Timestamp) -> Result<(), StoreError> {
        self.run(&KEEP_DEVICE, [app_id.into(), now.0.into(), id.0.into()])
            .await?;
        Ok(())
    }

    /// Forgets a device that the gateway no longer knows.
    pub async fn forget_device(&self, user: UserId, app_id: &str) -> Result<(), StoreError> {
        self.run(&RELEASE, [app_id.into(), user.0.into()]).await?;
        Ok(())
    }

    /// The user's log-in.
    pub async fn find_login(&self, user: UserId, id: LoginId) -> Result<Option<Login>, StoreError> {
        let row = self.row(&OF_USER, [id.0.into(), user.0.into()]).await?;
        row.as_ref().map(login).transpose()
    }

    /// The last log-in of a channel's device: what it was made with.
    pub async fn last_login(&self, channel: ChannelId) -> Result<Option<Login>, StoreError> {
        let row = self.row(&LAST, [channel.0.into()]).await?;
        row.as_ref().map(login).transpose()
    }

    /// Claims log-ins that are due, at most `limit`, until `until`.
    pub async fn claim_logins(&self, now: Timestamp, until: Timestamp, limit: u64) -> Result<Vec<Login>, StoreError> {
        again!({
            let txn = self.write().await?;
            let due = txn.rows(&DUE, [now.0.into(), limit.into()]).await?;
            let mut claimed = Vec::with_capacity(due.len());
            for row in &due {
                let mut login = login(row)?;
                txn.run(&CLAIM, [until.0.into(), login.id.0.into()]).await?;
                login.lease += 1;
                claimed.push(login);
            }
            commit(txn).await?;
            Ok(claimed)
        })
    }

    /// Takes the user's log-in out of any other hands until `until`.
    pub async fn take_login(&self, user: UserId, id: LoginId, until: Timestamp) -> Result<Option<Login>, StoreError> {
        again!({
            let txn = self.write().await?;
            txn.run(&TAKE, [until.0.into(), id.0.into(), user.0.into()]).await?;
            let row = txn.row(&OF_USER, [id.0.into(), user.0.into()]).await?;
            commit(txn).await?;
            row.as_ref().map(login).transpose()
        })
    }

    /// Saves what a holder found; whether it still held the log-in. A number that was not there when the holder looked stays.
    ///
    /// [`StoreError::Conflict`] when it would be open again, but another one about the same thing is.
    pub async fn save_login(&self, login: &Login, now: Timestamp) -> Result<bool, StoreError> {
        match self.run(&SAVE, saved(login, now)).await {
            Err(e) if e.is_duplicate() => Err(StoreError::Conflict("login")),
            done => Ok(done? > 0),
        }
    }

    /// Keeps the number that WeChat showed for the next poll, which is due now; whether the log-in is open.
    pub async fn put_login_number(
        &self,
        user: UserId,
        id: LoginId,
        sealed: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let values = [sealed.into(), now.0.into(), now.0.into(), id.0.into(), user.0.into()];
        Ok(self.run(&PUT_NUMBER, values).await? > 0)
    }

    /// Ends a log-in with its channel on line, all at once, and tells of it; whether the holder still held it.
    ///
    /// [`StoreError::Conflict`] when the device or the account belongs to another channel; nothing is written then.
    pub async fn finish_login(
        &self,
        login: &Login,
        end: &LoggedIn,
        now: Timestamp,
        entries: &[NewAudit],
    ) -> Result<bool, StoreError> {
        let first_account = self.take_ids(Sequence::Account, 1).await?;
        let notice = Notice {
            by: NoticedBy::Bind,
            at: now,
        };
        let (owner, reported) = ((login.user_id, end.channel_id), std::slice::from_ref(&end.account));
        again!({
            let txn = self.write().await?;
            if txn.run(&SAVE, saved(login, now)).await? == 0 {
                return Ok(false);
            }
            if let Some((new, sealed)) = &end.bind {
                channels::put(&txn, end.channel_id, new, sealed, now).await?;
            }
            checks::mend(&txn, end.channel_id, None, now).await?;
            audit::write(&txn, entries).await?;
            accounts::replace(&txn, owner, first_account, reported, notice).await?;
            channels::refuse_foreign_accounts(&txn, end.channel_id, reported).await?;
            if login.device_time.is_some() {
                txn.run(&FIRST_LOGIN, [now.0.into(), end.channel_id.0.into()]).await?;
            }
            commit(txn).await?;
            Ok(true)
        })
    }

    /// Forgets log-ins that were over before `before` and hold no device; how many.
    pub async fn prune_logins(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.run(&PRUNE, [before.0.into()]).await
    }

    /// Whether a gateway was told this address for a token's events.
    pub async fn has_callback(&self, gateway: &str, address_hash: &str) -> Result<bool, StoreError> {
        let row = self.row(&CALLBACK, [gateway.into(), address_hash.into()]).await?;
        Ok(row.is_some())
    }

    /// Notes that it was.
    pub async fn put_callback(&self, gateway: &str, address_hash: &str, now: Timestamp) -> Result<(), StoreError> {
        let values = [gateway.into(), address_hash.into(), now.0.into()];
        self.run(&PUT_CALLBACK, values).await?;
        Ok(())
    }
}

/// What an open log-in is about: one channel, or a new device of a user at a gateway.
fn busy(login: &Login) -> String {
    match login.channel_id {
        Some(channel) => format!("channel:{channel}"),
        None => format!("{}:{}", login.user_id, login.gateway),
    }
}

/// Ends the open log-in about the same thing, if there is one, for the one that `entry` tells of.
async fn replace(txn: &DatabaseTransaction, busy: &str, entry: &NewAudit) -> Result<(), StoreError> {
    let Some(row) = txn.row(&REPLACED, [busy.into()]).await? else {
        return Ok(());
    };
    let id: i64 = row.try_get("", "id")?;
    txn.run(&REPLACE, [entry.time.0.into(), id.into()]).await?;
    let ended = NewAudit {
        action: AuditAction::LoginEnd,
        object_id: id.to_string(),
        detail: json!({ "status": LoginStatus::Cancelled.name() }),
        ..entry.clone()
    };
    audit::write(txn, [&ended]).await
}

static REPLACED: Sql = Sql::each(|d| {
    let lock = d.for_update();
    format!("SELECT id FROM t_moment_login WHERE busy = ? AND app_id IS NOT NULL{lock}")
});
static REPLACE: Sql = Sql::same(
    "UPDATE t_moment_login SET status = 'CANCELLED', message = '已由新的登录取代', busy = NULL, secrets = NULL, number = NULL, \
     look_time = NULL, lease = lease + 1, update_time = ? WHERE id = ?",
);
static UNUSED_DEVICE: Sql = Sql::each(|_| {
    let gewe = ChannelKind::Gewe.name();
    format!(
        "SELECT l.app_id, l.device_time FROM t_moment_login l \
         WHERE l.user_id = ? AND l.gateway = ? AND l.app_id IS NOT NULL AND l.channel_id IS NULL AND l.wxid IS NULL \
         AND NOT EXISTS (SELECT 1 FROM t_moment_channel c WHERE c.kind = '{gewe}' AND c.handle = l.app_id) \
         ORDER BY l.id DESC LIMIT 1"
    )
});
static RELEASE: Sql = Sql::same("UPDATE t_moment_login SET app_id = NULL WHERE app_id = ? AND user_id = ?");
static KEEP_DEVICE: Sql =
    Sql::same("UPDATE t_moment_login SET app_id = ?, device_time = ? WHERE id = ? AND app_id IS NULL");
static OF_USER: Sql = Sql::each(|_| format!("SELECT {COLUMNS} FROM t_moment_login l WHERE l.id = ? AND l.user_id = ?"));
static LAST: Sql =
    Sql::each(|_| format!("SELECT {COLUMNS} FROM t_moment_login l WHERE l.channel_id = ? ORDER BY l.id DESC LIMIT 1"));
static DUE: Sql = Sql::each(|d| {
    let lock = d.skip_locked();
    format!("SELECT {COLUMNS} FROM t_moment_login l WHERE l.look_time <= ? ORDER BY l.look_time LIMIT ?{lock}")
});
static CLAIM: Sql = Sql::same("UPDATE t_moment_login SET lease = lease + 1, look_time = ? WHERE id = ?");
static TAKE: Sql = Sql::same("UPDATE t_moment_login SET lease = lease + 1, look_time = ? WHERE id = ? AND user_id = ?");
static SAVE: Sql = Sql::same(
    "UPDATE t_moment_login SET status = ?, busy = ?, app_id = ?, device_time = ?, channel_id = ?, wxid = ?, nick_name = ?, avatar_url = ?, \
     secrets = ?, number = CASE WHEN number = ? THEN NULL ELSE number END, message = ?, expire_time = ?, look_time = ?, update_time = ? \
     WHERE id = ? AND lease = ?",
);
static PUT_NUMBER: Sql = Sql::same(
    "UPDATE t_moment_login SET number = ?, look_time = ?, update_time = ? WHERE id = ? AND user_id = ? AND look_time IS NOT NULL",
);
static FIRST_LOGIN: Sql =
    Sql::same("UPDATE t_moment_channel SET first_login_time = ? WHERE id = ? AND first_login_time IS NULL");
static PRUNE: Sql =
    Sql::same("DELETE FROM t_moment_login WHERE look_time IS NULL AND app_id IS NULL AND update_time < ?");
static CALLBACK: Sql = Sql::same("SELECT gateway FROM t_moment_callback WHERE gateway = ? AND address_hash = ?");
static PUT_CALLBACK: Sql = Sql::each(|d| {
    let or_update = d.or_update("gateway");
    let (hash, time) = (d.brought("address_hash"), d.brought("set_time"));
    format!(
        "INSERT INTO t_moment_callback (gateway, address_hash, set_time) VALUES (?, ?, ?) {or_update} address_hash = {hash}, set_time = {time}"
    )
});
static INSERT: Sql = Sql::same(
    "INSERT INTO t_moment_login (id, user_id, status, gateway, busy, base_url, app_id, device_time, device_type, region_id, name, \
     channel_id, secrets, expire_time, look_time, lease, create_time, update_time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
);

async fn insert(txn: &impl Statements, login: &Login, busy: &str, now: Timestamp) -> Result<(), StoreError> {
    let values = [
        login.id.0.into(),
        login.user_id.0.into(),
        login.status.name().into(),
        login.gateway.as_str().into(),
        busy.into(),
        login.base_url.clone().into(),
        login.app_id.clone().into(),
        login.device_time.map(|at| at.0).into(),
        login.device_type.name().into(),
        login.region_id.as_str().into(),
        login.name.as_deref().map(shorter).into(),
        login.channel_id.map(|id| id.0).into(),
        login.secrets.clone().into(),
        login.expire_time.0.into(),
        login.look_time.map(|at| at.0).into(),
        login.lease.into(),
        now.0.into(),
        now.0.into(),
    ];
    match txn.run(&INSERT, values).await {
        Err(e) if e.is_duplicate() => Err(StoreError::Conflict("login")),
        done => done.map(drop),
    }
}

/// The values of [`SAVE`].
fn saved(login: &Login, now: Timestamp) -> [sea_orm::Value; 16] {
    let busy = (!login.status.is_over()).then(|| busy(login));
    [
        login.status.name().into(),
        busy.into(),
        login.app_id.clone().into(),
        login.device_time.map(|at| at.0).into(),
        login.channel_id.map(|id| id.0).into(),
        login.wxid.clone().into(),
        login.nick_name.as_deref().map(shorter).into(),
        login.avatar_url.clone().filter(|url| url.len() <= 500).into(),
        login.secrets.clone().into(),
        login.number.clone().into(),
        login.message.clone().into(),
        login.expire_time.0.into(),
        login.look_time.map(|at| at.0).into(),
        now.0.into(),
        login.id.0.into(),
        login.lease.into(),
    ]
}

fn login(row: &QueryResult) -> Result<Login, StoreError> {
    let id: i64 = row.try_get("", "id")?;
    Ok(Login {
        id: LoginId(id),
        user_id: UserId(row.try_get("", "user_id")?),
        status: rows::parse(row, TABLE, id, "status")?,
        gateway: row.try_get("", "gateway")?,
        base_url: row.try_get("", "base_url")?,
        app_id: row.try_get("", "app_id")?,
        device_time: rows::time_opt(row, "device_time")?,
        device_type: rows::parse(row, TABLE, id, "device_type")?,
        region_id: row.try_get("", "region_id")?,
        name: row.try_get("", "name")?,
        channel_id: row.try_get::<Option<i64>>("", "channel_id")?.map(ChannelId),
        wxid: row.try_get("", "wxid")?,
        nick_name: row.try_get("", "nick_name")?,
        avatar_url: row.try_get("", "avatar_url")?,
        secrets: row.try_get("", "secrets")?,
        number: row.try_get("", "number")?,
        message: row.try_get("", "message")?,
        expire_time: Timestamp(row.try_get("", "expire_time")?),
        look_time: rows::time_opt(row, "look_time")?,
        lease: row.try_get("", "lease")?,
    })
}
