//! What a caller of the store may have to handle.

use std::sync::Arc;

use sea_orm::DbErr;

/// The store did not do what it was asked; nothing of the transaction was written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is busy, full or gone. The same call may succeed later.
    #[error("the database is not available")]
    Unavailable(#[source] Arc<DbErr>),
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
