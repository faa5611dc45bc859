//! The status of a task, computed from its results; the only place where it is written.

use std::collections::BTreeMap;

use moments_domain::status::StatusCounts;
use moments_domain::{TaskId, TaskStatus, Timestamp};
use sea_orm::DatabaseTransaction;

use crate::db::Statements;
use crate::dialect::{Dialect, Kind, Sql};
use crate::error::StoreError;
use crate::rows::{self, json};
use crate::time::to_datetime;

/// Computes the status of every task whose results the transaction has changed, each with its present.
pub(crate) async fn write(txn: &DatabaseTransaction, touched: BTreeMap<TaskId, Timestamp>) -> Result<(), StoreError> {
    let ids = json(&touched.keys().map(|task| [task.0]).collect::<Vec<_>>())?;
    if Dialect::of(txn).has_many_writers() {
        // Another transaction may be changing other results of the same task: the later one must see both.
        txn.rows(&LOCK, [ids.as_str().into()]).await?;
    }
    let mut counts: BTreeMap<TaskId, StatusCounts> = BTreeMap::new();
    for row in txn.rows(&COUNT, [ids.into()]).await? {
        let task = row.try_get("", "task_id")?;
        let status = rows::parse(&row, "t_moment_sync_result", task, "status")?;
        let n: i64 = row.try_get("", "n")?;
        counts.entry(TaskId(task)).or_default().add(status, n.unsigned_abs());
    }
    let rows: Vec<_> = counts
        .iter()
        .filter_map(|(task, counts)| Some((task.0, TaskStatus::of(*counts).name(), to_datetime(*touched.get(task)?))))
        .collect();
    txn.run(&SET, [json(&rows)?.into()]).await?;
    Ok(())
}

static LOCK: Sql = Sql::each(|d| {
    let (rows, join, lock) = (d.rows(&[("id", Kind::Int)]), d.join(), d.for_update());
    format!("SELECT t.id FROM {rows} v {join} t_moment_sync_task t ON t.id = v.id ORDER BY t.id{lock}")
});
static COUNT: Sql = Sql::each(|d| {
    let rows = d.rows(&[("id", Kind::Int)]);
    format!(
        "SELECT task_id, status, COUNT(*) AS n FROM t_moment_sync_result \
         WHERE task_id IN (SELECT v.id FROM {rows} v) GROUP BY task_id, status"
    )
});
static SET: Sql = Sql::each(|d| {
    let rows = d.rows(&[("id", Kind::Int), ("status", Kind::Text), ("now", Kind::Time)]);
    d.update_within(
        "t_moment_sync_task",
        &[("status", "v.status"), ("update_time", "v.now")],
        &rows,
        "t.id = v.id",
    )
});
