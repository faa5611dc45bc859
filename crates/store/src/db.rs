//! The store: access to the tables.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, ExecResult, IsolationLevel, QueryResult,
    SqliteTransactionMode, TransactionOptions, TransactionTrait, Value,
};

use crate::commit::CommitQueue;
use crate::connect::{self, FileLock, Options};
use crate::dialect::{Dialect, Sql};
use crate::error::StoreError;
use crate::migrate;
use crate::sequence::Sequences;

/// How often a transaction is tried that met another one,
pub(crate) const TRIES: u32 = 8;
/// and for how long.
pub(crate) const TRIED_FOR: Duration = Duration::from_secs(4);

/// Makes a transaction, a block that ends with a `Result`; makes it again when it met another one, a bounded number of times and for a bounded time.
macro_rules! again {
    ($transaction:block) => {{
        let begun = tokio::time::Instant::now();
        let mut tries = 1;
        loop {
            let outcome: Result<_, $crate::error::StoreError> = async $transaction.await;
            match outcome {
                Err(error)
                    if error.is_contention()
                        && tries < $crate::db::TRIES
                        && begun.elapsed() < $crate::db::TRIED_FOR =>
                {
                    tries += 1;
                }
                outcome => break outcome,
            }
        }
    }};
}
pub(crate) use again;

/// Access to the tables. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) reader: DatabaseConnection,
    pub(crate) writer: DatabaseConnection,
    pub(crate) commits: CommitQueue,
    pub(crate) sequences: Arc<Sequences>,
    lock: Option<Arc<FileLock>>,
}

impl Store {
    /// Opens the database and brings its schema up to date. Must run inside a Tokio runtime.
    pub async fn open(options: &Options) -> Result<Self, StoreError> {
        // Before the schema: two programs must not change a file at once.
        let lock = FileLock::take(options)?.map(Arc::new);
        let (reader, writer) = connect::open(options).await?;
        migrate::up(&writer).await?;
        let commits = CommitQueue::start(&writer);
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
        self.reader.execute_unprepared("SELECT 1").await?;
        Ok(())
    }

    /// Whether no other process can use the database as long as this store lives, see [`Options::alone`].
    pub fn is_alone(&self) -> bool {
        self.lock.is_some()
    }

    /// A short write transaction; never await anything but statements in it. Ended with [`commit`].
    pub(crate) async fn write(&self) -> Result<DatabaseTransaction, StoreError> {
        begin(&self.writer).await
    }

    /// A transaction that reads all as it was at one moment.
    pub(crate) async fn snapshot(&self) -> Result<DatabaseTransaction, StoreError> {
        // SQLite's transactions are no other; asked for a level, it would only warn.
        let level = Dialect::of(&self.reader)
            .has_many_writers()
            .then_some(IsolationLevel::RepeatableRead);
        Ok(self.reader.begin_with_config(level, None).await?)
    }

    pub(crate) async fn rows<const N: usize>(
        &self,
        sql: &Sql,
        values: [Value; N],
    ) -> Result<Vec<QueryResult>, StoreError> {
        self.reader.rows(sql, values).await
    }

    pub(crate) async fn row<const N: usize>(
        &self,
        sql: &Sql,
        values: [Value; N],
    ) -> Result<Option<QueryResult>, StoreError> {
        self.reader.row(sql, values).await
    }

    /// One statement as a transaction of its own; how many rows it changed.
    pub(crate) async fn run<const N: usize>(&self, sql: &Sql, values: [Value; N]) -> Result<u64, StoreError> {
        again!({ self.writer.run(sql, values.clone()).await })
    }
}

/// Statements in or out of a transaction.
pub(crate) trait Statements: ConnectionTrait + Sized {
    async fn rows<const N: usize>(&self, sql: &Sql, values: [Value; N]) -> Result<Vec<QueryResult>, StoreError> {
        Ok(self.query_all_raw(sql.with(Dialect::of(self), values)).await?)
    }

    async fn row<const N: usize>(&self, sql: &Sql, values: [Value; N]) -> Result<Option<QueryResult>, StoreError> {
        Ok(self.query_one_raw(sql.with(Dialect::of(self), values)).await?)
    }

    /// How many rows it changed.
    async fn run<const N: usize>(&self, sql: &Sql, values: [Value; N]) -> Result<u64, StoreError> {
        let done: ExecResult = self.execute_raw(sql.with(Dialect::of(self), values)).await?;
        Ok(done.rows_affected())
    }

    /// Several statements with one parameter each, in order; how many rows they changed together. SQLite runs in a thread of its own: there
    /// they go over as one text, because waking the thread costs more than the statements do.
    async fn run_all(&self, statements: &[(&Sql, String)]) -> Result<u64, StoreError> {
        let dialect = Dialect::of(self);
        if statements.is_empty() {
            return Ok(0);
        }
        if dialect == Dialect::Sqlite {
            let done = self.execute_raw(Sql::joined(dialect, statements)).await;
            return Ok(done?.rows_affected());
        }
        let mut changed = 0;
        for (sql, rows) in statements {
            changed += self.run(sql, [rows.as_str().into()]).await?;
        }
        Ok(changed)
    }
}

impl<C: ConnectionTrait> Statements for C {}

/// Begins a transaction that has the right to write from the start: in SQLite one that reads first and then wants to write fails when it
/// meets another. On servers it reads what is committed at each statement ([`connect`] sets that), and locks what it builds upon.
pub(crate) async fn begin(connection: &DatabaseConnection) -> Result<DatabaseTransaction, StoreError> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    Ok(connection.begin_with_options(options).await?)
}

/// Ends a transaction. [`StoreError::Doubtful`] when a server's answer to that did not come.
pub(crate) async fn commit(txn: DatabaseTransaction) -> Result<(), StoreError> {
    let dialect = Dialect::of(&txn);
    txn.commit().await.map_err(|e| match StoreError::from(e) {
        StoreError::Unavailable(cause) if dialect.has_many_writers() => StoreError::of_commit(cause),
        other => other,
    })
}
