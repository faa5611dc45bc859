//! What would keep a post from going out if it were due now.
//!
//! What is said of accounts and channels is not stored about a task: it follows from how they stand, so that it ends with what it warns of. What
//! a look at the media found stands until the next look ([`crate::EarlyLook`]).

use moments_domain::{AccountId, AccountStatus, FailReason, StatusCode, TaskId, Timestamp};
use sea_orm::{DatabaseTransaction, QueryResult};

use crate::db::Statements;
use crate::dialect::Sql;
use crate::early;
use crate::error::StoreError;
use crate::rows;

/// Why a post that has not been submitted would fail, or wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskWarning {
    /// The account; `None`: all of them, because a medium is at fault.
    pub account_id: Option<AccountId>,
    /// For programs: a [`StatusCode`] of the account, or a [`FailReason`] of its channel or of the post's media.
    pub code: &'static str,
    /// For people: what is the matter and who must act.
    pub message: String,
    /// Since when.
    pub since: Timestamp,
}

/// The warnings of a task: of its media, then of its accounts in the order of its results.
pub(crate) async fn read(snapshot: &DatabaseTransaction, task: TaskId) -> Result<Vec<TaskWarning>, StoreError> {
    let rows = snapshot.rows(&WARNINGS, [task.0.into()]).await?;
    let of_accounts = rows.iter().map(warning).collect::<Result<Vec<_>, _>>()?;
    let of_media = early::trouble(snapshot, task).await?;
    let of_media = of_media.into_iter().map(|(trouble, since)| TaskWarning {
        account_id: None,
        code: trouble.reason.name(),
        message: trouble.message,
        since,
    });
    Ok(of_media.chain(of_accounts.into_iter().flatten()).collect())
}

static WARNINGS: Sql = Sql::same(
    "SELECT r.id, r.account_id, a.status, a.status_code, a.status_reason, coalesce(a.status_time, c.update_time) AS since, \
     c.notice_code, c.notice, c.notice_time FROM t_moment_sync_result r \
     JOIN t_moment_publication p ON p.id = r.publication_id JOIN t_moment_channel c ON c.id = p.channel_id \
     JOIN t_wechat_account a ON a.account_id = r.account_id \
     WHERE r.task_id = ? AND r.outcome = 'PENDING' AND p.state IN ('SCHEDULED', 'READY') \
     AND (a.status <> 'ACTIVE' OR c.notice IS NOT NULL) ORDER BY r.id",
);

/// The account's own trouble comes before its channel's.
fn warning(row: &QueryResult) -> Result<Option<TaskWarning>, StoreError> {
    const TABLE: &str = "t_moment_sync_result";
    let id: i64 = row.try_get("", "id")?;
    let status: AccountStatus = rows::parse(row, TABLE, id, "status")?;
    let told: Option<(&'static str, Option<String>, Option<Timestamp>)> = if status == AccountStatus::Active {
        let code: Option<FailReason> = rows::parse_opt(row, TABLE, id, "notice_code")?;
        let since = rows::time_opt(row, "notice_time")?;
        code.map(|code| Ok::<_, StoreError>((code.name(), row.try_get("", "notice")?, since)))
            .transpose()?
    } else {
        let code: Option<StatusCode> = rows::parse_opt(row, TABLE, id, "status_code")?;
        let code = code.unwrap_or(StatusCode::Unlisted);
        let reason: Option<String> = row.try_get("", "status_reason")?;
        let reason = reason.or_else(|| Some(code.words().to_owned()));
        Some((code.name(), reason, rows::time_opt(row, "since")?))
    };
    let account_id = Some(AccountId(row.try_get("", "account_id")?));
    Ok(told.map(|(code, message, since)| TaskWarning {
        account_id,
        code,
        message: message.unwrap_or_default(),
        since: since.unwrap_or(Timestamp(0)),
    }))
}
