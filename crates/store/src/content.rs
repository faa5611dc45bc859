//! Drafts of the content library, where both modules share a database (workbench conventions).

use moments_domain::UserId;
use moments_domain::library::Draft;

use crate::db::Store;
use crate::dialect::Sql;
use crate::error::StoreError;

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
        }))
    }
}

static DRAFT: Sql = Sql::each(|d| {
    let data = d.text("content_data");
    format!("SELECT title, content_type, {data} FROM t_workbench_content WHERE id = ? AND user_id = ?")
});
