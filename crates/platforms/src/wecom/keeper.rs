//! Keeps access tokens fresh: in memory for the hot path, on the shelf for other processes (reference wecom 2.2).
//!
//! A token is refreshed 300 s ahead of its expiry, by one task of one process at a time. A token that the platform rejects is replaced
//! once for all who hold it. A credential that the platform calls wrong is not tried again until it changes: repeated tries get the
//! whole address blocked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use moments_domain::{AppKind, ChannelId, Clock, Timestamp};
use moments_wecom::{AccessToken, IssuedToken, WecomClient};
use moments_wire::CallError;
use secrecy::{ExposeSecret as _, SecretString};

use crate::{CachedToken, CallFailure, ChannelAccess, ShelfError, TokenShelf};

use super::failure::failure;
use super::suites::{Suites, no_suite};

pub(super) mod refresher;
pub(super) mod slot;

use refresher::{FetchError, Refresher, Source, TokenCallError};
use slot::Slot;

/// The tokens of all channels that this process works for.
pub(super) struct TokenKeeper {
    client: WecomClient,
    shelf: Arc<dyn TokenShelf>,
    /// For channels of third-party apps; `None` where the installation has no suite.
    pub(super) suites: Option<Arc<Suites>>,
    clock: Arc<dyn Clock>,
    slots: Mutex<HashMap<ChannelId, Arc<ChannelSlot>>>,
}

/// One channel with one credential. A changed credential gets a new slot, which knows nothing of the old one's verdict.
struct ChannelSlot {
    handle: String,
    app: AppKind,
    credential: SecretString,
    credential_version: i64,
    slot: Slot,
}

impl TokenKeeper {
    pub(super) fn new(client: WecomClient, shelf: Arc<dyn TokenShelf>, clock: Arc<dyn Clock>) -> Self {
        Self {
            client,
            shelf,
            suites: None,
            clock,
            slots: Mutex::default(),
        }
    }

    /// Runs `call` with a token of the channel's app; see [`Refresher::with_token`].
    ///
    /// Trouble with getting a token is [`CallFailure::NotSent`] or a refusal, never [`CallFailure::NoAnswer`]: `call` has not run.
    pub(super) async fn with_token<T, F, Fut>(&self, channel: &ChannelAccess, call: F) -> Result<T, CallFailure>
    where
        F: Fn(AccessToken) -> Fut,
        Fut: Future<Output = Result<T, CallError>>,
    {
        let (held, source) = (self.slot(channel), self.source(channel));
        // Another process may have found the credential good again.
        held.slot.lapse(self.clock.now());
        self.refresher(&held, &source)
            .with_token(call)
            .await
            .map_err(|error| match error {
                TokenCallError::NoToken(failure) => failure,
                TokenCallError::Call(error) => failure(error),
            })
    }

    /// Asks for a token even when there is one: proof that the credential works. A credential called wrong is asked about once more
    /// after twenty seconds, then at most every ten minutes.
    pub(super) async fn prove(&self, channel: &ChannelAccess) -> Result<(), CallFailure> {
        let (held, source) = (self.slot(channel), self.source(channel));
        self.refresher(&held, &source).prove().await
    }

    /// Whether nothing speaks against the channel's credential.
    pub(super) fn is_working(&self, channel: &ChannelAccess) -> bool {
        self.slot(channel).slot.verdict().is_ok()
    }

    fn refresher<'a>(&'a self, held: &'a ChannelSlot, source: &'a ChannelSource<'a>) -> Refresher<'a> {
        Refresher {
            slot: &held.slot,
            source,
            clock: &*self.clock,
        }
    }

    fn source<'a>(&'a self, channel: &'a ChannelAccess) -> ChannelSource<'a> {
        ChannelSource { keeper: self, channel }
    }

    fn slot(&self, channel: &ChannelAccess) -> Arc<ChannelSlot> {
        let mut slots = lock(&self.slots);
        let slot = slots
            .entry(channel.id)
            .or_insert_with(|| Arc::new(ChannelSlot::new(channel)));
        if !slot.serves(channel) {
            *slot = Arc::new(ChannelSlot::new(channel));
        }
        Arc::clone(slot)
    }
}

impl ChannelSlot {
    fn new(channel: &ChannelAccess) -> Self {
        Self {
            handle: channel.handle.clone(),
            app: channel.app,
            credential: channel.credential.clone(),
            credential_version: channel.credential_version,
            slot: Slot::default(),
        }
    }

    /// Whether this slot is about the channel's present credential.
    fn serves(&self, channel: &ChannelAccess) -> bool {
        self.credential_version == channel.credential_version
            && self.handle == channel.handle
            && self.app == channel.app
            && self.credential.expose_secret() == channel.credential.expose_secret()
    }
}

/// A corp's token for one app.
struct ChannelSource<'a> {
    keeper: &'a TokenKeeper,
    channel: &'a ChannelAccess,
}

#[async_trait]
impl Source for ChannelSource<'_> {
    fn owner(&self) -> String {
        format!("channel {}", self.channel.id)
    }

    fn token_name(&self) -> &'static str {
        "access_token"
    }

    async fn read(&self) -> Result<Option<CachedToken>, ShelfError> {
        self.keeper.shelf.read(self.channel.id).await
    }

    async fn begin_refresh(&self, now: Timestamp, until: Timestamp) -> Result<Option<i64>, ShelfError> {
        self.keeper.shelf.begin_refresh(self.channel.id, now, until).await
    }

    async fn finish_refresh(&self, fence: i64, token: Option<&CachedToken>) -> Result<bool, ShelfError> {
        self.keeper.shelf.finish_refresh(self.channel.id, fence, token).await
    }

    async fn fetch(&self) -> Result<IssuedToken, FetchError> {
        let ChannelAccess { handle, credential, .. } = self.channel;
        match self.channel.app {
            AppKind::SelfBuilt | AppKind::ProviderDeveloped => self
                .keeper
                .client
                .gettoken(handle, credential)
                .await
                .map_err(FetchError::Asked),
            AppKind::ThirdParty => match &self.keeper.suites {
                Some(suites) => suites.corp_token(handle, credential).await,
                None => Err(FetchError::Below(no_suite())),
            },
        }
    }

    fn rejects_token(&self, code: &str) -> bool {
        matches!(code, "40014" | "42001")
    }

    /// Reference wecom 2.2, 4.7 and 9.1.
    fn ends_credential(&self, code: &str) -> bool {
        matches!(code, "40001" | "40013" | "40084" | "40091" | "48004" | "50003")
    }
}

/// A poisoned lock guards plain data that is whole after every statement.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
