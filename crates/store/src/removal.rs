//! Removing a channel, and what that ends.

use std::collections::BTreeSet;

use moments_domain::{
    ChannelId, FailReason, Failure, NewAudit, NoticedBy, Outcome, PublicationState, Standing, StatusCode, TaskId,
    Timestamp, UserId,
};
use sea_orm::{DatabaseTransaction, QueryResult};

use crate::audit;
use crate::channels::Channel;
use crate::db::{Statements, Store, again, commit};
use crate::dialect::Sql;
use crate::error::StoreError;
use crate::rows;
use crate::standing::{self, Notice};
use crate::statuses;
use crate::time::to_datetime;

/// What becomes of posts that wait when their account or channel is unbound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// They fail for it.
    Fail,
    /// They keep it from being unbound.
    Refuse,
}

/// What became of a wish to unbind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unbinding {
    /// It is unbound.
    Done(Removal),
    /// These tasks wait for it, and [`Waiting::Refuse`] was said: nothing was changed.
    Waits(Vec<TaskId>),
    /// The user has no such thing.
    Unknown,
}

/// What unbinding ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removal {
    /// Publications that had not been submitted and failed because of it: as a whole, or for the one account.
    pub failed_publications: u64,
    /// Publications that are with the platform, where nobody can follow them any more: a person must look.
    pub unfollowed_publications: u64,
}

impl Store {
    /// Removes the user's channel with its accounts. Publications that have not been submitted fail; those already with the platform end with the
    /// word that a person must look, since nobody can follow them any more. With [`Waiting::Refuse`] any of either kind keeps the channel.
    pub async fn remove_channel(
        &self,
        user: UserId,
        id: ChannelId,
        waiting: Waiting,
        entry: &NewAudit,
    ) -> Result<Unbinding, StoreError> {
        again!({
            let txn = self.write().await?;
            if txn.run(&DELETE, [id.0.into(), user.0.into()]).await? == 0 {
                return Ok(Unbinding::Unknown);
            }
            let open = open(&txn, id).await?;
            if waiting == Waiting::Refuse && !open.is_empty() {
                return Ok(Unbinding::Waits(tasks(&open)));
            }
            audit::write(&txn, [entry]).await?;
            txn.run(&DELETE_HISTORY, [id.0.into()]).await?;
            txn.run(&DELETE_ACCOUNTS, [id.0.into()]).await?;
            txn.run(&DELETE_UPLOADS, [id.0.into()]).await?;
            txn.run(&DELETE_LIMITS, [id.0.into()]).await?;
            txn.run(&DELETE_LOGINS, [id.0.into()]).await?;
            let failure = Failure::new(FailReason::ChannelRemoved, "渠道已被解绑，任务未完成");
            let removal = end_open(&txn, &open, &failure, entry.time).await?;
            commit(txn).await?;
            Ok(Unbinding::Done(removal))
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
                return Ok(Removal::default());
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
            let removal = end_open(&txn, &open(&txn, id).await?, &failure, now).await?;
            txn.run(&FORGET_RESULT_NAMES, [id.0.into()]).await?;
            txn.run(&FORGET_NAMES, [id.0.into()]).await?;
            txn.run(&DELETE_UPLOADS, [id.0.into()]).await?;
            commit(txn).await?;
            Ok(removal)
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
static FORGET_NAMES: Sql =
    Sql::same("UPDATE t_wechat_account SET account_name = NULL, departments = NULL WHERE channel_id = ?");
static FORGET_RESULT_NAMES: Sql = Sql::same(
    "UPDATE t_moment_sync_result SET account_name = NULL \
     WHERE account_id IN (SELECT account_id FROM t_wechat_account WHERE channel_id = ?)",
);

/// An open publication.
struct Open {
    id: i64,
    task: TaskId,
    state: PublicationState,
}

/// The open publications of a channel, whoever holds their leases.
async fn open(txn: &DatabaseTransaction, id: ChannelId) -> Result<Vec<Open>, StoreError> {
    let rows = txn.rows(&OPEN, [id.0.into()]).await?;
    let open = |row: &QueryResult| {
        let id = row.try_get("", "id")?;
        Ok(Open {
            id,
            task: TaskId(row.try_get("", "task_id")?),
            state: rows::parse(row, "t_moment_publication", id, "state")?,
        })
    };
    rows.iter().map(open).collect()
}

fn tasks(open: &[Open]) -> Vec<TaskId> {
    let tasks: BTreeSet<_> = open.iter().map(|open| open.task).collect();
    tasks.into_iter().collect()
}

/// Ends every open publication of a channel: the leases are voided. What may come out, or is out, does not fail as if it had not been sent.
async fn end_open(
    txn: &DatabaseTransaction,
    open: &[Open],
    failure: &Failure,
    now: Timestamp,
) -> Result<Removal, StoreError> {
    let unfollowed = Failure::new(FailReason::Unverifiable, "渠道已被解绑，无法再向平台核实是否已发布");
    let mut removal = Removal::default();
    for publication in open {
        let (state, outcome, failure) = match publication.state {
            state if state.is_before_submit() => (PublicationState::Failed, Outcome::Pending, failure),
            PublicationState::Created => (PublicationState::Settled, Outcome::Expired, &unfollowed),
            state if state.is_in_flight() => (PublicationState::Held, Outcome::Pending, &unfollowed),
            // Ended already, and held for a moment by a person's wish.
            _ => {
                txn.run(&LET_GO, [publication.id.into()]).await?;
                continue;
            }
        };
        end(txn, publication, (state, outcome), failure, now).await?;
        if state == PublicationState::Failed {
            removal.failed_publications += 1;
        } else {
            removal.unfollowed_publications += 1;
        }
    }
    let touched = open.iter().map(|publication| (publication.task, now));
    statuses::write(txn, touched.collect()).await?;
    Ok(removal)
}

async fn end(
    txn: &DatabaseTransaction,
    publication: &Open,
    (state, outcome): (PublicationState, Outcome),
    failure: &Failure,
    now: Timestamp,
) -> Result<(), StoreError> {
    let values = [
        state.name().into(),
        now.0.into(),
        failure.reason.name().into(),
        failure.message.as_str().into(),
        publication.id.into(),
    ];
    txn.run(&END, values).await?;
    let values = [
        outcome.name().into(),
        failure.reason.name().into(),
        failure.message.as_str().into(),
        to_datetime(now).into(),
        publication.task.0.into(),
        publication.id.into(),
    ];
    txn.run(&END_RESULTS, values).await?;
    Ok(())
}

static OPEN: Sql = Sql::each(|d| {
    let lock = d.for_update();
    format!(
        "SELECT id, task_id, state FROM t_moment_publication WHERE channel_id = ? AND look_time IS NOT NULL ORDER BY id{lock}"
    )
});
static LET_GO: Sql =
    Sql::same("UPDATE t_moment_publication SET look_time = NULL, owner = NULL, lease = lease + 1 WHERE id = ?");
static END: Sql = Sql::same(
    "UPDATE t_moment_publication SET state = ?, state_time = ?, look_time = NULL, owner = NULL, lease = lease + 1, \
     in_flight = NULL, failure_reason = ?, failure_message = ? WHERE id = ?",
);
static END_RESULTS: Sql = Sql::each(|d| {
    let now = d.time();
    format!(
        "UPDATE t_moment_sync_result SET status = 'FAILED', outcome = ?, error_reason = ?, error_message = ?, update_time = {now} \
         WHERE task_id = ? AND publication_id = ? AND outcome = 'PENDING'"
    )
});
