//! Checks of channels: which are due, who makes them, and what they found.
//!
//! A claim moves the row's `check_time` to the lease's end and raises its `check_lease`: when the holder dies, the check comes up by itself, and a
//! holder that comes too late does not plan the next one.

use std::time::Duration;

use moments_domain::{ChannelId, ChannelKind, FailReason, NoticedBy, Standing, StatusCode, Timestamp};
use sea_orm::DatabaseTransaction;

use crate::accounts::{self, NewAccount};
use crate::channels::{COLUMNS, Channel, channel};
use crate::db::{Statements, Store, again, commit};
use crate::dialect::{Kind, Sql};
use crate::error::StoreError;
use crate::rows::json;
use crate::sequence::Sequence;
use crate::standing::{self, Notice, StatusChange};

/// A check of a channel, for one process to make.
#[derive(Clone, Debug)]
pub struct ClaimedCheck {
    /// The channel.
    pub channel: Channel,
    /// The claim's number, for [`Store::finish_check`].
    pub lease: i64,
    /// Whether the channel has never had a check planned: then there is only a plan to make, so that the checks of many channels spread out.
    pub is_unplanned: bool,
}

impl Store {
    /// Claims up to `most` checks that are due, longest waiting first. Without [`Store::finish_check`] each comes up again at `until`.
    pub async fn claim_checks(
        &self,
        now: Timestamp,
        until: Timestamp,
        most: u32,
    ) -> Result<Vec<ClaimedCheck>, StoreError> {
        again!({
            let txn = self.write().await?;
            let mut claimed = Vec::new();
            for row in txn.rows(&DUE, [now.0.into(), most.into()]).await? {
                let lease: i64 = row.try_get("", "check_lease")?;
                let planned: i64 = row.try_get("", "check_time")?;
                claimed.push(ClaimedCheck {
                    channel: channel(&row)?,
                    lease: lease + 1,
                    is_unplanned: planned == 0,
                });
            }
            let taken: Vec<_> = claimed.iter().map(|check| (check.channel.id.0, until.0)).collect();
            if !taken.is_empty() {
                txn.run(&TAKE, [json(&taken)?.into()]).await?;
            }
            commit(txn).await?;
            Ok(claimed)
        })
    }

    /// Gives a check back and plans the next one; false when another holds it by now, or wants one earlier, and nothing was changed.
    pub async fn finish_check(&self, id: ChannelId, lease: i64, next: Timestamp) -> Result<bool, StoreError> {
        Ok(self.run(&FINISH, [next.0.into(), id.0.into(), lease.into()]).await? > 0)
    }

    /// Notes that the channel was asked after, whatever came of it.
    pub async fn note_check(&self, id: ChannelId, now: Timestamp) -> Result<(), StoreError> {
        self.run(&CHECKED, [now.0.into(), id.0.into()]).await.map(drop)
    }

    /// A check at `at` or before. One that is under way does not count: what it asked may be older than what is known now.
    pub async fn check_soon(&self, id: ChannelId, at: Timestamp) -> Result<(), StoreError> {
        self.run(&SOON, [at.0.into(), id.0.into(), at.0.into()]).await.map(drop)
    }

    /// Forgets the plans of a platform's channels that lie after `latest`: they were made under another setting.
    pub async fn replan_checks(&self, kind: ChannelKind, latest: Timestamp) -> Result<(), StoreError> {
        self.run(&REPLAN, [kind.name().into(), latest.0.into()]).await.map(drop)
    }

    /// When the next check is due; `None` when there is no channel.
    pub async fn next_check(&self) -> Result<Option<Timestamp>, StoreError> {
        let row = self.row(&NEXT, []).await?;
        row.map(|row| Ok(Timestamp(row.try_get("", "check_time")?))).transpose()
    }

    /// Channels with posts planned for the time up to `ahead` from now that nobody has asked after since `ahead` before the post, nor since `apart`.
    pub async fn checks_wanted(
        &self,
        now: Timestamp,
        ahead: Duration,
        apart: Timestamp,
    ) -> Result<Vec<ChannelId>, StoreError> {
        let values = [
            now.0.into(),
            (now + ahead).0.into(),
            i64::try_from(ahead.as_micros()).unwrap_or(i64::MAX).into(),
            apart.0.into(),
            now.0.into(),
        ];
        let rows = self.rows(&WANTED, values).await?;
        rows.iter().map(|row| Ok(ChannelId(row.try_get("", "id")?))).collect()
    }

    /// Notes what a check of the channel found: its accounts, and that the credential works. Nothing happens when the channel has another
    /// credential by now. The accounts whose status changed.
    pub async fn refresh_channel(
        &self,
        channel: &Channel,
        reported: &[NewAccount],
        by: NoticedBy,
        now: Timestamp,
    ) -> Result<Vec<StatusChange>, StoreError> {
        let first_account = self.take_ids(Sequence::Account, reported.len().max(1)).await?;
        again!({
            let txn = self.write().await?;
            if !mend(&txn, channel.id, Some(channel.credential_version), now).await? {
                return Ok(Vec::new());
            }
            let owner = (channel.user_id, channel.id);
            let changes = accounts::replace(&txn, owner, first_account, reported, Notice { by, at: now }).await?;
            commit(txn).await?;
            Ok(changes)
        })
    }

    /// Notes that the platform has refused the credential once, and that it shall be asked again at `again`. False when that is noted already, the
    /// credential is known to be broken, or the channel has a newer one.
    pub async fn suspect_channel(
        &self,
        id: ChannelId,
        credential_version: i64,
        now: Timestamp,
        again: Timestamp,
    ) -> Result<bool, StoreError> {
        let values = [now.0.into(), again.0.into(), id.0.into(), credential_version.into()];
        Ok(self.run(&SUSPECT, values).await? > 0)
    }

    /// Notes that a credential no longer works: its accounts become EXPIRED. Nothing happens when the channel has a newer credential by now.
    pub async fn break_channel(
        &self,
        id: ChannelId,
        credential_version: i64,
        why: &str,
        by: NoticedBy,
        now: Timestamp,
    ) -> Result<Vec<StatusChange>, StoreError> {
        again!({
            let txn = self.write().await?;
            let values = [why.into(), now.0.into(), id.0.into(), credential_version.into()];
            if txn.run(&BREAK, values).await? == 0 {
                return Ok(Vec::new());
            }
            let present = standing::lock(&txn, id).await?;
            let broken = Standing::because(StatusCode::CredentialBroken, why);
            let notice = Notice { by, at: now };
            let changes = standing::change(&txn, &present, |_| Some(broken.clone()), notice).await?;
            txn.run(&ACCOUNTS_CHECKED, [now.0.into(), id.0.into()]).await?;
            commit(txn).await?;
            Ok(changes)
        })
    }

    /// Notes what an administrator should know although no account is at fault, until a check finds the channel well. No creation before
    /// `pause_until`; an earlier end than the present one changes nothing.
    pub async fn note_channel(
        &self,
        id: ChannelId,
        reason: FailReason,
        message: &str,
        now: Timestamp,
        pause_until: Timestamp,
    ) -> Result<(), StoreError> {
        let values = [
            reason.name().into(),
            now.0.into(),
            reason.name().into(),
            message.into(),
            pause_until.0.into(),
            pause_until.0.into(),
            id.0.into(),
        ];
        self.run(&NOTE, values).await.map(drop)
    }
}

/// Forgets all that speaks against a channel; false when it is gone, or has another credential than this.
pub(crate) async fn mend(
    txn: &DatabaseTransaction,
    id: ChannelId,
    credential_version: Option<i64>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let values = [now.0.into(), now.0.into(), id.0.into()];
    let mended = match credential_version {
        None => txn.run(&MEND, values).await?,
        Some(version) => {
            let [updated, checked, id] = values;
            txn.run(&MEND_VERSION, [updated, checked, id, version.into()]).await?
        }
    };
    Ok(mended > 0)
}

static DUE: Sql = Sql::each(|d| {
    let free = d.skip_locked();
    format!(
        "SELECT {COLUMNS}, c.check_time, c.check_lease FROM t_moment_channel c WHERE c.check_time <= ? ORDER BY c.check_time, c.id LIMIT ?{free}"
    )
});
static WANTED: Sql = Sql::same(
    "SELECT DISTINCT c.id FROM t_moment_publication p JOIN t_moment_channel c ON c.id = p.channel_id \
     WHERE p.look_time > ? AND p.look_time <= ? AND p.state = 'SCHEDULED' AND c.checked_time < p.due_time - ? AND c.checked_time < ? \
     AND (c.check_time > ? OR c.check_time = 0)",
);
static TAKE: Sql = Sql::each(|d| {
    let rows = d.rows(&[("id", Kind::Int), ("until", Kind::Int)]);
    let set = [("check_lease", "t.check_lease + 1"), ("check_time", "v.until")];
    d.update("t_moment_channel", &set, &rows, "t.id = v.id")
});
static FINISH: Sql = Sql::same("UPDATE t_moment_channel SET check_time = ? WHERE id = ? AND check_lease = ?");
static CHECKED: Sql = Sql::same("UPDATE t_moment_channel SET checked_time = ? WHERE id = ?");
static SOON: Sql = Sql::same(
    "UPDATE t_moment_channel SET check_time = ?, check_lease = check_lease + 1 WHERE id = ? AND (check_time > ? OR check_time = 0)",
);
static REPLAN: Sql = Sql::same("UPDATE t_moment_channel SET check_time = 0 WHERE kind = ? AND check_time > ?");
static NEXT: Sql = Sql::same("SELECT check_time FROM t_moment_channel ORDER BY check_time LIMIT 1");
/// What MySQL assigns first, the next assignments see: a pause ends here only if it came with a notice.
const MENDED: &str = "UPDATE t_moment_channel SET pause_until = CASE WHEN notice IS NULL THEN pause_until ELSE 0 END, \
    broken_reason = NULL, suspect_since = NULL, notice_code = NULL, notice = NULL, notice_time = NULL, \
    update_time = ?, checked_time = ? WHERE id = ?";
static MEND: Sql = Sql::same(MENDED);
static MEND_VERSION: Sql = Sql::each(|_| format!("{MENDED} AND credential_version = ?"));
static SUSPECT: Sql = Sql::same(
    "UPDATE t_moment_channel SET suspect_since = ?, check_time = ?, check_lease = check_lease + 1 \
     WHERE id = ? AND credential_version = ? AND suspect_since IS NULL AND broken_reason IS NULL",
);
static BREAK: Sql = Sql::same(
    "UPDATE t_moment_channel SET broken_reason = ?, suspect_since = NULL, update_time = ? WHERE id = ? AND credential_version = ?",
);
static ACCOUNTS_CHECKED: Sql = Sql::same("UPDATE t_wechat_account SET checked_time = ? WHERE channel_id = ?");
/// The time first: MySQL would compare with the code that it has just assigned.
static NOTE: Sql = Sql::same(
    "UPDATE t_moment_channel SET notice_time = CASE WHEN notice_code = ? THEN notice_time ELSE ? END, notice_code = ?, notice = ?, \
     pause_until = CASE WHEN pause_until < ? THEN ? ELSE pause_until END WHERE id = ?",
);
