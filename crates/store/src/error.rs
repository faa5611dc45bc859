//! What a caller of the store may have to handle.

use std::sync::Arc;

use sea_orm::sqlx::error::DatabaseError;
use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx};

/// The store did not do what it was asked. Nothing of the transaction was written, save perhaps for [`StoreError::Doubtful`].
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is busy, full or gone. The same call may succeed later.
    #[error("the database is not available")]
    Unavailable(#[source] Arc<DbErr>),
    /// The database went away while it was told to commit: all was written, or nothing. Only a look at the rows can tell.
    #[error("the database went away during a commit")]
    Doubtful(#[source] Arc<DbErr>),
    /// A row that this program cannot read, such as one written by a newer version.
    #[error("row {id} of {table}: {why}")]
    Unreadable {
        /// The table.
        table: &'static str,
        /// The row's id.
        id: i64,
        /// What does not fit.
        why: String,
    },
    /// Something with this identity is there already.
    #[error("{0} is there already")]
    Conflict(&'static str),
    /// The database cannot be opened or brought to the present schema; the text says what to do.
    #[error("{0}")]
    Setup(String),
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        Self::Unavailable(Arc::new(error))
    }
}

impl StoreError {
    /// Of a commit that failed: a server that gave a reason has rolled back.
    pub(crate) fn of_commit(cause: Arc<DbErr>) -> Self {
        if database_error(&cause).is_some() {
            Self::Unavailable(cause)
        } else {
            Self::Doubtful(cause)
        }
    }

    /// Whether the transaction was rolled back because it met another one: made again, it will find what the other has left.
    pub(crate) fn is_contention(&self) -> bool {
        // MySQL: deadlock, lock wait, a row changed since it was read. PostgreSQL: serialisation, deadlock, lock wait.
        const CODES: [&str; 6] = ["1213", "1205", "1020", "40001", "40P01", "55P03"];
        let Self::Unavailable(cause) = self else {
            return false;
        };
        let Some(error) = database_error(cause) else {
            return false;
        };
        let number = error
            .try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>()
            .map(|e| e.number().to_string());
        let code = number.or_else(|| error.code().map(std::borrow::Cow::into_owned));
        let is_sqlite = error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some();
        !is_sqlite && code.is_some_and(|code| CODES.contains(&code.as_str()))
    }

    /// Whether a row with the same key is there already; another transaction may just have brought it.
    pub(crate) fn is_duplicate(&self) -> bool {
        matches!(self, Self::Unavailable(cause) if matches!(cause.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))))
    }
}

/// What the database itself said, if the error came from there.
fn database_error(error: &DbErr) -> Option<&dyn DatabaseError> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))
    | DbErr::Conn(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    error.as_database_error()
}
