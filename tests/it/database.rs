//! The program's database, seen from a second connection: to disturb it, and to count what it holds.

use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, QueryResult, Statement};

use crate::world::World;

/// One connection, so that a transaction begun by one statement is the next one's too.
pub(crate) struct Database(DatabaseConnection);

impl Database {
    pub(crate) async fn of(world: &World) -> Self {
        Self(world.database.connect().await)
    }

    /// Keeps everybody else from writing tasks, until [`Database::release`].
    pub(crate) async fn hold(&self) {
        self.run(match self.0.get_database_backend() {
            DbBackend::MySql => "LOCK TABLES t_moment_sync_task WRITE",
            DbBackend::Postgres => "BEGIN; LOCK TABLE t_moment_sync_task",
            _ => "BEGIN EXCLUSIVE",
        })
        .await;
    }

    /// Lets the others go on.
    pub(crate) async fn release(&self) {
        self.run(match self.0.get_database_backend() {
            DbBackend::MySql => "UNLOCK TABLES",
            _ => "COMMIT",
        })
        .await;
    }

    /// Moves what a task has planned so many seconds nearer, so that a test need not be faster than a clock.
    pub(crate) async fn bring_nearer(&self, task: i64, secs: i64) {
        let micros = secs * 1_000_000;
        self.run(&format!(
            "UPDATE t_moment_publication SET plan_time = plan_time - {micros}, look_time = look_time - {micros} WHERE task_id = {task}"
        ))
        .await;
    }

    /// Every text of every table.
    pub(crate) async fn texts(&self) -> String {
        let backend = self.0.get_database_backend();
        let tables = match backend {
            DbBackend::MySql => {
                "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()"
            }
            DbBackend::Postgres => {
                "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'"
            }
            _ => "SELECT name FROM sqlite_master WHERE type = 'table'",
        };
        let mut texts = String::new();
        for table in self.rows(tables).await {
            let table: String = table.try_get("", "name").expect("a name");
            for row in self.rows(&format!("SELECT * FROM {table}")).await {
                for column in row.column_names() {
                    // Numbers are no texts.
                    let text = row.try_get::<Option<String>>("", &column);
                    texts.extend(text.ok().flatten().into_iter().chain(["\n".to_owned()]));
                }
            }
        }
        texts
    }

    async fn rows(&self, sql: &str) -> Vec<QueryResult> {
        let statement = Statement::from_string(self.0.get_database_backend(), sql);
        self.0.query_all_raw(statement).await.expect("the query works")
    }

    pub(crate) async fn run(&self, sql: &str) {
        self.0.execute_unprepared(sql).await.expect("the statement works");
    }

    /// The number that a query answers.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let statement = Statement::from_string(self.0.get_database_backend(), sql);
        let row = self.0.query_one_raw(statement).await.expect("the query works");
        row.expect("a row").try_get_by_index(0).expect("a number")
    }

    /// Rows of everything that a new task writes.
    pub(crate) async fn rows_of_tasks(&self) -> i64 {
        let tables = ["sync_task", "sync_result", "publication", "idempotency"];
        let mut rows = 0;
        for table in tables {
            rows += self.number(&format!("SELECT count(*) FROM t_moment_{table}")).await;
        }
        rows
    }

    /// A draft of the content library.
    pub(crate) async fn put_draft(&self, id: i64, user: i64, content_type: &str, content_data: &str) {
        let sql = format!(
            "INSERT INTO t_workbench_content (id, user_id, title, content_type, content_data, status, create_time, update_time) \
             VALUES ({id}, {user}, '秋季新品', '{content_type}', '{content_data}', 'READY', \
             '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
        );
        self.run(&sql).await;
    }
}
