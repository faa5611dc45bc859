use sea_orm::ConnectionTrait;

use super::*;
use crate::connect::Options;
use crate::dialect::Dialect;

/// How SQLite goes about `sql`, one line for each step.
async fn plan(sql: &Sql) -> Vec<String> {
    let store = Store::open(&Options::new("sqlite::memory:")).await.expect("a store");
    let explain = format!("EXPLAIN QUERY PLAN {}", sql.text(Dialect::Sqlite));
    let explain = sea_orm::Statement::from_sql_and_values(sea_orm::DbBackend::Sqlite, explain, ["[]".into()]);
    let steps = store.reader.query_all_raw(explain).await.expect("a plan");
    let detail = |step: &QueryResult| step.try_get("", "detail").expect("a step");
    steps.iter().map(detail).collect()
}

#[tokio::test]
async fn equal_posts_are_found_by_an_index_however_many_there_are() {
    let equal = "i_moment_publication_same (channel_id=? AND fingerprint=? AND due_time>? AND due_time<?)";
    for (sql, wanted) in [
        (&CHANNELS, vec![equal]),
        (
            &POSTS,
            vec![
                equal,
                "u_moment_sync_result (task_id=? AND account_id=?)",
                "INTEGER PRIMARY KEY (rowid=?)",
            ],
        ),
    ] {
        let plan = plan(sql).await;
        for index in wanted {
            assert!(plan.iter().any(|step| step.ends_with(index)), "{index}: {plan:#?}");
        }
        let sorts = plan.iter().any(|step| step.contains("TEMP B-TREE"));
        let scans = plan
            .iter()
            .any(|step| step.starts_with("SCAN p") || step.starts_with("SCAN r"));
        assert!(!sorts && !scans, "{plan:#?}");
    }
}
