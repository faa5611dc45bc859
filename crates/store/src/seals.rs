//! Every place of the database that holds a sealed text, in one list: what a change of keys, the check at start and the tests of secrets walk.
//!
//! A new sealed column is a place of its own and one more line in [`SEALED`]; a test compares the list with what the schema's scripts say.

use std::fmt;

use sea_orm::{QueryResult, Value};

use crate::db::{Statements, Store, again, commit};
use crate::dialect::Sql;
use crate::error::StoreError;

/// A column of sealed texts.
pub struct SealedPlace {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// Whether the program gets a lost value again by itself, as it does an access token: then it is forgotten rather than missed.
    pub renewable: bool,
    owner: &'static str,
    field: &'static str,
    before_first: SealKey,
    page: Sql,
    swap: Sql,
}

/// A row's key, which its sealed texts are bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealKey {
    /// An id of ours.
    Number(i64),
    /// A name that others have given.
    Text(String),
}

/// A sealed text where it lies.
#[derive(Clone, Debug)]
pub struct SealedValue {
    /// Its row.
    pub key: SealKey,
    /// The text.
    pub sealed: String,
}

/// `place!(number "table"."key column", "sealed column" => "owner", "field", renewable: false)`; `text` for a key that is text.
macro_rules! place {
    (number $($rest:tt)+) => { place!(@ SealKey::Number(i64::MIN), $($rest)+) };
    (text $($rest:tt)+) => { place!(@ SealKey::Text(String::new()), $($rest)+) };
    (@ $before:expr, $table:literal . $key:literal, $column:literal => $owner:literal, $field:literal, renewable: $renewable:literal) => {
        SealedPlace {
            table: $table,
            column: $column,
            renewable: $renewable,
            owner: $owner,
            field: $field,
            before_first: $before,
            page: Sql::same(concat!(
                "SELECT ", $key, " AS seal_key, ", $column, " AS sealed FROM ", $table,
                " WHERE ", $key, " > ? AND ", $column, " IS NOT NULL ORDER BY ", $key, " LIMIT ?"
            )),
            swap: Sql::same(concat!(
                "UPDATE ", $table, " SET ", $column, " = ? WHERE ", $key, " = ? AND ", $column, " = ?"
            )),
        }
    };
}

/// A channel's credential: `channel:17:credential`.
pub static CHANNEL_CREDENTIAL: SealedPlace =
    place!(number "t_moment_channel"."id", "credential" => "channel", "credential", renewable: false);
/// A channel's access token: `channel:17:token`.
pub static CHANNEL_TOKEN: SealedPlace =
    place!(number "t_moment_channel"."id", "token" => "channel", "token", renewable: true);

/// Token and AES key of a self-built app's own callback: `channel:17:callback`.
pub static CHANNEL_CALLBACK: SealedPlace =
    place!(number "t_moment_channel"."id", "callback" => "channel", "callback", renewable: false);
/// A suite's newest ticket: `suite:ww5f0a91c27d3be648:ticket`. The platform pushes another one every ten minutes.
pub static SUITE_TICKET: SealedPlace =
    place!(text "t_moment_suite"."suite_id", "ticket" => "suite", "ticket", renewable: true);
/// A suite's access token: `suite:ww5f0a91c27d3be648:token`.
pub static SUITE_TOKEN: SealedPlace =
    place!(text "t_moment_suite"."suite_id", "token" => "suite", "token", renewable: true);
/// The permanent code of an install that nobody owns yet: `install:{state}:credential`.
pub static INSTALL_CREDENTIAL: SealedPlace =
    place!(text "t_moment_install"."state", "credential" => "install", "credential", renewable: false);
/// A push whose work is not done: `push:17:body`.
pub static PUSH_BODY: SealedPlace = place!(number "t_moment_push"."id", "body" => "push", "body", renewable: false);

/// What only a log-in itself needs: `login:3:secrets`.
pub static LOGIN_SECRETS: SealedPlace =
    place!(number "t_moment_login"."id", "secrets" => "login", "secrets", renewable: false);
/// The number that WeChat showed for a log-in: `login:3:number`.
pub static LOGIN_NUMBER: SealedPlace =
    place!(number "t_moment_login"."id", "number" => "login", "number", renewable: true);

/// All of them.
pub static SEALED: &[&SealedPlace] = &[
    &CHANNEL_CREDENTIAL,
    &CHANNEL_TOKEN,
    &CHANNEL_CALLBACK,
    &SUITE_TICKET,
    &SUITE_TOKEN,
    &INSTALL_CREDENTIAL,
    &PUSH_BODY,
    &LOGIN_SECRETS,
    &LOGIN_NUMBER,
];

impl SealedPlace {
    /// What a text in this place is bound to: it opens for this row and field only.
    pub fn bound_to(&self, key: impl fmt::Display) -> String {
        format!("{}:{key}:{}", self.owner, self.field)
    }
}

impl fmt::Debug for SealedPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// `table.column`.
impl fmt::Display for SealedPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.table, self.column)
    }
}

impl fmt::Display for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(id) => id.fmt(f),
            Self::Text(name) => name.fmt(f),
        }
    }
}

impl From<&SealKey> for Value {
    fn from(key: &SealKey) -> Self {
        match key {
            SealKey::Number(id) => (*id).into(),
            SealKey::Text(name) => name.as_str().into(),
        }
    }
}

impl Store {
    /// At most `most` sealed texts of a place, in the order of their keys, from the first one behind `after`.
    pub async fn sealed(
        &self,
        place: &SealedPlace,
        after: Option<&SealKey>,
        most: u32,
    ) -> Result<Vec<SealedValue>, StoreError> {
        let after = after.unwrap_or(&place.before_first);
        let rows = self.rows(&place.page, [after.into(), most.into()]).await?;
        rows.iter().map(|row| value(place, row)).collect()
    }

    /// Puts new texts in place of these ones, in one transaction; `None` forgets one. What somebody else has changed by now stays as it is.
    pub async fn swap_seals(
        &self,
        place: &SealedPlace,
        swaps: &[(SealedValue, Option<String>)],
    ) -> Result<(), StoreError> {
        again!({
            let txn = self.write().await?;
            for (old, new) in swaps {
                let values = [new.clone().into(), (&old.key).into(), old.sealed.as_str().into()];
                txn.run(&place.swap, values).await?;
            }
            commit(txn).await
        })
    }
}

fn value(place: &SealedPlace, row: &QueryResult) -> Result<SealedValue, StoreError> {
    Ok(SealedValue {
        key: match place.before_first {
            SealKey::Number(_) => SealKey::Number(row.try_get("", "seal_key")?),
            SealKey::Text(_) => SealKey::Text(row.try_get("", "seal_key")?),
        },
        sealed: row.try_get("", "sealed")?,
    })
}

#[cfg(test)]
mod tests;
