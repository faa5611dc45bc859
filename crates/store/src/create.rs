//! A new task: the task, its publications, its results and its idempotency key in one transaction.

use std::collections::HashMap;

use moments_domain::content::MomentContent;
use moments_domain::{AccountId, ChannelId, PublicationId, ResultStatus, TaskId, TaskStatus, Timestamp, UserId};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use serde::Serialize;

use crate::db::{Store, statement};
use crate::error::StoreError;
use crate::sequence::Sequence;
use crate::time::to_datetime;

/// What a caller wants to do once only (`Idempotency-Key`).
#[derive(Clone, Debug)]
pub struct Idempotency {
    /// The caller's key, at most 200 characters.
    pub key: String,
    /// A hash of the body: the same key with another body is a conflict.
    pub body_hash: String,
}

/// One channel's share of a new task.
#[derive(Clone, Debug)]
pub struct NewPublication {
    /// The way to the platform.
    pub channel_id: ChannelId,
    /// Its accounts.
    pub accounts: Vec<NewResult>,
}

/// One account of a new task.
#[derive(Clone, Debug, Serialize)]
pub struct NewResult {
    /// Its place in the request, from 0, over all publications: the order in which results are shown.
    pub place: u32,
    /// The account.
    pub account_id: AccountId,
    /// Its name at present.
    pub account_name: Option<String>,
}

/// A task to be stored.
#[derive(Clone, Debug)]
pub struct NewTask {
    /// Who asks.
    pub user_id: UserId,
    /// The draft that `content` was frozen from.
    pub content_id: Option<i64>,
    /// What to publish.
    pub content: MomentContent,
    /// When; `None`: at once.
    pub scheduled_time: Option<Timestamp>,
    /// The present.
    pub now: Timestamp,
    /// See [`moments_domain::fingerprint::fingerprint`].
    pub fingerprint: String,
    /// One for each channel; not empty.
    pub publications: Vec<NewPublication>,
    /// Once only, if the caller wants that.
    pub idempotency: Option<Idempotency>,
}

/// What became of a creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// The task is stored.
    Stored(TaskId),
    /// The key was used before with the same body: the first answer again.
    Replayed(String),
    /// The key was used before with another body.
    KeyTaken,
}

/// A task with its ids, ready for the commit queue.
#[derive(Debug)]
pub(crate) struct PreparedTask {
    id: TaskId,
    task: NewTask,
    first_publication: i64,
    first_result: i64,
    /// JSON that a repeated request gets.
    answer: String,
}

impl Store {
    /// Stores a task; `answer` makes the text that a repeated request gets, from the new id.
    pub async fn create_task(
        &self,
        task: NewTask,
        answer: impl FnOnce(TaskId) -> String,
    ) -> Result<Created, StoreError> {
        let id = TaskId(self.take_ids(Sequence::Task, 1).await?);
        let results = task.publications.iter().map(|p| p.accounts.len()).sum();
        let first_publication = self.take_ids(Sequence::Publication, task.publications.len()).await?;
        let first_result = self.take_ids(Sequence::Result, results).await?;
        let answer = if task.idempotency.is_some() {
            answer(id)
        } else {
            String::new()
        };
        self.commits
            .create(PreparedTask {
                id,
                task,
                first_publication,
                first_result,
                answer,
            })
            .await
    }

    /// The first answer to a request with this key and this body, if one was accepted.
    pub async fn find_answer(&self, user: UserId, once: &Idempotency) -> Result<Option<String>, StoreError> {
        let sql = "SELECT answer FROM t_moment_idempotency WHERE user_id = ? AND key_text = ? AND body_hash = ?";
        let values = [user.0.into(), once.key.as_str().into(), once.body_hash.as_str().into()];
        let row = self.row(sql, values).await?;
        row.map(|row| Ok(row.try_get("", "answer")?)).transpose()
    }

    /// Forgets idempotency keys older than `before`; the number forgotten.
    pub async fn prune_idempotency(&self, before: Timestamp) -> Result<u64, StoreError> {
        let done = self
            .execute(
                "DELETE FROM t_moment_idempotency WHERE create_time < ?",
                [before.0.into()],
            )
            .await?;
        Ok(done.rows_affected())
    }
}

/// Writes the tasks of one transaction; an answer for each, in order.
pub(crate) async fn write(txn: &DatabaseTransaction, tasks: &[&PreparedTask]) -> Result<Vec<Created>, StoreError> {
    if tasks.is_empty() {
        return Ok(Vec::new());
    }
    let mut known = known_keys(txn, tasks).await?;
    let mut fresh = Vec::with_capacity(tasks.len());
    let mut answers = Vec::with_capacity(tasks.len());
    for prepared in tasks {
        let answer = judge(prepared, &mut known);
        if matches!(answer, Created::Stored(_)) {
            fresh.push(*prepared);
        }
        answers.push(answer);
    }
    insert(txn, &fresh).await?;
    Ok(answers)
}

/// Keys by user and text, with the hash of the body and the first answer.
type KnownKeys = HashMap<(UserId, String), (String, String)>;

fn judge(prepared: &PreparedTask, known: &mut KnownKeys) -> Created {
    let Some(once) = &prepared.task.idempotency else {
        return Created::Stored(prepared.id);
    };
    let key = (prepared.task.user_id, once.key.clone());
    match known.get(&key) {
        Some((hash, answer)) if *hash == once.body_hash => Created::Replayed(answer.clone()),
        Some(_) => Created::KeyTaken,
        None => {
            known.insert(key, (once.body_hash.clone(), prepared.answer.clone()));
            Created::Stored(prepared.id)
        }
    }
}

async fn known_keys(txn: &DatabaseTransaction, tasks: &[&PreparedTask]) -> Result<KnownKeys, StoreError> {
    let asked: Vec<_> = tasks
        .iter()
        .filter_map(|t| {
            t.task
                .idempotency
                .as_ref()
                .map(|once| (t.task.user_id.0, once.key.as_str()))
        })
        .collect();
    if asked.is_empty() {
        return Ok(KnownKeys::new());
    }
    let sql = "SELECT k.user_id, k.key_text, k.body_hash, k.answer FROM jsonb_each(?) v \
               JOIN t_moment_idempotency k ON k.user_id = v.value ->> 0 AND k.key_text = v.value ->> 1";
    let mut known = KnownKeys::new();
    for row in txn.query_all_raw(statement(sql, [json(&asked)?.into()])).await? {
        let key = (UserId(row.try_get("", "user_id")?), row.try_get("", "key_text")?);
        known.insert(key, (row.try_get("", "body_hash")?, row.try_get("", "answer")?));
    }
    Ok(known)
}

#[derive(Serialize)]
struct TaskRow<'a> {
    id: i64,
    user: i64,
    content: Option<i64>,
    text: &'a str,
    media: String,
    scheduled: Option<String>,
    now: String,
}

#[derive(Serialize)]
struct PublicationRow<'a> {
    id: i64,
    task: i64,
    user: i64,
    channel: i64,
    due: i64,
    state: &'static str,
    now: i64,
    fingerprint: &'a str,
}

#[derive(Serialize)]
struct ResultRows<'a> {
    first: i64,
    task: i64,
    publication: i64,
    now: String,
    accounts: &'a [NewResult],
}

async fn insert(txn: &DatabaseTransaction, tasks: &[&PreparedTask]) -> Result<(), StoreError> {
    if tasks.is_empty() {
        return Ok(());
    }
    let mut task_rows = Vec::with_capacity(tasks.len());
    let mut publications = Vec::with_capacity(tasks.len());
    let mut results = Vec::with_capacity(tasks.len());
    for prepared in tasks {
        task_rows.push(task_row(prepared)?);
        for (id, new) in (prepared.first_publication..).zip(&prepared.task.publications) {
            publications.push(publication_row(prepared, PublicationId(id), new));
            results.push(result_rows(prepared, PublicationId(id), new));
        }
    }
    let pending = TaskStatus::Pending.name();
    txn.execute_raw(statement(INSERT_TASKS, [pending.into(), json(&task_rows)?.into()]))
        .await?;
    txn.execute_raw(statement(INSERT_PUBLICATIONS, [json(&publications)?.into()]))
        .await?;
    let pending = ResultStatus::Pending.name();
    txn.execute_raw(statement(INSERT_RESULTS, [json(&results)?.into(), pending.into()]))
        .await?;
    remember_keys(txn, tasks).await
}

async fn remember_keys(txn: &DatabaseTransaction, tasks: &[&PreparedTask]) -> Result<(), StoreError> {
    let keys: Vec<_> = tasks
        .iter()
        .filter_map(|t| {
            let once = t.task.idempotency.as_ref()?;
            Some((t.task.user_id.0, &once.key, &once.body_hash, &t.answer, t.task.now.0))
        })
        .collect();
    if !keys.is_empty() {
        txn.execute_raw(statement(INSERT_KEYS, [json(&keys)?.into()])).await?;
    }
    Ok(())
}

const INSERT_TASKS: &str = "INSERT INTO t_moment_sync_task \
    (id, user_id, content_id, text_content, media_urls, status, scheduled_time, create_time, update_time) \
    SELECT value ->> 'id', value ->> 'user', value ->> 'content', value ->> 'text', value ->> 'media', ?, \
    value ->> 'scheduled', value ->> 'now', value ->> 'now' FROM jsonb_each(?)";

const INSERT_PUBLICATIONS: &str = "INSERT INTO t_moment_publication \
    (id, task_id, user_id, channel_id, due_time, state, state_time, look_time, plan_time, lease, looks, attempt, absences, fingerprint) \
    SELECT value ->> 'id', value ->> 'task', value ->> 'user', value ->> 'channel', value ->> 'due', value ->> 'state', \
    value ->> 'now', value ->> 'due', value ->> 'due', 0, 0, 0, 0, value ->> 'fingerprint' FROM jsonb_each(?)";

const INSERT_RESULTS: &str = "WITH p AS MATERIALIZED (SELECT value ->> 'first' AS first, value ->> 'task' AS task, \
    value ->> 'publication' AS publication, value ->> 'now' AS now, jsonb_extract(value, '$.accounts') AS accounts FROM jsonb_each(?)) \
    INSERT INTO t_moment_sync_result \
    (id, task_id, account_id, status, create_time, update_time, publication_id, account_name, outcome) \
    SELECT p.first + (a.value ->> 'place'), p.task, a.value ->> 'account_id', ?, p.now, p.now, p.publication, \
    a.value ->> 'account_name', 'PENDING' \
    FROM p, jsonb_each(p.accounts) a";

const INSERT_KEYS: &str = "INSERT INTO t_moment_idempotency (user_id, key_text, body_hash, answer, create_time) \
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM jsonb_each(?)";

fn task_row(prepared: &PreparedTask) -> Result<TaskRow<'_>, StoreError> {
    let task = &prepared.task;
    Ok(TaskRow {
        id: prepared.id.0,
        user: task.user_id.0,
        content: task.content_id,
        text: &task.content.text,
        media: json(&task.content.media_urls)?,
        scheduled: task.scheduled_time.map(to_datetime),
        now: to_datetime(task.now),
    })
}

fn publication_row<'a>(prepared: &'a PreparedTask, id: PublicationId, new: &NewPublication) -> PublicationRow<'a> {
    let task = &prepared.task;
    PublicationRow {
        id: id.0,
        task: prepared.id.0,
        user: task.user_id.0,
        channel: new.channel_id.0,
        due: task.scheduled_time.unwrap_or(task.now).0,
        state: if task.scheduled_time.is_some() {
            "SCHEDULED"
        } else {
            "READY"
        },
        now: task.now.0,
        fingerprint: &task.fingerprint,
    }
}

fn result_rows<'a>(prepared: &PreparedTask, id: PublicationId, new: &'a NewPublication) -> ResultRows<'a> {
    ResultRows {
        first: prepared.first_result,
        task: prepared.id.0,
        publication: id.0,
        now: to_datetime(prepared.task.now),
        accounts: &new.accounts,
    }
}

/// One bound value for any number of rows. Rows of several columns are read with `jsonb_each`: `json_each` would write each row out as text
/// for every column that is read.
pub(crate) fn json<T: Serialize>(rows: &T) -> Result<String, StoreError> {
    serde_json::to_string(rows).map_err(|e| StoreError::Setup(format!("cannot write rows as JSON: {e}")))
}
