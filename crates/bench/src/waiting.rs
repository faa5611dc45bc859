//! What a claim and a creation cost as the tables grow, on the store itself.

use std::time::{Duration, Instant};

use anyhow::bail;
use moments_domain::{ChannelId, Timestamp};
use moments_store::{Options, Picked, Store};

use crate::cli::Plan;
use crate::fill;
use crate::installation::CORPS;
use crate::report::Row;
use crate::stats::percentile;

/// Publications in a claim.
const CLAIMED: usize = 64;
/// Creations that arrive together.
const CREATED: usize = 256;
/// Of each the median of so many is told.
const ROUNDS: usize = 50;

/// The database is durable as the server's is.
pub(crate) async fn run(plan: &Plan) -> anyhow::Result<Vec<Row>> {
    let folder = tempfile::Builder::new().prefix("moments-bench-").tempdir()?;
    let url = format!("sqlite://{}/moments.db", folder.path().display());
    let store = Store::open(&Options::new(url)).await?;
    let mut costs: Vec<(usize, Cost)> = Vec::new();
    let mut stored = 0;
    for size in plan.rows.iter().map(|size| plan.share(*size)) {
        fill(&store, size.saturating_sub(stored)).await?;
        stored = stored.max(size);
        eprintln!("  {stored} rows");
        costs.push((size, Cost::measure(&store).await?));
    }
    let mut rows = told(&costs, "claim, of 64: each", |cost| cost.claim);
    rows.extend(told(&costs, "create, 256 together: each", |cost| cost.create));
    Ok(rows)
}

/// Each size against the first.
fn told(costs: &[(usize, Cost)], what: &str, of: fn(&Cost) -> Duration) -> Vec<Row> {
    let micros = |cost: &Cost| of(cost).as_secs_f64() * 1e6;
    let least = costs.first().map(|(_, cost)| micros(cost)).unwrap_or_default();
    let row = |(size, cost): &(usize, Cost)| {
        Row::new(format!("{what}, {size} waiting"), micros(cost), "us").against("the fewest waiting (target 1)", least)
    };
    costs.iter().map(row).collect()
}

/// The median cost of one row.
#[derive(Clone, Copy, Debug)]
struct Cost {
    claim: Duration,
    create: Duration,
}

impl Cost {
    async fn measure(store: &Store) -> anyhow::Result<Self> {
        let (mut claims, mut creations) = (Vec::with_capacity(ROUNDS), Vec::with_capacity(ROUNDS));
        for _ in 0..ROUNDS {
            creations.push(create(store).await?);
            claims.push(claim(store).await?);
        }
        Ok(Self {
            claim: median(claims) / u32::try_from(CLAIMED)?,
            create: median(creations) / u32::try_from(CREATED)?,
        })
    }
}

fn median(mut spans: Vec<Duration>) -> Duration {
    spans.sort_unstable();
    percentile(&spans, 500).unwrap_or_default()
}

async fn fill(store: &Store, count: usize) -> anyhow::Result<()> {
    insert(store, count, fill::far()).await
}

async fn create(store: &Store) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    insert(store, CREATED, fill::far()).await?;
    Ok(begun.elapsed())
}

/// Claims what has just come due, as a worker does: a look for what is due, then the claim of what it picked. The lease lasts as long as the
/// others wait, so that nothing comes up again.
async fn claim(store: &Store) -> anyhow::Result<Duration> {
    let now = fill::now();
    insert(store, CLAIMED, now).await?;
    let begun = Instant::now();
    let due = store.due(now, CLAIMED, &[]).await?;
    let ids: Vec<_> = due.iter().map(|ready| ready.id).collect();
    let picked = Picked {
        ids: &ids,
        planned_by: now,
    };
    let claimed = store.claim_picked("benchmark", picked, now, fill::far()).await?;
    let took = begun.elapsed();
    if claimed.len() != CLAIMED {
        bail!("{} of {CLAIMED} were claimed", claimed.len());
    }
    Ok(took)
}

/// Channels are only numbers to the store.
async fn insert(store: &Store, count: usize, at: Timestamp) -> anyhow::Result<()> {
    let channels: Vec<_> = (1..).take(CORPS).map(ChannelId).collect();
    let corps = fill::turns(&channels).take(count).enumerate();
    fill::store_all(
        store,
        corps.map(|(n, corp)| fill::task(fill::text("row", n), corp, 1, at)),
    )
    .await
}
