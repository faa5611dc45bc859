//! How a database comes to its schema.

use futures::future::join_all;
use moments_domain::Move;
use moments_store::{Options, Saved, Store};

use crate::world::{NOW, World, save};

/// How many steps there are.
const STEPS: i64 = 17;

const TABLES: &[&str] = &[
    "seaql_migrations",
    "t_wechat_account",
    "t_moment_sync_task",
    "t_moment_sync_result",
    "t_moment_channel",
    "t_moment_publication",
    "t_moment_attempt",
    "t_moment_media",
    "t_moment_upload",
    "t_moment_idempotency",
    "t_moment_sequence",
    "t_moment_gate",
    "t_moment_process",
    "t_moment_suite",
    "t_moment_install",
    "t_moment_push",
    "t_moment_account_event",
    "t_moment_file",
    "t_moment_limit",
    "t_moment_login",
    "t_moment_callback",
    "t_moment_word_list",
    "t_moment_word_list_version",
    "t_moment_word_set",
    "t_moment_compliance",
    "t_moment_audit",
    "t_moment_audit_head",
    "t_moment_early",
    "t_moment_early_media",
];

pub(crate) async fn five_processes_start_at_once_on_an_empty_database(w: World) {
    for table in TABLES.iter().chain(&["t_workbench_content"]) {
        w.meddle(&format!("DROP TABLE {table}")).await;
    }
    let options = Options::new(&w.database.url);
    let stores = join_all((0..5).map(|_| Store::open(&options))).await;
    assert!(stores.iter().all(Result::is_ok), "{stores:?}");
    assert_eq!(w.number("SELECT COUNT(*) AS n FROM seaql_migrations").await, STEPS);
    assert_eq!(w.number("SELECT COUNT(*) AS n FROM t_moment_sync_task").await, 0);
}

/// Where changes of the schema cannot be undone, a process that dies between two of them leaves the first. Elsewhere a step is there whole or not at all.
pub(crate) async fn a_start_that_was_cut_off_is_made_good(w: World) {
    let every_step = w.database.url.starts_with("mysql:");
    let steps = if every_step {
        ""
    } else {
        " WHERE version IN ('0002_gate', '0003_process')"
    };
    w.meddle(&format!("DELETE FROM seaql_migrations{steps}")).await;
    if every_step {
        w.meddle("DROP INDEX i_moment_publication_task ON t_moment_publication")
            .await;
        w.meddle("DROP TABLE t_moment_gate").await;
        w.meddle("ALTER TABLE t_moment_channel DROP COLUMN suite_id").await;
    }
    w.another().await;
    assert_eq!(w.number("SELECT COUNT(*) AS n FROM seaql_migrations").await, STEPS);
    assert_eq!(w.number("SELECT COUNT(*) AS n FROM t_moment_gate").await, 0);
    assert_eq!(w.number("SELECT COUNT(suite_id) AS n FROM t_moment_channel").await, 0);
}

pub(crate) async fn a_newer_schema_is_no_obstacle(w: World) {
    let running = w.another().await;
    w.meddle("ALTER TABLE t_moment_publication ADD COLUMN later BIGINT")
        .await;
    w.meddle("INSERT INTO seaql_migrations (version, applied_at) VALUES ('9999_later', 0)")
        .await;
    for store in [running, w.another().await] {
        let task = World::task("早安", &w.channels[..1], None);
        store.create_task(task, |id, _| id.to_string()).await.expect("a task");
        let claimed = w.claim_one(NOW).await;
        let saved = store.save(save(&claimed, Move::GiveUp, NOW)).await;
        assert_eq!(saved.expect("a save"), Saved::Done);
    }
}
