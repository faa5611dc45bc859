//! Removing a channel, and what that ends.

use moments_domain::{
    ChannelId, FailReason, Failure, NewAudit, NoticedBy, PublicationState, Standing, StatusCode, TaskId, Timestamp,
    UserId,
};
use sea_orm::DatabaseTransaction;

use crate::audit;
use crate::channels::Channel;
use crate::db::{Statements, Store, again, commit};
use crate::dialect::Sql;
use crate::error::StoreError;
use crate::standing::{self, Notice};
use crate::statuses;
use crate::time::to_datetime;

/// What removing a channel did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Waiting publications that failed because of it.
    pub failed_publications: u64,
}

impl Store {
    /// Removes the user's channel with its accounts. Publications that have not been submitted fail; those already with the platform end as
    /// they stand, since nobody can follow them any more. `None` when the user has no such channel.
    pub async fn remove_channel(
        &self,
        user: UserId,
        id: ChannelId,
        now: Timestamp,
        entry: &NewAudit,
    ) -> Result<Option<Removal>, StoreError> {
        again!({
            let txn = self.write().await?;
            if txn.run(&DELETE, [id.0.into(), user.0.into()]).await? == 0 {
                return Ok(None);
            }
            audit::write(&txn, [entry]).await?;
            txn.run(&DELETE_HISTORY, [id.0.into()]).await?;
            txn.run(&DELETE_ACCOUNTS, [id.0.into()]).await?;
            txn.run(&DELETE_UPLOADS, [id.0.into()]).await?;
            txn.run(&DELETE_LIMITS, [id.0.into()]).await?;
            txn.run(&DELETE_LOGINS, [id.0.into()]).await?;
            let failure = Failure::new(FailReason::ChannelRemoved, "渠道已被解绑，任务未完成");
            let failed_publications = fail_open(&txn, id, &failure, now).await?;
            commit(txn).await?;
            Ok(Some(Removal { failed_publications }))
        })
    }

    /// Ends a channel whose authorisation was taken back: `emptied` is put in place of its credential, its accounts become EXPIRED, what waits fails,
    /// and what the platform told of the corp's members is forgotten (reference wecom 4.7, `cancel_auth`). The row stays, so that its owner sees why.
    /// Nothing happens when the channel has a newer credential by now.
    pub async fn revoke_channel(
        &self,
        channel: &Channel,
        emptied: &str,
        why: &str,
        entry: &NewAudit,
    ) -> Result<Removal, StoreError> {
        let now = entry.time;
        again!({
            let (txn, id) = (self.write().await?, channel.id);
            let version = channel.credential_version.into();
            let values = [emptied.into(), why.into(), now.0.into(), id.0.into(), version];
            if txn.run(&REVOKE, values).await? == 0 {
                return Ok(Removal { failed_publications: 0 });
            }
            audit::write(&txn, [entry]).await?;
            let present = standing::lock(&txn, id).await?;
            let revoked = Standing::because(StatusCode::CredentialBroken, why);
            let notice = Notice {
                by: NoticedBy::Callback,
                at: now,
            };
            standing::change(&txn, &present, |_| Some(revoked.clone()), notice).await?;
            let failure = Failure::new(FailReason::CredentialBroken, why);
            let failed_publications = fail_open(&txn, id, &failure, now).await?;
            txn.run(&FORGET_RESULT_NAMES, [id.0.into()]).await?;
            txn.run(&FORGET_NAMES, [id.0.into()]).await?;
            txn.run(&DELETE_UPLOADS, [id.0.into()]).await?;
            commit(txn).await?;
            Ok(Removal { failed_publications })
        })
    }
}

static DELETE: Sql = Sql::same("DELETE FROM t_moment_channel WHERE id = ? AND user_id = ?");
static DELETE_HISTORY: Sql = Sql::same(
    "DELETE FROM t_moment_account_event WHERE account_row IN (SELECT id FROM t_wechat_account WHERE channel_id = ?)",
);
static DELETE_ACCOUNTS: Sql = Sql::same("DELETE FROM t_wechat_account WHERE channel_id = ?");
static DELETE_UPLOADS: Sql = Sql::same("DELETE FROM t_moment_upload WHERE channel_id = ?");
static DELETE_LIMITS: Sql = Sql::same("DELETE FROM t_moment_limit WHERE channel_id = ?");
static DELETE_LOGINS: Sql = Sql::same("DELETE FROM t_moment_login WHERE channel_id = ?");

static REVOKE: Sql = Sql::same(
    "UPDATE t_moment_channel SET credential = ?, broken_reason = ?, update_time = ?, credential_version = credential_version + 1, \
     suspect_since = NULL, token = NULL, token_expires = NULL, refresh_fence = refresh_fence + 1, refresh_until = 0 \
     WHERE id = ? AND credential_version = ?",
);
static FORGET_NAMES: Sql = Sql::same("UPDATE t_wechat_account SET account_name = NULL WHERE channel_id = ?");
static FORGET_RESULT_NAMES: Sql = Sql::same(
    "UPDATE t_moment_sync_result SET account_name = NULL \
     WHERE account_id IN (SELECT account_id FROM t_wechat_account WHERE channel_id = ?)",
);

/// Fails every open publication of a channel, whoever holds its lease: the lease is voided.
async fn fail_open(
    txn: &DatabaseTransaction,
    id: ChannelId,
    failure: &Failure,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let open = txn.rows(&OPEN, [id.0.into()]).await?;
    for row in &open {
        let (publication, task): (i64, i64) = (row.try_get("", "id")?, row.try_get("", "task_id")?);
        let values = [
            PublicationState::Failed.name().into(),
            now.0.into(),
            failure.reason.name().into(),
            failure.message.as_str().into(),
            publication.into(),
        ];
        txn.run(&FAIL, values).await?;
        let values = [
            failure.reason.name().into(),
            failure.message.as_str().into(),
            to_datetime(now).into(),
            task.into(),
            publication.into(),
        ];
        txn.run(&FAIL_RESULTS, values).await?;
    }
    let touched = open.iter().map(|row| Ok((TaskId(row.try_get("", "task_id")?), now)));
    statuses::write(txn, touched.collect::<Result<_, StoreError>>()?).await?;
    Ok(u64::try_from(open.len()).unwrap_or(u64::MAX))
}

static OPEN: Sql = Sql::each(|d| {
    let lock = d.for_update();
    format!(
        "SELECT id, task_id FROM t_moment_publication WHERE channel_id = ? AND look_time IS NOT NULL ORDER BY id{lock}"
    )
});
static FAIL: Sql = Sql::same(
    "UPDATE t_moment_publication SET state = ?, state_time = ?, look_time = NULL, owner = NULL, lease = lease + 1, \
     in_flight = NULL, failure_reason = ?, failure_message = ? WHERE id = ?",
);
static FAIL_RESULTS: Sql = Sql::each(|d| {
    let now = d.time();
    format!(
        "UPDATE t_moment_sync_result SET status = 'FAILED', error_reason = ?, error_message = ?, update_time = {now} \
         WHERE task_id = ? AND publication_id = ? AND outcome = 'PENDING'"
    )
});
