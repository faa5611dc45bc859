//! The history of an account's status.

use moments_domain::{AccountId, AccountStatus, NoticedBy, StatusCode, Timestamp, UserId};
use sea_orm::QueryResult;

use crate::db::Store;
use crate::dialect::Sql;
use crate::error::StoreError;
use crate::rows;

/// One change of an account's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountEvent {
    /// What it was; `None`: the account came.
    pub from: Option<AccountStatus>,
    /// What it became.
    pub to: AccountStatus,
    /// Why it cannot publish; `None`: it can.
    pub code: Option<StatusCode>,
    /// The same for people.
    pub reason: Option<String>,
    /// When it was noticed.
    pub time: Timestamp,
    /// Who noticed.
    pub noticed_by: NoticedBy,
}

/// Some of an account's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountHistory {
    /// How many entries there are in all.
    pub total: u64,
    /// The entries asked for, newest first.
    pub events: Vec<AccountEvent>,
}

impl Store {
    /// The history of the user's account, newest first, without the first `skip` entries; `None` when the user has no such account.
    pub async fn account_history(
        &self,
        user: UserId,
        account: &AccountId,
        skip: u64,
        most: u64,
    ) -> Result<Option<AccountHistory>, StoreError> {
        let Some(row) = self.row(&ACCOUNT, [user.0.into(), account.0.as_str().into()]).await? else {
            return Ok(None);
        };
        let id: i64 = row.try_get("", "id")?;
        let total: i64 = row.try_get("", "status_changes")?;
        let bound = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        // Entries are numbered without a gap, so that a page needs no count of what comes before it.
        let newest = total.saturating_sub(bound(skip));
        let rows = self
            .rows(
                &EVENTS,
                [id.into(), newest.into(), newest.saturating_sub(bound(most)).into()],
            )
            .await?;
        let events = rows.iter().map(|row| event(row, id)).collect::<Result<_, _>>()?;
        Ok(Some(AccountHistory {
            total: total.unsigned_abs(),
            events,
        }))
    }
}

static ACCOUNT: Sql = Sql::same("SELECT id, status_changes FROM t_wechat_account WHERE user_id = ? AND account_id = ?");
static EVENTS: Sql = Sql::same(
    "SELECT from_status, to_status, code, reason, event_time, noticed_by FROM t_moment_account_event \
     WHERE account_row = ? AND n <= ? AND n > ? ORDER BY n DESC",
);

fn event(row: &QueryResult, account: i64) -> Result<AccountEvent, StoreError> {
    const TABLE: &str = "t_moment_account_event";
    Ok(AccountEvent {
        from: rows::parse_opt(row, TABLE, account, "from_status")?,
        to: rows::parse(row, TABLE, account, "to_status")?,
        code: rows::parse_opt(row, TABLE, account, "code")?,
        reason: row.try_get("", "reason")?,
        time: Timestamp(row.try_get("", "event_time")?),
        noticed_by: rows::parse(row, TABLE, account, "noticed_by")?,
    })
}
