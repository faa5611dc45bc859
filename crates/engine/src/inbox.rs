//! The work that pushes ask for, after they were answered. Several processes may run this: each claims what it works on, and what a dead one held comes
//! up again when its lease ends.

mod apps;
mod auth;

use std::time::Duration;

use moments_domain::{PushKind, Timestamp};
use moments_store::{ClaimedPush, PUSH_BODY, SUITE_TICKET, StoreError};
use secrecy::SecretString;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::Engine;
use crate::metrics::{self, Pushed};
use crate::problem::Problem;

/// Pushes worked on at once, so that a slow call keeps no ticket waiting.
const AT_ONCE: usize = 8;
/// Between looks at the table, when nothing is known to have come.
const SWEEP: Duration = Duration::from_secs(2);
/// Longer than the calls of one try together.
const LEASE: Duration = Duration::from_mins(3);
/// An auth code is good for ten minutes (reference wecom 3.1).
const CODE_LIFE: Duration = Duration::from_mins(10);
/// Tries of what has no end of its own; the last comes after about three hours.
const MOST_TRIES: u32 = 8;

/// Why a try brought nothing.
#[derive(Debug)]
enum Setback {
    /// It may go better later.
    Later(String),
    /// It never will.
    Never(String),
}

impl From<StoreError> for Setback {
    fn from(error: StoreError) -> Self {
        Self::Later(error.to_string())
    }
}

impl From<Problem> for Setback {
    fn from(problem: Problem) -> Self {
        Self::Later(problem.to_string())
    }
}

/// Works until `stop`, and then finishes what is under way: an exchange that is cut off has spent its code.
pub async fn run(engine: Engine, stop: CancellationToken) {
    if engine.provider.is_none() {
        return;
    }
    if let Err(error) = engine.adopt_unclaimed().await {
        tracing::warn!(%error, "installs without an owner could not be looked at");
    }
    let mut working = JoinSet::new();
    while !stop.is_cancelled() {
        for claimed in claim(&engine, AT_ONCE - working.len()).await {
            working.spawn(work(engine.clone(), claimed));
        }
        tokio::select! {
            () = tokio::time::sleep(SWEEP) => (),
            () = engine.wake.inbox.notified(), if working.len() < AT_ONCE => (),
            Some(ended) = working.join_next() => tell_end(ended),
            () = stop.cancelled() => (),
        }
    }
    while let Some(ended) = working.join_next().await {
        tell_end(ended);
    }
}

async fn claim(engine: &Engine, room: usize) -> Vec<ClaimedPush> {
    let now = engine.clock.now();
    let most = u32::try_from(room).unwrap_or_default();
    match engine.store.claim_pushes(now, now + LEASE, most).await {
        Ok(claimed) => claimed,
        Err(error) => {
            tracing::warn!(%error, "the inbox could not be read");
            Vec::new()
        }
    }
}

fn tell_end(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "work on a push ended badly: it is tried again when its lease ends");
    }
}

async fn work(engine: Engine, mut claimed: ClaimedPush) {
    let outcome = engine.do_work(&mut claimed).await;
    let noted = match outcome {
        Ok(()) => {
            metrics::pushed(Pushed::Done);
            engine.store.finish_push(&claimed).await
        }
        Err(setback) => engine.note_setback(&claimed, setback).await,
    };
    if let Err(error) = noted {
        tracing::warn!(push.id = claimed.id, %error, "what came of a push could not be noted: it is tried again");
    }
}

impl Engine {
    async fn do_work(&self, claimed: &mut ClaimedPush) -> Result<(), Setback> {
        match claimed.push.kind {
            PushKind::SuiteTicket => self.keep_ticket(claimed).await,
            PushKind::CreateAuth | PushKind::ResetPermanentCode => self.exchange(claimed).await,
            PushKind::Bind => self.bind_corp(claimed).await,
            PushKind::CancelAuth => self.cancel_corp(claimed).await,
        }
    }

    async fn keep_ticket(&self, claimed: &ClaimedPush) -> Result<(), Setback> {
        let push = &claimed.push;
        let ticket = self.secret_of(claimed)?;
        let sealed = self
            .keys
            .seal(&SUITE_TICKET.bound_to(&push.suite_id), &ticket)
            .map_err(|error| Setback::Later(error.to_string()))?;
        let now = self.clock.now();
        let is_newest = self
            .store
            .put_ticket(&push.suite_id, &sealed, push.push_time, now)
            .await?;
        tracing::debug!(suite.id = push.suite_id, is_newest, "a suite_ticket came");
        Ok(())
    }

    fn secret_of(&self, claimed: &ClaimedPush) -> Result<SecretString, Setback> {
        let sealed = claimed.push.body.as_deref().unwrap_or_default();
        self.keys
            .open(&PUSH_BODY.bound_to(claimed.id), sealed)
            .map_err(|error| Setback::Never(error.to_string()))
    }

    async fn note_setback(&self, claimed: &ClaimedPush, setback: Setback) -> Result<(), StoreError> {
        let (why, next) = match setback {
            Setback::Later(why) => (why, self.next_try(claimed)),
            Setback::Never(why) => (why, None),
        };
        let (kind, suite, tries) = (claimed.push.kind.name(), &claimed.push.suite_id, claimed.tries);
        if next.is_some() {
            metrics::pushed(Pushed::Retried);
            tracing::warn!(
                push.id = claimed.id,
                kind,
                suite.id = suite,
                tries,
                why,
                "work on a push failed; it is tried again"
            );
        } else {
            metrics::pushed(Pushed::GivenUp);
            tracing::error!(
                push.id = claimed.id,
                kind,
                suite.id = suite,
                tries,
                why,
                "work on a push was given up"
            );
            self.fail_install(claimed, &why).await?;
        }
        self.store.put_push_back(claimed, &why, next).await
    }

    /// `None`: it is too late.
    fn next_try(&self, claimed: &ClaimedPush) -> Option<Timestamp> {
        let doublings = claimed.tries.saturating_sub(1).min(5);
        let wait = self.jitter(Duration::from_secs(5 << (2 * doublings)));
        let next = self.clock.now() + wait;
        let is_late = match claimed.push.kind {
            PushKind::CreateAuth | PushKind::ResetPermanentCode => next > claimed.push.arrived + CODE_LIFE,
            PushKind::SuiteTicket | PushKind::Bind | PushKind::CancelAuth => claimed.tries >= MOST_TRIES,
        };
        (!is_late).then_some(next)
    }
}
