//! Accounts (requirement 3.1).

use std::collections::{HashMap, HashSet};

use moments_domain::{
    AccountId, AccountStatus, AccountType, ChannelId, NewAudit, Standing, StatusCode, StatusReason, Timestamp, UserId,
};
use sea_orm::{DatabaseTransaction, QueryResult};
use serde_json::json as array;

use crate::audit;
use crate::db::{Statements, Store, again, commit};
use crate::dialect::{Dialect, Kind, Sql};
use crate::error::StoreError;
use crate::rows::{self, json};
use crate::standing::{self, Notice, Present, StatusChange};
use crate::time::to_datetime;

/// One row of `t_wechat_account`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The identity.
    pub account_id: AccountId,
    /// What people call it.
    pub account_name: Option<String>,
    /// What its owner says of it.
    pub remark: Option<String>,
    /// Its kind.
    pub account_type: AccountType,
    /// Whether it can publish now.
    pub status: AccountStatus,
    /// Why not; `None` also where nobody noted why.
    pub reason: Option<StatusReason>,
    /// Since when; `None`: since before that was noted.
    pub status_time: Option<Timestamp>,
    /// When the platform last said how it stands.
    pub checked_time: Option<Timestamp>,
    /// The departments in which it stands, by the corp's ids; empty where nobody told.
    pub departments: Vec<i64>,
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
    pub standing: Standing,
    /// The departments in which it stands; empty: not told, what was known stays.
    pub departments: Vec<i64>,
}

impl Store {
    /// The user's accounts, in the order in which they came.
    pub async fn accounts(&self, user: UserId) -> Result<Vec<Account>, StoreError> {
        let rows = self.rows(&OF_USER, [user.0.into()]).await?;
        rows.iter().map(account).collect()
    }

    /// The accounts that the user has unbound and may take back, in the order in which they came. No other read of accounts tells of them.
    pub async fn unbound_accounts(&self, user: UserId) -> Result<Vec<Account>, StoreError> {
        let rows = self.rows(&UNBOUND_OF_USER, [user.0.into()]).await?;
        rows.iter().map(account).collect()
    }

    /// Those of `wanted` that are the user's, in the order of `wanted`.
    pub async fn find_accounts(&self, user: UserId, wanted: &[AccountId]) -> Result<Vec<Account>, StoreError> {
        let wanted: Vec<_> = (0_i64..).zip(wanted).collect();
        let rows = self.rows(&WANTED, [json(&wanted)?.into(), user.0.into()]).await?;
        rows.iter().map(account).collect()
    }

    /// Notes what the user says of its account, or forgets it; false when the user has no such account.
    pub async fn put_remark(
        &self,
        user: UserId,
        account: &AccountId,
        remark: Option<&str>,
        entry: &NewAudit,
    ) -> Result<bool, StoreError> {
        again!({
            let txn = self.write().await?;
            let known = txn.row(&OWN, [account.0.as_str().into(), user.0.into()]).await?;
            if known.is_none() {
                return Ok(false);
            }
            let values = [
                remark.map(str::to_owned).into(),
                to_datetime(entry.time).into(),
                account.0.as_str().into(),
            ];
            txn.run(&PUT_REMARK, values).await?;
            audit::write(&txn, [entry]).await?;
            commit(txn).await?;
            Ok(true)
        })
    }

    /// The accounts behind a channel.
    pub async fn accounts_of(&self, channel: ChannelId) -> Result<Vec<Account>, StoreError> {
        let rows = self.rows(&OF_CHANNEL, [channel.0.into()]).await?;
        rows.iter().map(account).collect()
    }
}

const COLUMNS: &str = "a.id, a.account_id, a.account_name, a.account_type, a.status, a.status_code, a.status_reason, a.status_time, \
    a.checked_time, a.channel_id, a.remark, a.departments";

static OF_USER: Sql = Sql::each(|_| of_user("IS NULL"));
static UNBOUND_OF_USER: Sql = Sql::each(|_| of_user("IS NOT NULL"));

fn of_user(unbound: &str) -> String {
    format!("SELECT {COLUMNS} FROM t_wechat_account a WHERE a.user_id = ? AND a.unbound_time {unbound} ORDER BY a.id")
}

/// MySQL counts a row that is as it was as not changed: whether it is there is asked apart.
static OWN: Sql = Sql::each(|d| {
    let lock = d.for_update();
    format!("SELECT id FROM t_wechat_account WHERE account_id = ? AND user_id = ? AND unbound_time IS NULL{lock}")
});
static PUT_REMARK: Sql = Sql::each(|d| {
    let now = d.time();
    format!("UPDATE t_wechat_account SET remark = ?, update_time = {now} WHERE account_id = ?")
});
static OF_CHANNEL: Sql = Sql::each(|_| {
    format!("SELECT {COLUMNS} FROM t_wechat_account a WHERE a.channel_id = ? AND a.unbound_time IS NULL ORDER BY a.id")
});
static WANTED: Sql = Sql::each(|d| {
    let (rows, join) = (d.rows(&[("place", Kind::Int), ("account", Kind::Text)]), d.join());
    format!(
        "SELECT {COLUMNS} FROM {rows} v {join} t_wechat_account a ON a.account_id = v.account \
         WHERE a.user_id = ? AND a.unbound_time IS NULL ORDER BY v.place"
    )
});
/// Makes the channel's accounts exactly what a check reported; a mere wxid is no name and replaces none. Members that are no longer reported become
/// EXPIRED, if they are not already for a reason of their own: tasks may still name them.
pub(crate) async fn replace(
    txn: &DatabaseTransaction,
    (user, channel): (UserId, ChannelId),
    first_id: i64,
    reported: &[NewAccount],
    notice: Notice,
) -> Result<Vec<StatusChange>, StoreError> {
    let present = standing::lock(txn, channel).await?;
    let by_id: HashMap<_, _> = reported.iter().map(|new| (&new.account_id, &new.standing)).collect();
    let wanted = |account: &Present| match by_id.get(&account.account_id) {
        Some(standing) => Some((*standing).clone()),
        None => is_still_expected(account).then(|| Standing::of(StatusCode::Unlisted)),
    };
    let changes = standing::change(txn, &present, wanted, notice).await?;
    let known: HashSet<_> = present.iter().map(|account| &account.account_id).collect();
    let new = (first_id..)
        .zip(reported)
        .filter(|(_, new)| !known.contains(&new.account_id));
    let new: HashMap<_, _> = new.map(|(id, new)| (id, &new.standing)).collect();
    write(txn, (user, channel), first_id, reported, notice.at).await?;
    if !new.is_empty() {
        standing::came(txn, &new, notice).await?;
    }
    Ok(changes)
}

/// Whether an account that is no longer reported counted as there until now: one that had gone before keeps the reason that it went for.
fn is_still_expected(account: &Present) -> bool {
    account.status != AccountStatus::Expired || matches!(account.code, None | Some(StatusCode::CredentialBroken))
}

/// What a check reported, but for the status of accounts that were known before.
async fn write(
    txn: &DatabaseTransaction,
    (user, channel): (UserId, ChannelId),
    first_id: i64,
    reported: &[NewAccount],
    at: Timestamp,
) -> Result<(), StoreError> {
    let now = to_datetime(at);
    let row = |(id, new): (i64, &NewAccount)| {
        let (code, reason) = standing::told(&new.standing);
        let departments = (!new.departments.is_empty()).then(|| array!(new.departments).to_string());
        array!([
            id,
            user.0,
            new.account_id.0,
            new.account_type.name(),
            shorter(&new.account_name),
            new.standing.status().name(),
            code,
            reason,
            at.0,
            now,
            channel.0,
            departments
        ])
    };
    let rows: Vec<_> = (first_id..).zip(reported).map(row).collect();
    let listed = json(&rows)?;
    txn.run(&CHECKED, [at.0.into(), channel.0.into()]).await?;
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
        ("code", Kind::Text),
        ("reason", Kind::Text),
        ("since", Kind::Int),
        ("at", Kind::Time),
        ("channel", Kind::Int),
        ("departments", Kind::Text),
    ])
}

static CHECKED: Sql = Sql::same("UPDATE t_wechat_account SET checked_time = ? WHERE channel_id = ?");
static UPDATE_LISTED: Sql = Sql::each(|d| {
    let name = "CASE WHEN v.name = v.account THEN coalesce(t.account_name, v.name) ELSE v.name END";
    let departments = "coalesce(v.departments, t.departments)";
    let set = [
        ("account_name", name),
        ("departments", departments),
        ("update_time", "v.at"),
    ];
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
        "INSERT INTO t_wechat_account (id, user_id, account_id, account_type, account_name, status, status_code, status_reason, \
         status_time, checked_time, status_changes, create_time, update_time, channel_id, departments) \
         SELECT v.id, v.owner, v.account, v.kind, v.name, v.status, v.code, v.reason, v.since, v.since, 1, v.at, v.at, v.channel, \
         v.departments \
         FROM {listed} v WHERE true {or_nothing}"
    )
});

fn account(row: &QueryResult) -> Result<Account, StoreError> {
    const TABLE: &str = "t_wechat_account";
    let id = row.try_get("", "id")?;
    let code: Option<StatusCode> = rows::parse_opt(row, TABLE, id, "status_code")?;
    let message: Option<String> = row.try_get("", "status_reason")?;
    Ok(Account {
        account_id: AccountId(row.try_get("", "account_id")?),
        account_name: row.try_get("", "account_name")?,
        remark: row.try_get("", "remark")?,
        account_type: rows::parse(row, TABLE, id, "account_type")?,
        status: rows::parse(row, TABLE, id, "status")?,
        reason: code.map(|code| StatusReason {
            code,
            message: message.unwrap_or_default(),
        }),
        status_time: rows::time_opt(row, "status_time")?,
        checked_time: rows::time_opt(row, "checked_time")?,
        departments: departments(row, id)?,
        channel_id: ChannelId(row.try_get("", "channel_id")?),
    })
}

fn departments(row: &QueryResult, id: i64) -> Result<Vec<i64>, StoreError> {
    let text: Option<String> = row.try_get("", "departments")?;
    let unreadable = |e: serde_json::Error| StoreError::Unreadable {
        table: "t_wechat_account",
        id,
        why: format!("departments: {e}"),
    };
    let read = text.map(|json| serde_json::from_str(&json).map_err(unreadable));
    Ok(read.transpose()?.unwrap_or_default())
}
