//! Unbinding one account of a channel that goes on, and taking it back.
//!
//! The row of an account that is unbound stays: whatever the platform reports later finds it there and does not bring it back.

use std::collections::HashSet;

use moments_domain::{
    AccountId, ChannelId, FailReason, Failure, NewAudit, NoticedBy, Outcome, PublicationState, Standing, StatusCode,
    TaskId, Timestamp, UserId,
};
use sea_orm::{DatabaseTransaction, QueryResult};

use crate::audit;
use crate::db::{Statements, Store, again, commit};
use crate::dialect::{Kind, Sql};
use crate::error::StoreError;
use crate::removal::{Removal, Unbinding, Waiting};
use crate::rows::json;
use crate::standing::{self, Notice, PRESENT_COLUMNS};
use crate::statuses;
use crate::time::to_datetime;

impl Store {
    /// Unbinds one of the user's accounts and leaves its channel to the others. Posts that have not been submitted go on without it, and its own
    /// results fail; whoever holds such a post has lost its lease, so that nothing is sent for a list of accounts read before. What is with the
    /// platform is followed on. With [`Waiting::Refuse`] a post that has not been submitted keeps the account.
    pub async fn unbind_account(
        &self,
        user: UserId,
        account: &AccountId,
        waiting: Waiting,
        entry: &NewAudit,
    ) -> Result<Unbinding, StoreError> {
        again!({
            let txn = self.write().await?;
            let values = [account.0.as_str().into(), user.0.into()];
            let Some(row) = txn.row(&BOUND, values).await? else {
                return Ok(Unbinding::Unknown);
            };
            let waits = waiting_posts(&txn, account).await?;
            if waiting == Waiting::Refuse && !waits.is_empty() {
                return Ok(Unbinding::Waits(waits.iter().map(|post| TaskId(post.task)).collect()));
            }
            withdraw(&txn, account, &waits, entry.time).await?;
            stand(&txn, &row, StatusCode::Unbound, entry.time).await?;
            txn.run(&HIDE, [entry.time.0.into(), account.0.as_str().into()]).await?;
            audit::write(&txn, [entry]).await?;
            commit(txn).await?;
            Ok(Unbinding::Done(Removal {
                failed_publications: waits.len() as u64,
                unfollowed_publications: 0,
            }))
        })
    }

    /// Takes an account back that the user has unbound; its channel, or `None` when the user has unbound no such account. It counts as one that the
    /// platform does not list, until a check finds it.
    pub async fn restore_account(
        &self,
        user: UserId,
        account: &AccountId,
        entry: &NewAudit,
    ) -> Result<Option<ChannelId>, StoreError> {
        again!({
            let txn = self.write().await?;
            let values = [account.0.as_str().into(), user.0.into()];
            let Some(row) = txn.row(&UNBOUND, values).await? else {
                return Ok(None);
            };
            stand(&txn, &row, StatusCode::Unlisted, entry.time).await?;
            txn.run(&SHOW, [account.0.as_str().into()]).await?;
            audit::write(&txn, [entry]).await?;
            commit(txn).await?;
            Ok(Some(ChannelId(row.try_get("", "channel_id")?)))
        })
    }

    /// The accounts behind a channel that their owner has unbound.
    pub async fn unbound_of(&self, channel: ChannelId) -> Result<HashSet<AccountId>, StoreError> {
        let rows = self.rows(&UNBOUND_OF, [channel.0.into()]).await?;
        rows.iter()
            .map(|row| Ok(AccountId(row.try_get("", "account_id")?)))
            .collect()
    }
}

/// What a result says whose account was unbound before its post was submitted.
pub fn unbound_failure() -> Failure {
    Failure::new(FailReason::AccountUnbound, "账号已被解绑，未向该账号发布")
}

/// A publication that has not been submitted.
struct Post {
    id: i64,
    task: i64,
}

/// The publications for an account that have not been submitted, which nobody else changes until the transaction's end.
async fn waiting_posts(txn: &DatabaseTransaction, account: &AccountId) -> Result<Vec<Post>, StoreError> {
    let open = txn.rows(&OPEN, [account.0.as_str().into()]).await?;
    let ids = open.iter().map(|row| Ok([row.try_get("", "id")?]));
    let ids: Vec<[i64; 1]> = ids.collect::<Result<_, StoreError>>()?;
    // First which, then their locks: a save locks a publication before its results, and so does this.
    let rows = txn.rows(&LOCK, [json(&ids)?.into()]).await?;
    let post = |row: &QueryResult| {
        Ok(Post {
            id: row.try_get("", "id")?,
            task: row.try_get("", "task_id")?,
        })
    };
    rows.iter().map(post).collect()
}

/// Takes the account out of posts; one without any other account fails as a whole.
async fn withdraw(
    txn: &DatabaseTransaction,
    account: &AccountId,
    posts: &[Post],
    now: Timestamp,
) -> Result<(), StoreError> {
    if posts.is_empty() {
        return Ok(());
    }
    let failure = unbound_failure();
    let (reason, message) = (failure.reason.name(), failure.message.as_str());
    let result = |post: &Post| {
        let (outcome, account, now) = (Outcome::Unbound.name(), account.0.as_str(), to_datetime(now));
        (post.task, post.id, account, outcome, reason, message, now)
    };
    let results: Vec<_> = posts.iter().map(result).collect();
    txn.run(&FAIL_RESULTS, [json(&results)?.into()]).await?;
    let ids: Vec<_> = posts.iter().map(|post| (post.id, post.task, now.0)).collect();
    txn.run(&LET_GO, [json(&ids)?.into()]).await?;
    let fail = |post: &Post| {
        let state = PublicationState::Failed.name();
        (post.id, post.task, state, now.0, reason, message)
    };
    let fails: Vec<_> = posts.iter().map(fail).collect();
    txn.run(&FAIL_EMPTY, [json(&fails)?.into()]).await?;
    statuses::write(txn, posts.iter().map(|post| (TaskId(post.task), now)).collect()).await
}

/// Gives the account of `row` a standing of its owner's making, with an entry in its history.
async fn stand(
    txn: &DatabaseTransaction,
    row: &QueryResult,
    code: StatusCode,
    at: Timestamp,
) -> Result<(), StoreError> {
    let present = [standing::read(row)?];
    let notice = Notice {
        by: NoticedBy::User,
        at,
    };
    standing::change(txn, &present, |_| Some(Standing::of(code)), notice).await?;
    Ok(())
}

static BOUND: Sql = Sql::each(|d| own("IS NULL", d.for_update()));
static UNBOUND: Sql = Sql::each(|d| own("IS NOT NULL", d.for_update()));

fn own(unbound: &str, end: &str) -> String {
    format!(
        "SELECT {PRESENT_COLUMNS}, channel_id FROM t_wechat_account WHERE account_id = ? AND user_id = ? AND unbound_time {unbound}{end}"
    )
}

static HIDE: Sql = Sql::same("UPDATE t_wechat_account SET unbound_time = ? WHERE account_id = ?");
static SHOW: Sql = Sql::same("UPDATE t_wechat_account SET unbound_time = NULL WHERE account_id = ?");
static UNBOUND_OF: Sql =
    Sql::same("SELECT account_id FROM t_wechat_account WHERE channel_id = ? AND unbound_time IS NOT NULL");
static OPEN: Sql = Sql::same(
    "SELECT p.id FROM t_moment_sync_result r JOIN t_moment_publication p ON p.id = r.publication_id \
     WHERE r.account_id = ? AND r.outcome = 'PENDING' AND p.look_time IS NOT NULL",
);
static LOCK: Sql = Sql::each(|d| {
    let (rows, join, lock) = (d.rows(&[("id", Kind::Int)]), d.join(), d.for_update());
    format!(
        "SELECT p.id, p.task_id FROM {rows} v {join} t_moment_publication p ON p.id = v.id \
         WHERE p.state IN ('SCHEDULED', 'READY', 'PREPARING') ORDER BY p.id{lock}"
    )
});
static FAIL_RESULTS: Sql = Sql::each(|d| {
    let rows = d.rows(&[
        ("task", Kind::Int),
        ("publication", Kind::Int),
        ("account", Kind::Text),
        ("outcome", Kind::Text),
        ("reason", Kind::Text),
        ("message", Kind::Text),
        ("now", Kind::Time),
    ]);
    let set = [
        ("status", "'FAILED'"),
        ("outcome", "v.outcome"),
        ("error_reason", "v.reason"),
        ("error_message", "v.message"),
        ("update_time", "v.now"),
    ];
    let on = "t.task_id = v.task AND t.account_id = v.account AND t.publication_id = v.publication AND t.outcome = 'PENDING'";
    d.update("t_moment_sync_result", &set, &rows, on)
});
/// Whoever holds the post knows its accounts as they were.
static LET_GO: Sql = Sql::each(|d| {
    let rows = d.rows(&[("id", Kind::Int), ("task", Kind::Int), ("now", Kind::Int)]);
    let set = [("lease", "t.lease + 1"), ("owner", "NULL"), ("look_time", "v.now")];
    d.update(
        "t_moment_publication",
        &set,
        &rows,
        "t.id = v.id AND t.owner IS NOT NULL",
    )
});
static FAIL_EMPTY: Sql = Sql::each(|d| {
    let rows = d.rows(&[
        ("id", Kind::Int),
        ("task", Kind::Int),
        ("state", Kind::Text),
        ("now", Kind::Int),
        ("reason", Kind::Text),
        ("message", Kind::Text),
    ]);
    let set = [
        ("state", "v.state"),
        ("state_time", "v.now"),
        ("look_time", "NULL"),
        ("lease", "t.lease + 1"),
        ("failure_reason", "v.reason"),
        ("failure_message", "v.message"),
    ];
    let on = "t.id = v.id AND NOT EXISTS (SELECT 1 FROM t_moment_sync_result r \
        WHERE r.task_id = v.task AND r.publication_id = v.id AND r.outcome = 'PENDING')";
    d.update("t_moment_publication", &set, &rows, on)
});
