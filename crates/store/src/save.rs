//! A publication's next state, with everything that follows from it, in one transaction.

use std::collections::HashMap;
use std::sync::LazyLock;

use moments_domain::status::StatusCounts;
use moments_domain::{
    AccountId, FailReason, Failure, Outcome, Publication, ResultStatus, TaskId, TaskStatus, Timestamp,
};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use serde::Serialize;
use serde_json::Value as Json;

use crate::claim::Lease;
use crate::create::json;
use crate::db::{Store, statement};
use crate::error::StoreError;
use crate::gate::{self, Gate, NoSubmit};
use crate::time::to_datetime;

/// One account's own outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountOutcome {
    /// The account.
    pub account_id: AccountId,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it failed.
    pub failure: Option<Failure>,
}

/// What to note about the attempt that this lease made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptNote {
    /// When the platform's answer came, from which the gate's window runs.
    pub busy_until: Timestamp,
    /// What the platform said.
    pub answer: String,
}

/// What a save does with its lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It is given back; the publication's `look_time` is the next look. The results follow the publication.
    Release,
    /// It goes on to its end. The results are left for the save that releases it: reading derives them from the publication.
    Keep,
    /// It goes on to a new end, the publication's `look_time`. Otherwise like `Keep`.
    Extend,
}

/// A publication as it shall be, and the lease that allows it.
#[derive(Clone, Debug)]
pub struct Save {
    /// The right to change the row.
    pub lease: Lease,
    /// The row as it shall be.
    pub publication: Publication,
    /// What becomes of the lease.
    pub hold: Hold,
    /// The present.
    pub now: Timestamp,
    /// New outcomes of single accounts; final ones never change.
    pub outcomes: Vec<AccountOutcome>,
    /// Set for a submit: the create call leaves only when the gate lets it.
    pub gate: Option<Gate>,
    /// Set when the create call's answer is known.
    pub attempt: Option<AttemptNote>,
    /// The status that the open results are known to have in the table; they are written only when that changes. `None`: not known.
    pub status_before: Option<ResultStatus>,
}

/// What became of a save.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// It is stored.
    Done,
    /// Another holds the lease by now; nothing was written, and this process must let go.
    LeaseLost,
    /// The create call may not leave now; nothing was written, the lease still holds.
    Refused(NoSubmit),
}

impl Save {
    pub(crate) fn in_flight_key(&self) -> String {
        format!("{}:{}", self.publication.channel_id, self.publication.fingerprint)
    }

    fn status(&self) -> ResultStatus {
        ResultStatus::of(self.publication.state, Outcome::Pending)
    }
}

impl Store {
    /// Stores a publication's next state, its attempt, its results and its task's status.
    pub async fn save(&self, save: Save) -> Result<Saved, StoreError> {
        self.commits.save(save).await
    }
}

/// Writes the saves of one transaction; an answer for each, in order. `None`: somebody among several has lost the lease. Nobody can tell who
/// without asking for every row back, so nothing of the transaction may be committed, and each save must be tried alone.
pub(crate) async fn write(txn: &DatabaseTransaction, saves: &[&Save]) -> Result<Option<Vec<Saved>>, StoreError> {
    let refused = gate::refuse(txn, saves).await?;
    let allowed: Vec<_> = saves
        .iter()
        .enumerate()
        .filter(|(n, _)| !refused.contains_key(n))
        .map(|(_, save)| *save)
        .collect();
    let stored = update_publications(txn, &allowed).await?;
    if stored < allowed.len() {
        return Ok((saves.len() == 1).then(|| vec![Saved::LeaseLost]));
    }
    note_attempts(txn, &allowed).await?;
    let released: Vec<_> = allowed.into_iter().filter(|save| save.hold == Hold::Release).collect();
    if update_results(txn, &released).await? {
        update_tasks(txn, &released).await?;
    }
    let answer = |n| refused.get(&n).map_or(Saved::Done, |reason| Saved::Refused(*reason));
    Ok(Some((0..saves.len()).map(answer).collect()))
}

/// Columns that every save writes; none of them is in an index.
const PLAIN: &[&str] = &[
    "state",
    "state_time",
    "looks",
    "attempt",
    "absences",
    "sent_time",
    "job_id",
    "wait_reason",
    "failure_reason",
    "failure_message",
];
/// Columns whose change costs an index, written only by the saves that change them.
const IN_FLIGHT: &[&str] = &["in_flight"];
const AT_RELEASE: &[&str] = &[
    "look_time",
    "plan_time",
    "owner",
    "in_flight",
    "moment_id",
    "created_time",
];
const AT_EXTENSION: &[&str] = &["look_time", "in_flight"];

/// The statement of one kind of save: the columns that it writes.
struct Update {
    columns: Vec<&'static str>,
    sql: String,
}

impl Update {
    fn of(more: &[&'static str]) -> Self {
        let columns = [PLAIN, more].concat();
        let set: Vec<_> = columns.iter().map(|column| format!("{column} = v.{column}")).collect();
        let read: Vec<_> = columns
            .iter()
            .enumerate()
            .map(|(n, column)| format!("value ->> {} AS {column}", n + 2))
            .collect();
        let sql = format!(
            "UPDATE t_moment_publication SET {} FROM (SELECT value ->> 0 AS id, value ->> 1 AS lease, {} FROM jsonb_each(?)) v \
             WHERE t_moment_publication.id = v.id AND t_moment_publication.lease = v.lease",
            set.join(", "),
            read.join(", ")
        );
        Self { columns, sql }
    }

    fn row(&self, save: &Save) -> Vec<Json> {
        let key = [save.publication.id.0.into(), save.lease.number.into()];
        key.into_iter()
            .chain(self.columns.iter().map(|column| value(save, column)))
            .collect()
    }
}

static KEEP: LazyLock<Update> = LazyLock::new(|| Update::of(&[]));
static FLIGHT: LazyLock<Update> = LazyLock::new(|| Update::of(IN_FLIGHT));
static EXTEND: LazyLock<Update> = LazyLock::new(|| Update::of(AT_EXTENSION));
static RELEASE: LazyLock<Update> = LazyLock::new(|| Update::of(AT_RELEASE));

impl Save {
    fn update(&self) -> &'static Update {
        let state = self.publication.state;
        let lands = !state.is_before_submit() && !state.is_in_flight();
        match self.hold {
            Hold::Release => &RELEASE,
            Hold::Extend => &EXTEND,
            Hold::Keep if self.gate.is_some() || lands => &FLIGHT,
            Hold::Keep => &KEEP,
        }
    }
}

/// What a column of `t_moment_publication` shall be.
fn value(save: &Save, column: &str) -> Json {
    let p = &save.publication;
    match column {
        "state" => p.state.name().into(),
        "state_time" => p.state_time.0.into(),
        "look_time" => p.look_time.map(|at| at.0).into(),
        "plan_time" => p.plan_time.0.into(),
        "looks" => p.looks.into(),
        "attempt" => p.attempt.into(),
        "absences" => p.absences.into(),
        "sent_time" => p.sent_time.map(|at| at.0).into(),
        "in_flight" => p.state.is_in_flight().then(|| save.in_flight_key()).into(),
        "job_id" => p.job_id.as_deref().into(),
        "moment_id" => p.moment_id.as_deref().into(),
        "created_time" => p.created_time.map(|at| at.0).into(),
        "wait_reason" => p.wait_reason.map(moments_domain::WaitReason::name).into(),
        "failure_reason" => p.failure.as_ref().map(|f| f.reason.name()).into(),
        "failure_message" => p.failure.as_ref().map(|f| f.message.as_str()).into(),
        // Nobody holds a row whose lease is given back.
        _ => Json::Null,
    }
}

/// How many rows were still under their lease.
async fn update_publications(txn: &DatabaseTransaction, saves: &[&Save]) -> Result<usize, StoreError> {
    let mut updated = 0;
    for update in [&*KEEP, &*FLIGHT, &*EXTEND, &*RELEASE] {
        let rows: Vec<_> = saves
            .iter()
            .filter(|s| std::ptr::eq(s.update(), update))
            .map(|s| update.row(s))
            .collect();
        if !rows.is_empty() {
            let done = txn.execute_raw(statement(&update.sql, [json(&rows)?.into()])).await?;
            updated += usize::try_from(done.rows_affected()).unwrap_or(usize::MAX);
        }
    }
    Ok(updated)
}

const INSERT_ATTEMPTS: &str = "INSERT INTO t_moment_attempt (publication_id, lease, attempt, gate, sent_time, busy_until) \
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM jsonb_each(?)";
const UPDATE_ATTEMPTS: &str = "UPDATE t_moment_attempt SET busy_until = v.busy, answer = v.answer \
    FROM (SELECT value ->> 0 AS id, value ->> 1 AS lease, value ->> 2 AS busy, value ->> 3 AS answer FROM jsonb_each(?)) v \
    WHERE t_moment_attempt.publication_id = v.id AND t_moment_attempt.lease = v.lease";

async fn note_attempts(txn: &DatabaseTransaction, saves: &[&Save]) -> Result<(), StoreError> {
    let begun: Vec<_> = saves
        .iter()
        .filter_map(|save| {
            let gate = save.gate.as_ref()?;
            let (p, busy_until) = (&save.publication, gate.call_ends + gate.window);
            Some((
                p.id.0,
                save.lease.number,
                p.attempt + 1,
                &gate.key,
                save.now.0,
                busy_until.0,
            ))
        })
        .collect();
    if !begun.is_empty() {
        txn.execute_raw(statement(INSERT_ATTEMPTS, [json(&begun)?.into()]))
            .await?;
    }
    let answered: Vec<_> = saves
        .iter()
        .filter_map(|save| {
            let note = save.attempt.as_ref()?;
            Some((
                save.publication.id.0,
                save.lease.number,
                note.busy_until.0,
                &note.answer,
            ))
        })
        .collect();
    if !answered.is_empty() {
        txn.execute_raw(statement(UPDATE_ATTEMPTS, [json(&answered)?.into()]))
            .await?;
    }
    Ok(())
}

/// Accounts of one task that share an outcome.
#[derive(Serialize)]
struct OutcomeRows<'a> {
    task: i64,
    status: &'static str,
    outcome: &'static str,
    moment: Option<&'a str>,
    reason: Option<&'static str>,
    message: Option<&'a str>,
    published: Option<i64>,
    now: String,
    accounts: Vec<&'a str>,
}

impl<'a> OutcomeRows<'a> {
    fn of(save: &'a Save) -> Vec<Self> {
        let mut groups: Vec<(&AccountOutcome, Self)> = Vec::new();
        for account in &save.outcomes {
            let same = |other: &AccountOutcome| other.outcome == account.outcome && other.failure == account.failure;
            match groups.iter_mut().find(|(first, _)| same(first)) {
                Some((_, group)) => group.accounts.push(&account.account_id.0),
                None => groups.push((account, Self::new(save, account))),
            }
        }
        groups.into_iter().map(|(_, group)| group).collect()
    }

    fn new(save: &'a Save, account: &'a AccountOutcome) -> Self {
        let succeeded = matches!(account.outcome, Outcome::Published | Outcome::Delivered);
        Self {
            task: save.publication.task_id.0,
            status: ResultStatus::of(save.publication.state, account.outcome).name(),
            outcome: account.outcome.name(),
            moment: save.publication.moment_id.as_deref().filter(|_| succeeded),
            reason: account.failure.as_ref().map(|f| f.reason.name()),
            message: account.failure.as_ref().map(|f| f.message.as_str()),
            published: succeeded.then_some(save.now.0),
            now: to_datetime(save.now),
            accounts: vec![&account.account_id.0],
        }
    }
}

#[derive(Serialize)]
struct OpenRow {
    task: i64,
    publication: i64,
    status: &'static str,
    reason: Option<&'static str>,
    message: Option<String>,
    now: String,
}

impl From<&Save> for OpenRow {
    fn from(save: &Save) -> Self {
        let failure = save
            .publication
            .failure_shown()
            .filter(|_| save.status() == ResultStatus::Failed);
        Self {
            task: save.publication.task_id.0,
            publication: save.publication.id.0,
            status: save.status().name(),
            reason: failure.as_ref().map(|f| FailReason::name(f.reason)),
            message: failure.map(|f| f.message),
            now: to_datetime(save.now),
        }
    }
}

const UPDATE_OUTCOMES: &str = "WITH o AS MATERIALIZED (SELECT value ->> 'task' AS task, value ->> 'status' AS status, \
    value ->> 'outcome' AS outcome, value ->> 'moment' AS moment, value ->> 'reason' AS reason, value ->> 'message' AS message, \
    value ->> 'published' AS published, value ->> 'now' AS now, value -> 'accounts' AS accounts FROM jsonb_each(?)) \
    UPDATE t_moment_sync_result SET status = v.status, outcome = v.outcome, moment_id = v.moment, error_reason = v.reason, \
    error_message = v.message, publish_time = v.published, update_time = v.now FROM o AS v \
    WHERE t_moment_sync_result.task_id = v.task AND t_moment_sync_result.outcome = 'PENDING' \
    AND t_moment_sync_result.account_id IN (SELECT value FROM json_each(v.accounts))";

const UPDATE_OPEN: &str = "WITH v AS MATERIALIZED (SELECT value ->> 'task' AS task, value ->> 'publication' AS publication, \
    value ->> 'status' AS status, value ->> 'reason' AS reason, value ->> 'message' AS message, value ->> 'now' AS now FROM jsonb_each(?)) \
    UPDATE t_moment_sync_result SET status = v.status, error_reason = v.reason, error_message = v.message, update_time = v.now FROM v \
    WHERE t_moment_sync_result.task_id = v.task AND t_moment_sync_result.publication_id = v.publication \
    AND t_moment_sync_result.outcome = 'PENDING'";

/// Whether any result may have changed.
async fn update_results(txn: &DatabaseTransaction, saves: &[&Save]) -> Result<bool, StoreError> {
    let outcomes: Vec<_> = saves.iter().flat_map(|save| OutcomeRows::of(save)).collect();
    if !outcomes.is_empty() {
        txn.execute_raw(statement(UPDATE_OUTCOMES, [json(&outcomes)?.into()]))
            .await?;
    }
    let open: Vec<_> = saves
        .iter()
        .filter(|s| s.status_before != Some(s.status()))
        .map(|s| OpenRow::from(*s))
        .collect();
    if !open.is_empty() {
        txn.execute_raw(statement(UPDATE_OPEN, [json(&open)?.into()])).await?;
    }
    Ok(!outcomes.is_empty() || !open.is_empty())
}

/// Computes the status of every task that the saves touch; the only place where it is written.
async fn update_tasks(txn: &DatabaseTransaction, saves: &[&Save]) -> Result<(), StoreError> {
    let touched: HashMap<i64, Timestamp> = saves
        .iter()
        .map(|save| (save.publication.task_id.0, save.now))
        .collect();
    let ids: Vec<_> = touched.keys().collect();
    let sql = "SELECT task_id, status, COUNT(*) AS n FROM t_moment_sync_result \
               WHERE task_id IN (SELECT value FROM json_each(?)) GROUP BY task_id, status";
    let mut counts: HashMap<i64, StatusCounts> = HashMap::new();
    for row in txn.query_all_raw(statement(sql, [json(&ids)?.into()])).await? {
        let task = row.try_get("", "task_id")?;
        let status = crate::rows::parse(&row, "t_moment_sync_result", task, "status")?;
        let n: i64 = row.try_get("", "n")?;
        counts.entry(task).or_default().add(status, n.unsigned_abs());
    }
    set_statuses(txn, &touched, &counts).await
}

async fn set_statuses(
    txn: &DatabaseTransaction,
    touched: &HashMap<i64, Timestamp>,
    counts: &HashMap<i64, StatusCounts>,
) -> Result<(), StoreError> {
    let rows: Vec<_> = counts
        .iter()
        .filter_map(|(id, counts)| Some((id, TaskStatus::of(*counts).name(), to_datetime(*touched.get(id)?))))
        .collect();
    let sql = "UPDATE t_moment_sync_task SET status = v.status, update_time = v.now \
               FROM (SELECT value ->> 0 AS id, value ->> 1 AS status, value ->> 2 AS now FROM jsonb_each(?)) v \
               WHERE t_moment_sync_task.id = v.id";
    txn.execute_raw(statement(sql, [json(&rows)?.into()])).await?;
    Ok(())
}

/// Computes the status of one task anew, after its results were changed by other means than a save.
pub(crate) async fn refresh_task(txn: &DatabaseTransaction, task: TaskId, now: Timestamp) -> Result<(), StoreError> {
    let sql = "SELECT status, COUNT(*) AS n FROM t_moment_sync_result WHERE task_id = ? GROUP BY status";
    let mut counts = StatusCounts::default();
    for row in txn.query_all_raw(statement(sql, [task.0.into()])).await? {
        let n: i64 = row.try_get("", "n")?;
        counts.add(
            crate::rows::parse(&row, "t_moment_sync_result", task.0, "status")?,
            n.unsigned_abs(),
        );
    }
    set_statuses(txn, &HashMap::from([(task.0, now)]), &HashMap::from([(task.0, counts)])).await
}

#[cfg(test)]
mod tests;
