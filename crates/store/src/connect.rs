//! Opening connections, by the database's address.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{Database as SqlxDatabase, Executor, pool::PoolOptions};
use sea_orm::{ConnectOptions, Database, DatabaseConnection};

use crate::error::StoreError;

/// The longest wait for a connection: while a server is away, every caller waits so long.
const PATIENCE: Duration = Duration::from_secs(5);
/// A connection that nobody used for so long is tried before it is used.
const TRIED_AFTER: Duration = Duration::from_secs(1);

/// A file's pages kept by each connection that meets them, KiB (negative means that): what thousands of open publications are on.
const CACHE: &str = "-16384";
/// Rows that a connection's thread may be ahead of who reads them: a whole claim, so that they do not wait for each other every few rows.
const ROWS_AHEAD: usize = 1024;
/// Pages in the log before they go into the file: a page that changes often is written there once for many changes.
const CHECKPOINT: &str = "4000";

/// Nobody waits longer than seconds for a lock, and a transaction reads what is committed at each statement: at MySQL's default level
/// claims would lock the gaps between rows, and run into each other.
const MYSQL_SESSION: &str = "SET SESSION innodb_lock_wait_timeout = 5; SET SESSION lock_wait_timeout = 5; SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
/// The same; and a process that is stopped in a transaction loses it instead of blocking the others.
const POSTGRES_SESSION: &str = "SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '15s'; \
    SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED";

/// How to open a database.
#[derive(Clone)]
pub struct Options {
    /// `sqlite://path/to/file.db` (made when missing), `sqlite::memory:`, `mysql://` or `mariadb://user:password@host:port/database`, or
    /// `postgres://` or `postgresql://` likewise. Encryption to servers by their usual parameters: `?ssl-mode=REQUIRED`, `?sslmode=require`.
    pub url: String,
    /// Whether a commit to a file survives a power cut. Off only for simulations, which crash nothing but themselves.
    pub durable: bool,
    /// Connections: for reading a file, or to a server in all.
    pub connections: u32,
    /// Takes a file for this process alone, as long as the store or a clone of it lives: leases of a dead process may then be voided.
    /// Means nothing on a server.
    pub alone: bool,
}

impl Options {
    /// A durable database at `url`.
    pub fn new(url: impl Into<String>) -> Self {
        let url = url.into();
        let connections = if url.starts_with("sqlite:") { 4 } else { 16 };
        Self {
            url,
            durable: true,
            connections,
            alone: false,
        }
    }

    /// Whether the database is one that many processes may work on.
    pub fn is_server(&self) -> bool {
        !self.url.starts_with("sqlite:")
    }

    fn is_memory(&self) -> bool {
        self.url.contains(":memory:")
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("url", &shown(&self.url))
            .field("durable", &self.durable)
            .field("connections", &self.connections)
            .field("alone", &self.alone)
            .finish()
    }
}

/// A database's address for people to read: without user, password and parameters.
pub fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let rest = rest.split('?').next().unwrap_or(rest);
    // A password may hold an @ that nobody has escaped.
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}://{rest}")
}

/// A file that says that one process has the database.
#[derive(Debug)]
pub(crate) struct FileLock {
    /// A database in memory has no file, and nobody else can reach it.
    _file: Option<File>,
}

impl FileLock {
    /// `None` when the options do not ask for it, or the database is a server's.
    pub(crate) fn take(options: &Options) -> Result<Option<Self>, StoreError> {
        if options.is_memory() {
            return Ok(Some(Self { _file: None }));
        }
        let Some(database) = file_of(&options.url) else {
            return Ok(None);
        };
        make_folder(database)?;
        if !options.alone {
            return Ok(None);
        }
        let path = format!("{database}.lock");
        let file = File::create(&path).map_err(|e| StoreError::Setup(format!("cannot make {path}: {e}")))?;
        file.try_lock().map_err(|_| {
            StoreError::Setup(format!(
                "another moments-sync uses this database ({path} is locked): stop it first, or set another database.url"
            ))
        })?;
        Ok(Some(Self { _file: Some(file) }))
    }
}

/// Connections for reading and for writing. A server's are the same, a file has one for writing.
pub(crate) async fn open(options: &Options) -> Result<(DatabaseConnection, DatabaseConnection), StoreError> {
    let writer = connect(options, if options.is_server() { options.connections } else { 1 }).await?;
    let reader = if options.is_server() || options.is_memory() {
        writer.clone()
    } else {
        connect(options, options.connections).await?
    };
    Ok((reader, writer))
}

async fn connect(options: &Options, connections: u32) -> Result<DatabaseConnection, StoreError> {
    let address = address(&options.url)?;
    let mut connect = ConnectOptions::new(&address);
    connect
        .max_connections(connections)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .sqlx_logging(false);
    if options.is_server() {
        to_server(&mut connect);
    } else {
        to_file(&mut connect, options.durable);
    }
    Database::connect(connect).await.map_err(|e| {
        // The driver repeats an address that it cannot read.
        let why = e
            .to_string()
            .replace(&address, "the address")
            .replace(&options.url, "the address");
        let what = if options.is_server() {
            "that the server runs, and its user's rights"
        } else {
            "the folder's permissions"
        };
        StoreError::Setup(format!(
            "cannot open database {}: {why}. Check database.url, {what}",
            shown(&options.url)
        ))
    })
}

/// The address as the driver spells it.
fn address(url: &str) -> Result<String, StoreError> {
    match url.split_once(':') {
        Some(("sqlite" | "mysql" | "postgres", _)) => Ok(url.to_owned()),
        Some(("mariadb", rest)) => Ok(format!("mysql:{rest}")),
        Some(("postgresql", rest)) => Ok(format!("postgres:{rest}")),
        _ => Err(StoreError::Setup(
            "database.url must begin with sqlite://, mysql://, mariadb://, postgres:// or postgresql://".to_owned(),
        )),
    }
}

fn to_file(connect: &mut ConnectOptions, durable: bool) {
    connect.map_sqlx_sqlite_opts(move |opts| {
        opts.create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(if durable {
                SqliteSynchronous::Full
            } else {
                SqliteSynchronous::Off
            })
            .busy_timeout(Duration::from_secs(5))
            .row_buffer_size(ROWS_AHEAD)
            .pragma("temp_store", "memory")
            .pragma("cache_size", CACHE)
            .pragma("wal_autocheckpoint", CHECKPOINT)
    });
}

fn to_server(connect: &mut ConnectOptions) {
    connect
        .max_lifetime(Duration::from_mins(30))
        .test_before_acquire_if_idle_for(TRIED_AFTER)
        .map_sqlx_postgres_pool_opts(|pool| in_session(pool, POSTGRES_SESSION))
        .map_sqlx_mysql_pool_opts(|pool| in_session(pool, MYSQL_SESSION));
}

/// Begins each connection with `sql`.
fn in_session<D>(pool: PoolOptions<D>, sql: &'static str) -> PoolOptions<D>
where
    D: SqlxDatabase,
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
{
    pool.after_connect(move |connection, _| Box::pin(async move { connection.execute(sql).await.map(drop) }))
}

fn file_of(url: &str) -> Option<&str> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    let path = path.split('?').next().unwrap_or(path);
    (!path.is_empty() && path != ":memory:").then_some(path)
}

fn make_folder(database: &str) -> Result<(), StoreError> {
    let Some(folder) = Path::new(database)
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    else {
        return Ok(());
    };
    std::fs::create_dir_all(folder)
        .map_err(|e| StoreError::Setup(format!("cannot make folder {}: {e}", folder.display())))
}

#[cfg(test)]
mod tests;
