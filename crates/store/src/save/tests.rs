use super::*;
use crate::db::Options;

/// How SQLite goes about `sql`, one line for each step.
async fn plan(sql: &str) -> Vec<String> {
    let store = Store::open(&Options::new("sqlite::memory:")).await.expect("a store");
    let steps = store
        .rows(&format!("EXPLAIN QUERY PLAN {sql}"), ["[]".into()])
        .await
        .expect("a plan");
    steps
        .iter()
        .map(|step| step.try_get("", "detail").expect("a step"))
        .collect()
}

#[tokio::test]
async fn each_outcome_finds_its_row_by_account() {
    let plan = plan(UPDATE_OUTCOMES).await;
    let by_account = "SEARCH t_moment_sync_result USING INDEX u_moment_sync_result (task_id=? AND account_id=?)";
    assert!(
        plan.iter().any(|step| step == by_account),
        "ten thousand accounts would be compared with each other: {plan:#?}"
    );
}
