//! What it takes to convert the pictures of a whole post at once, as large as phones make them.

use std::time::{Duration, Instant};

use futures::future::try_join_all;
use hyper::StatusCode;
use moments_media::{FetchPolicy, Fetcher, MediaError, MediaLimits, MediaStore};

use crate::http::{Connection, get};
use crate::installation::start_stand_in;
use crate::report::Row;
use crate::stats::number;
use crate::usage::Usage;

/// Pictures at once.
const COUNT: usize = 10;
/// Twelve megapixels.
const SHAPE: &str = "w=4000&h=3000";
/// What the requirement allows them. MB of memory.
const ALLOWED: f64 = 300.0;

/// Fetched, proven and converted by this process, as the server does it. Measured before anything else: memory is told by its peak.
pub(crate) async fn run() -> anyhow::Result<Vec<Row>> {
    let host = start_stand_in().await?;
    let paths: Vec<_> = (0..=COUNT)
        .map(|n| format!("/pictures/bench-{n}.jpg?{SHAPE}"))
        .collect();
    let mut connection = Connection::open(host.address()).await?;
    for path in &paths {
        // The host draws a picture once and keeps it: that is not to be measured.
        connection.expect(get(host.address(), path)?, StatusCode::OK).await?;
    }
    let urls: Vec<_> = (paths.iter())
        .map(|path| format!("http://{}{path}", host.address()))
        .collect();
    let folder = tempfile::Builder::new().prefix("moments-bench-").tempdir()?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let store = MediaStore::open(folder.path(), fetcher()?, cores)?;
    let before = Usage::of_this()?;
    let (alone, at_once) = urls.split_at(1);
    let took = converted(&store, at_once).await?;
    let grown = Usage::of_this()?.peak_mb - before.peak_mb;
    let one = converted(&store, alone).await?;
    host.stop().await?;
    let each = number(usize::try_from(took.as_millis())?) / number(COUNT);
    Ok(vec![
        Row::new(
            format!("{COUNT} pictures of 12 megapixels at once: memory"),
            grown,
            "MB",
        )
        .against("allowed", ALLOWED),
        Row::new(
            format!("{COUNT} pictures of 12 megapixels at once: time of each"),
            each,
            "ms",
        )
        .against("one alone", number(usize::try_from(one.as_millis())?)),
    ])
}

fn fetcher() -> Result<Fetcher, MediaError> {
    Fetcher::new(FetchPolicy {
        allow_private_addresses: true,
        ..FetchPolicy::default()
    })
}

/// How long all of them take.
async fn converted(store: &MediaStore, urls: &[String]) -> Result<Duration, MediaError> {
    let begun = Instant::now();
    let one = |url| async move {
        let kept = store.take(url).await?;
        store.fitted(&kept, &MediaLimits::WECOM, false).await
    };
    try_join_all(urls.iter().map(|url| one(url.as_str()))).await?;
    Ok(begun.elapsed())
}
