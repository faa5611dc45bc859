//! What the databases' SQL has in common is written once; what differs is here.
//!
//! A statement about many rows binds them as one JSON value, an array of arrays, and reads them as a table ([`Dialect::rows`]): its text
//! does not depend on how many there are.

use std::sync::OnceLock;

use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

/// A kind of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    /// MySQL 8 and MariaDB.
    MySql,
    Postgres,
}

/// What a column of bound rows holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    Text,
    /// Text as [`crate::time::to_datetime`] writes it.
    Time,
}

impl Dialect {
    pub(crate) fn of(connection: &impl ConnectionTrait) -> Self {
        match connection.get_database_backend() {
            DbBackend::MySql => Self::MySql,
            DbBackend::Postgres => Self::Postgres,
            _ => Self::Sqlite,
        }
    }

    /// Whether others may write at the same time, so that what a transaction has read must be locked before it is built upon.
    pub(crate) fn has_many_writers(self) -> bool {
        self != Self::Sqlite
    }

    /// The bound rows as a table, to be followed by its alias. Each row is an array with the columns in this order.
    pub(crate) fn rows(self, columns: &[(&str, Kind)]) -> String {
        let read = self.columns("", columns);
        match self {
            Self::Sqlite => format!("(SELECT {read} FROM jsonb_each(?))"),
            Self::MySql => format!("JSON_TABLE(?, '$[*]' COLUMNS ({read}))"),
            Self::Postgres => format!("(SELECT {read} FROM jsonb_array_elements(?::jsonb))"),
        }
    }

    /// Bound rows that end with an array of rows of their own: each of those as one row, with the columns of both.
    ///
    /// What limits nothing at the end keeps this one table: merged into an UPDATE, each account would be compared with each row of the task.
    pub(crate) fn nested_rows(self, outer: &[(&str, Kind)], inner: &[(&str, Kind)]) -> String {
        let list = outer.len();
        let own = self.columns("", outer);
        let each = self.columns("i.", inner);
        match self {
            Self::Sqlite => {
                let names: Vec<_> = outer.iter().map(|(name, _)| format!("o.{name}")).collect();
                let names = names.join(", ");
                format!(
                    "(WITH o AS MATERIALIZED (SELECT {own}, jsonb_extract(value, '$[{list}]') AS list FROM jsonb_each(?)) \
                     SELECT {names}, {each} FROM o, jsonb_each(o.list) i LIMIT -1)"
                )
            }
            Self::MySql => {
                format!("JSON_TABLE(?, '$[*]' COLUMNS ({own}, NESTED PATH '$[{list}][*]' COLUMNS ({each})))")
            }
            Self::Postgres => {
                let own = self.columns("o.", outer);
                format!(
                    "(SELECT {own}, {each} FROM jsonb_array_elements(?::jsonb) o, jsonb_array_elements(o.value -> {list}) i OFFSET 0)"
                )
            }
        }
    }

    fn columns(self, of: &str, columns: &[(&str, Kind)]) -> String {
        let read: Vec<_> = (0..)
            .zip(columns)
            .map(|(n, (name, kind))| self.column(of, n, name, *kind))
            .collect();
        read.join(", ")
    }

    fn column(self, of: &str, n: u32, name: &str, kind: Kind) -> String {
        match (self, kind) {
            // SQLite makes this path of a mere number anew for every value.
            (Self::Sqlite, _) => format!("{of}value ->> '$[{n}]' AS {name}"),
            (Self::Postgres, Kind::Text) => format!("{of}value ->> {n} AS {name}"),
            (Self::Postgres, _) => format!("({of}value ->> {n})::{} AS {name}", self.column_type(kind)),
            // Silence would make NULL of what does not fit.
            (Self::MySql, _) => format!("{name} {} PATH '$[{n}]' ERROR ON ERROR", self.column_type(kind)),
        }
    }

    fn column_type(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (_, Kind::Int) => "BIGINT",
            (Self::Postgres, Kind::Time) => "TIMESTAMPTZ",
            (_, Kind::Time) => "DATETIME(6)",
            (Self::MySql, Kind::Text) => "MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
            (_, Kind::Text) => "TEXT",
        }
    }

    /// Joins a table to bound rows on its left: the rows lead, each finds its own.
    ///
    /// Left to themselves, SQLite and MySQL may read the whole table and look each row up in the list.
    pub(crate) fn join(self) -> &'static str {
        match self {
            Self::Sqlite => "CROSS JOIN",
            Self::MySql => "STRAIGHT_JOIN",
            Self::Postgres => "JOIN",
        }
    }

    /// `UPDATE table t SET … FROM rows v WHERE on`; the assignments are (column, expression of `v.` and `t.`), the rows its only parameter.
    pub(crate) fn update(self, table: &str, set: &[(&str, &str)], rows: &str, on: &str) -> String {
        self.update_by("UPDATE", table, set, rows, on)
    }

    /// The same in a transaction that ends with the first failure: SQLite need not be able to undo the statement alone, for which it would copy every
    /// page that the statement changes.
    pub(crate) fn update_within(self, table: &str, set: &[(&str, &str)], rows: &str, on: &str) -> String {
        self.update_by(&self.within("UPDATE"), table, set, rows, on)
    }

    /// The same for an INSERT.
    pub(crate) fn insert_within(self) -> String {
        self.within("INSERT")
    }

    fn within(self, verb: &str) -> String {
        match self {
            Self::Sqlite => format!("{verb} OR FAIL"),
            _ => verb.to_owned(),
        }
    }

    fn update_by(self, verb: &str, table: &str, set: &[(&str, &str)], rows: &str, on: &str) -> String {
        let qualifier = if self == Self::MySql { "t." } else { "" };
        let set: Vec<_> = set
            .iter()
            .map(|(column, value)| format!("{qualifier}{column} = {value}"))
            .collect();
        let set = set.join(", ");
        match self {
            Self::MySql => {
                let key = led_by(table);
                format!("{verb} {rows} v STRAIGHT_JOIN {table} t FORCE INDEX ({key}) ON {on} SET {set}")
            }
            _ => format!("{verb} {table} AS t SET {set} FROM {rows} v WHERE {on}"),
        }
    }

    /// Ends an INSERT: a row whose `key` is there already changes it, as the assignments say that follow.
    pub(crate) fn or_update(self, key: &str) -> String {
        match self {
            Self::MySql => "ON DUPLICATE KEY UPDATE".to_owned(),
            _ => format!("ON CONFLICT ({key}) DO UPDATE SET"),
        }
    }

    /// Ends an INSERT: a row whose `key` is there already changes nothing.
    pub(crate) fn or_nothing(self, table: &str, key: &str) -> String {
        match self {
            // INSERT IGNORE would also pass over what cannot be stored.
            Self::MySql => {
                let first = key.split(',').next().unwrap_or(key);
                format!("ON DUPLICATE KEY UPDATE {first} = {table}.{first}")
            }
            _ => format!("ON CONFLICT ({key}) DO NOTHING"),
        }
    }

    /// In an assignment after [`Self::or_update`]: what the INSERT brought.
    pub(crate) fn brought(self, column: &str) -> String {
        match self {
            Self::MySql => format!("VALUES({column})"),
            _ => format!("excluded.{column}"),
        }
    }

    /// Ends a SELECT: its rows stay as they are until the transaction's end.
    pub(crate) fn for_update(self) -> &'static str {
        if self.has_many_writers() { " FOR UPDATE" } else { "" }
    }

    /// The same, passing over rows that another transaction is changing.
    pub(crate) fn skip_locked(self) -> &'static str {
        if self.has_many_writers() {
            " FOR UPDATE SKIP LOCKED"
        } else {
            ""
        }
    }

    /// A parameter for a `DATETIME` column, as [`crate::time::to_datetime`] writes it.
    pub(crate) fn time(self) -> &'static str {
        if self == Self::Postgres { "?::timestamptz" } else { "?" }
    }

    /// A `DATETIME` column as text that [`crate::time::from_datetime`] reads.
    pub(crate) fn time_text(self, column: &str, name: &str) -> String {
        match self {
            Self::Sqlite => format!("{column} AS {name}"),
            Self::MySql => format!("CAST({column} AS CHAR) AS {name}"),
            Self::Postgres => format!("to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') AS {name}"),
        }
    }

    /// A column of another module that may be JSON or TEXT, as text.
    pub(crate) fn text(self, column: &str) -> String {
        match self {
            Self::Sqlite => column.to_owned(),
            Self::MySql => format!("CAST({column} AS CHAR) AS {column}"),
            Self::Postgres => format!("{column}::text AS {column}"),
        }
    }

    fn backend(self) -> DbBackend {
        match self {
            Self::Sqlite => DbBackend::Sqlite,
            Self::MySql => DbBackend::MySql,
            Self::Postgres => DbBackend::Postgres,
        }
    }
}

/// A statement: its text for each dialect is made at most once.
pub(crate) struct Sql {
    source: Source,
    texts: [OnceLock<String>; 3],
}

enum Source {
    Same(&'static str),
    Each(fn(Dialect) -> String),
}

impl Sql {
    /// One that every database understands. Parameters are written `?`.
    pub(crate) const fn same(text: &'static str) -> Self {
        Self::of(Source::Same(text))
    }

    /// One that is written for each. Parameters are written `?`.
    pub(crate) const fn each(write: fn(Dialect) -> String) -> Self {
        Self::of(Source::Each(write))
    }

    const fn of(source: Source) -> Self {
        Self {
            source,
            texts: [const { OnceLock::new() }; 3],
        }
    }

    pub(crate) fn text(&self, dialect: Dialect) -> &str {
        let [sqlite, mysql, postgres] = &self.texts;
        match dialect {
            Dialect::Sqlite => sqlite.get_or_init(|| self.written(dialect)),
            Dialect::MySql => mysql.get_or_init(|| self.written(dialect)),
            Dialect::Postgres => postgres.get_or_init(|| numbered(&self.written(dialect))),
        }
    }

    fn written(&self, dialect: Dialect) -> String {
        match self.source {
            Source::Same(text) => text.to_owned(),
            Source::Each(write) => write(dialect),
        }
    }

    /// Several statements with one parameter each as one, where the database takes that.
    pub(crate) fn joined(dialect: Dialect, statements: &[(&Self, String)]) -> Statement {
        let text: Vec<_> = statements.iter().map(|(sql, _)| sql.text(dialect)).collect();
        let values = statements.iter().map(|(_, rows)| Value::from(rows.as_str()));
        Statement::from_sql_and_values(dialect.backend(), text.join("; "), values)
    }

    pub(crate) fn with<const N: usize>(&self, dialect: Dialect, values: [Value; N]) -> Statement {
        Statement::from_sql_and_values(dialect.backend(), self.text(dialect), values)
    }
}

/// The key by which bound rows find theirs. Left to itself, MySQL reads a small table whole, and waits for each row that another transaction has
/// locked: two that update rows of their own then meet in a deadlock, and again when they are made again.
fn led_by(table: &str) -> &'static str {
    match table {
        "t_moment_sync_result" => "u_moment_sync_result",
        "t_wechat_account" => "u_wechat_account",
        _ => "PRIMARY",
    }
}

/// PostgreSQL numbers its parameters.
fn numbered(sql: &str) -> String {
    let mut parts = sql.split('?');
    let first = parts.next().unwrap_or_default().to_owned();
    (1..)
        .zip(parts)
        .fold(first, |text, (n, part)| format!("{text}${n}{part}"))
}

#[cfg(test)]
mod tests;
