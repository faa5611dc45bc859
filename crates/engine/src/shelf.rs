//! Access tokens on the rows of channels and suites, sealed.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use moments_domain::{ChannelId, Timestamp};
use moments_platforms::{CachedToken, ShelfError, SuiteShelf, TokenShelf};
use moments_store::{CHANNEL_TOKEN, SUITE_TICKET, SUITE_TOKEN, SealedPlace, ShelfToken, Store};
use moments_vault::{KeyRing, VaultError};
use secrecy::SecretString;

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

    /// A key that is gone, or a row that was changed: another token is only a call away.
    fn opened(&self, place: &SealedPlace, row: &dyn fmt::Display, shelved: &ShelfToken) -> Option<CachedToken> {
        let opened = self.keys.open(&place.bound_to(row), &shelved.sealed);
        let token = opened
            .inspect_err(|error| tracing::warn!(%row, %error, "an access token does not open: another one is fetched"))
            .ok()?;
        let expires = shelved.expires;
        Some(CachedToken { token, expires })
    }

    fn sealed(
        &self,
        place: &SealedPlace,
        row: &dyn fmt::Display,
        token: Option<&CachedToken>,
    ) -> Result<Option<ShelfToken>, ShelfError> {
        let seal = |token: &CachedToken| {
            let sealed = self.keys.seal(&place.bound_to(row), &token.token)?;
            let expires = token.expires;
            Ok::<_, VaultError>(ShelfToken { sealed, expires })
        };
        token.map(seal).transpose().map_err(shelf_error)
    }
}

fn shelf_error(error: impl fmt::Display) -> ShelfError {
    ShelfError(error.to_string())
}

fn count_refresh(was_fetched: bool, was_shelved: bool) {
    metrics::refreshed(match (was_fetched, was_shelved) {
        (false, _) => Refresh::Failed,
        (true, true) => Refresh::Ok,
        (true, false) => Refresh::Superseded,
    });
}

#[async_trait]
impl TokenShelf for SealedShelf {
    async fn read(&self, channel: ChannelId) -> Result<Option<CachedToken>, ShelfError> {
        let shelved = self.store.token(channel).await.map_err(shelf_error)?;
        Ok(shelved.and_then(|shelved| self.opened(&CHANNEL_TOKEN, &channel, &shelved)))
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
        let token = self.sealed(&CHANNEL_TOKEN, &channel, token)?;
        let shelved = self.store.finish_refresh(channel, fence, token.as_ref()).await;
        let shelved = shelved.map_err(shelf_error)?;
        count_refresh(token.is_some(), shelved);
        Ok(shelved)
    }
}

#[async_trait]
impl SuiteShelf for SealedShelf {
    async fn ticket(&self, suite_id: &str) -> Result<Option<(SecretString, Timestamp)>, ShelfError> {
        let suite = self.store.suite(suite_id).await.map_err(shelf_error)?;
        let Some((sealed, came)) = suite.ticket else {
            return Ok(None);
        };
        let ticket = self
            .keys
            .open(&SUITE_TICKET.bound_to(suite_id), &sealed)
            .map_err(shelf_error)?;
        Ok(Some((ticket, came)))
    }

    async fn read(&self, suite_id: &str) -> Result<Option<CachedToken>, ShelfError> {
        let suite = self.store.suite(suite_id).await.map_err(shelf_error)?;
        Ok(suite
            .token
            .and_then(|shelved| self.opened(&SUITE_TOKEN, &suite_id, &shelved)))
    }

    async fn begin_refresh(&self, suite_id: &str, now: Timestamp, until: Timestamp) -> Result<Option<i64>, ShelfError> {
        self.store
            .begin_suite_refresh(suite_id, now, until)
            .await
            .map_err(shelf_error)
    }

    async fn finish_refresh(
        &self,
        suite_id: &str,
        fence: i64,
        token: Option<&CachedToken>,
    ) -> Result<bool, ShelfError> {
        let token = self.sealed(&SUITE_TOKEN, &suite_id, token)?;
        let shelved = self.store.finish_suite_refresh(suite_id, fence, token.as_ref()).await;
        let shelved = shelved.map_err(shelf_error)?;
        count_refresh(token.is_some(), shelved);
        Ok(shelved)
    }
}
