//! Whether an account gets the same content from another task at nearly the same time.
//!
//! A creation asks in its own transaction, so that on SQLite, which has one writer, nothing comes between the question and what is built on it. On a
//! server a task that would be refused for an equal one first locks what equal posts share, see [`lock`]; where a warning is enough nobody waits,
//! and two creations in the same instant may miss each other.
//!
//! Posts are compared within a channel: an account that came to another device meanwhile is not recognised.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use moments_domain::{AccountId, ResultStatus, TaskId, Timestamp};
use sea_orm::{DatabaseTransaction, QueryResult};
use serde_json::{Value as Json, json as array};

use crate::create::NewTask;
use crate::db::{Statements, Store};
use crate::dialect::{Kind, Sql};
use crate::error::StoreError;
use crate::gate;
use crate::rows::{json, parse};

/// What a new task does about equal posts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DuplicateGuard {
    /// Posts count that are wanted at most so long before it or after it.
    pub window: Duration,
    /// Whether one of them is a reason not to store the task.
    pub refuses: bool,
}

/// A post of another task that shows an account the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The account.
    pub account_id: AccountId,
    /// The other task.
    pub task_id: TaskId,
    /// When that is wanted.
    pub due_time: Timestamp,
    /// How far it has come; [`ResultStatus::Failed`]: nobody knows whether it came out, and a person has to decide.
    pub status: ResultStatus,
}

impl Store {
    /// What the guard of `task` would find now: at most one post for each account, the last of those within its window, in the order of the
    /// request. What failed, was cancelled or missed is none.
    pub async fn find_duplicates(&self, task: &NewTask) -> Result<Vec<Duplicate>, StoreError> {
        let mut found = stored(&self.reader, &[task]).await?;
        Ok(found.pop().unwrap_or_default())
    }
}

/// Keeps others from storing an equal post before this transaction's end, where one of `tasks` would be refused for it. Its fingerprint begins with
/// the same digits: there are as many locks as those can spell, and their rows are never more.
pub(crate) async fn lock(txn: &DatabaseTransaction, tasks: &[&NewTask]) -> Result<(), StoreError> {
    const DIGITS: usize = 3;
    let refuses = |task: &&&NewTask| task.guard.is_some_and(|guard| guard.refuses);
    let digits = |task: &&NewTask| task.fingerprint.get(..DIGITS).unwrap_or_default().to_owned();
    let names: Vec<_> = tasks
        .iter()
        .filter(refuses)
        .map(|task| format!("same:{}", digits(task)))
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    gate::lock(txn, names.iter().map(String::as_str)).await
}

/// For each of `tasks` what its guard finds among what is stored.
///
/// Nearly always there is nothing: whether any channel has an equal post is asked first, however many accounts are behind it.
pub(crate) async fn stored(
    connection: &impl Statements,
    tasks: &[&NewTask],
) -> Result<Vec<Vec<Duplicate>>, StoreError> {
    let mut found = vec![Vec::new(); tasks.len()];
    let asked: Vec<_> = places(tasks).map(|place| place.asked()).collect();
    if asked.is_empty() {
        return Ok(found);
    }
    let rows = connection.rows(&CHANNELS, [json(&asked)?.into()]).await?;
    let equal: HashSet<i64> = rows
        .iter()
        .map(|row| row.try_get("", "place"))
        .collect::<Result<_, _>>()?;
    if equal.is_empty() {
        return Ok(found);
    }
    let asked: Vec<_> = places(tasks).filter(|place| equal.contains(&place.number)).collect();
    let owners: HashMap<i64, usize> = asked.iter().map(|place| (place.number, place.task)).collect();
    let rows: Vec<_> = asked.iter().map(Place::asked_with_accounts).collect();
    for row in connection.rows(&POSTS, [json(&rows)?.into()]).await? {
        let place: i64 = row.try_get("", "place")?;
        if let Some(found) = owners.get(&place).and_then(|task| found.get_mut(*task)) {
            found.push(duplicate(&row)?);
        }
    }
    for (found, task) in found.iter_mut().zip(tasks) {
        sort(found, task);
    }
    Ok(found)
}

/// Adds to `found`, the duplicates of `task`, those among `others`, which are going to be stored with it.
pub(crate) fn add_unstored<'a>(
    found: &mut Vec<Duplicate>,
    task: &NewTask,
    others: impl DoubleEndedIterator<Item = (TaskId, &'a NewTask)>,
) {
    let Some(guard) = task.guard else { return };
    let known: HashSet<_> = found.iter().map(|one| one.account_id.clone()).collect();
    let mut open: HashSet<&AccountId> = accounts(task).filter(|account| !known.contains(account)).collect();
    for (task_id, other) in others.rev() {
        let apart = other.due().since(task.due()).max(task.due().since(other.due()));
        if open.is_empty() {
            break;
        }
        if other.user_id != task.user_id || other.fingerprint != task.fingerprint || apart > guard.window {
            continue;
        }
        let shared = accounts(other).filter(|account| open.remove(account));
        found.extend(shared.map(|account| Duplicate {
            account_id: account.clone(),
            task_id,
            due_time: other.due(),
            status: ResultStatus::Pending,
        }));
    }
    sort(found, task);
}

fn accounts(task: &NewTask) -> impl Iterator<Item = &AccountId> {
    let each = task.publications.iter().flat_map(|publication| &publication.accounts);
    each.map(|account| &account.account_id)
}

/// Into the order of the request.
fn sort(found: &mut [Duplicate], task: &NewTask) {
    if found.len() < 2 {
        return;
    }
    let each = task.publications.iter().flat_map(|publication| &publication.accounts);
    let places: HashMap<_, _> = each.map(|account| (&account.account_id, account.place)).collect();
    found.sort_by_key(|one| places.get(&one.account_id));
}

/// One channel's share of a task that has a guard.
struct Place<'a> {
    number: i64,
    task: usize,
    of: &'a NewTask,
    publication: &'a crate::create::NewPublication,
    window: Duration,
}

fn places<'a>(tasks: &[&'a NewTask]) -> impl Iterator<Item = Place<'a>> {
    let shares = tasks
        .iter()
        .enumerate()
        .filter_map(|(n, task)| Some((n, *task, task.guard?.window)));
    let shares = shares.flat_map(|(n, task, window)| task.publications.iter().map(move |one| (n, task, window, one)));
    (0..)
        .zip(shares)
        .map(|(number, (task, of, window, publication))| Place {
            number,
            task,
            of,
            publication,
            window,
        })
}

impl Place<'_> {
    fn asked(&self) -> Json {
        let (task, due) = (self.of, self.of.due());
        let (since, until) = ((due - self.window).0, (due + self.window).0);
        array!([
            self.number,
            task.user_id.0,
            self.publication.channel_id.0,
            task.fingerprint,
            since,
            until
        ])
    }

    fn asked_with_accounts(&self) -> Json {
        let mut asked = self.asked();
        let accounts = self
            .publication
            .accounts
            .iter()
            .map(|account| array!([account.account_id]));
        if let Json::Array(columns) = &mut asked {
            columns.push(accounts.collect());
        }
        asked
    }
}

fn duplicate(row: &QueryResult) -> Result<Duplicate, StoreError> {
    let task_id = TaskId(row.try_get("", "task_id")?);
    let state = parse(row, "t_moment_publication", task_id.0, "state")?;
    let outcome = parse(row, "t_moment_sync_result", task_id.0, "outcome")?;
    Ok(Duplicate {
        account_id: AccountId(row.try_get("", "account_id")?),
        task_id,
        due_time: Timestamp(row.try_get("", "due_time")?),
        status: ResultStatus::of(state, outcome),
    })
}

const SHARE: [(&str, Kind); 6] = [
    ("place", Kind::Int),
    ("owner", Kind::Int),
    ("channel", Kind::Int),
    ("fingerprint", Kind::Text),
    ("since", Kind::Int),
    ("until", Kind::Int),
];
/// Publications `p` that are equal to the share `v`, and may come out or be out.
const EQUAL: &str = "p.channel_id = v.channel AND p.fingerprint = v.fingerprint AND p.due_time BETWEEN v.since AND v.until \
     AND p.user_id = v.owner AND p.state NOT IN ('FAILED', 'CANCELLED', 'MISSED')";

static CHANNELS: Sql = Sql::each(|d| {
    let rows = d.rows(&SHARE);
    format!("SELECT v.place FROM {rows} v WHERE EXISTS (SELECT 1 FROM t_moment_publication p WHERE {EQUAL})")
});
/// For each account one post only, so that the hundredth repetition is told as fast as the first.
static POSTS: Sql = Sql::each(|d| {
    let (rows, join) = (d.nested_rows(&SHARE, &[("account", Kind::Text)]), d.join());
    format!(
        "SELECT h.place, p.task_id, p.due_time, p.state, r.account_id, r.outcome FROM (\
         SELECT v.place, v.account, (SELECT p.id FROM t_moment_publication p \
         {join} t_moment_sync_result r ON r.task_id = p.task_id AND r.account_id = v.account AND r.publication_id = p.id \
         WHERE {EQUAL} AND r.outcome NOT IN ('INVALID', 'NOT_DISPATCHED', 'EXPIRED', 'UNBOUND') \
         ORDER BY p.due_time DESC LIMIT 1) AS publication FROM {rows} v) h \
         {join} t_moment_publication p ON p.id = h.publication \
         {join} t_moment_sync_result r ON r.task_id = p.task_id AND r.account_id = h.account"
    )
});

#[cfg(test)]
mod tests;
