//! The program's database, seen from a second connection: to disturb it, and to count what it holds.

use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};

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

    /// Whether this text stands in clear where credentials are kept.
    pub(crate) async fn tells(&self, secret: &str) -> bool {
        let kept = [
            "t_moment_channel WHERE credential",
            "t_moment_channel WHERE token",
            "t_moment_channel WHERE broken_reason",
            "t_wechat_account WHERE auth_data",
            "t_moment_attempt WHERE answer",
        ];
        let mut found = 0;
        for column in kept {
            found += self
                .number(&format!("SELECT count(*) FROM {column} LIKE '%{secret}%'"))
                .await;
        }
        found > 0
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
