//! The audit: entries written with what they tell of, and chained afterwards, so that the chain costs those who write nothing.

use moments_domain::{AuditEntry, NewAudit, Timestamp, UserId};
use sea_orm::{DatabaseTransaction, QueryResult, Value};
use serde_json::{Value as Json, json as array};

use crate::db::{Statements, Store, again, commit};
use crate::dialect::{Kind, Sql};
use crate::error::StoreError;
use crate::rows::json;

/// The end of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// The last entry's number; 0: there is none.
    pub number: i64,
    /// Its hash.
    pub hash: String,
}

/// Which entries are wanted. An empty text or `None` wants all.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Those that concern this user.
    pub user: Option<UserId>,
    /// The action's name.
    pub action: String,
    /// The object's kind by name,
    pub object: String,
    /// and which one.
    pub object_id: String,
    /// Not before this.
    pub from: Option<Timestamp>,
    /// Before this.
    pub until: Option<Timestamp>,
}

impl AuditFilter {
    /// For [`FILTER`].
    fn values(&self) -> [Value; 10] {
        let user = self.user.map(|user| user.0);
        [
            user.into(),
            user.into(),
            self.from.map_or(i64::MIN, |time| time.0).into(),
            self.until.map_or(i64::MAX, |time| time.0).into(),
            self.action.as_str().into(),
            self.action.as_str().into(),
            self.object.as_str().into(),
            self.object.as_str().into(),
            self.object_id.as_str().into(),
            self.object_id.as_str().into(),
        ]
    }
}

impl Store {
    /// Writes an entry that has no transaction of its own to go with.
    pub async fn audit(&self, entry: &NewAudit) -> Result<(), StoreError> {
        self.run(&INSERT, [json(&[row(entry)?])?.into()]).await?;
        Ok(())
    }

    /// Gives at most `most` entries their places in the chain, in the order in which they were written; how many. Any number of processes may.
    pub async fn chain_audit(&self, most: u32) -> Result<usize, StoreError> {
        if self.row(&UNCHAINED_SEEN, []).await?.is_none() {
            return Ok(0);
        }
        again!({
            let txn = self.write().await?;
            txn.run(&TAKE_HEAD, [AuditEntry::GENESIS.into()]).await?;
            let head = read_head(&txn).await?;
            let entries = txn.rows(&UNCHAINED, [most.into()]).await?;
            let entries = entries.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
            let count = entries.len();
            write_chained(&txn, head, entries).await?;
            commit(txn).await?;
            Ok(count)
        })
    }

    /// The end of the chain as it stands.
    pub async fn chain_head(&self) -> Result<ChainHead, StoreError> {
        read_head(&self.reader).await
    }

    /// How many entries wait for their places.
    pub async fn audit_waiting(&self) -> Result<u64, StoreError> {
        let row = self.row(&WAITING, []).await?;
        count(row.as_ref())
    }

    /// At most `most` entries of the chain from the first one behind `after`.
    pub async fn audit_after(&self, after: i64, most: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let rows = self.rows(&AFTER, [after.into(), most.into()]).await?;
        rows.iter().map(entry).collect()
    }

    /// Entries of the chain that pass the filter, newest first, with how many there are in all. What was written a moment ago is not there yet.
    pub async fn find_audit(
        &self,
        filter: &AuditFilter,
        skip: u64,
        most: u64,
    ) -> Result<(Vec<AuditEntry>, u64), StoreError> {
        let total = count(self.row(&COUNT_FOUND, filter.values()).await?.as_ref())?;
        let [user, user2, from, until, action, action2, object, object2, id, id2] = filter.values();
        let (most, skip) = (most.into(), skip.into());
        let values = [
            user, user2, from, until, action, action2, object, object2, id, id2, most, skip,
        ];
        let rows = self.rows(&FOUND, values).await?;
        Ok((rows.iter().map(entry).collect::<Result<_, _>>()?, total))
    }
}

/// Writes entries together with what they tell of.
pub(crate) async fn write(
    txn: &DatabaseTransaction,
    entries: impl IntoIterator<Item = &NewAudit>,
) -> Result<(), StoreError> {
    let rows = entries.into_iter().map(row).collect::<Result<Vec<_>, _>>()?;
    if !rows.is_empty() {
        txn.run(&INSERT, [json(&rows)?.into()]).await?;
    }
    Ok(())
}

static INSERT: Sql = Sql::each(|d| {
    let rows = d.rows(&[
        ("owner", Kind::Int),
        ("actor", Kind::Text),
        ("action", Kind::Text),
        ("object", Kind::Text),
        ("object_id", Kind::Text),
        ("detail", Kind::Text),
        ("request", Kind::Text),
        ("now", Kind::Int),
    ]);
    format!(
        "INSERT INTO t_moment_audit (user_id, actor, action, object_kind, object_id, detail, request_id, create_time) \
         SELECT v.owner, v.actor, v.action, v.object, v.object_id, v.detail, v.request, v.now FROM {rows} v"
    )
});

fn row(new: &NewAudit) -> Result<Json, StoreError> {
    Ok(array!([
        new.user.0,
        new.actor.name(),
        new.action.name(),
        new.object.name(),
        new.object_id.chars().take(100).collect::<String>(),
        json(&new.detail)?,
        new.request_id,
        new.time.0
    ]))
}

/// Only looks: a chain that has nothing to do disturbs nobody.
static UNCHAINED_SEEN: Sql = Sql::same("SELECT id FROM t_moment_audit WHERE number IS NULL LIMIT 1");
static TAKE_HEAD: Sql = Sql::each(|d| {
    let or_update = d.or_update("id");
    format!(
        "INSERT INTO t_moment_audit_head (id, turns, number, hash) VALUES (1, 1, 0, ?) {or_update} turns = t_moment_audit_head.turns + 1"
    )
});
static HEAD: Sql = Sql::same("SELECT number, hash FROM t_moment_audit_head WHERE id = 1");
static PUT_HEAD: Sql = Sql::same("UPDATE t_moment_audit_head SET number = ?, hash = ? WHERE id = 1");
const COLUMNS: &str =
    "id, user_id, actor, action, object_kind, object_id, detail, request_id, create_time, number, prev_hash, hash";
static UNCHAINED: Sql =
    Sql::each(|_| format!("SELECT {COLUMNS} FROM t_moment_audit WHERE number IS NULL ORDER BY id LIMIT ?"));
static AFTER: Sql =
    Sql::each(|_| format!("SELECT {COLUMNS} FROM t_moment_audit WHERE number > ? ORDER BY number LIMIT ?"));
static WAITING: Sql = Sql::same("SELECT COUNT(*) AS n FROM t_moment_audit WHERE number IS NULL");
static CHAIN: Sql = Sql::each(|d| {
    let rows = d.rows(&[
        ("id", Kind::Int),
        ("number", Kind::Int),
        ("prev", Kind::Text),
        ("hash", Kind::Text),
    ]);
    // "+ 0" keeps SQLite from its index of numbers, in which it expects one row without a number and finds the whole backlog.
    let set = [("number", "v.number"), ("prev_hash", "v.prev"), ("hash", "v.hash")];
    d.update("t_moment_audit", &set, &rows, "t.id = v.id AND t.number + 0 IS NULL")
});
const FILTER: &str = "FROM t_moment_audit WHERE number IS NOT NULL AND (? IS NULL OR user_id = ?) AND create_time >= ? AND create_time < ? \
    AND (? = '' OR action = ?) AND (? = '' OR object_kind = ?) AND (? = '' OR object_id = ?)";
static FOUND: Sql = Sql::each(|_| format!("SELECT {COLUMNS} {FILTER} ORDER BY number DESC LIMIT ? OFFSET ?"));
static COUNT_FOUND: Sql = Sql::each(|_| format!("SELECT COUNT(*) AS n {FILTER}"));

async fn read_head(connection: &impl Statements) -> Result<ChainHead, StoreError> {
    Ok(match connection.row(&HEAD, []).await? {
        Some(row) => ChainHead {
            number: row.try_get("", "number")?,
            hash: row.try_get("", "hash")?,
        },
        None => ChainHead {
            number: 0,
            hash: AuditEntry::GENESIS.to_owned(),
        },
    })
}

async fn write_chained(
    txn: &DatabaseTransaction,
    mut head: ChainHead,
    entries: Vec<AuditEntry>,
) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        let entry = entry.chained((head.number, &head.hash));
        rows.push(array!([entry.id, entry.number, entry.prev_hash, entry.hash]));
        head = ChainHead {
            number: entry.number,
            hash: entry.hash,
        };
    }
    txn.run(&CHAIN, [json(&rows)?.into()]).await?;
    txn.run(&PUT_HEAD, [head.number.into(), head.hash.into()]).await?;
    Ok(())
}

fn count(row: Option<&QueryResult>) -> Result<u64, StoreError> {
    let n: Option<i64> = row.map(|row| row.try_get("", "n")).transpose()?;
    Ok(u64::try_from(n.unwrap_or_default()).unwrap_or_default())
}

fn entry(row: &QueryResult) -> Result<AuditEntry, StoreError> {
    let number: Option<i64> = row.try_get("", "number")?;
    let text = |column| Ok::<_, StoreError>(row.try_get::<Option<String>>("", column)?.unwrap_or_default());
    Ok(AuditEntry {
        number: number.unwrap_or_default(),
        id: row.try_get("", "id")?,
        user: UserId(row.try_get("", "user_id")?),
        actor: row.try_get("", "actor")?,
        action: row.try_get("", "action")?,
        object: row.try_get("", "object_kind")?,
        object_id: row.try_get("", "object_id")?,
        detail: row.try_get("", "detail")?,
        request_id: row.try_get("", "request_id")?,
        time: Timestamp(row.try_get("", "create_time")?),
        prev_hash: text("prev_hash")?,
        hash: text("hash")?,
    })
}
