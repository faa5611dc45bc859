//! Accounts (requirement 3.1).

use moments_domain::{AccountId, AccountStatus, AccountType, ChannelId, Timestamp, UserId};
use sea_orm::{DatabaseTransaction, QueryResult};

use crate::db::{Statements, Store};
use crate::dialect::{Dialect, Kind, Sql};
use crate::error::StoreError;
use crate::rows::{self, json};
use crate::time::to_datetime;

/// One row of `t_wechat_account`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The identity.
    pub account_id: AccountId,
    /// What people call it.
    pub account_name: Option<String>,
    /// Its kind.
    pub account_type: AccountType,
    /// Whether it can publish now.
    pub status: AccountStatus,
    /// The way to it.
    pub channel_id: ChannelId,
}

/// An account as a check of its channel reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccount {
    /// The identity.
    pub account_id: AccountId,
    /// What people call it.
    pub account_name: String,
    /// Its kind.
    pub account_type: AccountType,
    /// Whether it can publish now.
    pub status: AccountStatus,
}

impl Store {
    /// The user's accounts, in the order in which they came.
    pub async fn accounts(&self, user: UserId) -> Result<Vec<Account>, StoreError> {
        let rows = self.rows(&OF_USER, [user.0.into()]).await?;
        rows.iter().map(account).collect()
    }

    /// Those of `wanted` that are the user's, in the order of `wanted`.
    pub async fn find_accounts(&self, user: UserId, wanted: &[AccountId]) -> Result<Vec<Account>, StoreError> {
        let wanted: Vec<_> = (0_i64..).zip(wanted).collect();
        let rows = self.rows(&WANTED, [json(&wanted)?.into(), user.0.into()]).await?;
        rows.iter().map(account).collect()
    }

    /// The accounts behind a channel.
    pub async fn accounts_of(&self, channel: ChannelId) -> Result<Vec<Account>, StoreError> {
        let rows = self.rows(&OF_CHANNEL, [channel.0.into()]).await?;
        rows.iter().map(account).collect()
    }

    /// Sets the status of every account behind a channel.
    pub async fn set_account_status(
        &self,
        channel: ChannelId,
        status: AccountStatus,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let name = status.name();
        let values = [name.into(), to_datetime(now).into(), channel.0.into(), name.into()];
        self.run(&SET_STATUS, values).await?;
        Ok(())
    }
}

const COLUMNS: &str = "a.id, a.account_id, a.account_name, a.account_type, a.status, a.channel_id";

static OF_USER: Sql =
    Sql::each(|_| format!("SELECT {COLUMNS} FROM t_wechat_account a WHERE a.user_id = ? ORDER BY a.id"));
static OF_CHANNEL: Sql =
    Sql::each(|_| format!("SELECT {COLUMNS} FROM t_wechat_account a WHERE a.channel_id = ? ORDER BY a.id"));
static WANTED: Sql = Sql::each(|d| {
    let (rows, join) = (d.rows(&[("place", Kind::Int), ("account", Kind::Text)]), d.join());
    format!(
        "SELECT {COLUMNS} FROM {rows} v {join} t_wechat_account a ON a.account_id = v.account WHERE a.user_id = ? ORDER BY v.place"
    )
});
static SET_STATUS: Sql = Sql::each(|d| {
    let now = d.time();
    format!("UPDATE t_wechat_account SET status = ?, update_time = {now} WHERE channel_id = ? AND status <> ?")
});

/// Makes the channel's accounts exactly what a check reported; a mere wxid is no name and replaces none. Members that are no longer reported become EXPIRED: tasks may still name them.
pub(crate) async fn replace(
    txn: &DatabaseTransaction,
    (user, channel): (UserId, ChannelId),
    first_id: i64,
    reported: &[NewAccount],
    now: Timestamp,
) -> Result<(), StoreError> {
    let now = to_datetime(now);
    let row = |(id, new): (i64, &NewAccount)| {
        let (kind, status) = (new.account_type.name(), new.status.name());
        (
            id,
            user.0,
            new.account_id.0.clone(),
            kind,
            shorter(&new.account_name),
            status,
            now.clone(),
            channel.0,
        )
    };
    let rows: Vec<_> = (first_id..).zip(reported).map(row).collect();
    let listed = json(&rows)?;
    txn.run(
        &EXPIRE_OTHERS,
        [now.clone().into(), channel.0.into(), listed.clone().into()],
    )
    .await?;
    txn.run(&UPDATE_LISTED, [listed.clone().into()]).await?;
    txn.run(&INSERT_LISTED, [listed.into()]).await?;
    Ok(())
}

/// A name as long as its column: what a platform lets people call themselves is not ours to refuse.
pub(crate) fn shorter(name: &str) -> String {
    name.chars().filter(|c| *c != '\0').take(100).collect()
}

fn listed(dialect: Dialect) -> String {
    dialect.rows(&[
        ("id", Kind::Int),
        ("owner", Kind::Int),
        ("account", Kind::Text),
        ("kind", Kind::Text),
        ("name", Kind::Text),
        ("status", Kind::Text),
        ("at", Kind::Time),
        ("channel", Kind::Int),
    ])
}

static EXPIRE_OTHERS: Sql = Sql::each(|d| {
    let (now, listed) = (d.time(), listed(d));
    format!(
        "UPDATE t_wechat_account SET status = 'EXPIRED', update_time = {now} WHERE channel_id = ? \
         AND account_id NOT IN (SELECT v.account FROM {listed} v)"
    )
});
static UPDATE_LISTED: Sql = Sql::each(|d| {
    let name = "CASE WHEN v.name = v.account THEN coalesce(t.account_name, v.name) ELSE v.name END";
    let set = [("status", "v.status"), ("account_name", name), ("update_time", "v.at")];
    d.update(
        "t_wechat_account",
        &set,
        &listed(d),
        "t.account_id = v.account AND t.channel_id = v.channel",
    )
});
static INSERT_LISTED: Sql = Sql::each(|d| {
    let (listed, or_nothing) = (listed(d), d.or_nothing("t_wechat_account", "account_id"));
    format!(
        "INSERT INTO t_wechat_account \
         (id, user_id, account_id, account_type, account_name, status, create_time, update_time, channel_id) \
         SELECT v.id, v.owner, v.account, v.kind, v.name, v.status, v.at, v.at, v.channel FROM {listed} v WHERE true {or_nothing}"
    )
});

fn account(row: &QueryResult) -> Result<Account, StoreError> {
    const TABLE: &str = "t_wechat_account";
    let id = row.try_get("", "id")?;
    Ok(Account {
        account_id: AccountId(row.try_get("", "account_id")?),
        account_name: row.try_get("", "account_name")?,
        account_type: rows::parse(row, TABLE, id, "account_type")?,
        status: rows::parse(row, TABLE, id, "status")?,
        channel_id: ChannelId(row.try_get("", "channel_id")?),
    })
}
