//! `doctor` and `health`: an operator with a broken installation is told what is wrong and what to do.

use moments_sandbox::TokenEvent;
use serde_json::Value;
use tokio::process::Command;

use crate::api::TOKEN_SECRET;
use crate::world::{World, secret_of, vault_keys};

/// Settings that differ: `("MEDIA_DIR", "/proc/nowhere")`.
pub(crate) type Changes<'a> = &'a [(&'a str, &'a str)];

struct Report {
    well: bool,
    findings: Vec<Value>,
    text: String,
}

impl Report {
    /// The names of the checks with this status.
    fn with(&self, status: &str) -> Vec<&str> {
        let found = self.findings.iter().filter(|finding| finding["status"] == status);
        found
            .map(|finding| finding["check"].as_str().expect("a name"))
            .collect()
    }
}

/// Runs a command of the program as it was started, with some settings changed; whether it ended well, and what it printed.
pub(crate) async fn run(world: &World, arguments: &[&str], changes: Changes<'_>) -> (bool, String) {
    let changes = changes.iter().map(|(name, value)| (format!("MOMENTS_{name}"), *value));
    let output = Command::new(env!("CARGO_BIN_EXE_moments-sync"))
        .args(arguments)
        .current_dir(world.folder())
        .env_clear()
        .envs(world.environment().iter().cloned())
        .envs(changes)
        .output()
        .await
        .expect("the program runs");
    let text = String::from_utf8(output.stdout).expect("text");
    (output.status.success(), text)
}

async fn doctor(world: &World, changes: Changes<'_>) -> Report {
    let (well, text) = run(world, &["doctor", "--json"], changes).await;
    let report: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}"));
    assert_eq!(report["ok"], well, "{text}");
    let findings = report["findings"].as_array().expect("findings").clone();
    for finding in &findings {
        let needs_action = finding["status"] != "ok";
        assert_eq!(finding["action"].is_string(), needs_action, "{finding}");
    }
    for secret in [
        TOKEN_SECRET,
        &secret_of("ww_doctor"),
        vault_keys().split_once(':').expect("a key").1,
    ] {
        assert!(!text.contains(secret), "{text}");
    }
    Report { well, findings, text }
}

#[tokio::test]
async fn what_is_broken_is_named_with_what_to_do() {
    let world = World::new().await;
    world.corp("ww_doctor").await;
    let report = doctor(&world, &[]).await;
    assert_eq!(report.with("fail"), Vec::<&str>::new(), "{}", report.text);
    assert!(
        report.well && report.text.contains("1 of 1 bound channels work"),
        "{}",
        report.text
    );
    for check in [
        "settings",
        "auth",
        "database",
        "database clock",
        "queue",
        "vault.keys",
        "wecom.base_url",
        "clock",
        "media.dir",
    ] {
        assert!(report.with("ok").contains(&check), "{check}: {}", report.text);
    }
    let other_key = "k2:qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=";
    let nobody = "http://127.0.0.1:1";
    let table: [(Changes<'_>, &[&str]); 8] = [
        (&[("AUTH_HS256_SECRET", "")], &["auth"]),
        (&[("VAULT_KEYS", other_key)], &["vault.keys"]),
        (&[("VAULT_KEYS", "")], &["vault.keys"]),
        (&[("DATABASE_URL", "sqlite:///proc/nowhere/moments.db")], &["database"]),
        (&[("WECOM_BASE_URL", nobody)], &["wecom.base_url", "channel"]),
        (&[("GEWE_BASE_URL", nobody)], &["gewe.base_url"]),
        (
            &[("QUEUE_URL", "amqp://it:Broker-Secret-x7@127.0.0.1:1/it")],
            &["queue"],
        ),
        (&[("MEDIA_DIR", "/proc/nowhere")], &["media.dir"]),
    ];
    for (changes, failing) in table {
        let report = doctor(&world, changes).await;
        assert_eq!(report.with("fail"), failing, "{changes:?}: {}", report.text);
    }
}

#[tokio::test]
async fn every_mistake_in_the_settings_is_told_at_once() {
    let world = World::new().await;
    let report = doctor(&world, &[("LOG_FORMAT", "xml"), ("WECOM_SUCCESS_AT", "soon")]).await;
    assert_eq!(report.with("fail"), ["settings"]);
    for mistake in ["log.format", "wecom.success_at"] {
        assert!(report.text.contains(mistake), "{}", report.text);
    }
}

#[tokio::test]
async fn an_untrusted_address_is_shown_as_the_platform_saw_it() {
    let world = World::new().await;
    let corp = world.corp("ww_doctor").await;
    world
        .sandbox
        .token_event(&corp.id, TokenEvent::UntrustIp)
        .expect("a corp");
    let report = doctor(&world, &[]).await;
    assert_eq!(report.with("fail"), ["trusted ip"], "{}", report.text);
    let action = report.findings.iter().find_map(|finding| {
        let untrusted = finding["check"] == "trusted ip";
        untrusted.then(|| finding["action"].as_str().expect("an action"))
    });
    assert!(
        action.is_some_and(|action| action.contains("203.0.113.7")),
        "{}",
        report.text
    );
}

#[tokio::test]
async fn health_asks_the_running_program() {
    let world = World::new().await;
    let live = format!("{}/healthz", world.api.url);
    let (well, text) = run(&world, &["health", "--url", &live], &[]).await;
    assert!(well && text.starts_with("200 "), "{text}");
    let (well, _) = run(&world, &["health", "--url", &format!("{}/nowhere", world.api.url)], &[]).await;
    assert!(!well, "an answer that is no success");
    let (well, _) = run(&world, &["health", "--url", "http://127.0.0.1:1/healthz"], &[]).await;
    assert!(!well, "nobody there");
}
