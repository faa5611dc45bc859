//! Opening the database.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, ExecResult,
    QueryResult, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait, Value,
};

use crate::commit::CommitQueue;
use crate::error::StoreError;
use crate::migrate;
use crate::sequence::Sequences;

/// How to open a database.
#[derive(Clone, Debug)]
pub struct Options {
    /// `sqlite://path/to/file.db` (made when missing), or `sqlite::memory:`.
    pub url: String,
    /// Whether a commit survives a power cut. Off only for simulations, which crash nothing but themselves.
    pub durable: bool,
    /// Connections for reading.
    pub readers: u32,
    /// Takes the database for this process alone, as long as the store or a clone of it lives: leases of a dead process may then be voided.
    pub alone: bool,
}

impl Options {
    /// A durable database at `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            durable: true,
            readers: 4,
            alone: false,
        }
    }
}

/// Access to the tables. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) reader: DatabaseConnection,
    pub(crate) writer: DatabaseConnection,
    pub(crate) commits: CommitQueue,
    pub(crate) sequences: Arc<Sequences>,
    #[expect(dead_code, reason = "holds the lock as long as the store lives")]
    lock: Option<Arc<std::fs::File>>,
}

impl Store {
    /// Opens the database and brings its schema up to date. Must run inside a Tokio runtime.
    pub async fn open(options: &Options) -> Result<Self, StoreError> {
        if !options.url.starts_with("sqlite:") {
            return Err(StoreError::Setup(format!(
                "database.url must begin with sqlite: in this version, it is {}",
                options.url.split(':').next().unwrap_or_default()
            )));
        }
        make_folder(&options.url)?;
        // Before the schema: two programs must not change it at once.
        let lock = if options.alone { lock(&options.url)? } else { None };
        let writer = connect(options, 1).await?;
        let memory = options.url.contains(":memory:");
        let reader = if memory {
            writer.clone()
        } else {
            connect(options, options.readers).await?
        };
        migrate::up(&writer).await?;
        let commits = CommitQueue::start(writer.clone());
        Ok(Self {
            reader,
            writer,
            commits,
            sequences: Arc::default(),
            lock,
        })
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.reader.execute_raw(statement("SELECT 1", [])).await?;
        Ok(())
    }

    /// A short write transaction. Only one is open at a time; never await anything but statements in it.
    pub(crate) async fn write(&self) -> Result<DatabaseTransaction, StoreError> {
        begin(&self.writer).await
    }

    pub(crate) async fn rows<const N: usize>(
        &self,
        sql: &str,
        values: [Value; N],
    ) -> Result<Vec<QueryResult>, StoreError> {
        Ok(self.reader.query_all_raw(statement(sql, values)).await?)
    }

    pub(crate) async fn row<const N: usize>(
        &self,
        sql: &str,
        values: [Value; N],
    ) -> Result<Option<QueryResult>, StoreError> {
        Ok(self.reader.query_one_raw(statement(sql, values)).await?)
    }

    /// One statement as a transaction of its own.
    pub(crate) async fn execute<const N: usize>(
        &self,
        sql: &str,
        values: [Value; N],
    ) -> Result<ExecResult, StoreError> {
        Ok(self.writer.execute_raw(statement(sql, values)).await?)
    }
}

pub(crate) fn statement<const N: usize>(sql: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}

/// Begins a transaction that has the right to write from the start: one that reads first and then wants to write fails when it meets another.
pub(crate) async fn begin(connection: &DatabaseConnection) -> Result<DatabaseTransaction, StoreError> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    Ok(connection.begin_with_options(options).await?)
}

async fn connect(options: &Options, connections: u32) -> Result<DatabaseConnection, StoreError> {
    let durable = options.durable;
    let mut connect = ConnectOptions::new(&options.url);
    connect
        .max_connections(connections)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(Duration::from_secs(10))
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |opts| {
            opts.create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(if durable {
                    SqliteSynchronous::Full
                } else {
                    SqliteSynchronous::Off
                })
                .busy_timeout(Duration::from_secs(5))
                .pragma("temp_store", "memory")
        });
    Database::connect(connect).await.map_err(|e| {
        StoreError::Setup(format!(
            "cannot open database {}: {e}. Check database.url and the folder's permissions",
            options.url
        ))
    })
}

fn lock(url: &str) -> Result<Option<Arc<std::fs::File>>, StoreError> {
    let Some(path) = file_of(url).map(|path| format!("{path}.lock")) else {
        return Ok(None);
    };
    let file = std::fs::File::create(&path).map_err(|e| StoreError::Setup(format!("cannot make {path}: {e}")))?;
    file.try_lock().map_err(|_| {
        StoreError::Setup(format!(
            "another moments-sync uses this database ({path} is locked): stop it first, or set another database.url"
        ))
    })?;
    Ok(Some(Arc::new(file)))
}

fn file_of(url: &str) -> Option<&str> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    let path = path.split('?').next().unwrap_or(path);
    (!path.is_empty() && path != ":memory:").then_some(path)
}

fn make_folder(url: &str) -> Result<(), StoreError> {
    let Some(folder) = file_of(url).and_then(|path| Path::new(path).parent()) else {
        return Ok(());
    };
    if folder.as_os_str().is_empty() {
        return Ok(());
    }
    std::fs::create_dir_all(folder)
        .map_err(|e| StoreError::Setup(format!("cannot make folder {}: {e}", folder.display())))
}
