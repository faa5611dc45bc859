//! How punctual the server is, and how much memory it holds, while many others wait.

use std::time::Duration;

use anyhow::{Context as _, bail};
use hyper::StatusCode;
use moments_domain::Timestamp;
use moments_sandbox::MomentRecord;

use crate::drain::until_settled;
use crate::fill;
use crate::http::{self, Connection};
use crate::installation::Installation;
use crate::program::Program;
use crate::report::Row;
use crate::site::Site;
use crate::stats::{number, percentile};
use crate::usage::Usage;

/// From one due time to the next.
const STEP: Duration = Duration::from_millis(50);
/// From storing the punctual tasks to the first due time: the server starts meanwhile.
const LEAD: Duration = Duration::from_secs(5);
/// How long stragglers are waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// Figures quoted for the same two cores: percentile, BullMQ, Graphile Worker. Milliseconds.
const QUOTED: [(&str, usize, f64, f64); 2] = [("p50", 500, 42.0, 269.0), ("p99", 990, 96.0, 522.0)];
/// Peak memory quoted with 100 000 waiting: the lowest figure. MB.
const QUOTED_PEAK: f64 = 640.0;
/// What each process shall stay below. MB.
const TARGET_PEAK: f64 = 150.0;

pub(crate) async fn run(site: &Site) -> anyhow::Result<Vec<Row>> {
    let plan = &site.plan;
    let (others, punctual) = (plan.share(plan.others), plan.share(plan.punctual));
    let installation = Installation::new(site).await?;
    let first = fill_both(&installation, others, punctual).await?;
    let server = installation.serve().await?;
    if fill::now() >= first {
        bail!("the first due time passed before the server was up");
    }
    let lasts = STEP * u32::try_from(punctual)?;
    until_settled(&server, punctual, LEAD + lasts + PATIENCE).await?;
    let used = server.usage()?;
    server.stop().await?;
    let late = lateness(&installation.stand_in, first, punctual).await?;
    installation.remove().await?;
    rows(&late, others, used, site.layout.roles().len())
}

/// `late` ascends; `used` is that of all `processes`.
fn rows(late: &[i64], others: usize, used: Usage, processes: usize) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (name, per_mille, bullmq, graphile) in QUOTED {
        let late = percentile(late, per_mille).context("nothing arrived")?;
        let row = Row::new(format!("lateness beside {others} waiting: {name}"), millis(late), "ms")
            .against("BullMQ (quoted)", bullmq)
            .against("Graphile Worker (quoted)", graphile);
        rows.push(row);
    }
    let earliest = *late.first().context("nothing arrived")?;
    rows.push(Row::new("earliest (must not be negative)", millis(earliest), "ms"));
    let peak = Row::new(format!("peak memory with {others} waiting"), used.peak_mb, "MB")
        .against("target, at most 150 MB a process", TARGET_PEAK * number(processes))
        .against("BullMQ, Graphile Worker (quoted)", QUOTED_PEAK)
        .usage(used);
    rows.push(peak);
    if earliest < 0 {
        bail!("a post left {} ms before its time", -earliest);
    }
    Ok(rows)
}

/// Stores those that wait and those that come due one by one; the first due time.
async fn fill_both(installation: &Installation, others: usize, punctual: usize) -> anyhow::Result<Timestamp> {
    let store = installation.store().await?;
    let far = fill::far();
    let corps = fill::turns(&installation.channels).take(others).enumerate();
    let waiting = corps.map(|(n, corp)| fill::task(fill::text("waiting", n), corp, 1, far));
    fill::store_all(&store, waiting).await?;
    let first = fill::now() + LEAD;
    let corps = fill::turns(&installation.channels).take(punctual).enumerate();
    let due = corps.map(|(n, corp)| fill::task(fill::text(NAME, n), corp, 1, due(first, n)));
    fill::store_all(&store, due).await?;
    Ok(first)
}

/// What the texts of the punctual begin with.
const NAME: &str = "punctual";

fn due(first: Timestamp, number: usize) -> Timestamp {
    first + STEP * u32::try_from(number).unwrap_or(u32::MAX)
}

/// Milliseconds from each due time to the arrival of the create call at the platform, ascending.
async fn lateness(stand_in: &Program, first: Timestamp, punctual: usize) -> anyhow::Result<Vec<i64>> {
    let mut connection = Connection::open(stand_in.address()).await?;
    let ask = http::get(stand_in.address(), "/sandbox/moments")?;
    let moments: Vec<MomentRecord> = serde_json::from_slice(&connection.expect(ask, StatusCode::OK).await?)?;
    let mut late = Vec::with_capacity(moments.len());
    for moment in &moments {
        let planned = due(
            first,
            number_of(&moment.text).with_context(|| format!("unknown text {:?}", moment.text))?,
        );
        late.push(moment.arrival_ms - planned.as_millis());
    }
    if late.len() != punctual {
        bail!("{} of {punctual} posts arrived", late.len());
    }
    late.sort_unstable();
    Ok(late)
}

/// The number in the text of a punctual task.
fn number_of(text: &str) -> Option<usize> {
    let rest = text.strip_prefix(NAME)?.strip_prefix(' ')?;
    rest.split('：').next()?.parse().ok()
}

fn millis(late: i64) -> f64 {
    let size = number(usize::try_from(late.unsigned_abs()).unwrap_or(usize::MAX));
    if late < 0 { -size } else { size }
}

#[cfg(test)]
mod tests;
