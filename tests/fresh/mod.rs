//! A fresh database for each program under test, of the kind that `MOMENTS_TEST_DATABASE` names: sqlite (default), mariadb or postgres.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Statement};
use tokio::time::{Instant, sleep};

/// A database that the program finds empty.
pub(crate) struct Fresh {
    /// As it stands in `database.url`.
    pub(crate) url: String,
}

impl Fresh {
    /// A file in `folder`, or a new database on the server that `scripts/servers` has started.
    pub(crate) async fn new(folder: &Path) -> Self {
        let url = match std::env::var("MOMENTS_TEST_DATABASE").as_deref() {
            Ok("mariadb") => on_server("MOMENTS_TEST_MARIADB", "").await,
            Ok("postgres") => on_server("MOMENTS_TEST_POSTGRES", "postgres").await,
            Ok("sqlite") | Err(_) => format!("sqlite://{}", folder.join("moments.db").display()),
            Ok(other) => panic!("MOMENTS_TEST_DATABASE={other}: sqlite, mariadb or postgres"),
        };
        Self { url }
    }

    /// Whether several programs may work on it at once.
    pub(crate) fn is_server(&self) -> bool {
        !self.url.starts_with("sqlite:")
    }

    /// One connection, so that a transaction begun by one statement is the next one's too.
    pub(crate) async fn connect(&self) -> DatabaseConnection {
        connect(&self.url).await
    }

    /// Lets the leases of a program that is dead end now. On a file the next program does that itself; on a server it may not be alone, and
    /// the tests would wait for minutes.
    pub(crate) async fn end_leases(&self) {
        if !self.is_server() {
            return;
        }
        let connection = self.connect().await;
        // What the dead program had sent is still carried out.
        let deadline = Instant::now() + Duration::from_secs(2);
        while others(&connection).await > 0 && Instant::now() < deadline {
            sleep(Duration::from_millis(10)).await;
        }
        let sql =
            "UPDATE t_moment_publication SET look_time = plan_time WHERE owner IS NOT NULL AND look_time IS NOT NULL";
        // A program that was killed during its first start has left no table.
        drop(connection.execute_unprepared(sql).await);
    }
}

/// How many other connections the database has.
async fn others(connection: &DatabaseConnection) -> i64 {
    let backend = connection.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => {
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        }
        _ => "SELECT count(*) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()",
    };
    let row = connection.query_one_raw(Statement::from_string(backend, sql)).await;
    let row = row.expect("a read").expect("a row");
    row.try_get_by_index(0).expect("a number")
}

/// A new database beside `home`.
async fn on_server(variable: &str, home: &str) -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let server = std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: scripts/servers start"));
    let name = format!("p{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
    let sql = format!("CREATE DATABASE {name}");
    let connection = connect(&format!("{server}{home}")).await;
    connection.execute_unprepared(&sql).await.expect("a new database");
    format!("{server}{name}")
}

async fn connect(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.expect("a connection")
}
