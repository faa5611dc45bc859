//! Shows in the metrics what nobody else counts: progress, the oldest due publication, and how many are open.

use std::time::{Duration, Instant};

use moments_domain::{ChannelKind, PublicationState};
use tokio_util::sync::CancellationToken;

use crate::app::Engine;
use crate::metrics;

/// Between looks at progress.
const LOOK: Duration = Duration::from_secs(5);
/// Between counts of open publications, at least.
const COUNT: Duration = Duration::from_secs(15);
/// A count may take this share of the time: one that takes two seconds comes every hundred.
const SHARE: u32 = 50;

/// Watches until `stop`.
pub async fn watch(engine: Engine, stop: CancellationToken) {
    metrics::process(engine.clock.now());
    let mut looks = tokio::time::interval(LOOK);
    let mut next_count = Instant::now();
    loop {
        tokio::select! {
            _ = looks.tick() => (),
            () = stop.cancelled() => return,
        }
        show(&engine).await;
        if works(&engine) && Instant::now() >= next_count {
            let began = Instant::now();
            count(&engine).await;
            next_count = Instant::now() + COUNT.max(began.elapsed() * SHARE);
        }
    }
}

/// A process that only serves the API leaves the counting to the others.
fn works(engine: &Engine) -> bool {
    let progress = engine.progress();
    progress.scheduler.or(progress.claim).is_some()
}

async fn show(engine: &Engine) {
    let health = engine.health().await;
    for check in &health.checks {
        metrics::ready(check.name, check.trouble.is_none());
    }
    if let Some(waited) = health.oldest_due {
        metrics::oldest_due(waited);
    }
    metrics::progress(&engine.progress());
}

async fn count(engine: &Engine) {
    let counts = match engine.store.open_publications().await {
        Ok(counts) => counts,
        Err(error) => return tracing::warn!(%error, "open publications could not be counted"),
    };
    for kind in ChannelKind::ALL {
        for state in PublicationState::ALL.iter().filter(|state| !state.is_final()) {
            let found = counts.iter().find(|count| count.kind == *kind && count.state == *state);
            metrics::publications(*kind, *state, found.map_or(0, |found| found.count));
        }
    }
    metrics::counted(engine.clock.now());
}
