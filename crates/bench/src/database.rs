//! A database that the program finds empty.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context as _;
use rustix::process::Pid;
use sea_orm::{ConnectOptions, ConnectionTrait as _, DbBackend};

use crate::site::Server;
use crate::usage;

/// A database of one installation: a file, or one of a server's databases.
pub(crate) struct Database {
    url: String,
    /// Unlike that of every other in this run, and in one before that left something behind.
    name: String,
    server: Option<Server>,
}

impl Database {
    /// A file in `folder`, which goes with the folder; or one on `server`, which goes with [`Self::remove`].
    pub(crate) async fn new(folder: &Path, server: Option<&Server>) -> anyhow::Result<Self> {
        let name = unused_name();
        let url = if let Some(server) = server {
            execute(server, |_| format!("CREATE DATABASE {name}")).await?;
            format!("{}{name}", server.url)
        } else {
            format!("sqlite://{}/moments.db", folder.display())
        };
        Ok(Self {
            url,
            name,
            server: server.cloned(),
        })
    }

    /// As it stands in `database.url`; may hold a password.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What nothing else of this run is called.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Processor seconds that the server has used so far, for whomever; `None` for a file, and where its process is not known.
    pub(crate) fn cpu_secs(&self) -> anyhow::Result<Option<f64>> {
        let pid = self.server.as_ref().and_then(|server| server.pid);
        pid.and_then(Pid::from_raw)
            .map(usage::cpu_secs_with_children)
            .transpose()
    }

    /// Drops it, so that the server does no more for it while the next is measured.
    pub(crate) async fn remove(self) -> anyhow::Result<()> {
        let (Some(server), name) = (&self.server, &self.name) else {
            return Ok(());
        };
        execute(server, |backend| match backend {
            DbBackend::Postgres => format!("DROP DATABASE {name} WITH (FORCE)"),
            _ => format!("DROP DATABASE {name}"),
        })
        .await
    }
}

fn unused_name() -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    format!("bench_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed))
}

/// One statement, outside of every database that the benchmark makes.
async fn execute(server: &Server, sql: impl FnOnce(DbBackend) -> String) -> anyhow::Result<()> {
    let home = if server.url.starts_with("postgres") {
        "postgres"
    } else {
        ""
    };
    let mut options = ConnectOptions::new(format!("{}{home}", server.url));
    options.max_connections(1).sqlx_logging(false);
    let connection = sea_orm::Database::connect(options)
        .await
        .context("the database server cannot be reached")?;
    let sql = sql(connection.get_database_backend());
    connection
        .execute_unprepared(&sql)
        .await
        .context("a database of the run")?;
    connection.close().await?;
    Ok(())
}
