//! Suites of the installation's provider: their newest tickets, and their access tokens, sealed, shared by all processes.

use moments_domain::Timestamp;
use sea_orm::DatabaseTransaction;

use crate::db::{Statements, Store, again, commit};
use crate::dialect::Sql;
use crate::error::StoreError;
use crate::rows::time_opt;
use crate::shelf::ShelfToken;

/// What is known of a suite. Nothing in it is older than what was known before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SuiteRow {
    /// The sealed ticket that the platform made last, and when it came here.
    pub ticket: Option<(String, Timestamp)>,
    /// The sealed access token, whether still good or not.
    pub token: Option<ShelfToken>,
}

impl Store {
    /// What is known of the suite; empty before its first push.
    pub async fn suite(&self, suite_id: &str) -> Result<SuiteRow, StoreError> {
        let Some(row) = self.row(&READ, [suite_id.into()]).await? else {
            return Ok(SuiteRow::default());
        };
        let (ticket, token): (Option<String>, Option<String>) = (row.try_get("", "ticket")?, row.try_get("", "token")?);
        let expires = time_opt(&row, "token_expires")?.unwrap_or(Timestamp(0));
        Ok(SuiteRow {
            ticket: ticket.zip(time_opt(&row, "ticket_seen")?),
            token: token.map(|sealed| ShelfToken { sealed, expires }),
        })
    }

    /// Keeps a ticket that the platform made at `made`, unless a newer one is there: a push that is repeated later changes nothing. Whether it was kept.
    pub async fn put_ticket(
        &self,
        suite_id: &str,
        sealed: &str,
        made: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        again!({
            let txn = self.write().await?;
            make(&txn, suite_id).await?;
            let values = [
                sealed.into(),
                made.0.into(),
                now.0.into(),
                suite_id.into(),
                made.0.into(),
            ];
            let kept = txn.run(&PUT_TICKET, values).await? > 0;
            commit(txn).await?;
            Ok(kept)
        })
    }

    /// Takes the right to refresh the suite's token until `until`: the fence; `None` while another has it.
    pub async fn begin_suite_refresh(
        &self,
        suite_id: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<i64>, StoreError> {
        again!({
            let txn = self.write().await?;
            make(&txn, suite_id).await?;
            let values = [until.0.into(), suite_id.into(), now.0.into()];
            let fence = if txn.run(&BEGIN, values).await? == 0 {
                None
            } else {
                let row = txn.row(&FENCE, [suite_id.into()]).await?;
                row.map(|row| row.try_get("", "refresh_fence")).transpose()?
            };
            commit(txn).await?;
            Ok(fence)
        })
    }

    /// Stores a refreshed token (`None`: the refresh failed) and gives the right back; false when `fence` is an old one.
    pub async fn finish_suite_refresh(
        &self,
        suite_id: &str,
        fence: i64,
        token: Option<&ShelfToken>,
    ) -> Result<bool, StoreError> {
        let sealed = token.map(|token| token.sealed.clone());
        let expires = token.map(|token| token.expires.0);
        let values = [sealed.into(), expires.into(), suite_id.into(), fence.into()];
        Ok(self.run(&FINISH, values).await? > 0)
    }
}

async fn make(txn: &DatabaseTransaction, suite_id: &str) -> Result<(), StoreError> {
    txn.run(&MAKE, [suite_id.into()]).await.map(drop)
}

static READ: Sql = Sql::same("SELECT ticket, ticket_seen, token, token_expires FROM t_moment_suite WHERE suite_id = ?");
static MAKE: Sql = Sql::each(|d| {
    let or_nothing = d.or_nothing("t_moment_suite", "suite_id");
    format!(
        "INSERT INTO t_moment_suite (suite_id, ticket_time, ticket_seen, refresh_fence, refresh_until) VALUES (?, 0, 0, 0, 0) {or_nothing}"
    )
});
static PUT_TICKET: Sql = Sql::same(
    "UPDATE t_moment_suite SET ticket = ?, ticket_time = ?, ticket_seen = ? WHERE suite_id = ? AND ticket_time < ?",
);
static BEGIN: Sql = Sql::same(
    "UPDATE t_moment_suite SET refresh_fence = refresh_fence + 1, refresh_until = ? WHERE suite_id = ? AND refresh_until <= ?",
);
static FENCE: Sql = Sql::same("SELECT refresh_fence FROM t_moment_suite WHERE suite_id = ?");
static FINISH: Sql = Sql::same(
    "UPDATE t_moment_suite SET refresh_until = 0, token = coalesce(?, token), token_expires = coalesce(?, token_expires) \
     WHERE suite_id = ? AND refresh_fence = ?",
);
