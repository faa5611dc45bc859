//! Publications a second, from due to settled, with a platform that answers at once.

use std::time::{Duration, Instant};

use anyhow::bail;
use moments_domain::Timestamp;

use crate::bare::{self, Bare};
use crate::cluster::Cluster;
use crate::create::counted;
use crate::fill;
use crate::installation::{Installation, MEMBERS};
use crate::report::Row;
use crate::site::Site;
use crate::spent::{Spent, each};
use crate::stats::rate;

/// Figures quoted for the same two cores: publications a second of tasks with one account. BullMQ, Graphile Worker.
const QUOTED: (f64, f64) = (1165.0, 942.0);
/// How often the server is asked how many have settled.
const GLANCE: Duration = Duration::from_millis(50);
/// When a backlog that does not shrink is given up.
const PATIENCE: Duration = Duration::from_mins(2);

/// One account for each task, then a hundred.
pub(crate) async fn run(site: &Site) -> anyhow::Result<Vec<Row>> {
    let (plan, mut rows) = (&site.plan, Vec::new());
    for (count, members) in [(plan.tasks, 1), (plan.batches, MEMBERS)] {
        if count > 0 {
            rows.extend(drain(site, plan.share(count), members).await?);
        }
    }
    Ok(rows)
}

/// The bare loop runs before and after, so that a machine that slows down meanwhile slows both.
async fn drain(site: &Site, count: usize, members: usize) -> anyhow::Result<Vec<Row>> {
    let installation = Installation::new(site).await?;
    let before = bare::run(installation.stand_in.address(), "before", count, members).await?;
    let due = fill_due(&installation, count, members).await?;
    let server = installation.serve().await?;
    let (drained, spent) = watch(&installation, &server, due, count).await?;
    server.stop().await?;
    let after = bare::run(installation.stand_in.address(), "after", count, members).await?;
    installation.remove().await?;
    Ok(rows(count, members, drained, spent, [before, after]))
}

fn rows(count: usize, members: usize, drained: Duration, spent: Spent, bare: [Bare; 2]) -> Vec<Row> {
    let name = |what: &str| format!("drain of {count}, {} per task: {what}", counted(members));
    let [before, after] = bare;
    let mut settled = Row::new(name("publications"), rate(count, drained), "/s")
        .against("bare HTTP loop (target 0.50)", f64::midpoint(before.rate, after.rate))
        .usage(spent.program);
    if members == 1 {
        settled = settled
            .against("BullMQ (quoted)", QUOTED.0)
            .against("Graphile Worker (quoted)", QUOTED.1);
    }
    let bare = each(f64::midpoint(before.cpu_secs, after.cpu_secs), count);
    let cpu =
        Row::new(name("server CPU per publication"), spent.program_each(count), "ms").against("bare HTTP loop", bare);
    let database = spent.database_each(count);
    let database = database.map(|millis| Row::new(name("database CPU per publication"), millis, "ms"));
    [settled, cpu].into_iter().chain(database).collect()
}

/// Stores `count` tasks that are all due at one second, which lies far enough ahead for the server to start before.
async fn fill_due(installation: &Installation, count: usize, members: usize) -> anyhow::Result<Timestamp> {
    let rows = u64::try_from(count * (10 + members))?;
    let due = Timestamp::from_secs(fill::now().as_secs() + 4) + Duration::from_millis(rows / 20);
    let store = installation.store().await?;
    let corps = fill::turns(&installation.channels).take(count).enumerate();
    let tasks = corps.map(|(n, corp)| fill::task(fill::text("drain", n), corp, members, due));
    fill::store_all(&store, tasks).await?;
    Ok(due)
}

/// Waits for the due time, then until everything has settled.
async fn watch(
    installation: &Installation,
    server: &Cluster,
    due: Timestamp,
    count: usize,
) -> anyhow::Result<(Duration, Spent)> {
    let lead = due.since(fill::now());
    if lead.is_zero() {
        bail!(
            "the due time passed before the server was up: this machine is too slow for so many tasks, try --divide 10"
        );
    }
    tokio::time::sleep(lead).await;
    let (begun, before) = (Instant::now(), installation.spent(server)?);
    until_settled(server, count, PATIENCE).await?;
    Ok((begun.elapsed(), installation.spent(server)? - before))
}

/// Waits until `count` publications have settled in the processes' lives.
pub(crate) async fn until_settled(server: &Cluster, count: usize, patience: Duration) -> anyhow::Result<()> {
    let mut meter = server.meter().await?;
    let begun = Instant::now();
    loop {
        let settled = meter.settled().await?;
        if settled >= count {
            return Ok(());
        }
        if begun.elapsed() > patience {
            bail!("{settled} of {count} publications settled in {patience:?}");
        }
        tokio::time::sleep(GLANCE).await;
    }
}
