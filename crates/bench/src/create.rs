//! `POST /sync`: requests a second and their latency.

use hyper::StatusCode;
use moments_domain::AccountId;
use serde_json::json;

use crate::cli::Plan;
use crate::fill;
use crate::http;
use crate::installation::{BASE, Installation, MEMBERS};
use crate::load::{Load, Loaded};
use crate::program::Program;
use crate::report::Row;
use crate::stand_in::{corpid, userid};
use crate::stats::millis;

/// Figures quoted for the same two cores, each with a durable PostgreSQL: accounts in a task, BullMQ, Graphile Worker. Tasks a second.
const QUOTED: [(usize, f64, f64); 2] = [(1, 743.0, 378.0), (MEMBERS, 57.0, 155.0)];

/// For each number of accounts a fresh server.
pub(crate) async fn run(plan: &Plan) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (accounts, bullmq, graphile) in QUOTED {
        let installation = Installation::new(plan).await?;
        let server = installation.serve().await?;
        let bare = bare(plan, &server).await?;
        let before = server.usage()?;
        let loaded = create(plan, &installation, &server, accounts).await?;
        let used = server.usage()? - before;
        server.stop().await?;
        let name = |what: &str| format!("create, {} per task: {what}", counted(accounts));
        rows.push(
            Row::new(name("tasks"), loaded.rate(), "/s")
                .against("BullMQ (quoted)", bullmq)
                .against("Graphile Worker (quoted)", graphile)
                .against("GET /healthz, same connections", bare.rate())
                .usage(used),
        );
        rows.push(
            Row::new(name("p50"), millis(loaded.latency(500)), "ms").against("GET /healthz", millis(bare.latency(500))),
        );
        rows.push(
            Row::new(name("p99"), millis(loaded.latency(990)), "ms").against("GET /healthz", millis(bare.latency(990))),
        );
        let per_task = used.cpu_secs * 1000.0 / crate::stats::number(loaded.count);
        rows.push(Row::new(name("server CPU per task"), per_task, "ms"));
    }
    Ok(rows)
}

/// What the server's HTTP alone does under this load: the ceiling on this machine, at this moment.
async fn bare(plan: &Plan, server: &Program) -> anyhow::Result<Loaded> {
    let load = Load {
        address: server.address(),
        ask: http::get(server.address(), "/healthz")?,
        expected: StatusCode::OK,
        connections: plan.connections,
        lasts: plan.create_for() / 4,
    };
    load.run().await
}

async fn create(plan: &Plan, installation: &Installation, server: &Program, accounts: usize) -> anyhow::Result<Loaded> {
    let ids: Vec<_> = (0..accounts)
        .map(|member| AccountId::of_member(&corpid(0), &userid(member)).0)
        .collect();
    let body = json!({
        "text": fill::text("create", 0),
        "accountIds": ids,
        "scheduledTime": fill::far().to_string(),
    });
    let load = Load {
        address: server.address(),
        ask: http::post(server.address(), &format!("{BASE}/sync"), &installation.token, &body)?,
        expected: StatusCode::ACCEPTED,
        connections: plan.connections,
        lasts: plan.create_for(),
    };
    load.run().await
}

/// A number of accounts in words.
pub(crate) fn counted(accounts: usize) -> String {
    if accounts == 1 {
        "1 account".to_owned()
    } else {
        format!("{accounts} accounts")
    }
}
