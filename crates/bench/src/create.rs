//! `POST /sync`: requests a second and their latency.

use std::sync::Arc;

use http_body_util::Full;
use hyper::{Request, StatusCode};
use moments_domain::AccountId;
use serde_json::{Value, json};

use crate::cli::Plan;
use crate::cluster::Cluster;
use crate::fill;
use crate::http;
use crate::installation::{BASE, Installation, MEMBERS};
use crate::load::{Asks, Load, Loaded};
use crate::report::Row;
use crate::site::Site;
use crate::spent::Spent;
use crate::stand_in::{corpid, userid};
use crate::stats::millis;

/// Figures quoted for the same two cores, each with a durable PostgreSQL: accounts in a task, BullMQ, Graphile Worker. Tasks a second.
const QUOTED: [(usize, f64, f64); 2] = [(1, 743.0, 378.0), (MEMBERS, 57.0, 155.0)];

/// What the texts of these tasks begin with.
const NAME: &str = "create";

/// For each number of accounts a fresh server.
pub(crate) async fn run(site: &Site) -> anyhow::Result<Vec<Row>> {
    let (plan, mut rows) = (&site.plan, Vec::new());
    for (accounts, bullmq, graphile) in QUOTED {
        let installation = Installation::new(site).await?;
        let server = installation.serve().await?;
        let bare = bare(plan, &server).await?;
        let before = installation.spent(&server)?;
        let loaded = create(plan, &installation, &server, accounts).await?;
        let spent = installation.spent(&server)? - before;
        server.stop().await?;
        installation.remove().await?;
        let name = format!(
            "create for {} s, {} per task",
            plan.create_for().as_secs(),
            counted(accounts)
        );
        rows.push(
            Row::new(format!("{name}: tasks"), loaded.rate(), "/s")
                .against("BullMQ (quoted)", bullmq)
                .against("Graphile Worker (quoted)", graphile)
                .against("GET /healthz, same connections", bare.rate())
                .usage(spent.program),
        );
        rows.extend(costs(&name, &loaded, &bare, spent));
    }
    Ok(rows)
}

/// What a task costs: its caller time, this machine its processors.
fn costs(name: &str, loaded: &Loaded, bare: &Loaded, spent: Spent) -> Vec<Row> {
    let latency = |what: &str, per_mille: usize| {
        Row::new(format!("{name}: {what}"), millis(loaded.latency(per_mille)), "ms")
            .against("GET /healthz", millis(bare.latency(per_mille)))
    };
    let cpu = |whose: &str, each: f64| Row::new(format!("{name}: {whose} CPU per task"), each, "ms");
    let database = spent.database_each(loaded.count).map(|each| cpu("database", each));
    let mut rows = vec![
        latency("p50", 500),
        latency("p99", 990),
        cpu("server", spent.program_each(loaded.count)),
    ];
    rows.extend(database);
    rows
}

/// What the server's HTTP alone does under this load: the ceiling on this machine, at this moment.
async fn bare(plan: &Plan, server: &Cluster) -> anyhow::Result<Loaded> {
    let ask = http::get(server.address(), "/healthz")?;
    let load = Load {
        address: server.address(),
        asks: Arc::new(move |_| ask.clone()),
        expected: StatusCode::OK,
        connections: plan.connections,
        lasts: plan.create_for() / 4,
    };
    load.run().await
}

async fn create(plan: &Plan, installation: &Installation, server: &Cluster, accounts: usize) -> anyhow::Result<Loaded> {
    let ids: Vec<_> = (0..accounts)
        .map(|member| AccountId::of_member(&corpid(0), &userid(member)).0)
        .collect();
    let body = json!({
        "text": fill::text(NAME, 0),
        "accountIds": ids,
        "scheduledTime": fill::far().to_string(),
    });
    let load = Load {
        address: server.address(),
        asks: asks(server.address(), &installation.token, &body)?,
        expected: StatusCode::ACCEPTED,
        connections: plan.connections,
        lasts: plan.create_for(),
    };
    load.run().await
}

/// Each task has a text of its own, as tasks have: the same one again and again would be the guard against duplicates, measured at its worst.
fn asks(address: &str, token: &str, body: &Value) -> anyhow::Result<Asks> {
    let (head, _) = http::post(address, &format!("{BASE}/sync"), token, body)?.into_parts();
    let (body, first) = (body.to_string(), fill::text(NAME, 0));
    let numbered = move |n| body.replacen(&first, &fill::text(NAME, n), 1);
    Ok(Arc::new(move |n| {
        Request::from_parts(head.clone(), Full::from(numbered(n)))
    }))
}

/// A number of accounts in words.
pub(crate) fn counted(accounts: usize) -> String {
    if accounts == 1 {
        "1 account".to_owned()
    } else {
        format!("{accounts} accounts")
    }
}
