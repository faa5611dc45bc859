//! What this process knows about one token.

use std::sync::Mutex;
use std::time::Duration;

use moments_domain::Timestamp;
use moments_wecom::AccessToken;

use crate::{CachedToken, CallFailure, Refusal};

use super::lock;

/// A token is replaced this long before it expires.
const MARGIN: Duration = Duration::from_mins(5);
/// How long the first verdict on a credential stands before it is put to the test again, once,
const FIRST_VERDICT: Duration = Duration::from_secs(20);
/// and how long each one after that.
const VERDICT_LIFE: Duration = Duration::from_mins(10);

pub(super) type Outcome<T> = Result<T, CallFailure>;

/// One token, and what the platform said of its credential.
#[derive(Default)]
pub(in crate::wecom) struct Slot {
    /// Held during a refresh: one at a time in this process.
    pub(super) refreshing: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<CachedToken>,
    verdict: Option<(Refusal, Timestamp)>,
    /// Verdicts since the credential last worked.
    verdicts: u32,
    /// Refreshes finished, so that those who waited for one do not start another.
    round: u64,
    last_failure: Option<CallFailure>,
}

impl State {
    /// The verdict, unless it is time to put it to the test.
    fn stands(&self, now: Timestamp) -> Option<&Refusal> {
        let life = if self.verdicts > 1 { VERDICT_LIFE } else { FIRST_VERDICT };
        let (refusal, since) = self.verdict.as_ref()?;
        (now.since(*since) < life).then_some(refusal)
    }
}

impl Slot {
    /// The token, unless it is `rejected` or due for replacement.
    pub(super) fn fresh(&self, now: Timestamp, rejected: Option<&AccessToken>) -> Option<AccessToken> {
        self.valid(now + MARGIN, rejected)
    }

    /// The token, unless it is `rejected` or expired.
    pub(super) fn valid(&self, now: Timestamp, rejected: Option<&AccessToken>) -> Option<AccessToken> {
        let state = lock(&self.state);
        let held = state.held.as_ref().filter(|held| held.expires > now)?;
        let token = AccessToken::from(held.token.clone());
        (rejected != Some(&token)).then_some(token)
    }

    /// Takes the shelf's token when ours is `rejected` or ends earlier.
    pub(super) fn offer(&self, shelved: Option<CachedToken>, rejected: Option<&AccessToken>) {
        let mut state = lock(&self.state);
        let is_rejected = |held: &CachedToken| rejected == Some(&held.token.clone().into());
        if let Some(shelved) = shelved
            && state
                .held
                .as_ref()
                .is_none_or(|held| is_rejected(held) || shelved.expires > held.expires)
        {
            state.held = Some(shelved);
        }
    }

    /// Records how a refresh ended. A failure leaves the old token in place: it may still be good for a while.
    pub(super) fn remember(&self, outcome: &Outcome<CachedToken>) {
        let mut state = lock(&self.state);
        state.round += 1;
        match outcome {
            Ok(token) => {
                state.held = Some(token.clone());
                state.last_failure = None;
                state.verdict = None;
                state.verdicts = 0;
            }
            Err(failure) => state.last_failure = Some(failure.clone()),
        }
    }

    pub(super) fn round(&self) -> u64 {
        lock(&self.state).round
    }

    /// How the refresh ended that took place after `round`, if there was one: good for all who waited.
    pub(super) fn outcome_after(&self, round: u64) -> Option<Outcome<AccessToken>> {
        let state = lock(&self.state);
        if state.round == round {
            return None;
        }
        match (&state.last_failure, &state.held) {
            (Some(failure), _) => Some(Err(failure.clone())),
            (None, held) => held.as_ref().map(|held| Ok(held.token.clone().into())),
        }
    }

    /// The credential is broken.
    pub(super) fn condemn(&self, refusal: Refusal, now: Timestamp) {
        let mut state = lock(&self.state);
        state.verdict = Some((refusal, now));
        state.verdicts += 1;
    }

    /// Fails when the credential is known to be broken.
    pub(in crate::wecom) fn verdict(&self) -> Outcome<()> {
        match &lock(&self.state).verdict {
            Some((refusal, _)) => Err(CallFailure::Refused(refusal.clone())),
            None => Ok(()),
        }
    }

    /// Forgets an old verdict: the next call puts the credential to the test.
    pub(in crate::wecom) fn lapse(&self, now: Timestamp) {
        let mut state = lock(&self.state);
        if state.stands(now).is_none() {
            state.verdict = None;
        }
    }

    /// Fails when the credential was found broken a short while ago.
    pub(super) fn verdict_to_heed(&self, now: Timestamp) -> Outcome<()> {
        match lock(&self.state).stands(now) {
            Some(refusal) => Err(CallFailure::Refused(refusal.clone())),
            None => Ok(()),
        }
    }
}
