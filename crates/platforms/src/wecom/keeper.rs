//! Keeps access tokens fresh: in memory for the hot path, on the shelf for other processes (reference wecom 2.2).
//!
//! A token is refreshed 300 s ahead of its expiry, by one task of one process at a time. A token that the platform rejects is replaced
//! once for all who hold it. A credential that the platform calls wrong is not tried again until it changes: repeated tries get the
//! whole address blocked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moments_domain::{ChannelId, Clock};
use moments_wecom::{AccessToken, WecomClient};
use moments_wire::CallError;
use tracing::{info, warn};

use crate::{CachedToken, CallFailure, ChannelAccess, ShelfError, TokenShelf};

use super::failure::failure;

mod slot;

use slot::{Outcome, Slot};

/// How long one process may take for a refresh: a `gettoken` that times out, and a little.
const REFRESH_TTL: Duration = Duration::from_secs(20);
/// How often to look whether another process has finished its refresh.
const POLL: Duration = Duration::from_millis(250);
/// Looks before giving up: a little longer than [`REFRESH_TTL`].
const POLLS: u32 = 84;

/// The tokens of all channels that this process works for.
pub(super) struct TokenKeeper {
    client: WecomClient,
    shelf: Arc<dyn TokenShelf>,
    clock: Arc<dyn Clock>,
    slots: Mutex<HashMap<ChannelId, Arc<Slot>>>,
}

impl TokenKeeper {
    pub(super) fn new(client: WecomClient, shelf: Arc<dyn TokenShelf>, clock: Arc<dyn Clock>) -> Self {
        Self {
            client,
            shelf,
            clock,
            slots: Mutex::default(),
        }
    }

    /// Runs `call` with a token; once more with a new one if the platform rejects the first (40014, 42001), which it does before it looks at
    /// anything else, so that repeating even a creation is safe.
    ///
    /// Trouble with getting a token is [`CallFailure::NotSent`] or a refusal, never [`CallFailure::NoAnswer`]: `call` has not run.
    pub(super) async fn with_token<T, F, Fut>(&self, channel: &ChannelAccess, call: F) -> Result<T, CallFailure>
    where
        F: Fn(AccessToken) -> Fut,
        Fut: Future<Output = Result<T, CallError>>,
    {
        let slot = self.slot(channel);
        let token = self.token(&slot, channel, None).await?;
        let mut answer = call(token.clone()).await;
        if answer.as_ref().is_err_and(rejects_token) {
            info!(channel.id = %channel.id, "access token rejected, taking a new one");
            let token = self.token(&slot, channel, Some(&token)).await?;
            answer = call(token).await;
        }
        answer.map_err(|error| self.judged(&slot, failure(error)))
    }

    /// Asks for a token even when there is one: proof that the credential works. A credential called wrong is asked about at most every ten minutes.
    pub(super) async fn prove(&self, channel: &ChannelAccess) -> Result<(), CallFailure> {
        let slot = self.slot(channel);
        let _alone = slot.refreshing.lock().await;
        slot.verdict_to_heed(self.clock.now())?;
        self.issue(&slot, channel).await.map(|_| ())
    }

    /// Whether nothing speaks against the channel's credential.
    pub(super) fn is_working(&self, channel: &ChannelAccess) -> bool {
        self.slot(channel).verdict().is_ok()
    }

    fn slot(&self, channel: &ChannelAccess) -> Arc<Slot> {
        let mut slots = lock(&self.slots);
        let slot = slots.entry(channel.id).or_insert_with(|| Arc::new(Slot::new(channel)));
        if !slot.serves(channel) {
            *slot = Arc::new(Slot::new(channel));
        }
        Arc::clone(slot)
    }

    /// A token that is not `rejected`. Without I/O, and without waiting, unless a refresh is due.
    async fn token(
        &self,
        slot: &Slot,
        channel: &ChannelAccess,
        rejected: Option<&AccessToken>,
    ) -> Result<AccessToken, CallFailure> {
        slot.verdict()?;
        let round = slot.round();
        if let Some(token) = slot.fresh(self.clock.now(), rejected) {
            return Ok(token);
        }
        let _alone = slot.refreshing.lock().await;
        let outcome = match slot.outcome_after(round) {
            Some(outcome) => outcome,
            None => self.refreshed(slot, channel, rejected).await,
        };
        // A refresh ahead of time may fail: the old token still serves to its end.
        outcome.or_else(|failure| {
            slot.verdict()
                .ok()
                .and_then(|()| slot.valid(self.clock.now(), rejected))
                .ok_or(failure)
        })
    }

    /// A token from the shelf, or from the platform when this process gets the right to ask.
    async fn refreshed(
        &self,
        slot: &Slot,
        channel: &ChannelAccess,
        rejected: Option<&AccessToken>,
    ) -> Result<AccessToken, CallFailure> {
        for _ in 0..POLLS {
            let shelved = self
                .shelf
                .read(channel.id)
                .await
                .map_err(|error| shelf_failure(&error))?;
            slot.offer(shelved, rejected);
            let now = self.clock.now();
            if let Some(token) = slot.fresh(now, rejected) {
                return Ok(token);
            }
            let right = self
                .shelf
                .begin_refresh(channel.id, now, now + REFRESH_TTL)
                .await
                .map_err(|error| shelf_failure(&error))?;
            if let Some(fence) = right {
                return self.issue_and_shelve(slot, channel, fence).await;
            }
            if let Some(token) = slot.valid(now, rejected) {
                return Ok(token);
            }
            tokio::time::sleep(POLL).await;
        }
        Err(CallFailure::NotSent(
            "另一进程长时间占用 access_token 的刷新权".to_owned(),
        ))
    }

    async fn issue_and_shelve(
        &self,
        slot: &Slot,
        channel: &ChannelAccess,
        fence: i64,
    ) -> Result<AccessToken, CallFailure> {
        let issued = self.issue(slot, channel).await;
        let shelved = self.shelf.finish_refresh(channel.id, fence, issued.as_ref().ok()).await;
        match shelved {
            Ok(true) => (),
            Ok(false) => {
                warn!(channel.id = %channel.id, "token refresh took too long, another process has the right to it");
            }
            Err(error) => {
                warn!(channel.id = %channel.id, %error, "token stays in this process only");
            }
        }
        issued.map(|cached| cached.token.into())
    }

    /// Asks the platform, and remembers what it said.
    async fn issue(&self, slot: &Slot, channel: &ChannelAccess) -> Outcome<CachedToken> {
        let answer = self.client.gettoken(&channel.handle, &channel.credential).await;
        let outcome = match answer {
            Ok(issued) => {
                let expires = self.clock.now() + Duration::from_secs(issued.expires_in);
                Ok(CachedToken {
                    token: issued.access_token.secret().clone(),
                    expires,
                })
            }
            Err(error) => Err(self.judged(slot, nothing_was_asked(error))),
        };
        slot.remember(&outcome);
        outcome
    }

    /// Notes that the credential is broken, if that is what the platform said.
    fn judged(&self, slot: &Slot, failure: CallFailure) -> CallFailure {
        if let CallFailure::Refused(refusal) = &failure
            && ends_credential(&refusal.code)
        {
            warn!(code = refusal.code, "credential of a WeCom channel no longer works");
            slot.condemn(refusal.clone(), self.clock.now());
        }
        failure
    }
}

/// Whether this code says that the credential itself no longer works (reference wecom 2.2, 9.1).
fn ends_credential(code: &str) -> bool {
    matches!(code, "40001" | "40013" | "40084" | "40091" | "50003")
}

fn rejects_token(error: &CallError) -> bool {
    matches!(error.code(), Some("40014" | "42001"))
}

/// Failing to get a token means that the business call never left.
fn nothing_was_asked(error: CallError) -> CallFailure {
    match failure(error) {
        CallFailure::NoAnswer(why) | CallFailure::NotSent(why) => {
            CallFailure::NotSent(format!("未能取得 access_token：{why}"))
        }
        refused @ CallFailure::Refused(_) => refused,
    }
}

fn shelf_failure(error: &ShelfError) -> CallFailure {
    CallFailure::NotSent(format!("未能读写 access_token 缓存：{error}"))
}

/// A poisoned lock guards plain data that is whole after every statement.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
