//! `demo`: one immediate and one scheduled task on the sandbox, told live.

mod client;
mod report;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use moments_domain::Clock as _;
use serde_json::{Value, json};

use crate::cli::{Demo, Serve};
use crate::clock::SystemClock;
use crate::commands::print;
use crate::commands::serve::Running;
use crate::settings::Settings;
use crate::telemetry;

use client::Client;
use report::Report;

/// How far ahead the scheduled task lies.
const AHEAD: Duration = Duration::from_secs(6);
/// When the demo gives up waiting.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often progress is read: two tasks stay below the API's 300 requests a minute.
const GLANCE: Duration = Duration::from_millis(500);

pub(crate) async fn run(mut settings: Settings, demo: Demo) -> anyhow::Result<ExitCode> {
    "warn".clone_into(&mut settings.log.level);
    let telemetry = telemetry::start(&settings)?;
    let serve = Serve {
        sandbox: true,
        roles: ["api", "scheduler", "worker"].map(str::to_owned).to_vec(),
        ..Serve::default()
    };
    let running = Running::start(settings, &serve).await?;
    let well = show(&running).await?;
    if demo.keep_serving {
        print(&running.greeting());
        running.until_told().await;
    } else {
        running.stop().await;
    }
    telemetry.end().await;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Publishes and tells; whether every account ended as expected.
async fn show(running: &Running) -> anyhow::Result<bool> {
    let (Some(sandbox), Some(token)) = (&running.sandbox, &running.token) else {
        bail!("the demo needs the sandbox")
    };
    let client = Client::new(&running.url, token)?;
    let accounts = account_ids(&client).await?;
    let pictures = |names: &[&str]| {
        names
            .iter()
            .map(|name| format!("{}/pictures/{name}", sandbox.url))
            .collect::<Vec<_>>()
    };
    let stamp = SystemClock.now();
    print("正在发布：一条立即发布的图文，一条 6 秒后的定时图文（图片经 HTTP 取得）\n\n");
    let now = json!({
        "text": format!("周末到店满 200 减 30，凭此条领小食一份 ☕ {stamp}"),
        "mediaUrls": pictures(&["coffee-1.jpg", "coffee-2.png", "coffee-3.webp"]),
        "accountIds": accounts,
    });
    let later = json!({
        "text": format!("明早九点开门，前二十位有惊喜 {stamp}"),
        "mediaUrls": pictures(&["morning.jpg"]),
        "accountIds": accounts,
        "scheduledTime": (stamp + AHEAD).to_string(),
    });
    let mut report = Report::default();
    report.add("立即", &client.post("/sync", &now).await?);
    report.add("定时", &client.post("/sync", &later).await?);
    follow(&client, &mut report).await?;
    print(&report.table());
    Ok(report.succeeded())
}

async fn account_ids(client: &Client) -> anyhow::Result<Vec<Value>> {
    let accounts = client.get("/accounts").await?;
    let accounts = accounts.as_array().context("a list of accounts")?;
    let ids: Vec<_> = accounts
        .iter()
        .filter(|a| a["status"] == "ACTIVE")
        .map(|a| a["accountId"].clone())
        .collect();
    if ids.is_empty() {
        bail!("user 1 has no active account")
    }
    Ok(ids)
}

/// Reads both tasks until every account has ended, and prints each change of stage.
async fn follow(client: &Client, report: &mut Report) -> anyhow::Result<()> {
    let deadline = SystemClock.now() + PATIENCE;
    while !report.is_over() && SystemClock.now() < deadline {
        for (name, id) in report.tasks() {
            let task = client.get(&format!("/tasks/{id}")).await?;
            print(&report.note(&name, &task));
        }
        tokio::time::sleep(GLANCE).await;
    }
    Ok(())
}
