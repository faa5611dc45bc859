//! One token: taken from memory, from the shelf, or from the platform.

use std::time::Duration;

use async_trait::async_trait;
use moments_domain::{Clock, Timestamp};
use moments_wecom::{AccessToken, IssuedToken};
use moments_wire::CallError;
use tracing::{info, warn};

use crate::wecom::failure::failure;
use crate::{CachedToken, CallFailure, ShelfError};

use super::slot::{Outcome, Slot};

/// How long one process may take for a refresh: a call that times out, and a little.
const REFRESH_TTL: Duration = Duration::from_secs(20);
/// How often to look whether another process has finished its refresh.
const POLL: Duration = Duration::from_millis(250);
/// Looks before giving up: a little longer than [`REFRESH_TTL`].
const POLLS: u32 = 84;

/// Where one token comes from, and where it lies for other processes.
#[async_trait]
pub(in crate::wecom) trait Source: Send + Sync {
    /// Whose token it is, for logs.
    fn owner(&self) -> String;

    /// What the platform calls it.
    fn token_name(&self) -> &'static str;

    /// The token on the shelf, whether still good or not.
    async fn read(&self) -> Result<Option<CachedToken>, ShelfError>;

    /// Takes the right to refresh; see [`TokenShelf`](crate::TokenShelf).
    async fn begin_refresh(&self, now: Timestamp, until: Timestamp) -> Result<Option<i64>, ShelfError>;

    /// Puts the token on the shelf and gives the right back.
    async fn finish_refresh(&self, fence: i64, token: Option<&CachedToken>) -> Result<bool, ShelfError>;

    /// Asks the platform for a token.
    async fn fetch(&self) -> Result<IssuedToken, FetchError>;

    /// Whether this code of a call says that the token is no longer good, and another should be taken.
    fn rejects_token(&self, code: &str) -> bool;

    /// Whether this code says that the credential itself no longer works.
    fn ends_credential(&self, code: &str) -> bool;
}

/// Why no token was issued.
pub(in crate::wecom) enum FetchError {
    /// The platform was asked with this credential.
    Asked(CallError),
    /// It did not come to that: what the credential rests upon is not there. No verdict on the credential.
    Below(CallFailure),
}

/// Why a call with a token brought nothing.
pub(in crate::wecom) enum TokenCallError {
    /// There is no token: the call has not run.
    NoToken(CallFailure),
    /// The call failed.
    Call(CallError),
}

/// One token on its way: what this process knows of it, and its source.
pub(in crate::wecom) struct Refresher<'a> {
    pub(in crate::wecom) slot: &'a Slot,
    pub(in crate::wecom) source: &'a dyn Source,
    pub(in crate::wecom) clock: &'a dyn Clock,
}

impl Refresher<'_> {
    /// Runs `call` with a token; once more with a new one if the platform rejects the first, which it does before it looks at anything
    /// else, so that repeating even a creation is safe.
    pub(in crate::wecom) async fn with_token<T, F, Fut>(&self, call: F) -> Result<T, TokenCallError>
    where
        F: Fn(AccessToken) -> Fut,
        Fut: Future<Output = Result<T, CallError>>,
    {
        let token = self.token(None).await.map_err(TokenCallError::NoToken)?;
        let mut answer = call(token.clone()).await;
        if answer.as_ref().is_err_and(|error| self.is_rejected(error)) {
            info!(
                owner = self.source.owner(),
                "{} rejected, taking a new one",
                self.source.token_name()
            );
            let token = self.token(Some(&token)).await.map_err(TokenCallError::NoToken)?;
            answer = call(token).await;
        }
        answer.map_err(|error| {
            self.judge(&error);
            TokenCallError::Call(error)
        })
    }

    /// Asks for a token even when there is one: proof that the credential works. A credential called wrong is asked about at most every ten minutes.
    pub(in crate::wecom) async fn prove(&self) -> Result<(), CallFailure> {
        let _alone = self.slot.refreshing.lock().await;
        self.slot.verdict_to_heed(self.clock.now())?;
        self.issue().await.map(|_| ())
    }

    /// A token that is not `rejected`. Without I/O, and without waiting, unless a refresh is due.
    async fn token(&self, rejected: Option<&AccessToken>) -> Result<AccessToken, CallFailure> {
        let slot = self.slot;
        slot.verdict()?;
        let round = slot.round();
        if let Some(token) = slot.fresh(self.clock.now(), rejected) {
            return Ok(token);
        }
        let _alone = slot.refreshing.lock().await;
        let outcome = match slot.outcome_after(round) {
            Some(outcome) => outcome,
            None => self.refreshed(rejected).await,
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
    async fn refreshed(&self, rejected: Option<&AccessToken>) -> Result<AccessToken, CallFailure> {
        for _ in 0..POLLS {
            let shelved = self.source.read().await.map_err(|error| self.shelf_failure(&error))?;
            self.slot.offer(shelved, rejected);
            let now = self.clock.now();
            if let Some(token) = self.slot.fresh(now, rejected) {
                return Ok(token);
            }
            let right = self
                .source
                .begin_refresh(now, now + REFRESH_TTL)
                .await
                .map_err(|error| self.shelf_failure(&error))?;
            if let Some(fence) = right {
                return self.refresh_unless_shelved(fence, rejected).await;
            }
            if let Some(token) = self.slot.valid(now, rejected) {
                return Ok(token);
            }
            tokio::time::sleep(POLL).await;
        }
        Err(CallFailure::NotSent(format!(
            "另一进程长时间占用 {} 的刷新权",
            self.source.token_name()
        )))
    }

    /// With the right to ask. It may have come from a process whose token lies on the shelf since the last look.
    async fn refresh_unless_shelved(
        &self,
        fence: i64,
        rejected: Option<&AccessToken>,
    ) -> Result<AccessToken, CallFailure> {
        if let Ok(shelved) = self.source.read().await {
            self.slot.offer(shelved, rejected);
        }
        let Some(token) = self.slot.fresh(self.clock.now(), rejected) else {
            return self.issue_and_shelve(fence).await;
        };
        self.give_back(fence, None).await;
        Ok(token)
    }

    async fn issue_and_shelve(&self, fence: i64) -> Result<AccessToken, CallFailure> {
        let issued = self.issue().await;
        self.give_back(fence, issued.as_ref().ok()).await;
        issued.map(|cached| cached.token.into())
    }

    /// Gives the right back, with the token that it brought.
    async fn give_back(&self, fence: i64, token: Option<&CachedToken>) {
        let shelved = self.source.finish_refresh(fence, token).await;
        let owner = self.source.owner();
        match shelved {
            Ok(true) => (),
            Ok(false) => warn!(
                owner,
                "token refresh took too long, another process has the right to it"
            ),
            Err(error) => warn!(owner, %error, "token stays in this process only"),
        }
    }

    /// Asks the platform, and remembers what it said.
    async fn issue(&self) -> Outcome<CachedToken> {
        let outcome = match self.source.fetch().await {
            Ok(issued) => Ok(CachedToken {
                token: issued.access_token.secret().clone(),
                expires: self.clock.now() + Duration::from_secs(issued.expires_in),
            }),
            Err(FetchError::Below(failure)) => Err(failure),
            Err(FetchError::Asked(error)) => {
                self.judge(&error);
                Err(self.nothing_was_asked(error))
            }
        };
        self.slot.remember(&outcome);
        outcome
    }

    fn is_rejected(&self, error: &CallError) -> bool {
        error.code().is_some_and(|code| self.source.rejects_token(code))
    }

    /// Notes that the credential is broken, if that is what the platform said.
    fn judge(&self, error: &CallError) {
        if error.code().is_some_and(|code| self.source.ends_credential(code))
            && let CallFailure::Refused(refusal) = failure(error.clone())
        {
            let owner = self.source.owner();
            warn!(
                owner,
                code = refusal.code,
                "WeCom says that a credential no longer works"
            );
            self.slot.condemn(refusal, self.clock.now());
        }
    }

    /// Failing to get a token means that the business call never left.
    fn nothing_was_asked(&self, error: CallError) -> CallFailure {
        match failure(error) {
            CallFailure::NoAnswer(why) | CallFailure::NotSent(why) => {
                CallFailure::NotSent(format!("未能取得 {}：{why}", self.source.token_name()))
            }
            refused @ CallFailure::Refused(_) => refused,
        }
    }

    fn shelf_failure(&self, error: &ShelfError) -> CallFailure {
        CallFailure::NotSent(format!("未能读写 {} 缓存：{error}", self.source.token_name()))
    }
}
