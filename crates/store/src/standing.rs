//! The one place where an account's status changes: with its reason, and with an entry in its history.

use std::collections::HashMap;

use moments_domain::{AccountId, AccountStatus, ChannelId, NoticedBy, Standing, StatusCode, Timestamp};
use sea_orm::{DatabaseTransaction, QueryResult};

use crate::db::{Statements, Store, again, commit};
use crate::dialect::{Kind, Sql};
use crate::error::StoreError;
use crate::rows::{self, json};
use crate::time::to_datetime;

/// An account's status was one, and is another; or it has the same for another reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusChange {
    /// The account.
    pub account_id: AccountId,
    /// What it was.
    pub from: AccountStatus,
    /// What it is.
    pub to: Standing,
    /// Who noticed.
    pub noticed_by: NoticedBy,
}

/// A change that is about to be written: what the history says of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Notice {
    pub(crate) by: NoticedBy,
    pub(crate) at: Timestamp,
}

/// An account's standing as the table has it.
pub(crate) struct Present {
    row: i64,
    pub(crate) account_id: AccountId,
    pub(crate) status: AccountStatus,
    pub(crate) code: Option<StatusCode>,
    changes: i64,
}

impl Present {
    fn is(&self, wanted: &Standing) -> bool {
        self.status == wanted.status() && self.code == wanted.reason().map(|reason| reason.code)
    }
}

impl Store {
    /// Brings every account behind a channel to this standing; those that changed. Costs one read when there is nothing to change.
    pub async fn set_account_status(
        &self,
        channel: ChannelId,
        standing: &Standing,
        noticed_by: NoticedBy,
        now: Timestamp,
    ) -> Result<Vec<StatusChange>, StoreError> {
        let present = self.rows(&PRESENT, [channel.0.into()]).await?;
        let present = present.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        if present.iter().all(|account| account.is(standing)) {
            return Ok(Vec::new());
        }
        let notice = Notice {
            by: noticed_by,
            at: now,
        };
        again!({
            let txn = self.write().await?;
            let present = lock(&txn, channel).await?;
            let changes = change(&txn, &present, |_| Some(standing.clone()), notice).await?;
            commit(txn).await?;
            Ok(changes)
        })
    }
}

/// The standing of a channel's accounts, which nobody else changes until the transaction's end. Those that their owner has unbound stand as they do.
pub(crate) async fn lock(txn: &DatabaseTransaction, channel: ChannelId) -> Result<Vec<Present>, StoreError> {
    txn.rows(&LOCK, [channel.0.into()]).await?.iter().map(read).collect()
}

/// Brings accounts to the standing that `wanted` names for them, and notes each change in its history. `None` leaves an account as it is.
pub(crate) async fn change(
    txn: &DatabaseTransaction,
    present: &[Present],
    wanted: impl Fn(&Present) -> Option<Standing>,
    notice: Notice,
) -> Result<Vec<StatusChange>, StoreError> {
    let differs = |account| Some((account, wanted(account)?)).filter(|(account, wanted)| !account.is(wanted));
    let changed: Vec<(&Present, Standing)> = present.iter().filter_map(differs).collect();
    if changed.is_empty() {
        return Ok(Vec::new());
    }
    let update = |(account, to): &(&Present, Standing)| {
        let (code, reason) = told(to);
        let (id, status) = (account.account_id.0.clone(), to.status().name());
        (id, status, code, reason, notice.at.0, to_datetime(notice.at))
    };
    let updates: Vec<_> = changed.iter().map(update).collect();
    txn.run(&UPDATE, [json(&updates)?.into()]).await?;
    let event = |(account, to): &(&Present, Standing)| {
        let (code, reason) = told(to);
        let (from, to) = (account.status.name(), to.status().name());
        (
            account.row,
            account.changes + 1,
            from,
            to,
            code,
            reason,
            notice.at.0,
            notice.by.name(),
        )
    };
    let events: Vec<_> = changed.iter().map(event).collect();
    txn.run(&INSERT_EVENTS, [json(&events)?.into()]).await?;
    let tell = |(account, to): (&Present, Standing)| StatusChange {
        account_id: account.account_id.clone(),
        from: account.status,
        to,
        noticed_by: notice.by,
    };
    Ok(changed.into_iter().map(tell).collect())
}

/// Notes that accounts came, those of `rows` that have been inserted under the id given here.
pub(crate) async fn came(
    txn: &DatabaseTransaction,
    rows: &HashMap<i64, &Standing>,
    notice: Notice,
) -> Result<(), StoreError> {
    let event = |(id, standing): (&i64, &&Standing)| {
        let (code, reason) = told(standing);
        (
            *id,
            standing.status().name(),
            code,
            reason,
            notice.at.0,
            notice.by.name(),
        )
    };
    let rows: Vec<_> = rows.iter().map(event).collect();
    txn.run(&INSERT_FIRST, [json(&rows)?.into()]).await?;
    Ok(())
}

/// The code and the sentence as the tables have them.
pub(crate) fn told(standing: &Standing) -> (Option<&'static str>, Option<String>) {
    let reason = standing.reason();
    (
        reason.map(|reason| reason.code.name()),
        reason.map(|reason| reason.message.clone()),
    )
}

pub(crate) fn read(row: &QueryResult) -> Result<Present, StoreError> {
    const TABLE: &str = "t_wechat_account";
    let id = row.try_get("", "id")?;
    Ok(Present {
        row: id,
        account_id: AccountId(row.try_get("", "account_id")?),
        status: rows::parse(row, TABLE, id, "status")?,
        code: rows::parse_opt(row, TABLE, id, "status_code")?,
        changes: row.try_get("", "status_changes")?,
    })
}

/// For [`read`].
pub(crate) const PRESENT_COLUMNS: &str = "id, account_id, status, status_code, status_changes";

static PRESENT: Sql = Sql::each(|_| present(""));
static LOCK: Sql = Sql::each(|d| present(d.for_update()));

fn present(end: &str) -> String {
    format!(
        "SELECT {PRESENT_COLUMNS} FROM t_wechat_account WHERE channel_id = ? AND unbound_time IS NULL ORDER BY id{end}"
    )
}

static UPDATE: Sql = Sql::each(|d| {
    let rows = d.rows(&[
        ("account", Kind::Text),
        ("status", Kind::Text),
        ("code", Kind::Text),
        ("reason", Kind::Text),
        ("since", Kind::Int),
        ("now", Kind::Time),
    ]);
    let set = [
        ("status", "v.status"),
        ("status_code", "v.code"),
        ("status_reason", "v.reason"),
        ("status_time", "v.since"),
        ("status_changes", "t.status_changes + 1"),
        ("update_time", "v.now"),
    ];
    d.update("t_wechat_account", &set, &rows, "t.account_id = v.account")
});
static INSERT_EVENTS: Sql = Sql::each(|d| {
    let rows = d.rows(&[
        ("account", Kind::Int),
        ("n", Kind::Int),
        ("was", Kind::Text),
        ("status", Kind::Text),
        ("code", Kind::Text),
        ("reason", Kind::Text),
        ("at", Kind::Int),
        ("who", Kind::Text),
    ]);
    format!(
        "INSERT INTO t_moment_account_event (account_row, n, from_status, to_status, code, reason, event_time, noticed_by) \
         SELECT v.account, v.n, v.was, v.status, v.code, v.reason, v.at, v.who FROM {rows} v"
    )
});
/// An account of another channel keeps its own id, and its own history.
static INSERT_FIRST: Sql = Sql::each(|d| {
    let rows = d.rows(&[
        ("account", Kind::Int),
        ("status", Kind::Text),
        ("code", Kind::Text),
        ("reason", Kind::Text),
        ("at", Kind::Int),
        ("who", Kind::Text),
    ]);
    let join = d.join();
    format!(
        "INSERT INTO t_moment_account_event (account_row, n, to_status, code, reason, event_time, noticed_by) \
         SELECT a.id, 1, v.status, v.code, v.reason, v.at, v.who FROM {rows} v {join} t_wechat_account a ON a.id = v.account"
    )
});
