//! Rows of our own tables as domain values. A row that does not parse names its table, column and id.

use std::fmt::Display;
use std::io;
use std::str::FromStr;

use moments_domain::{ChannelId, Failure, Publication, PublicationId, TaskId, Timestamp, UserId};
use sea_orm::QueryResult;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::ser::{CharEscape, Formatter, Serializer};

use crate::error::StoreError;

/// A column that holds one of an enumeration's names.
pub(crate) fn parse<T>(row: &QueryResult, table: &'static str, id: i64, column: &str) -> Result<T, StoreError>
where
    T: FromStr,
    T::Err: Display,
{
    let text: String = row.try_get("", column)?;
    text.parse().map_err(|e: T::Err| StoreError::Unreadable {
        table,
        id,
        why: format!("{column}: {e}"),
    })
}

/// Like [`parse`], for a column that may be empty.
pub(crate) fn parse_opt<T>(
    row: &QueryResult,
    table: &'static str,
    id: i64,
    column: &str,
) -> Result<Option<T>, StoreError>
where
    T: FromStr,
    T::Err: Display,
{
    match row.try_get::<Option<String>>("", column)? {
        Some(_) => parse(row, table, id, column).map(Some),
        None => Ok(None),
    }
}

/// A column of JSON that may be empty.
pub(crate) fn json_opt<T: DeserializeOwned>(
    row: &QueryResult,
    table: &'static str,
    id: i64,
    column: &str,
) -> Result<Option<T>, StoreError> {
    let text: Option<String> = row.try_get("", column)?;
    let read = |json: String| {
        serde_json::from_str(&json).map_err(|e| StoreError::Unreadable {
            table,
            id,
            why: format!("{column}: {e}"),
        })
    };
    text.map(read).transpose()
}

/// A `BIGINT` of microseconds that may be empty.
pub(crate) fn time_opt(row: &QueryResult, column: &str) -> Result<Option<Timestamp>, StoreError> {
    Ok(row.try_get::<Option<i64>>("", column)?.map(Timestamp))
}

/// Columns of a publication, for a SELECT.
pub(crate) const PUBLICATION_COLUMNS: &str = "p.id, p.task_id, p.user_id, p.channel_id, p.due_time, p.state, p.state_time, p.look_time, p.plan_time, \
    p.lease, p.looks, p.attempt, p.absences, p.sent_time, p.fingerprint, p.job_id, p.moment_id, p.created_time, p.wait_reason, p.wait_limit, \
    p.limited_until, p.failure_reason, p.failure_message";

/// Reads what [`PUBLICATION_COLUMNS`] asked for.
pub(crate) fn publication(row: &QueryResult) -> Result<Publication, StoreError> {
    const TABLE: &str = "t_moment_publication";
    let id: i64 = row.try_get("", "id")?;
    let failure = match parse_opt(row, TABLE, id, "failure_reason")? {
        Some(reason) => Some(Failure {
            reason,
            message: row
                .try_get::<Option<String>>("", "failure_message")?
                .unwrap_or_default(),
        }),
        None => None,
    };
    Ok(Publication {
        id: PublicationId(id),
        task_id: TaskId(row.try_get("", "task_id")?),
        user_id: UserId(row.try_get("", "user_id")?),
        channel_id: ChannelId(row.try_get("", "channel_id")?),
        due_time: Timestamp(row.try_get("", "due_time")?),
        state: parse(row, TABLE, id, "state")?,
        state_time: Timestamp(row.try_get("", "state_time")?),
        look_time: time_opt(row, "look_time")?,
        plan_time: Timestamp(row.try_get("", "plan_time")?),
        looks: count(row, "looks")?,
        attempt: count(row, "attempt")?,
        absences: count(row, "absences")?,
        sent_time: time_opt(row, "sent_time")?,
        fingerprint: row.try_get("", "fingerprint")?,
        job_id: row.try_get("", "job_id")?,
        moment_id: row.try_get("", "moment_id")?,
        created_time: time_opt(row, "created_time")?,
        wait_reason: parse_opt(row, TABLE, id, "wait_reason")?,
        wait_limit: parse_opt(row, TABLE, id, "wait_limit")?,
        limited_until: time_opt(row, "limited_until")?,
        failure,
    })
}

fn count(row: &QueryResult, column: &str) -> Result<u32, StoreError> {
    let n: i64 = row.try_get("", column)?;
    Ok(u32::try_from(n).unwrap_or(u32::MAX))
}

/// Rows as one bound value, for [`crate::dialect::Dialect::rows`].
pub(crate) fn json<T: Serialize>(rows: &T) -> Result<String, StoreError> {
    let unwritten = |why: String| StoreError::Setup(format!("cannot write rows as JSON: {why}"));
    let mut bytes = Vec::with_capacity(256);
    let written = rows.serialize(&mut Serializer::with_formatter(&mut bytes, WithoutNul));
    written.map_err(|e| unwritten(e.to_string()))?;
    String::from_utf8(bytes).map_err(|e| unwritten(e.to_string()))
}

/// Leaves out the one character that PostgreSQL cannot store; no platform's answer may keep a row from being written.
struct WithoutNul;

impl Formatter for WithoutNul {
    fn write_char_escape<W: ?Sized + io::Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        match escape {
            CharEscape::AsciiControl(0) => Ok(()),
            other => serde_json::ser::CompactFormatter.write_char_escape(writer, other),
        }
    }
}
