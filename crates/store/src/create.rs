//! A new task: the task, its publications, its results and its idempotency key in one transaction.

use std::collections::HashMap;
use std::fmt;

use moments_domain::content::MomentContent;
use moments_domain::{
    AccountId, AuditAction, AuditActor, AuditObject, ChannelId, NewAudit, PublicationId, ResultStatus, TaskId,
    TaskStatus, Timestamp, UserId,
};
use sea_orm::DatabaseTransaction;
use serde_json::{Value as Json, json as array};

use crate::audit;
use crate::db::{Statements, Store};
use crate::dialect::{Kind, Sql};
use crate::duplicates::{self, Duplicate, DuplicateGuard};
use crate::early;
use crate::error::StoreError;
use crate::rows::json;
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
#[derive(Clone, Debug)]
pub struct NewResult {
    /// Its place in the request, from 0, over all publications: the order in which results are shown.
    pub place: u32,
    /// The account.
    pub account_id: AccountId,
    /// Its name at present.
    pub account_name: Option<String>,
}

/// What was said of a task's content when it was created.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// The set of lists that judged it, see [`Store::keep_word_set`]; `None`: there was none.
    pub word_set: Option<String>,
    /// What was found, as JSON; `None`: nothing.
    pub decision: Option<String>,
}

/// A task to be stored.
#[derive(Clone, Debug)]
pub struct NewTask {
    /// Who asks.
    pub user_id: UserId,
    /// The draft that `content` was frozen from.
    pub content_id: Option<i64>,
    /// That draft's version, at most [`moments_domain::library::Draft::MAX_VERSION`] characters.
    pub content_version: Option<String>,
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
    /// What was said of its content.
    pub judged: Judged,
    /// Whether its media are to be looked at before it is due.
    pub looks_ahead: bool,
    /// What is done about equal posts; `None`: nothing.
    pub guard: Option<DuplicateGuard>,
    /// Once only, if the caller wants that.
    pub idempotency: Option<Idempotency>,
    /// The request that brought it, for the audit.
    pub request_id: Option<String>,
}

impl NewTask {
    /// When it is wanted.
    pub fn due(&self) -> Timestamp {
        self.scheduled_time.unwrap_or(self.now)
    }
}

/// What became of a creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// The task is stored. Its guard found these, and leaves them to the caller.
    Stored(TaskId, Vec<Duplicate>),
    /// The task is not stored, because its guard found these.
    Duplicate(Vec<Duplicate>),
    /// The key was used before with the same body: the first answer again.
    Replayed(String),
    /// The key was used before with another body.
    KeyTaken,
}

/// A task with its ids, ready for the commit queue.
#[derive(Debug)]
pub(crate) struct PreparedTask {
    pub(crate) id: TaskId,
    pub(crate) task: NewTask,
    first_publication: i64,
    first_result: i64,
    answer: Answer,
}

/// Makes the text that a repeated request gets.
struct Answer(Box<MakeAnswer>);

type MakeAnswer = dyn Fn(&[Duplicate]) -> String + Send + Sync;

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer")
    }
}

impl Store {
    /// Stores a task; `answer` makes the text that a repeated request gets, from the new id and what the task's guard found. It is called where the
    /// task has a key.
    pub async fn create_task(
        &self,
        task: NewTask,
        answer: impl Fn(TaskId, &[Duplicate]) -> String + Send + Sync + 'static,
    ) -> Result<Created, StoreError> {
        let id = TaskId(self.take_ids(Sequence::Task, 1).await?);
        let results = task.publications.iter().map(|p| p.accounts.len()).sum();
        let first_publication = self.take_ids(Sequence::Publication, task.publications.len()).await?;
        let first_result = self.take_ids(Sequence::Result, results).await?;
        let answer = Answer(Box::new(move |found| answer(id, found)));
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
        let values = [user.0.into(), once.key.as_str().into(), once.body_hash.as_str().into()];
        let row = self.row(&FIRST_ANSWER, values).await?;
        row.map(|row| Ok(row.try_get("", "answer")?)).transpose()
    }

    /// Forgets idempotency keys older than `before`; the number forgotten.
    pub async fn prune_idempotency(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.run(&PRUNE, [before.0.into()]).await
    }
}

static FIRST_ANSWER: Sql =
    Sql::same("SELECT answer FROM t_moment_idempotency WHERE user_id = ? AND key_text = ? AND body_hash = ?");
static PRUNE: Sql = Sql::same("DELETE FROM t_moment_idempotency WHERE create_time < ?");

/// Writes the tasks of one transaction; an answer for each, in order.
pub(crate) async fn write(txn: &DatabaseTransaction, tasks: &[&PreparedTask]) -> Result<Vec<Created>, StoreError> {
    if tasks.is_empty() {
        return Ok(Vec::new());
    }
    let new: Vec<_> = tasks.iter().map(|prepared| &prepared.task).collect();
    duplicates::lock(txn, &new).await?;
    let mut known = known_keys(txn, tasks).await?;
    let found = duplicates::stored(txn, &new).await?;
    let mut fresh: Vec<Fresh<'_>> = Vec::with_capacity(tasks.len());
    let mut answers = Vec::with_capacity(tasks.len());
    for (prepared, mut found) in tasks.iter().zip(found) {
        let others = fresh.iter().map(|other| (other.prepared.id, &other.prepared.task));
        duplicates::add_unstored(&mut found, &prepared.task, others);
        let answer = judge(prepared, &known, found);
        if let Created::Stored(_, found) = &answer {
            let one = Fresh::new(prepared, found);
            one.remember(&mut known);
            fresh.push(one);
        }
        answers.push(answer);
    }
    insert(txn, &fresh).await?;
    Ok(answers)
}

/// A task that is going to be stored.
struct Fresh<'a> {
    prepared: &'a PreparedTask,
    /// For a repeated request; empty where none can come.
    answer: String,
}

impl<'a> Fresh<'a> {
    fn new(prepared: &'a PreparedTask, found: &[Duplicate]) -> Self {
        let once = prepared.task.idempotency.as_ref();
        let answer = once.map(|_| (prepared.answer.0)(found));
        Self {
            prepared,
            answer: answer.unwrap_or_default(),
        }
    }

    /// A request of the same transaction may be its repetition.
    fn remember(&self, known: &mut KnownKeys) {
        if let Some(once) = &self.prepared.task.idempotency {
            let key = (self.prepared.task.user_id, once.key.clone());
            known.insert(key, (once.body_hash.clone(), self.answer.clone()));
        }
    }
}

/// Keys by user and text, with the hash of the body and the first answer.
type KnownKeys = HashMap<(UserId, String), (String, String)>;

/// A repeated request is no duplicate of the first.
fn judge(prepared: &PreparedTask, known: &KnownKeys, found: Vec<Duplicate>) -> Created {
    let task = &prepared.task;
    let once = task.idempotency.as_ref();
    let first = once.and_then(|once| Some((once, known.get(&(task.user_id, once.key.clone()))?)));
    let refuses = task.guard.is_some_and(|guard| guard.refuses);
    match first {
        Some((once, (hash, answer))) if *hash == once.body_hash => Created::Replayed(answer.clone()),
        Some(_) => Created::KeyTaken,
        None if refuses && !found.is_empty() => Created::Duplicate(found),
        None => Created::Stored(prepared.id, found),
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
    let mut known = KnownKeys::new();
    for row in txn.rows(&KNOWN_KEYS, [json(&asked)?.into()]).await? {
        let key = (UserId(row.try_get("", "user_id")?), row.try_get("", "key_text")?);
        known.insert(key, (row.try_get("", "body_hash")?, row.try_get("", "answer")?));
    }
    Ok(known)
}

static KNOWN_KEYS: Sql = Sql::each(|d| {
    let (rows, join) = (d.rows(&[("owner", Kind::Int), ("text", Kind::Text)]), d.join());
    format!(
        "SELECT k.user_id, k.key_text, k.body_hash, k.answer FROM {rows} v \
         {join} t_moment_idempotency k ON k.user_id = v.owner AND k.key_text = v.text"
    )
});

async fn insert(txn: &DatabaseTransaction, fresh: &[Fresh<'_>]) -> Result<(), StoreError> {
    if fresh.is_empty() {
        return Ok(());
    }
    remember_keys(txn, fresh).await?;
    let tasks: Vec<_> = fresh.iter().map(|one| one.prepared).collect();
    let mut task_rows = Vec::with_capacity(tasks.len());
    let mut publications = Vec::with_capacity(tasks.len());
    let mut results = Vec::with_capacity(tasks.len());
    for prepared in &tasks {
        task_rows.push(task_row(prepared)?);
        for (id, new) in (prepared.first_publication..).zip(&prepared.task.publications) {
            publications.push(publication_row(prepared, PublicationId(id), new));
            results.push(result_rows(prepared, PublicationId(id), new));
        }
    }
    txn.run(&INSERT_TASKS, [json(&task_rows)?.into()]).await?;
    txn.run(&INSERT_PUBLICATIONS, [json(&publications)?.into()]).await?;
    txn.run(&INSERT_RESULTS, [json(&results)?.into()]).await?;
    insert_decisions(txn, &tasks).await?;
    early::plan(txn, &tasks).await?;
    let entries: Vec<_> = tasks.iter().map(|task| entry(task)).collect();
    audit::write(txn, &entries).await
}

async fn insert_decisions(txn: &DatabaseTransaction, tasks: &[&PreparedTask]) -> Result<(), StoreError> {
    let found = |prepared: &&PreparedTask| Some((prepared.id.0, prepared.task.judged.decision.clone()?));
    let decisions: Vec<_> = tasks.iter().filter_map(found).collect();
    if !decisions.is_empty() {
        txn.run(&INSERT_DECISIONS, [json(&decisions)?.into()]).await?;
    }
    Ok(())
}

fn entry(prepared: &PreparedTask) -> NewAudit {
    let task = &prepared.task;
    let accounts: usize = task.publications.iter().map(|p| p.accounts.len()).sum();
    NewAudit {
        user: task.user_id,
        actor: AuditActor::User,
        action: AuditAction::Publish,
        object: AuditObject::Task,
        object_id: prepared.id.to_string(),
        detail: array!({ "accounts": accounts, "scheduledTime": task.scheduled_time.map(|time| time.to_string()) }),
        request_id: task.request_id.clone(),
        time: task.now,
    }
}

static INSERT_DECISIONS: Sql = Sql::each(|d| {
    let rows = d.rows(&[("task", Kind::Int), ("decision", Kind::Text)]);
    format!("INSERT INTO t_moment_compliance (task_id, decision) SELECT v.task, v.decision FROM {rows} v")
});

/// First of all, because here another process may be met that was given the same key.
async fn remember_keys(txn: &DatabaseTransaction, fresh: &[Fresh<'_>]) -> Result<(), StoreError> {
    let key = |one| {
        let Fresh { prepared, answer }: &Fresh<'_> = one;
        let task = &prepared.task;
        let once = task.idempotency.as_ref()?;
        Some((task.user_id.0, &once.key, &once.body_hash, answer, task.now.0))
    };
    let mut keys: Vec<_> = fresh.iter().filter_map(key).collect();
    keys.sort_unstable();
    if !keys.is_empty() {
        txn.run(&INSERT_KEYS, [json(&keys)?.into()]).await?;
    }
    Ok(())
}

static INSERT_KEYS: Sql = Sql::each(|d| {
    let rows = d.rows(&[
        ("owner", Kind::Int),
        ("text", Kind::Text),
        ("hash", Kind::Text),
        ("answer", Kind::Text),
        ("now", Kind::Int),
    ]);
    format!(
        "INSERT INTO t_moment_idempotency (user_id, key_text, body_hash, answer, create_time) \
         SELECT v.owner, v.text, v.hash, v.answer, v.now FROM {rows} v"
    )
});

static INSERT_TASKS: Sql = Sql::each(|d| {
    let rows = d.rows(&[
        ("id", Kind::Int),
        ("owner", Kind::Int),
        ("content", Kind::Int),
        ("version", Kind::Text),
        ("text", Kind::Text),
        ("media", Kind::Text),
        ("status", Kind::Text),
        ("scheduled", Kind::Time),
        ("now", Kind::Time),
        ("words", Kind::Text),
        ("link", Kind::Text),
        ("visibility", Kind::Text),
        ("video_cut", Kind::Int),
    ]);
    format!(
        "INSERT INTO t_moment_sync_task \
         (id, user_id, content_id, content_version, text_content, media_urls, status, scheduled_time, create_time, update_time, word_set, link, visibility, video_cut) \
         SELECT v.id, v.owner, v.content, v.version, v.text, v.media, v.status, v.scheduled, v.now, v.now, v.words, v.link, v.visibility, v.video_cut FROM {rows} v"
    )
});

fn task_row(prepared: &PreparedTask) -> Result<Json, StoreError> {
    let task = &prepared.task;
    Ok(array!([
        prepared.id.0,
        task.user_id.0,
        task.content_id,
        task.content_version,
        task.content.text,
        json(&task.content.media_urls)?,
        TaskStatus::Pending.name(),
        task.scheduled_time.map(to_datetime),
        to_datetime(task.now),
        task.judged.word_set,
        task.content.link.as_ref().map(json).transpose()?,
        task.content.visibility.as_ref().map(json).transpose()?,
        i64::from(task.content.video_cut),
    ]))
}

static INSERT_PUBLICATIONS: Sql = Sql::each(|d| {
    let rows = d.rows(&[
        ("id", Kind::Int),
        ("task", Kind::Int),
        ("owner", Kind::Int),
        ("channel", Kind::Int),
        ("due", Kind::Int),
        ("state", Kind::Text),
        ("now", Kind::Int),
        ("fingerprint", Kind::Text),
    ]);
    format!(
        "INSERT INTO t_moment_publication (id, task_id, user_id, channel_id, due_time, state, state_time, look_time, plan_time, \
         lease, looks, attempt, absences, fingerprint) \
         SELECT v.id, v.task, v.owner, v.channel, v.due, v.state, v.now, v.due, v.due, 0, 0, 0, 0, v.fingerprint FROM {rows} v"
    )
});

fn publication_row(prepared: &PreparedTask, id: PublicationId, new: &NewPublication) -> Json {
    let task = &prepared.task;
    let state = if task.scheduled_time.is_some() {
        "SCHEDULED"
    } else {
        "READY"
    };
    let due = task.due();
    array!([
        id.0,
        prepared.id.0,
        task.user_id.0,
        new.channel_id.0,
        due.0,
        state,
        task.now.0,
        task.fingerprint
    ])
}

static INSERT_RESULTS: Sql = Sql::each(|d| {
    let publication = [
        ("first", Kind::Int),
        ("task", Kind::Int),
        ("publication", Kind::Int),
        ("now", Kind::Time),
        ("status", Kind::Text),
    ];
    let account = [("place", Kind::Int), ("account", Kind::Text), ("name", Kind::Text)];
    let rows = d.nested_rows(&publication, &account);
    format!(
        "INSERT INTO t_moment_sync_result \
         (id, task_id, account_id, status, create_time, update_time, publication_id, account_name, outcome) \
         SELECT v.first + v.place, v.task, v.account, v.status, v.now, v.now, v.publication, v.name, 'PENDING' FROM {rows} v"
    )
});

fn result_rows(prepared: &PreparedTask, id: PublicationId, new: &NewPublication) -> Json {
    let account = |new: &NewResult| array!([new.place, new.account_id, new.account_name]);
    array!([
        prepared.first_result,
        prepared.id.0,
        id.0,
        to_datetime(prepared.task.now),
        ResultStatus::Pending.name(),
        new.accounts.iter().map(account).collect::<Vec<_>>()
    ])
}
