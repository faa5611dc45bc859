//! Whether the program says truly how it fares: `/readyz` and `/metrics`.

use std::time::Duration;

use moments_engine::metrics::{ALL, Kind};
use moments_sandbox::{FaultKind, TokenEvent, World as Platform};
use reqwest::Method;
use serde_json::Value;

use crate::api::Answer;
use crate::database::Database;
use crate::exposition::Exposition;
use crate::world::World;

async fn get(world: &World, path: &str) -> Answer {
    world.api.request(Method::GET, path.to_owned()).token(None).send().await
}

/// Asks `/readyz` until it answers with this status; the data of that answer.
async fn readiness(world: &World, status: u16) -> Value {
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    loop {
        let answer = get(world, "/readyz").await;
        if answer.status == status {
            return answer.expect(status);
        }
        assert!(tokio::time::Instant::now() < deadline, "it stays so: {}", answer.text);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The names of the checks that are not well.
fn red(readiness: &Value) -> Vec<&str> {
    let checks = readiness["checks"].as_array().expect("checks");
    let red = checks.iter().filter(|check| check["status"] == "DOWN");
    red.inspect(|check| assert!(check["reason"].is_string(), "{check}"))
        .map(|check| check["name"].as_str().expect("a name"))
        .collect()
}

/// The program's metrics, as soon as they are as wanted.
async fn metrics(world: &World, wanted: impl Fn(&Exposition) -> bool) -> Exposition {
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    loop {
        let text = get(world, "/metrics").await.text;
        let shown = Exposition::parse(&text);
        if wanted(&shown) {
            return shown;
        }
        assert!(tokio::time::Instant::now() < deadline, "it stays so:\n{text}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_program_that_works_is_ready() {
    let world = World::new().await;
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    loop {
        let data = readiness(&world, 200).await;
        assert_eq!((data["status"].as_str(), red(&data)), (Some("UP"), Vec::new()));
        let checks = data["checks"].as_array().expect("checks");
        let names: Vec<_> = checks
            .iter()
            .map(|check| check["name"].as_str().expect("a name"))
            .collect();
        // A part is judged from its first round on.
        if names == ["database", "scheduler", "worker", "oldest_due"] {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "never all: {names:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_database_that_fails_turns_readiness_red_and_back() {
    let world = World::new().await;
    readiness(&world, 200).await;
    let database = Database::of(&world).await;
    database.run("ALTER TABLE t_moment_publication RENAME TO away").await;
    let data = readiness(&world, 503).await;
    assert_eq!(
        (data["error"].as_str(), red(&data)),
        (Some("NOT_READY"), vec!["database"])
    );
    get(&world, "/healthz").await.expect(200);
    database.run("ALTER TABLE away RENAME TO t_moment_publication").await;
    readiness(&world, 200).await;
}

#[tokio::test]
async fn a_due_row_that_nobody_takes_turns_readiness_red() {
    let world = World::with(&[("HEALTH_OVERDUE_SECS", "1")]).await;
    let corp = world.corp("ww_overdue").await;
    readiness(&world, 200).await;
    let database = Database::of(&world).await;
    let task = world
        .sync("早安")
        .to(corp.accounts())
        .at(world.in_secs(3600))
        .accepted()
        .await;
    // Handed over again and again, and never begun: due long ago, out of sight for a while.
    database
        .run(&format!(
            "UPDATE t_moment_publication SET plan_time = plan_time - 7200000000, look_time = look_time - 3540000000 WHERE task_id = {task}"
        ))
        .await;
    let data = readiness(&world, 503).await;
    assert_eq!(red(&data), ["oldest_due"]);
    let shown = metrics(&world, |shown| {
        shown.value("moments_oldest_due_seconds", &[]) > Some(3000.0)
    })
    .await;
    assert_eq!(shown.value("moments_ready", &[("check", "oldest_due")]), Some(0.0));
}

#[tokio::test]
async fn a_broker_that_is_away_turns_readiness_red_and_stops_nothing() {
    let world = World::with(&[("QUEUE_URL", "amqp://it:Broker-Secret-x7@127.0.0.1:1/it")]).await;
    let data = readiness(&world, 503).await;
    assert_eq!(red(&data), ["broker"]);
    assert!(!data.to_string().contains("Broker-Secret-x7"), "{data}");
    let corp = world.corp("ww_no_broker").await;
    let task = world.sync("早安").to([corp.account("li.na")]).accepted().await;
    world.check(task, "li.na SUCCESS").await;
    metrics(&world, |shown| {
        shown.value("moments_broker_connected", &[]) == Some(0.0)
    })
    .await;
}

#[tokio::test]
async fn metrics_tell_what_happened_and_are_those_of_the_list() {
    let world = World::new().await;
    let corp = world.corp("ww_metrics").await;
    world
        .sandbox
        .token_event(&corp.id, TokenEvent::Invalidate)
        .expect("a corp");
    let task = world.sync("早安").to([corp.account("li.na")]).accepted().await;
    world.check(task, "li.na SUCCESS").await;
    let refused = FaultKind::Errcode {
        errcode: 41_065,
        errmsg: "no".to_owned(),
    };
    world.strike(Platform::Wecom, &corp.id, "add_moment_task", refused);
    let task = world.sync("晚安").to([corp.account("li.na")]).accepted().await;
    world.wait_for(task, crate::sync::Task::is_over).await;
    world
        .sync("以后")
        .to([corp.account("li.na")])
        .at(world.in_secs(3600))
        .accepted()
        .await;
    let waiting = [("platform", "WECOM"), ("state", "SCHEDULED")];
    let shown = metrics(&world, |shown| {
        shown.value("moments_publications", &waiting) == Some(1.0)
    })
    .await;
    let at_least = |name: &str, labels: &[(&str, &str)], least: f64| {
        let value = shown.value(name, labels);
        assert!(value >= Some(least), "{name} {labels:?} is {value:?}");
    };
    at_least("moments_publication_moves_total", &[("to", "SETTLED")], 1.0);
    at_least("moments_publication_moves_total", &[("to", "FAILED")], 1.0);
    at_least("moments_lateness_seconds_count", &[("platform", "WECOM")], 2.0);
    let create = [("platform", "WECOM"), ("call", "create"), ("outcome", "refused")];
    at_least("moments_platform_call_seconds_count", &create, 1.0);
    at_least(
        "moments_platform_errors_total",
        &[("platform", "WECOM"), ("class", "CONTENT")],
        1.0,
    );
    at_least("moments_token_refreshes_total", &[("outcome", "ok")], 1.0);
    at_least("moments_ready", &[("check", "worker")], 1.0);
    assert_eq!(
        shown.value("moments_publication_moves_total", &[("to", "HELD")]),
        Some(0.0),
        "known series begin at 0"
    );
    for (name, labels) in shown.series() {
        let metric = ALL.iter().find(|metric| match metric.kind {
            Kind::Histogram => name
                .strip_prefix(metric.name)
                .is_some_and(|end| ["_bucket", "_sum", "_count"].contains(&end)),
            Kind::Counter | Kind::Gauge => name == metric.name,
        });
        let metric = metric.unwrap_or_else(|| panic!("{name} is not in the list"));
        let labels: Vec<_> = labels.into_iter().filter(|label| *label != "le").collect();
        assert_eq!(labels.len(), metric.labels.len(), "{name} {labels:?}");
        assert!(
            labels.iter().all(|label| metric.labels.contains(label)),
            "{name} {labels:?}"
        );
        assert!(
            shown.help(metric.name).is_some_and(|help| help == metric.help),
            "{name} has its help"
        );
    }
}
