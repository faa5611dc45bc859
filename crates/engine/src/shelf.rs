//! Access tokens on the channel's row, sealed.

use std::sync::Arc;

use async_trait::async_trait;
use moments_domain::{ChannelId, Timestamp};
use moments_platforms::{CachedToken, ShelfError, TokenShelf};
use moments_store::{CHANNEL_TOKEN, ShelfToken, Store};
use moments_vault::KeyRing;

use crate::metrics::{self, Refresh};

/// The database as a shelf of tokens.
#[derive(Clone, Debug)]
pub struct SealedShelf {
    store: Store,
    keys: Arc<KeyRing>,
}

impl SealedShelf {
    /// Tokens in `store`, sealed by `keys`.
    pub fn new(store: Store, keys: Arc<KeyRing>) -> Self {
        Self { store, keys }
    }
}

fn shelf_error(error: impl std::fmt::Display) -> ShelfError {
    ShelfError(error.to_string())
}

#[async_trait]
impl TokenShelf for SealedShelf {
    async fn read(&self, channel: ChannelId) -> Result<Option<CachedToken>, ShelfError> {
        let Some(sealed) = self.store.token(channel).await.map_err(shelf_error)? else {
            return Ok(None);
        };
        // A key that is gone, or a row that was changed: another token is only a call away.
        match self.keys.open(&CHANNEL_TOKEN.bound_to(channel), &sealed.sealed) {
            Ok(token) => Ok(Some(CachedToken {
                token,
                expires: sealed.expires,
            })),
            Err(error) => {
                tracing::warn!(channel.id = %channel, %error, "the access token does not open: another one is fetched");
                Ok(None)
            }
        }
    }

    async fn begin_refresh(
        &self,
        channel: ChannelId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<i64>, ShelfError> {
        self.store.begin_refresh(channel, now, until).await.map_err(shelf_error)
    }

    async fn finish_refresh(
        &self,
        channel: ChannelId,
        fence: i64,
        token: Option<&CachedToken>,
    ) -> Result<bool, ShelfError> {
        let seal = |token: &CachedToken| {
            let sealed = self.keys.seal(&CHANNEL_TOKEN.bound_to(channel), &token.token)?;
            Ok::<_, moments_vault::VaultError>(ShelfToken {
                sealed,
                expires: token.expires,
            })
        };
        let token = token.map(seal).transpose().map_err(shelf_error)?;
        let shelved = self
            .store
            .finish_refresh(channel, fence, token.as_ref())
            .await
            .map_err(shelf_error)?;
        metrics::refreshed(match (&token, shelved) {
            (None, _) => Refresh::Failed,
            (Some(_), true) => Refresh::Ok,
            (Some(_), false) => Refresh::Superseded,
        });
        Ok(shelved)
    }
}
