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
}

async fn connect(url: &Url) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url.as_str());
    options.max_connections(1).sqlx_logging(false);
    Connect::connect(options).await.expect("a connection")
}
