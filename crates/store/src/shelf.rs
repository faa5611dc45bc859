//! Access tokens, sealed, shared by all processes.

use moments_domain::{ChannelId, Timestamp};

use crate::db::{Statements, Store, again, commit};
use crate::dialect::Sql;
use crate::error::StoreError;

/// A sealed token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShelfToken {
    /// The sealed text.
    pub sealed: String,
    /// When the platform said that it expires.
    pub expires: Timestamp,
}

impl Store {
    /// The channel's token, whether still good or not.
    pub async fn token(&self, channel: ChannelId) -> Result<Option<ShelfToken>, StoreError> {
        let Some(row) = self.row(&TOKEN, [channel.0.into()]).await? else {
            return Ok(None);
        };
        let expires: Option<i64> = row.try_get("", "token_expires")?;
        Ok(Some(ShelfToken {
            sealed: row.try_get("", "token")?,
            expires: Timestamp(expires.unwrap_or_default()),
        }))
    }

    /// Takes the right to refresh the channel's token until `until`: the fence; `None` while another has it.
    pub async fn begin_refresh(
        &self,
        channel: ChannelId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<i64>, StoreError> {
        again!({
            let txn = self.write().await?;
            let taken = txn
                .run(&BEGIN, [until.0.into(), channel.0.into(), now.0.into()])
                .await?;
            if taken == 0 {
                return Ok(None);
            }
            let row = txn.row(&FENCE, [channel.0.into()]).await?;
            let fence = row.map(|row| row.try_get("", "refresh_fence")).transpose()?;
            commit(txn).await?;
            Ok(fence)
        })
    }

    /// Stores a refreshed token (`None`: the refresh failed) and gives the right back; false when `fence` is an old one.
    pub async fn finish_refresh(
        &self,
        channel: ChannelId,
        fence: i64,
        token: Option<&ShelfToken>,
    ) -> Result<bool, StoreError> {
        let sealed = token.map(|token| token.sealed.clone());
        let expires = token.map(|token| token.expires.0);
        let values = [sealed.into(), expires.into(), channel.0.into(), fence.into()];
        Ok(self.run(&FINISH, values).await? > 0)
    }
}

static TOKEN: Sql = Sql::same("SELECT token, token_expires FROM t_moment_channel WHERE id = ? AND token IS NOT NULL");
static BEGIN: Sql = Sql::same(
    "UPDATE t_moment_channel SET refresh_fence = refresh_fence + 1, refresh_until = ? WHERE id = ? AND refresh_until <= ?",
);
static FENCE: Sql = Sql::same("SELECT refresh_fence FROM t_moment_channel WHERE id = ?");
static FINISH: Sql = Sql::same(
    "UPDATE t_moment_channel SET refresh_until = 0, token = coalesce(?, token), token_expires = coalesce(?, token_expires) \
     WHERE id = ? AND refresh_fence = ?",
);
