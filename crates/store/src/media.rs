//! The media of a task, and what the platforms know of them.

use moments_domain::{ChannelId, TaskId, Timestamp};
use sea_orm::ConnectionTrait;

use crate::create::json;
use crate::db::{Store, statement};
use crate::error::StoreError;

impl Store {
    /// The task's media as fetched, in the order shown, as the JSON that [`Store::put_media`] was given; empty before they are fetched.
    pub async fn media(&self, task: TaskId) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT media FROM t_moment_media WHERE task_id = ? ORDER BY position";
        self.rows(sql, [task.0.into()])
            .await?
            .iter()
            .map(|row| Ok(row.try_get("", "media")?))
            .collect()
    }

    /// Remembers all media of a task at once; whoever comes second changes nothing.
    pub async fn put_media(&self, task: TaskId, media: &[String]) -> Result<(), StoreError> {
        let sql = "INSERT INTO t_moment_media (task_id, position, media) SELECT ?, key, value FROM json_each(?) WHERE true \
                   ON CONFLICT (task_id, position) DO NOTHING";
        self.execute(sql, [task.0.into(), json(&media)?.into()]).await?;
        Ok(())
    }

    /// What the channel's platform calls the medium, if that will still be usable at `until`.
    pub async fn find_upload(
        &self,
        channel: ChannelId,
        sha256: &str,
        until: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let sql = "SELECT reference FROM t_moment_upload WHERE channel_id = ? AND sha256 = ? AND usable_until > ?";
        let row = self.row(sql, [channel.0.into(), sha256.into(), until.0.into()]).await?;
        row.map(|row| Ok(row.try_get("", "reference")?)).transpose()
    }

    /// Remembers an upload until it is no longer usable.
    pub async fn put_upload(
        &self,
        channel: ChannelId,
        sha256: &str,
        reference: &str,
        usable_until: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO t_moment_upload (channel_id, sha256, reference, usable_until) VALUES (?, ?, ?, ?) \
                   ON CONFLICT (channel_id, sha256) DO UPDATE SET reference = excluded.reference, usable_until = excluded.usable_until";
        self.execute(
            sql,
            [channel.0.into(), sha256.into(), reference.into(), usable_until.0.into()],
        )
        .await?;
        Ok(())
    }

    /// Forgets uploads that the platform no longer takes: after 40007 or 40145, and when they have expired.
    pub async fn forget_uploads(&self, channel: ChannelId, sha256: &[String]) -> Result<(), StoreError> {
        let sql = "DELETE FROM t_moment_upload WHERE channel_id = ? AND sha256 IN (SELECT value FROM json_each(?))";
        self.writer
            .execute_raw(statement(sql, [channel.0.into(), json(&sha256)?.into()]))
            .await?;
        Ok(())
    }
}
