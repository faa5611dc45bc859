//! A fresh database for each test.

use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use tempfile::TempDir;

use crate::world::World;

/// An empty database.
pub(crate) struct Fresh {
    pub(crate) url: String,
    _folder: Option<TempDir>,
}

impl Fresh {
    /// Access that does not go through the store.
    pub(crate) async fn connect(&self) -> DatabaseConnection {
        connect(&self.url).await
    }

    pub(crate) fn is_server(&self) -> bool {
        !self.url.starts_with("sqlite:")
    }

    /// Ends every other connection to it.
    pub(crate) async fn cut_all(&self) {
        let connection = self.connect().await;
        let backend = connection.get_database_backend();
        let others = match backend {
            DbBackend::Postgres => {
                "SELECT pid::bigint AS id FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            }
            _ => {
                "SELECT CAST(id AS SIGNED) AS id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
            }
        };
        for row in connection
            .query_all_raw(Statement::from_string(backend, others))
            .await
            .expect("a read")
        {
            let id: i64 = row.try_get("", "id").expect("a number");
            let cut = match backend {
                DbBackend::Postgres => format!("SELECT pg_terminate_backend({id})"),
                _ => format!("KILL {id}"),
            };
            // It may have ended by itself.
            drop(connection.execute_unprepared(&cut).await);
        }
    }
}

pub(crate) async fn sqlite() -> Option<World> {
    let folder = tempfile::tempdir().expect("a folder");
    let fresh = Fresh {
        url: format!("sqlite://{}", folder.path().join("moments.db").display()),
        _folder: Some(folder),
    };
    Some(World::on(fresh).await)
}

pub(crate) async fn mariadb() -> Option<World> {
    on_server("MOMENTS_TEST_MARIADB", "").await
}

pub(crate) async fn postgres() -> Option<World> {
    on_server("MOMENTS_TEST_POSTGRES", "postgres").await
}

/// A new database beside `home`. Where the variable with the server's address is not set, the test is passed over, except in CI.
async fn on_server(variable: &str, home: &str) -> Option<World> {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let Ok(server) = std::env::var(variable) else {
        assert!(std::env::var("CI").is_err(), "{variable} is not set");
        println!("passed over: {variable} is not set (scripts/servers start)");
        return None;
    };
    let name = format!("t{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
    let connection = connect(&format!("{server}{home}")).await;
    let sql = format!("CREATE DATABASE {name}");
    connection.execute_unprepared(&sql).await.expect("a new database");
    let fresh = Fresh {
        url: format!("{server}{name}"),
        _folder: None,
    };
    Some(World::on(fresh).await)
}

async fn connect(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.expect("a connection")
}
