//! What a user reads of a task.

use moments_domain::status::StatusCounts;
use moments_domain::{
    AccountId, FailReason, LimitKind, MomentLink, Outcome, PublicationState, ResultStatus, Stage, TaskId, TaskStatus,
    Timestamp, UserId, Visibility, WaitReason,
};
use sea_orm::{DatabaseTransaction, QueryResult};

use crate::db::{Statements, Store};
use crate::dialect::Sql;
use crate::error::StoreError;
use crate::rows;
use crate::time::from_datetime;
use crate::warnings::{self, TaskWarning};

/// A task with its results (requirement 2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskView {
    /// Its id.
    pub id: TaskId,
    /// The draft that it was frozen from.
    pub content_id: Option<i64>,
    /// That draft's version when it was frozen; `None` too for tasks of older programs.
    pub content_version: Option<String>,
    /// Derived from the results.
    pub status: TaskStatus,
    /// When it is wanted; `None`: at once.
    pub scheduled_time: Option<Timestamp>,
    /// When it was created.
    pub create_time: Timestamp,
    /// When its status was last computed.
    pub update_time: Timestamp,
    /// The link of a link post.
    pub link: Option<MomentLink>,
    /// Who may see it; `None`: everybody.
    pub visibility: Option<Visibility>,
    /// Whether of a video that lasts too long the beginning is published.
    pub video_cut: bool,
    /// JSON of the lists that judged its content when it was created; `None`: there was none.
    pub judged_by: Option<String>,
    /// JSON of what they found; `None`: nothing.
    pub decision: Option<String>,
    /// In the order of the request.
    pub results: Vec<ResultView>,
    /// What would keep those from going out that have not been submitted.
    pub warnings: Vec<TaskWarning>,
}

impl TaskView {
    /// How many results have each status.
    pub fn counts(&self) -> StatusCounts {
        counts(&self.results)
    }
}

/// One account's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultView {
    /// The account.
    pub account_id: AccountId,
    /// Its name when the task was created.
    pub account_name: Option<String>,
    /// Derived.
    pub status: ResultStatus,
    /// The truth in between.
    pub stage: Stage,
    /// Until when it waits at least, where its stage is one of waiting.
    pub waiting_until: Option<Timestamp>,
    /// The limit that it waits for.
    pub waiting_limit: Option<LimitKind>,
    /// The Moment: once it exists, unless it did not come out for this account.
    pub moment_id: Option<String>,
    /// Why it failed.
    pub error_reason: Option<FailReason>,
    /// The same for people.
    pub error_message: Option<String>,
    /// When it was first seen published.
    pub publish_time: Option<Timestamp>,
}

impl Store {
    /// The user's task with its results, all as they were at one moment and derived from their publications; `None` when the user has no such task.
    pub async fn find_task(&self, user: UserId, id: TaskId) -> Result<Option<TaskView>, StoreError> {
        // A commit between the two reads would show a status that contradicts the results.
        let snapshot = self.snapshot().await?;
        let found = match snapshot.row(&TASK, [id.0.into(), user.0.into()]).await? {
            Some(row) => {
                let results = results(&snapshot, id).await?;
                let waits = results.iter().any(|result| result.status == ResultStatus::Pending);
                let warnings = if waits {
                    warnings::read(&snapshot, id).await?
                } else {
                    Vec::new()
                };
                Some(task(&row, results, warnings)?)
            }
            None => None,
        };
        snapshot.commit().await?;
        Ok(found)
    }
}

static TASK: Sql = Sql::each(|d| {
    let time = |column: &str| d.time_text(&format!("t.{column}"), column);
    let (scheduled, created, updated) = (time("scheduled_time"), time("create_time"), time("update_time"));
    format!(
        "SELECT t.id, t.content_id, t.content_version, {scheduled}, {created}, {updated}, t.link, t.visibility, t.video_cut, s.lists, c.decision FROM t_moment_sync_task t \
         LEFT JOIN t_moment_word_set s ON s.hash = t.word_set LEFT JOIN t_moment_compliance c ON c.task_id = t.id \
         WHERE t.id = ? AND t.user_id = ?"
    )
});

static RESULTS: Sql = Sql::same(
    "SELECT r.id, r.account_id, r.account_name, r.outcome, r.moment_id, r.error_reason, r.error_message, \
     r.publish_time, p.state, p.wait_reason, p.wait_limit, p.plan_time, p.moment_id AS created_moment FROM t_moment_sync_result r \
     JOIN t_moment_publication p ON p.id = r.publication_id WHERE r.task_id = ? ORDER BY r.id",
);

async fn results(snapshot: &DatabaseTransaction, task: TaskId) -> Result<Vec<ResultView>, StoreError> {
    let rows = snapshot.rows(&RESULTS, [task.0.into()]).await?;
    rows.iter().map(result).collect()
}

fn counts(results: &[ResultView]) -> StatusCounts {
    let mut counts = StatusCounts::default();
    for result in results {
        counts.add(result.status, 1);
    }
    counts
}

fn task(row: &QueryResult, results: Vec<ResultView>, warnings: Vec<TaskWarning>) -> Result<TaskView, StoreError> {
    let id: i64 = row.try_get("", "id")?;
    Ok(TaskView {
        id: TaskId(id),
        content_id: row.try_get("", "content_id")?,
        content_version: row.try_get("", "content_version")?,
        status: TaskStatus::of(counts(&results)),
        scheduled_time: match row.try_get::<Option<String>>("", "scheduled_time")? {
            Some(_) => Some(datetime(row, id, "scheduled_time")?),
            None => None,
        },
        create_time: datetime(row, id, "create_time")?,
        update_time: datetime(row, id, "update_time")?,
        link: rows::json_opt(row, "t_moment_sync_task", id, "link")?,
        visibility: rows::json_opt(row, "t_moment_sync_task", id, "visibility")?,
        video_cut: row.try_get::<i64>("", "video_cut")? != 0,
        judged_by: row.try_get("", "lists")?,
        decision: row.try_get("", "decision")?,
        results,
        warnings,
    })
}

fn datetime(row: &QueryResult, id: i64, column: &str) -> Result<Timestamp, StoreError> {
    let text: String = row.try_get("", column)?;
    let unreadable = || StoreError::Unreadable {
        table: "t_moment_sync_task",
        id,
        why: format!("{column}: not a time"),
    };
    from_datetime(&text).ok_or_else(unreadable)
}

fn result(row: &QueryResult) -> Result<ResultView, StoreError> {
    const TABLE: &str = "t_moment_sync_result";
    let id: i64 = row.try_get("", "id")?;
    let state: PublicationState = rows::parse(row, TABLE, id, "state")?;
    let wait: Option<WaitReason> = rows::parse_opt(row, TABLE, id, "wait_reason")?;
    let outcome: Outcome = rows::parse(row, TABLE, id, "outcome")?;
    let status = ResultStatus::of(state, outcome);
    let waits = state == PublicationState::Ready && wait.is_some() && outcome == Outcome::Pending;
    Ok(ResultView {
        account_id: AccountId(row.try_get("", "account_id")?),
        account_name: row.try_get("", "account_name")?,
        status,
        stage: Stage::of(state, wait, outcome),
        waiting_until: rows::time_opt(row, "plan_time")?.filter(|_| waits),
        waiting_limit: rows::parse_opt(row, TABLE, id, "wait_limit")?.filter(|_| waits),
        moment_id: match status {
            // Made, and not yet out for this account.
            ResultStatus::Processing => row.try_get("", "created_moment")?,
            _ => row.try_get("", "moment_id")?,
        },
        error_reason: rows::parse_opt(row, TABLE, id, "error_reason")?,
        error_message: row.try_get("", "error_message")?,
        publish_time: rows::time_opt(row, "publish_time")?,
    })
}
