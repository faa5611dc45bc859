//! Gives up media that nobody can need any more, on every machine that has a media folder.

use std::time::{Duration, SystemTime};

use tokio_util::sync::CancellationToken;

use crate::app::Engine;
use crate::use_cases::FileProblem;
use crate::wake::rest;

/// Between rounds.
const PAUSE: Duration = Duration::from_hours(1);
/// Files asked about at a time.
const CHUNK: usize = 500;

/// Tidies until `stop`. Several processes over one folder do no harm.
pub async fn run(engine: Engine, stop: CancellationToken) {
    loop {
        match round(&engine).await {
            Ok(0) => (),
            Ok(given_up) => tracing::info!(given_up, "media that nobody needs any more were removed"),
            Err(error) => tracing::warn!(%error, "old media could not be removed"),
        }
        rest(engine.jitter(PAUSE), &stop).await;
        if stop.is_cancelled() {
            return;
        }
    }
}

/// How many files went. What an open post or a user's file needs stays, however old; conversions can be made again and go by their age.
async fn round(engine: &Engine) -> Result<usize, FileProblem> {
    engine.store.prune_files(engine.clock.now()).await?;
    let before = SystemTime::UNIX_EPOCH + age_limit(engine);
    let old = engine.media.older_than(before).await?;
    let mut given_up = 0;
    for chunk in old.chunks(CHUNK) {
        for sha256 in engine.store.unneeded_media(chunk).await? {
            engine.media.give_up(&sha256, before).await?;
            given_up += 1;
        }
    }
    Ok(given_up)
}

/// The point before which a file is old, as time since the epoch.
fn age_limit(engine: &Engine) -> Duration {
    let oldest = engine.clock.now() - engine.settings.keep_media;
    Duration::from_micros(u64::try_from(oldest.0).unwrap_or_default())
}
