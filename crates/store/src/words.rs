//! Lists of words and hosts that were made by API, and what they said of tasks.

use moments_domain::{NewAudit, Timestamp, UserId};
use sea_orm::{DatabaseTransaction, QueryResult, Value};

use crate::audit;
use crate::db::{Statements, Store, again, commit};
use crate::dialect::Sql;
use crate::error::StoreError;
use crate::sequence::Sequence;

/// Whose posts a list judges as a row says it: nobody has this id.
const EVERYBODY: i64 = 0;

/// A list as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWordList {
    /// Whose posts it judges; `None`: everybody's.
    pub owner: Option<UserId>,
    /// What people call it, at most 100 characters.
    pub name: String,
    /// `WORDS`, `ALLOW`, `LINK_ALLOW` or `LINK_DENY`.
    pub kind: String,
    /// `WARN` or `BLOCK`.
    pub level: String,
    /// Whether it judges.
    pub enabled: bool,
    /// Its lines.
    pub content: String,
    /// SHA-256 of them, in hex.
    pub hash: String,
    /// How many entries they are.
    pub entries: u64,
}

/// One row of `t_moment_word_list`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordList {
    /// Its id.
    pub id: i64,
    /// From 1; grows with every change.
    pub version: i64,
    /// What it is. The content is empty where only heads were asked for.
    pub list: NewWordList,
    /// Who changed it last.
    pub update_by: UserId,
    /// When it was made.
    pub create_time: Timestamp,
    /// When it was changed last.
    pub update_time: Timestamp,
}

/// What became of a change that names the version it was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordListChange {
    /// It is made.
    Done,
    /// Somebody else was quicker: the list has this version by now.
    Overtaken(i64),
    /// The user sees no such list.
    Gone,
}

const HEAD: &str =
    "id, user_id, name, kind, level, enabled, version, hash, entries, update_by, create_time, update_time";

impl Store {
    /// The lists that judge the user's posts: everybody's and the user's own, without their contents, by id.
    pub async fn word_lists(&self, user: UserId) -> Result<Vec<WordList>, StoreError> {
        let rows = self.rows(&HEADS, [user.0.into()]).await?;
        rows.iter().map(|row| word_list(row, String::new())).collect()
    }

    /// One of them with its content.
    pub async fn find_word_list(&self, user: UserId, id: i64) -> Result<Option<WordList>, StoreError> {
        let row = self.row(&ONE, [id.into(), user.0.into()]).await?;
        row.as_ref().map(whole).transpose()
    }

    /// Every list that judges, with its content, by id.
    pub async fn enabled_word_lists(&self) -> Result<Vec<WordList>, StoreError> {
        self.rows(&ENABLED, []).await?.iter().map(whole).collect()
    }

    /// Which lists judge, each with its version, by id: cheap to ask again and again.
    pub async fn word_list_versions(&self) -> Result<Vec<(i64, i64)>, StoreError> {
        let rows = self.rows(&VERSIONS, []).await?;
        let read = |row: &QueryResult| Ok((row.try_get("", "id")?, row.try_get("", "version")?));
        rows.iter().map(read).collect()
    }

    /// Stores a new list in version 1, and tells of it with its id for an object; that id.
    pub async fn add_word_list(&self, list: &NewWordList, entry: &NewAudit) -> Result<i64, StoreError> {
        let (by, now) = (entry.user, entry.time);
        let id = self.take_ids(Sequence::WordList, 1).await?;
        let entry = NewAudit {
            object_id: id.to_string(),
            ..entry.clone()
        };
        again!({
            let txn = self.write().await?;
            let [owner, name, kind, level, enabled, hash, entries, content] = columns(list);
            let values = [
                id.into(),
                owner,
                name,
                kind,
                level,
                enabled,
                hash,
                entries,
                content,
                by.0.into(),
                now.0.into(),
                now.0.into(),
            ];
            txn.run(&INSERT, values).await?;
            note(&txn, id, 1, list, (by, now)).await?;
            audit::write(&txn, [&entry]).await?;
            commit(txn).await
        })?;
        Ok(id)
    }

    /// Puts `list` in the place of the one that the user of `entry` saw in version `seen`, and tells of it.
    pub async fn change_word_list(
        &self,
        (id, seen): (i64, i64),
        list: &NewWordList,
        entry: &NewAudit,
    ) -> Result<WordListChange, StoreError> {
        let (by, now) = (entry.user, entry.time);
        again!({
            let txn = self.write().await?;
            let [owner, name, kind, level, enabled, hash, entries, content] = columns(list);
            let values = [
                owner,
                name,
                kind,
                level,
                enabled,
                hash,
                entries,
                content,
                by.0.into(),
                now.0.into(),
                id.into(),
                seen.into(),
                by.0.into(),
            ];
            if txn.run(&CHANGE, values).await? == 0 {
                let now_there = version(&txn, id, by).await?;
                return Ok(now_there.map_or(WordListChange::Gone, WordListChange::Overtaken));
            }
            note(&txn, id, seen + 1, list, (by, now)).await?;
            audit::write(&txn, [entry]).await?;
            commit(txn).await?;
            Ok(WordListChange::Done)
        })
    }

    /// Removes a list that the user of `entry` sees, and tells of it; false when there is none. Its versions stay on record.
    pub async fn remove_word_list(&self, id: i64, entry: &NewAudit) -> Result<bool, StoreError> {
        again!({
            let txn = self.write().await?;
            if txn.run(&REMOVE, [id.into(), entry.user.0.into()]).await? == 0 {
                return Ok(false);
            }
            audit::write(&txn, [entry]).await?;
            commit(txn).await?;
            Ok(true)
        })
    }

    /// Keeps what the hash of a set of lists stands for.
    pub async fn keep_word_set(&self, hash: &str, lists: &str) -> Result<(), StoreError> {
        self.run(&KEEP_SET, [hash.into(), lists.into()]).await.map(drop)
    }
}

static HEADS: Sql = Sql::each(|_| format!("SELECT {HEAD} FROM t_moment_word_list WHERE user_id IN (0, ?) ORDER BY id"));
static ONE: Sql =
    Sql::each(|_| format!("SELECT {HEAD}, content FROM t_moment_word_list WHERE id = ? AND user_id IN (0, ?)"));
static ENABLED: Sql =
    Sql::each(|_| format!("SELECT {HEAD}, content FROM t_moment_word_list WHERE enabled = 1 ORDER BY id"));
static VERSIONS: Sql = Sql::same("SELECT id, version FROM t_moment_word_list WHERE enabled = 1 ORDER BY id");
static INSERT: Sql = Sql::same(
    "INSERT INTO t_moment_word_list (id, user_id, name, kind, level, enabled, version, hash, entries, content, update_by, create_time, \
     update_time) VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?)",
);
static CHANGE: Sql = Sql::same(
    "UPDATE t_moment_word_list SET user_id = ?, name = ?, kind = ?, level = ?, enabled = ?, hash = ?, entries = ?, content = ?, \
     update_by = ?, update_time = ?, version = version + 1 WHERE id = ? AND version = ? AND user_id IN (0, ?)",
);
static PRESENT: Sql = Sql::same("SELECT version FROM t_moment_word_list WHERE id = ? AND user_id IN (0, ?)");
static REMOVE: Sql = Sql::same("DELETE FROM t_moment_word_list WHERE id = ? AND user_id IN (0, ?)");
static NOTE: Sql = Sql::same(
    "INSERT INTO t_moment_word_list_version (list_id, version, name, hash, entries, enabled, update_by, update_time) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
);
static KEEP_SET: Sql = Sql::each(|d| {
    let or_nothing = d.or_nothing("t_moment_word_set", "hash");
    format!("INSERT INTO t_moment_word_set (hash, lists) VALUES (?, ?) {or_nothing}")
});

/// In the order of the table.
fn columns(list: &NewWordList) -> [Value; 8] {
    [
        list.owner.map_or(EVERYBODY, |user| user.0).into(),
        list.name.as_str().into(),
        list.kind.as_str().into(),
        list.level.as_str().into(),
        i64::from(list.enabled).into(),
        list.hash.as_str().into(),
        i64::try_from(list.entries).unwrap_or(i64::MAX).into(),
        list.content.as_str().into(),
    ]
}

async fn version(txn: &DatabaseTransaction, id: i64, user: UserId) -> Result<Option<i64>, StoreError> {
    let row = txn.row(&PRESENT, [id.into(), user.0.into()]).await?;
    row.map(|row| Ok(row.try_get("", "version")?)).transpose()
}

async fn note(
    txn: &DatabaseTransaction,
    id: i64,
    version: i64,
    list: &NewWordList,
    (by, now): (UserId, Timestamp),
) -> Result<(), StoreError> {
    let [_, name, _, _, enabled, hash, entries, _] = columns(list);
    let values = [
        id.into(),
        version.into(),
        name,
        hash,
        entries,
        enabled,
        by.0.into(),
        now.0.into(),
    ];
    txn.run(&NOTE, values).await.map(drop)
}

fn whole(row: &QueryResult) -> Result<WordList, StoreError> {
    word_list(row, row.try_get("", "content")?)
}

fn word_list(row: &QueryResult, content: String) -> Result<WordList, StoreError> {
    let owner: i64 = row.try_get("", "user_id")?;
    let (enabled, entries): (i64, i64) = (row.try_get("", "enabled")?, row.try_get("", "entries")?);
    Ok(WordList {
        id: row.try_get("", "id")?,
        version: row.try_get("", "version")?,
        list: NewWordList {
            owner: (owner != EVERYBODY).then_some(UserId(owner)),
            name: row.try_get("", "name")?,
            kind: row.try_get("", "kind")?,
            level: row.try_get("", "level")?,
            enabled: enabled == 1,
            content,
            hash: row.try_get("", "hash")?,
            entries: u64::try_from(entries).unwrap_or_default(),
        },
        update_by: UserId(row.try_get("", "update_by")?),
        create_time: Timestamp(row.try_get("", "create_time")?),
        update_time: Timestamp(row.try_get("", "update_time")?),
    })
}
