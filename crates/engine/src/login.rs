//! Bringing personal accounts in: log-ins at a gateway, polled until they come to an end.
//!
//! A log-in is a row. Whoever claims it polls once and says when to look again, so that any number of processes share the work, and one that
//! dies costs a log-in the rest of its lease. What a person asks for meanwhile (a fresh code, an end) takes the row out of the poller's hands.

mod begin;
mod finish;
mod poll;
mod secrets;

use std::time::Duration;

use moments_domain::Timestamp;
use moments_platforms::GatewayLine;
use moments_store::{Login, StoreError};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::Engine;
use crate::events;
use crate::wake::{SWEEP, rest};

pub(crate) use begin::Wish;
pub(crate) use secrets::LoginSecrets;

/// How long a holder may take: longer than any call to a gateway.
pub(crate) const HELD: Duration = Duration::from_mins(1);
/// Log-ins polled at once by one process.
const AT_ONCE: usize = 32;
/// How long a log-in that is over can be asked after.
const KEPT: Duration = Duration::from_hours(7 * 24);
/// Between rounds of housekeeping.
const HOUSEKEEPING: Duration = Duration::from_hours(1);

/// Polls log-ins until `stop`; what is under way then is finished within [`crate::Settings::stop_within`]. Does nothing where the gateway is
/// switched off.
pub async fn run(engine: Engine, stop: CancellationToken) {
    if engine.platforms.gateway.is_none() {
        return;
    }
    let mut polls = JoinSet::new();
    let mut housekeeping_due = Timestamp(i64::MIN);
    while !stop.is_cancelled() {
        let now = engine.clock.now();
        if now >= housekeeping_due {
            let engine = engine.clone();
            polls.spawn(async move { keep_house(&engine, now).await });
            housekeeping_due = now + HOUSEKEEPING;
        }
        if let Err(error) = round(&engine, &mut polls).await {
            tracing::warn!(%error, "log-ins could not be looked at");
        }
        rest(SWEEP, &stop).await;
    }
    let ended = async { while polls.join_next().await.is_some() {} };
    if tokio::time::timeout(engine.settings.stop_within, ended).await.is_err() {
        tracing::info!("polls of log-ins were cut off: they come up again when their leases end");
    }
}

async fn round(engine: &Engine, polls: &mut JoinSet<()>) -> Result<(), StoreError> {
    while polls.try_join_next().is_some() {}
    let free = AT_ONCE.saturating_sub(polls.len());
    if free == 0 {
        return Ok(());
    }
    let now = engine.clock.now();
    for login in engine.store.claim_logins(now, now + HELD, free as u64).await? {
        let engine = engine.clone();
        polls.spawn(async move { poll::look(&engine, login).await });
    }
    Ok(())
}

/// What must be done now and then by somebody; that several do it does no harm.
async fn keep_house(engine: &Engine, now: Timestamp) {
    if let Err(error) = engine.store.prune_logins(now - KEPT).await {
        tracing::warn!(%error, "old log-ins could not be forgotten");
    }
    if let Err(error) = events::order_all(engine).await {
        tracing::warn!(%error, "the addresses of gateways' events could not be looked after");
    }
}

/// How a gateway is spoken to about a log-in.
fn line(login: &Login, secrets: &LoginSecrets) -> GatewayLine {
    GatewayLine {
        base_url: login.base_url.clone(),
        token: secrets.token.clone(),
        app_id: login.app_id.clone(),
        region_id: login.region_id.clone(),
        device_type: login.device_type,
        proxy: secrets.proxy.clone(),
    }
}
