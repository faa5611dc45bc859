//! The run's own database on a test server, and what is left in it.

use sea_orm::{ConnectOptions, ConnectionTrait as _, Database as Connect, DatabaseConnection, Statement};
use url::Url;

/// A fresh database; dropped by name at the start of the next run.
pub(crate) struct Database {
    /// Its address, with the server's own host and port.
    pub(crate) url: Url,
    connection: DatabaseConnection,
}

impl Database {
    /// Makes it on `server`, an address without a database.
    pub(crate) async fn new(server: &str) -> Self {
        let name = format!("chaos_{:08x}", rand::random::<u32>());
        let mut url: Url = server.parse().expect("the server's address");
        if url.scheme().starts_with("postgres") {
            url.set_path("/postgres");
        }
        let admin = connect(&url).await;
        let made = admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await;
        made.expect("a new database");
        url.set_path(&name);
        Self {
            connection: connect(&url).await,
            url,
        }
    }

    /// Publications that have not come to an end.
    pub(crate) async fn open_publications(&self) -> i64 {
        let sql = "SELECT COUNT(*) AS n FROM t_moment_publication WHERE look_time IS NOT NULL OR owner IS NOT NULL";
        let statement = Statement::from_string(self.connection.get_database_backend(), sql);
        let row = self.connection.query_one_raw(statement).await.expect("the query works");
        row.expect("a row").try_get("", "n").expect("a number")
    }

    /// The open publications of a task as the table has them, a line each: what a run that did not end is looked into with.
    pub(crate) async fn open_rows_of(&self, task: i64) -> Vec<String> {
        let columns = [
            "id",
            "channel_id",
            "state",
            "wait_reason",
            "wait_limit",
            "owner",
            "lease",
            "attempt",
            "looks",
            "state_time",
            "look_time",
            "plan_time",
            "sent_time",
            "in_flight",
        ];
        let texts = columns.map(|column| format!("'{column}', COALESCE(CAST({column} AS CHAR(200)), '-')"));
        let sql = format!(
            "SELECT CONCAT_WS(' ', {}) AS line FROM t_moment_publication WHERE task_id = {task} AND look_time IS NOT NULL",
            texts.join(", ")
        );
        let statement = Statement::from_string(self.connection.get_database_backend(), sql);
        let rows = self.connection.query_all_raw(statement).await.expect("the query works");
        rows.iter()
            .map(|row| row.try_get("", "line").expect("a text"))
            .collect()
    }
}

async fn connect(url: &Url) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url.as_str());
    options.max_connections(1).sqlx_logging(false);
    Connect::connect(options).await.expect("a connection")
}
