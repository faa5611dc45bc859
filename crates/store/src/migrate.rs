//! The schema's history. Each step runs once, whoever starts first.
//!
//! Steps only ever add: a program of an earlier version goes on working beside a newer schema, so that processes can be replaced one by one.
//! Ready-made migrators refuse a step that they do not know, and none of them keeps two processes from starting at once.

use std::collections::HashSet;

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr, sqlx};

use crate::db::{Statements, begin, commit};
use crate::dialect::{Dialect, Sql};
use crate::error::StoreError;

/// Every step: its name in the table of steps, and its script.
const STEPS: &[(&str, &str)] = &[
    ("0001_initial", include_str!("schema/0001_initial.sql")),
    ("0002_gate", include_str!("schema/0002_gate.sql")),
    ("0003_process", include_str!("schema/0003_process.sql")),
    ("0004_apps", include_str!("schema/0004_apps.sql")),
    ("0005_checks", include_str!("schema/0005_checks.sql")),
    ("0006_logins", include_str!("schema/0006_logins.sql")),
    ("0007_audit", include_str!("schema/0007_audit.sql")),
    ("0008_words", include_str!("schema/0008_words.sql")),
    ("0009_uploads", include_str!("schema/0009_uploads.sql")),
    ("0010_limits", include_str!("schema/0010_limits.sql")),
    ("0011_departments", include_str!("schema/0011_departments.sql")),
    ("0012_limited", include_str!("schema/0012_limited.sql")),
    ("0013_kinds", include_str!("schema/0013_kinds.sql")),
    ("0014_contents", include_str!("schema/0014_contents.sql")),
    ("0015_early", include_str!("schema/0015_early.sql")),
    ("0016_video_cut", include_str!("schema/0016_video_cut.sql")),
    ("0017_duplicates", include_str!("schema/0017_duplicates.sql")),
];

const TABLE: &str = "CREATE TABLE IF NOT EXISTS seaql_migrations (version VARCHAR(255) NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)";
static DONE: Sql = Sql::same("SELECT version FROM seaql_migrations");
static NOTE: Sql = Sql::each(|d| {
    let now = match d {
        Dialect::Sqlite => "unixepoch()",
        Dialect::MySql => "UNIX_TIMESTAMP()",
        Dialect::Postgres => "extract(epoch FROM now())::bigint",
    };
    format!("INSERT INTO seaql_migrations (version, applied_at) VALUES (?, {now})")
});

/// Brings the schema up to date.
pub(crate) async fn up(connection: &DatabaseConnection) -> Result<(), StoreError> {
    // A user without the right to make tables may start on a schema that is complete. A table that is not there yet says so again below.
    let done = done(connection).await.unwrap_or_default();
    if STEPS.iter().all(|(name, _)| done.contains(*name)) {
        warn_of_unknown(&done);
        return Ok(());
    }
    migrate(connection).await.map_err(|e| {
        let cause = std::error::Error::source(&e).map(ToString::to_string).unwrap_or_default();
        StoreError::Setup(format!(
            "cannot bring the schema up to date: {e}: {cause}. Let the database's user create tables and indexes, and start again"
        ))
    })
}

/// In one transaction, so that a process that is killed half-way leaves nothing; on MySQL, where each change of the schema commits at once,
/// a step that was left half-done is simply made again.
async fn migrate(connection: &DatabaseConnection) -> Result<(), StoreError> {
    let txn = begin(connection).await?;
    lock(&txn).await?;
    let made = missing_steps(&txn).await;
    unlock(&txn).await?;
    made?;
    commit(txn).await
}

async fn missing_steps(txn: &DatabaseTransaction) -> Result<(), StoreError> {
    txn.execute_unprepared(TABLE).await?;
    let done = done(txn).await?;
    for (name, script) in STEPS.iter().filter(|(name, _)| !done.contains(*name)) {
        run(txn, script).await?;
        txn.run(&NOTE, [(*name).into()]).await?;
    }
    Ok(())
}

async fn done(connection: &impl ConnectionTrait) -> Result<HashSet<String>, StoreError> {
    let rows = connection.rows(&DONE, []).await?;
    rows.iter().map(|row| Ok(row.try_get("", "version")?)).collect()
}

fn warn_of_unknown(done: &HashSet<String>) {
    let unknown: Vec<_> = done
        .iter()
        .filter(|name| STEPS.iter().all(|(known, _)| known != name))
        .collect();
    if !unknown.is_empty() {
        tracing::warn!(?unknown, "the schema is newer than this program: update it soon");
    }
}

/// Waits until no other process changes the schema. In SQLite the transaction itself is that lock.
async fn lock(txn: &DatabaseTransaction) -> Result<(), StoreError> {
    match Dialect::of(txn) {
        Dialect::Sqlite => (),
        Dialect::MySql => {
            static LOCK: Sql = Sql::each(|_| format!("SELECT GET_LOCK({LOCK_NAME}, 120) AS got"));
            txn.execute_unprepared("SET SESSION lock_wait_timeout = 120").await?;
            let row = txn.row(&LOCK, []).await?;
            let got: Option<i64> = row.map(|row| row.try_get("", "got")).transpose()?.flatten();
            if got != Some(1) {
                return Err(StoreError::Setup(
                    "another process changes the schema for two minutes now".to_owned(),
                ));
            }
        }
        Dialect::Postgres => {
            txn.execute_unprepared(
                "SET LOCAL lock_timeout = '120s'; SELECT pg_advisory_xact_lock(hashtext('moments-sync schema'))",
            )
            .await?;
        }
    }
    Ok(())
}

/// MySQL's named locks are the server's, not the database's.
const LOCK_NAME: &str = "MD5(CONCAT('moments-sync schema ', DATABASE()))";

async fn unlock(txn: &DatabaseTransaction) -> Result<(), StoreError> {
    if Dialect::of(txn) == Dialect::MySql {
        txn.execute_unprepared(&format!(
            "DO RELEASE_LOCK({LOCK_NAME}); SET SESSION lock_wait_timeout = 5"
        ))
        .await?;
    }
    Ok(())
}

async fn run(txn: &DatabaseTransaction, script: &str) -> Result<(), StoreError> {
    let dialect = Dialect::of(txn);
    let script: String = spelled(dialect, script).lines().map(ended).collect();
    for statement in script.split(";\n").filter(|statement| !statement.trim().is_empty()) {
        match txn.execute_unprepared(statement).await {
            Err(error) if !is_made_already(&error) => return Err(error.into()),
            _ => (),
        }
    }
    Ok(())
}

/// The scripts of all steps, as they are written.
#[cfg(test)]
pub(crate) fn scripts() -> impl Iterator<Item = &'static str> {
    STEPS.iter().map(|(_, script)| *script)
}

/// A line of a script, without the remark behind a statement's end: SQLite would keep it in front of the table's closing bracket.
fn ended(line: &str) -> String {
    match line.split_once(';') {
        Some((statement, rest)) if rest.trim_start().starts_with("--") => format!("{statement};\n"),
        _ => format!("{line}\n"),
    }
}

/// A script as the database spells it.
fn spelled(dialect: Dialect, script: &str) -> String {
    let [id, own_id, datetime, long, by_key] = match dialect {
        // SQLite's own spelling of a 64-bit key.
        Dialect::Sqlite => [
            "INTEGER NOT NULL PRIMARY KEY",
            "INTEGER NOT NULL PRIMARY KEY",
            "DATETIME",
            "TEXT",
            "WITHOUT ROWID",
        ],
        Dialect::MySql => [
            "BIGINT NOT NULL PRIMARY KEY",
            "BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY",
            "DATETIME(6)",
            "MEDIUMTEXT",
            "",
        ],
        Dialect::Postgres => [
            "BIGINT NOT NULL PRIMARY KEY",
            "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
            "TIMESTAMPTZ",
            "TEXT",
            "",
        ],
    };
    let script = script
        .replace("{ID}", id)
        .replace("{OWN ID}", own_id)
        .replace("{DATETIME}", datetime)
        .replace("{LONG}", long)
        .replace("{ROWS BY KEY}", by_key);
    if dialect == Dialect::MySql {
        for_mysql(&script)
    } else {
        script
    }
}

/// MySQL knows no partial index, and compares text without its case unless told.
fn for_mysql(script: &str) -> String {
    let line = |line: &str| match line.split_once(" WHERE ") {
        Some((index, _)) if index.starts_with("CREATE") => format!("{index};\n"),
        _ if line.starts_with(')') => ") ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;\n".to_owned(),
        _ => format!("{line}\n"),
    };
    script.lines().map(line).collect()
}

/// MySQL knows no `CREATE INDEX IF NOT EXISTS` and no `ADD COLUMN IF NOT EXISTS`: a step that is made again finds its indexes and columns.
fn is_made_already(error: &DbErr) -> bool {
    const DUPLICATE_COLUMN_NAME: u16 = 1060;
    const DUPLICATE_KEY_NAME: u16 = 1061;
    let DbErr::Exec(RuntimeErr::SqlxError(error)) = error else {
        return false;
    };
    let mysql = error
        .as_database_error()
        .and_then(|e| e.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>());
    mysql.is_some_and(|error| [DUPLICATE_COLUMN_NAME, DUPLICATE_KEY_NAME].contains(&error.number()))
}
