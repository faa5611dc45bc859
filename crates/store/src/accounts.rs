//! Accounts (requirement 3.1).

use moments_domain::{AccountId, AccountStatus, AccountType, ChannelId, Timestamp, UserId};
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult};
use serde::Serialize;

use crate::create::json;
use crate::db::{Store, statement};
use crate::error::StoreError;
use crate::rows;
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

const COLUMNS: &str = "a.id, a.account_id, a.account_name, a.account_type, a.status, a.channel_id";

impl Store {
    /// The user's accounts, in the order in which they came.
    pub async fn accounts(&self, user: UserId) -> Result<Vec<Account>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM t_wechat_account a WHERE a.user_id = ? ORDER BY a.id");
        self.rows(&sql, [user.0.into()]).await?.iter().map(account).collect()
    }

    /// Those of `wanted` that are the user's, in the order of `wanted`.
    pub async fn find_accounts(&self, user: UserId, wanted: &[AccountId]) -> Result<Vec<Account>, StoreError> {
        // CROSS JOIN keeps SQLite from reading all the user's accounts and looking each up in the list.
        let sql = format!(
            "SELECT {COLUMNS} FROM json_each(?) v CROSS JOIN t_wechat_account a ON a.account_id = v.value \
             WHERE a.user_id = ? ORDER BY v.key"
        );
        self.rows(&sql, [json(&wanted)?.into(), user.0.into()])
            .await?
            .iter()
            .map(account)
            .collect()
    }

    /// The accounts behind a channel.
    pub async fn accounts_of(&self, channel: ChannelId) -> Result<Vec<Account>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM t_wechat_account a WHERE a.channel_id = ? ORDER BY a.id");
        self.rows(&sql, [channel.0.into()]).await?.iter().map(account).collect()
    }

    /// Sets the status of every account behind a channel.
    pub async fn set_account_status(
        &self,
        channel: ChannelId,
        status: AccountStatus,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE t_wechat_account SET status = ?, update_time = ? WHERE channel_id = ? AND status <> ?";
        let name = status.name();
        self.execute(
            sql,
            [name.into(), to_datetime(now).into(), channel.0.into(), name.into()],
        )
        .await?;
        Ok(())
    }
}

#[derive(Serialize)]
struct Row<'a> {
    id: i64,
    account: &'a str,
    name: &'a str,
    kind: &'static str,
    status: &'static str,
}

/// Makes the channel's accounts exactly what a check reported; a mere wxid is no name and replaces none. Members that are no longer reported become EXPIRED: tasks may still name them.
pub(crate) async fn replace(
    txn: &DatabaseTransaction,
    (user, channel): (UserId, ChannelId),
    first_id: i64,
    reported: &[NewAccount],
    now: Timestamp,
) -> Result<(), StoreError> {
    let rows: Vec<_> = (first_id..).zip(reported).map(|(id, new)| Row::new(id, new)).collect();
    let now = to_datetime(now);
    let sql = "UPDATE t_wechat_account SET status = 'EXPIRED', update_time = ? WHERE channel_id = ? \
               AND account_id NOT IN (SELECT value ->> 'account' FROM json_each(?))";
    let listed = json(&rows)?;
    txn.execute_raw(statement(
        sql,
        [now.clone().into(), channel.0.into(), listed.clone().into()],
    ))
    .await?;
    let sql = "INSERT INTO t_wechat_account \
               (id, user_id, account_id, account_type, account_name, status, create_time, update_time, channel_id) \
               SELECT value ->> 'id', ?, value ->> 'account', value ->> 'kind', value ->> 'name', value ->> 'status', ?, ?, ? \
               FROM json_each(?) WHERE true \
               ON CONFLICT (account_id) DO UPDATE SET status = excluded.status, account_name = CASE \
               WHEN excluded.account_name = excluded.account_id THEN coalesce(account_name, excluded.account_name) \
               ELSE excluded.account_name END, \
               update_time = excluded.update_time WHERE t_wechat_account.channel_id = excluded.channel_id";
    txn.execute_raw(statement(
        sql,
        [
            user.0.into(),
            now.clone().into(),
            now.into(),
            channel.0.into(),
            listed.into(),
        ],
    ))
    .await?;
    Ok(())
}

impl<'a> Row<'a> {
    fn new(id: i64, new: &'a NewAccount) -> Self {
        Self {
            id,
            account: &new.account_id.0,
            name: &new.account_name,
            kind: new.account_type.name(),
            status: new.status.name(),
        }
    }
}

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
