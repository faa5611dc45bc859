//! A publication's next state, with everything that follows from it, in one transaction.

use moments_domain::fingerprint::lookalike;
use moments_domain::{AccountId, Failure, NewAudit, Outcome, Publication, ResultStatus, Timestamp};
use sea_orm::DatabaseTransaction;
use serde_json::{Value as Json, json as array};

use crate::audit;
use crate::claim::Lease;
use crate::db::{Statements, Store};
use crate::dialect::{Dialect, Kind, Sql};
use crate::error::StoreError;
use crate::gate::{self, Gate, NoSubmit};
use crate::results;
use crate::rows::json;
use crate::statuses;

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
    /// What to tell the audit, when a person wanted this.
    pub entry: Option<NewAudit>,
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
        let looks = lookalike(&self.publication.fingerprint);
        format!("{}:{looks}", self.publication.channel_id)
    }

    pub(crate) fn status(&self) -> ResultStatus {
        ResultStatus::of(self.publication.state, Outcome::Pending)
    }
}

impl Store {
    /// Stores a publication's next state, its attempt, its results and its task's status.
    pub fn save(&self, save: Save) -> impl Future<Output = Result<Saved, StoreError>> {
        self.commits.save(save)
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
    let released: Vec<_> = allowed
        .iter()
        .filter(|save| save.hold == Hold::Release)
        .copied()
        .collect();
    let results = results::updates(&released)?;
    let results_change = !results.is_empty();
    txn.run_all(&[attempts(&allowed)?, results].concat()).await?;
    if results_change {
        let touched = released.iter().map(|save| (save.publication.task_id, save.now));
        statuses::write(txn, touched.collect()).await?;
    }
    audit::write(txn, allowed.iter().filter_map(|save| save.entry.as_ref())).await?;
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

/// One kind of save: the columns that it writes besides those, because their change costs an index.
struct Update {
    more: &'static [&'static str],
    sql: Sql,
}

static KEEP: Update = Update {
    more: &[],
    sql: Sql::each(|d| KEEP.text(d)),
};
static FLIGHT: Update = Update {
    more: &["in_flight"],
    sql: Sql::each(|d| FLIGHT.text(d)),
};
static EXTEND: Update = Update {
    more: &["look_time", "in_flight"],
    sql: Sql::each(|d| EXTEND.text(d)),
};
static RELEASE: Update = Update {
    more: &[
        "look_time",
        "plan_time",
        "owner",
        "in_flight",
        "moment_id",
        "created_time",
        "wait_limit",
        "limited_until",
    ],
    sql: Sql::each(|d| RELEASE.text(d)),
};

impl Update {
    fn columns(&self) -> impl Iterator<Item = &'static str> {
        PLAIN.iter().chain(self.more).copied()
    }

    fn text(&self, dialect: Dialect) -> String {
        let key = [("id", Kind::Int), ("lease", Kind::Int)];
        let read: Vec<_> = key
            .into_iter()
            .chain(self.columns().map(|column| (column, kind(column))))
            .collect();
        let values: Vec<_> = self.columns().map(|column| (column, format!("v.{column}"))).collect();
        let set: Vec<_> = values.iter().map(|(column, value)| (*column, value.as_str())).collect();
        dialect.update_within(
            "t_moment_publication",
            &set,
            &dialect.rows(&read),
            "t.id = v.id AND t.lease = v.lease",
        )
    }

    fn row(&self, save: &Save) -> Vec<Json> {
        let key = [save.publication.id.0.into(), save.lease.number.into()];
        key.into_iter()
            .chain(self.columns().map(|column| value(save, column)))
            .collect()
    }
}

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

fn kind(column: &str) -> Kind {
    match column {
        "state" | "in_flight" | "owner" | "job_id" | "moment_id" | "wait_reason" | "wait_limit" | "failure_reason"
        | "failure_message" => Kind::Text,
        _ => Kind::Int,
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
        "wait_limit" => p.wait_limit.map(moments_domain::LimitKind::name).into(),
        "limited_until" => p.limited_until.map(|at| at.0).into(),
        "failure_reason" => p.failure.as_ref().map(|f| f.reason.name()).into(),
        "failure_message" => p.failure.as_ref().map(|f| f.message.as_str()).into(),
        // Nobody holds a row whose lease is given back.
        _ => Json::Null,
    }
}

/// How many rows were still under their lease.
async fn update_publications(txn: &DatabaseTransaction, saves: &[&Save]) -> Result<usize, StoreError> {
    let mut updates = Vec::new();
    for update in [&KEEP, &FLIGHT, &EXTEND, &RELEASE] {
        let mut saves: Vec<_> = saves.iter().filter(|s| std::ptr::eq(s.update(), update)).collect();
        if saves.is_empty() {
            continue;
        }
        // Always in the same order, so that transactions wait for each other in one direction.
        saves.sort_unstable_by_key(|save| save.publication.id);
        let rows: Vec<_> = saves.into_iter().map(|save| update.row(save)).collect();
        updates.push((&update.sql, json(&rows)?));
    }
    let updated = txn.run_all(&updates).await?;
    Ok(usize::try_from(updated).unwrap_or(usize::MAX))
}

/// What the saves note about their attempts.
fn attempts(saves: &[&Save]) -> Result<Vec<(&'static Sql, String)>, StoreError> {
    let begun: Vec<_> = saves.iter().filter_map(|save| begun_row(save)).collect();
    let answered: Vec<_> = saves.iter().filter_map(|save| answered_row(save)).collect();
    let mut notes = Vec::new();
    if !begun.is_empty() {
        notes.push((&INSERT_ATTEMPTS, json(&begun)?));
    }
    if !answered.is_empty() {
        notes.push((&UPDATE_ATTEMPTS, json(&answered)?));
    }
    Ok(notes)
}

fn begun_row(save: &Save) -> Option<Json> {
    let gate = save.gate.as_ref()?;
    let (p, busy_until) = (&save.publication, gate.call_ends + gate.window);
    Some(array!([
        p.id.0,
        save.lease.number,
        p.attempt + 1,
        gate.key,
        save.now.0,
        busy_until.0
    ]))
}

fn answered_row(save: &Save) -> Option<Json> {
    let note = save.attempt.as_ref()?;
    Some(array!([
        save.publication.id.0,
        save.lease.number,
        note.busy_until.0,
        note.answer
    ]))
}

static INSERT_ATTEMPTS: Sql = Sql::each(|d| {
    let rows = d.rows(&[
        ("id", Kind::Int),
        ("lease", Kind::Int),
        ("attempt", Kind::Int),
        ("gate", Kind::Text),
        ("sent", Kind::Int),
        ("busy", Kind::Int),
    ]);
    let insert = d.insert_within();
    format!(
        "{insert} INTO t_moment_attempt (publication_id, lease, attempt, gate, sent_time, busy_until) \
         SELECT v.id, v.lease, v.attempt, v.gate, v.sent, v.busy FROM {rows} v"
    )
});
static UPDATE_ATTEMPTS: Sql = Sql::each(|d| {
    let rows = d.rows(&[
        ("id", Kind::Int),
        ("lease", Kind::Int),
        ("busy", Kind::Int),
        ("answer", Kind::Text),
    ]);
    let set = [("busy_until", "v.busy"), ("answer", "v.answer")];
    d.update_within(
        "t_moment_attempt",
        &set,
        &rows,
        "t.publication_id = v.id AND t.lease = v.lease",
    )
});
