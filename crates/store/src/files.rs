//! Files that users sent (requirement 5.3): whose they are, and how long they are kept.

use std::collections::{HashMap, HashSet};

use moments_domain::{Timestamp, UserId};

use crate::db::Store;
use crate::dialect::{Dialect, Kind, Sql};
use crate::error::StoreError;
use crate::rows::json;

/// A file that a user sent.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// Whose it is.
    pub user_id: UserId,
    /// Hash of the original, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// What is known about it, as the JSON of [`Store::put_media`].
    pub media: String,
    /// Size of the original.
    pub bytes: u64,
    /// When it came.
    pub now: Timestamp,
    /// Nobody may give it up before this.
    pub keep_until: Timestamp,
}

impl Store {
    /// Notes a file; one that the user has sent before is kept longer.
    pub async fn put_file(&self, file: &NewFile) -> Result<(), StoreError> {
        let values = [
            file.user_id.0.into(),
            file.sha256.as_str().into(),
            file.media.as_str().into(),
            file.bytes.cast_signed().into(),
            file.now.0.into(),
            file.keep_until.0.into(),
        ];
        self.run(&PUT, values).await?;
        Ok(())
    }

    /// What is known about those of `hashes` that are the user's, by hash; see [`Store::put_media`].
    pub async fn files(&self, user: UserId, hashes: &[String]) -> Result<HashMap<String, String>, StoreError> {
        let rows = self.rows(&FIND, [listed(hashes)?.into(), user.0.into()]).await?;
        let pair = |row: &sea_orm::QueryResult| Ok((row.try_get("", "sha256")?, row.try_get("", "media")?));
        rows.iter().map(pair).collect()
    }

    /// Keeps the user's files at least until then.
    pub async fn keep_files(&self, user: UserId, hashes: &[String], until: Timestamp) -> Result<(), StoreError> {
        let values = [until.0.into(), user.0.into(), until.0.into(), listed(hashes)?.into()];
        self.run(&KEEP, values).await?;
        Ok(())
    }

    /// How many bytes the user's files have.
    pub async fn file_bytes(&self, user: UserId) -> Result<u64, StoreError> {
        let row = self.row(&BYTES, [user.0.into()]).await?;
        let bytes: Option<i64> = row.map(|row| row.try_get("", "bytes")).transpose()?;
        Ok(bytes.map_or(0, i64::cast_unsigned))
    }

    /// Forgets files whose time is over and that no open post names; the bytes stay until [`Store::unneeded_media`] names them.
    pub async fn prune_files(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.run(&PRUNE, [now.0.into()]).await
    }

    /// Those of `hashes` that no user's file and no open post needs, nor one that has been looked at ahead ([`Store::prune_early`]).
    pub async fn unneeded_media(&self, hashes: &[String]) -> Result<Vec<String>, StoreError> {
        let rows = self.rows(&NEEDED, [listed(hashes)?.into()]).await?;
        let needed: Result<HashSet<String>, StoreError> =
            rows.iter().map(|row| Ok(row.try_get("", "sha256")?)).collect();
        let needed = needed?;
        Ok(hashes.iter().filter(|hash| !needed.contains(*hash)).cloned().collect())
    }
}

fn listed(hashes: &[String]) -> Result<String, StoreError> {
    let rows: Vec<_> = hashes.iter().map(|hash| [hash]).collect();
    json(&rows)
}

/// A post that is not over yet and whose media are known.
const OPEN_POST: &str = "EXISTS (SELECT 1 FROM t_moment_media m JOIN t_moment_publication p ON p.task_id = m.task_id \
    WHERE p.look_time IS NOT NULL AND m.sha256 = ";

static PUT: Sql = Sql::each(|d| {
    let until = d.brought("keep_until");
    format!(
        "INSERT INTO t_moment_file (user_id, sha256, media, bytes, create_time, keep_until) VALUES (?, ?, ?, ?, ?, ?) {} \
         keep_until = CASE WHEN t_moment_file.keep_until < {until} THEN {until} ELSE t_moment_file.keep_until END",
        d.or_update("user_id, sha256")
    )
});
static FIND: Sql = Sql::each(|d| {
    let (rows, join) = (d.rows(&[("sha256", Kind::Text)]), d.join());
    format!("SELECT f.sha256, f.media FROM {rows} v {join} t_moment_file f ON f.sha256 = v.sha256 WHERE f.user_id = ?")
});
static KEEP: Sql = Sql::each(|d| {
    let rows = d.rows(&[("sha256", Kind::Text)]);
    format!(
        "UPDATE t_moment_file SET keep_until = ? WHERE user_id = ? AND keep_until < ? AND sha256 IN (SELECT v.sha256 FROM {rows} v)"
    )
});
static BYTES: Sql = Sql::each(|d| {
    let whole = if d == Dialect::MySql { "SIGNED" } else { "BIGINT" };
    format!("SELECT CAST(coalesce(sum(bytes), 0) AS {whole}) AS bytes FROM t_moment_file WHERE user_id = ?")
});
static PRUNE: Sql =
    Sql::each(|_| format!("DELETE FROM t_moment_file WHERE keep_until < ? AND NOT {OPEN_POST} t_moment_file.sha256)"));
static NEEDED: Sql = Sql::each(|d| {
    let rows = d.rows(&[("sha256", Kind::Text)]);
    format!(
        "SELECT v.sha256 FROM {rows} v WHERE EXISTS (SELECT 1 FROM t_moment_file f WHERE f.sha256 = v.sha256) OR {OPEN_POST} v.sha256) \
         OR EXISTS (SELECT 1 FROM t_moment_early_media e WHERE e.sha256 = v.sha256)"
    )
});
