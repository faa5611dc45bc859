//! The media of a task, and what the platforms know of them.

use moments_domain::{ChannelId, TaskId, Timestamp};

use crate::db::Store;
use crate::dialect::{Kind, Sql};
use crate::error::StoreError;
use crate::rows::json;

/// A medium of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaRow {
    /// Hash of the original, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// What is known about it: JSON, opaque here.
    pub media: String,
}

impl Store {
    /// The task's media as fetched, in the order shown, as the JSON that [`Store::put_media`] was given; empty before they are fetched.
    pub async fn media(&self, task: TaskId) -> Result<Vec<String>, StoreError> {
        let rows = self.rows(&MEDIA, [task.0.into()]).await?;
        rows.iter().map(|row| Ok(row.try_get("", "media")?)).collect()
    }

    /// Remembers all media of a task at once; whoever comes second changes nothing.
    pub async fn put_media(&self, task: TaskId, media: &[MediaRow]) -> Result<(), StoreError> {
        let rows: Vec<_> = (0_i64..)
            .zip(media)
            .map(|(position, row)| (task.0, position, &row.media, &row.sha256))
            .collect();
        self.run(&PUT_MEDIA, [json(&rows)?.into()]).await?;
        Ok(())
    }

    /// What the channel's platform calls the medium, if that will still be usable at `until`.
    pub async fn find_upload(
        &self,
        channel: ChannelId,
        sha256: &str,
        until: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let values = [channel.0.into(), sha256.into(), until.0.into()];
        let row = self.row(&FIND_UPLOAD, values).await?;
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
        let values = [channel.0.into(), sha256.into(), reference.into(), usable_until.0.into()];
        self.run(&PUT_UPLOAD, values).await?;
        Ok(())
    }

    /// Forgets uploads that the platform no longer takes: after 40007 or 40145, and when they have expired.
    pub async fn forget_uploads(&self, channel: ChannelId, sha256: &[String]) -> Result<(), StoreError> {
        for sha256 in sha256 {
            self.run(&FORGET_UPLOAD, [channel.0.into(), sha256.as_str().into()])
                .await?;
        }
        Ok(())
    }
}

static MEDIA: Sql = Sql::same("SELECT media FROM t_moment_media WHERE task_id = ? ORDER BY position");

static PUT_MEDIA: Sql = Sql::each(|d| {
    let rows = d.rows(&[
        ("task", Kind::Int),
        ("position", Kind::Int),
        ("media", Kind::Text),
        ("sha256", Kind::Text),
    ]);
    let or_nothing = d.or_nothing("t_moment_media", "task_id, position");
    // "WHERE true": SQLite would take what follows for the condition of a join.
    format!(
        "INSERT INTO t_moment_media (task_id, position, media, sha256) SELECT v.task, v.position, v.media, v.sha256 FROM {rows} v WHERE true {or_nothing}"
    )
});

static FIND_UPLOAD: Sql =
    Sql::same("SELECT reference FROM t_moment_upload WHERE channel_id = ? AND sha256 = ? AND usable_until > ?");

static PUT_UPLOAD: Sql = Sql::each(|d| {
    let (reference, until) = (d.brought("reference"), d.brought("usable_until"));
    format!(
        "INSERT INTO t_moment_upload (channel_id, sha256, reference, usable_until) VALUES (?, ?, ?, ?) \
         {} reference = {reference}, usable_until = {until}",
        d.or_update("channel_id, sha256")
    )
});

static FORGET_UPLOAD: Sql = Sql::same("DELETE FROM t_moment_upload WHERE channel_id = ? AND sha256 = ?");
