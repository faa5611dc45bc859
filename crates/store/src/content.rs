//! Drafts of the content library, where both modules share a database (workbench conventions).

use moments_domain::UserId;
use moments_domain::library::Draft;

use crate::db::Store;
use crate::dialect::Sql;
use crate::error::StoreError;
use crate::time::from_datetime;

impl Store {
    /// The user's draft; `None` when the user has no such draft.
    pub async fn find_draft(&self, user: UserId, id: i64) -> Result<Option<Draft>, StoreError> {
        let Some(row) = self.row(&DRAFT, [id.into(), user.0.into()]).await? else {
            return Ok(None);
        };
        Ok(Some(Draft {
            title: row.try_get::<Option<String>>("", "title")?.unwrap_or_default(),
            content_type: row.try_get("", "content_type")?,
            content_data: row.try_get::<Option<String>>("", "content_data")?.unwrap_or_default(),
            status: row.try_get("", "status")?,
            version: version(&row.try_get::<String>("", "version")?),
        }))
    }
}

/// The same for every database: ISO 8601 in UTC, or what the library has written when that is no time.
fn version(update_time: &str) -> String {
    from_datetime(update_time).map_or_else(
        || update_time.chars().take(Draft::MAX_VERSION).collect(),
        |at| at.to_string(),
    )
}

static DRAFT: Sql = Sql::each(|d| {
    let (data, version) = (d.text("content_data"), d.time_text("update_time", "version"));
    format!(
        "SELECT title, content_type, {data}, status, {version} FROM t_workbench_content WHERE id = ? AND user_id = ?"
    )
});
