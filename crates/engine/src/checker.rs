//! Asks after every channel now and then, and ahead of each scheduled post.
//!
//! Any number of processes may do so: each check is claimed by its row. One that is cut short comes up again when its claim ends.

use std::time::Duration;

use moments_domain::{ChannelKind, NoticedBy, Timestamp};
use moments_store::{Channel, ClaimedCheck, StoreError};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::Engine;
use crate::checkup::{Checkup, UNTRUSTED_PAUSE};
use crate::failure::is_untrusted_address;
use crate::problem::Problem;
use crate::wake::{SWEEP, rest};

/// Checks under way at once in a process.
const AT_ONCE: usize = 8;
/// How long a check may take: a corp of thousands of members is asked member by member.
const LEASE: Duration = Duration::from_mins(10);
/// When to ask again where nobody could tell.
const UNTOLD: Duration = Duration::from_mins(5);
/// Between looks for posts that come near.
const LOOK_AHEAD: Duration = Duration::from_secs(30);
/// Between two checks of a channel because of posts, at least: a post every minute does not ask every minute.
const APART: Duration = Duration::from_mins(10);
/// A check that nobody has planned.
const NEVER: Timestamp = Timestamp(i64::MAX);

/// Checks until `stop`.
pub async fn run(engine: Engine, stop: CancellationToken) {
    let mut checker = Checker::new(engine);
    checker.replan().await;
    while !stop.is_cancelled() {
        if let Err(error) = checker.round().await {
            tracing::warn!(%error, source = ?std::error::Error::source(&error), "no channel could be checked");
        }
        tokio::select! {
            () = rest(SWEEP, &stop) => (),
            Some(_) = checker.under_way.join_next() => (),
        }
    }
}

/// Makes every check that is due now and every one that a scheduled post wants; how many there were. For tests that bring their own clock.
pub async fn run_due(engine: &Engine) -> Result<usize, StoreError> {
    let mut checker = Checker::new(engine.clone());
    let mut count = 0;
    loop {
        let claimed = checker.round().await?;
        while checker.under_way.join_next().await.is_some() {}
        if claimed == 0 {
            return Ok(count);
        }
        count += claimed;
    }
}

struct Checker {
    engine: Engine,
    under_way: JoinSet<()>,
    next_look_ahead: Timestamp,
}

impl Checker {
    fn new(engine: Engine) -> Self {
        Self {
            engine,
            under_way: JoinSet::new(),
            next_look_ahead: Timestamp(i64::MIN),
        }
    }

    /// Plans anew what was planned under a longer interval, or while there was none.
    async fn replan(&self) {
        for kind in ChannelKind::ALL {
            let Some(every) = self.engine.check_every(*kind) else {
                continue;
            };
            let latest = self.engine.clock.now() + every * 2;
            if let Err(error) = self.engine.store.replan_checks(*kind, latest).await {
                tracing::warn!(%error, "the checks of channels keep their old plan");
            }
        }
    }

    /// Begins as many checks as there is room for.
    async fn round(&mut self) -> Result<usize, StoreError> {
        while self.under_way.try_join_next().is_some() {}
        let now = self.engine.clock.now();
        if now >= self.next_look_ahead {
            look_ahead(&self.engine, now).await?;
            self.next_look_ahead = now + LOOK_AHEAD;
        }
        let free = AT_ONCE.saturating_sub(self.under_way.len());
        if free == 0 || self.engine.store.next_check().await?.is_none_or(|due| due > now) {
            return Ok(0);
        }
        let most = u32::try_from(free).unwrap_or(u32::MAX);
        let claimed = self.engine.store.claim_checks(now, now + LEASE, most).await?;
        let count = claimed.len();
        for check in claimed {
            self.under_way.spawn(make(self.engine.clone(), check));
        }
        Ok(count)
    }
}

/// Has the channels checked that posts will soon use and that nobody has asked after since.
async fn look_ahead(engine: &Engine, now: Timestamp) -> Result<(), StoreError> {
    let ahead = engine.settings.check_ahead;
    if ahead.is_zero() {
        return Ok(());
    }
    for id in engine.store.checks_wanted(now, ahead, now - APART).await? {
        engine.store.check_soon(id, now).await?;
    }
    Ok(())
}

async fn make(engine: Engine, check: ClaimedCheck) {
    let id = check.channel.id;
    let finished = match plan(&engine, &check).await {
        Ok(next) => engine
            .store
            .finish_check(id, check.lease, next)
            .await
            .map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    if let Err(problem) = finished {
        tracing::warn!(channel.id = %id, %problem, source = ?std::error::Error::source(&problem), "a check came to nothing and will come up again");
    }
}

/// Makes a check; when the next one is due.
async fn plan(engine: &Engine, check: &ClaimedCheck) -> Result<Timestamp, Problem> {
    let channel = &check.channel;
    let every = engine.check_every(channel.kind);
    let now = engine.clock.now();
    if check.is_unplanned {
        return Ok(every.map_or(NEVER, |every| now + engine.within(every)));
    }
    if engine.platforms.of(channel.kind).is_none() {
        return Ok(NEVER);
    }
    let checkup = engine.check_up(channel).await?;
    engine.heed(channel, &checkup, NoticedBy::Check).await?;
    let now = engine.clock.now();
    Ok(match checkup {
        Checkup::CannotTell(failure) if is_untrusted_address(&failure) => now + engine.jitter(UNTRUSTED_PAUSE),
        Checkup::CannotTell(_) if channel.suspect_since.is_some() => now + engine.jitter(engine.settings.cross_check),
        Checkup::CannotTell(_) => now + engine.jitter(every.unwrap_or(UNTOLD).min(UNTOLD)),
        // Asked sooner than planned: the cross-check is still to come.
        Checkup::Refused(_) if is_too_early(engine, channel, now) => now + engine.jitter(engine.settings.cross_check),
        Checkup::Works(_) | Checkup::Refused(_) => every.map_or(NEVER, |every| now + engine.jitter(every)),
    })
}

fn is_too_early(engine: &Engine, channel: &Channel, now: Timestamp) -> bool {
    channel
        .suspect_since
        .is_some_and(|since| now.since(since) < engine.settings.cross_check)
}
