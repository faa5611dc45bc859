//! A publication's next state, with everything that follows from it, in one transaction.

use std::collections::HashMap;

use moments_domain::status::StatusCounts;
use moments_domain::{
    AccountId, FailReason, Failure, Outcome, Publication, ResultStatus, TaskId, TaskStatus, Timestamp,
};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use serde::Serialize;

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

/// A publication as it shall be, and the lease that allows it.
#[derive(Clone, Debug)]
pub struct Save {
    /// The right to change the row.
    pub lease: Lease,
    /// The row as it shall be. Its `look_time` is the next look when the lease is given back, and the lease's end when it is kept.
    pub publication: Publication,
    /// Whether the lease goes on.
    pub keep_lease: bool,
    /// The present.
    pub now: Timestamp,
    /// New outcomes of single accounts; final ones never change.
    pub outcomes: Vec<AccountOutcome>,
    /// Set for a submit: the create call leaves only when the gate lets it.
    pub gate: Option<Gate>,
    /// Set when the create call's answer is known.
    pub attempt: Option<AttemptNote>,
    /// What the results of this publication were when it was claimed; they are touched only when that changes.
    pub status_before: ResultStatus,
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

/// Writes the saves of one transaction; an answer for each, in order.
pub(crate) async fn write(txn: &DatabaseTransaction, saves: &[&Save]) -> Result<Vec<Saved>, StoreError> {
    if saves.is_empty() {
        return Ok(Vec::new());
    }
    let refused = gate::refuse(txn, saves).await?;
    let allowed: Vec<_> = saves
        .iter()
        .enumerate()
        .filter(|(n, _)| !refused.contains_key(n))
        .map(|(_, save)| *save)
        .collect();
    let stored = update_publications(txn, &allowed).await?;
    let done: Vec<_> = allowed
        .into_iter()
        .filter(|save| stored.contains(&save.publication.id.0))
        .collect();
    note_attempts(txn, &done).await?;
    if update_results(txn, &done).await? {
        update_tasks(txn, &done).await?;
    }
    let answer = |(n, save): (usize, &&Save)| match refused.get(&n) {
        Some(reason) => Saved::Refused(*reason),
        None if stored.contains(&save.publication.id.0) => Saved::Done,
        None => Saved::LeaseLost,
    };
    Ok(saves.iter().enumerate().map(answer).collect())
}

#[derive(Serialize)]
struct Row<'a> {
    id: i64,
    lease: i64,
    state: &'static str,
    state_time: i64,
    look: Option<i64>,
    plan: i64,
    keep: bool,
    looks: u32,
    attempt: u32,
    absences: u32,
    sent: Option<i64>,
    in_flight: Option<String>,
    job: Option<&'a str>,
    moment: Option<&'a str>,
    created: Option<i64>,
    wait: Option<&'static str>,
    reason: Option<&'static str>,
    message: Option<&'a str>,
}

impl<'a> From<&'a Save> for Row<'a> {
    fn from(save: &'a Save) -> Self {
        let p = &save.publication;
        Self {
            id: p.id.0,
            lease: save.lease.number,
            state: p.state.name(),
            state_time: p.state_time.0,
            look: p.look_time.map(|at| at.0),
            plan: p.plan_time.0,
            keep: save.keep_lease,
            looks: p.looks,
            attempt: p.attempt,
            absences: p.absences,
            sent: p.sent_time.map(|at| at.0),
            in_flight: p.state.is_in_flight().then(|| save.in_flight_key()),
            job: p.job_id.as_deref(),
            moment: p.moment_id.as_deref(),
            created: p.created_time.map(|at| at.0),
            wait: p.wait_reason.map(moments_domain::WaitReason::name),
            reason: p.failure.as_ref().map(|f| f.reason.name()),
            message: p.failure.as_ref().map(|f| f.message.as_str()),
        }
    }
}

const UPDATE_PUBLICATIONS: &str = "UPDATE t_moment_publication SET \
    state = v.state, state_time = v.state_time, look_time = v.look, plan_time = v.plan, owner = CASE WHEN v.keep THEN owner END, \
    looks = v.looks, attempt = v.attempt, absences = v.absences, sent_time = v.sent, in_flight = v.in_flight, job_id = v.job, \
    moment_id = v.moment, created_time = v.created, wait_reason = v.wait, failure_reason = v.reason, failure_message = v.message \
    FROM (SELECT value ->> 'id' AS id, value ->> 'lease' AS lease, value ->> 'state' AS state, value ->> 'state_time' AS state_time, \
    value ->> 'look' AS look, value ->> 'plan' AS plan, value ->> 'keep' AS keep, value ->> 'looks' AS looks, value ->> 'attempt' AS attempt, \
    value ->> 'absences' AS absences, value ->> 'sent' AS sent, value ->> 'in_flight' AS in_flight, value ->> 'job' AS job, \
    value ->> 'moment' AS moment, value ->> 'created' AS created, value ->> 'wait' AS wait, value ->> 'reason' AS reason, \
    value ->> 'message' AS message FROM json_each(?)) v \
    WHERE t_moment_publication.id = v.id AND t_moment_publication.lease = v.lease \
    RETURNING t_moment_publication.id";

async fn update_publications(txn: &DatabaseTransaction, saves: &[&Save]) -> Result<Vec<i64>, StoreError> {
    if saves.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<_> = saves.iter().map(|save| Row::from(*save)).collect();
    let updated = txn
        .query_all_raw(statement(UPDATE_PUBLICATIONS, [json(&rows)?.into()]))
        .await?;
    updated.iter().map(|row| Ok(row.try_get("", "id")?)).collect()
}

const INSERT_ATTEMPTS: &str = "INSERT INTO t_moment_attempt (publication_id, lease, attempt, gate, sent_time, busy_until) \
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?)";
const UPDATE_ATTEMPTS: &str = "UPDATE t_moment_attempt SET busy_until = v.busy, answer = v.answer \
    FROM (SELECT value ->> 0 AS id, value ->> 1 AS lease, value ->> 2 AS busy, value ->> 3 AS answer FROM json_each(?)) v \
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

#[derive(Serialize)]
struct OutcomeRow<'a> {
    task: i64,
    account: &'a str,
    status: &'static str,
    outcome: &'static str,
    moment: Option<&'a str>,
    reason: Option<&'static str>,
    message: Option<&'a str>,
    published: Option<i64>,
    now: String,
}

impl<'a> OutcomeRow<'a> {
    fn new(save: &'a Save, account: &'a AccountOutcome) -> Self {
        let succeeded = matches!(account.outcome, Outcome::Published | Outcome::Delivered);
        Self {
            task: save.publication.task_id.0,
            account: &account.account_id.0,
            status: ResultStatus::of(save.publication.state, account.outcome).name(),
            outcome: account.outcome.name(),
            moment: save.publication.moment_id.as_deref().filter(|_| succeeded),
            reason: account.failure.as_ref().map(|f| f.reason.name()),
            message: account.failure.as_ref().map(|f| f.message.as_str()),
            published: succeeded.then_some(save.now.0),
            now: to_datetime(save.now),
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

const UPDATE_OUTCOMES: &str = "UPDATE t_moment_sync_result SET status = v.status, outcome = v.outcome, moment_id = v.moment, \
    error_reason = v.reason, error_message = v.message, publish_time = v.published, update_time = v.now \
    FROM (SELECT value ->> 'task' AS task, value ->> 'account' AS account, value ->> 'status' AS status, \
    value ->> 'outcome' AS outcome, value ->> 'moment' AS moment, value ->> 'reason' AS reason, value ->> 'message' AS message, \
    value ->> 'published' AS published, value ->> 'now' AS now FROM json_each(?)) v \
    WHERE t_moment_sync_result.task_id = v.task AND t_moment_sync_result.account_id = v.account \
    AND t_moment_sync_result.outcome = 'PENDING'";

const UPDATE_OPEN: &str = "UPDATE t_moment_sync_result SET status = v.status, error_reason = v.reason, error_message = v.message, \
    update_time = v.now \
    FROM (SELECT value ->> 'task' AS task, value ->> 'publication' AS publication, value ->> 'status' AS status, \
    value ->> 'reason' AS reason, value ->> 'message' AS message, value ->> 'now' AS now FROM json_each(?)) v \
    WHERE t_moment_sync_result.task_id = v.task AND t_moment_sync_result.publication_id = v.publication \
    AND t_moment_sync_result.outcome = 'PENDING'";

/// Whether any result may have changed.
async fn update_results(txn: &DatabaseTransaction, saves: &[&Save]) -> Result<bool, StoreError> {
    let outcomes: Vec<_> = saves
        .iter()
        .flat_map(|save| save.outcomes.iter().map(|account| OutcomeRow::new(save, account)))
        .collect();
    if !outcomes.is_empty() {
        txn.execute_raw(statement(UPDATE_OUTCOMES, [json(&outcomes)?.into()]))
            .await?;
    }
    let open: Vec<_> = saves
        .iter()
        .filter(|s| s.status() != s.status_before)
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
               FROM (SELECT value ->> 0 AS id, value ->> 1 AS status, value ->> 2 AS now FROM json_each(?)) v \
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
