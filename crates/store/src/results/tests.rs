use sea_orm::ConnectionTrait;

use super::*;
use crate::connect::Options;
use crate::db::Store;
use crate::dialect::Dialect;

/// How SQLite goes about `sql`, one line for each step.
async fn plan(sql: &str) -> Vec<String> {
    let store = Store::open(&Options::new("sqlite::memory:")).await.expect("a store");
    let steps = store
        .reader
        .query_all_raw(sea_orm::Statement::from_sql_and_values(
            sea_orm::DbBackend::Sqlite,
            format!("EXPLAIN QUERY PLAN {sql}"),
            ["[]".into()],
        ))
        .await
        .expect("a plan");
    steps
        .iter()
        .map(|step| step.try_get("", "detail").expect("a step"))
        .collect()
}

#[tokio::test]
async fn each_outcome_finds_its_row_by_account() {
    let plan = plan(UPDATE_OUTCOMES.text(Dialect::Sqlite)).await;
    let by_account = "SEARCH t USING INDEX u_moment_sync_result (task_id=? AND account_id=?)";
    assert!(
        plan.iter().any(|step| step == by_account),
        "ten thousand accounts would be compared with each other: {plan:#?}"
    );
}
