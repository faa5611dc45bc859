//! What is shipped for running the program speaks of things that exist: metrics, labels, settings, sections of the operations page.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use moments_engine::metrics::{ALL, Kind, Metric};
use serde::Deserialize as _;
use serde_json::Value;

use crate::exposition::Exposition;
use crate::promql::{grouped_by, selectors, shown};
use crate::world::World;

/// Labels that Prometheus adds to what it scrapes.
const OF_PROMETHEUS: [&str; 3] = ["instance", "job", "le"];
/// Metrics that only a process with a broker shows.
const OF_BROKERS: [&str; 2] = ["moments_broker_connected", "moments_queue_depth"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every document of a YAML file.
fn yaml(text: &str) -> Vec<Value> {
    let documents = serde_norway::Deserializer::from_str(text).map(Value::deserialize);
    documents.map(|document| document.expect("YAML")).collect()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// Every text under this key, wherever it stands.
fn texts(value: &Value, key: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get(key).and_then(Value::as_str).map(ToOwned::to_owned));
            fields.values().for_each(|value| texts(value, key, found));
        }
        Value::Array(items) => items.iter().for_each(|value| texts(value, key, found)),
        _ => (),
    }
}

fn metric_of(name: &str) -> &'static Metric {
    let found = ALL.iter().find(|metric| match metric.kind {
        Kind::Histogram => ["_bucket", "_sum", "_count"]
            .iter()
            .any(|end| name.strip_suffix(end) == Some(metric.name)),
        Kind::Counter | Kind::Gauge => metric.name == name,
    });
    found.unwrap_or_else(|| panic!("{name} is no metric of this program"))
}

/// A query reads metrics of the list by labels that they have. Answers the names it reads.
#[track_caller]
fn check_query(query: &str) -> BTreeSet<String> {
    let selectors = selectors(query);
    assert!(!selectors.is_empty(), "{query} reads nothing of ours");
    let mut known: BTreeSet<&str> = OF_PROMETHEUS.into();
    for (name, labels) in &selectors {
        let metric = metric_of(name);
        known.extend(metric.labels);
        for label in labels {
            assert!(
                metric.labels.contains(&label.as_str()),
                "{name} has no label {label}: {query}"
            );
        }
    }
    for label in grouped_by(query) {
        assert!(known.contains(label.as_str()), "{label}: {query}");
    }
    selectors.into_iter().map(|(name, _)| name).collect()
}

#[test]
fn the_dashboard_and_the_alerts_speak_of_real_metrics_and_labels() {
    let dashboard: Value = serde_json::from_str(&read("deploy/grafana/moments-sync.json")).expect("JSON");
    let mut queries = Vec::new();
    texts(&dashboard, "expr", &mut queries);
    assert!(queries.len() > 15, "{queries:?}");
    let read: BTreeSet<_> = queries
        .iter()
        .flat_map(|query| check_query(query))
        .map(|name| metric_of(&name).name)
        .collect();
    for metric in ALL {
        assert!(read.contains(metric.name), "{} is not on the dashboard", metric.name);
    }
    for rule in rules() {
        check_query(rule["expr"].as_str().expect("an expression"));
    }
}

fn rules() -> Vec<Value> {
    let mut alerts = yaml(&read("deploy/prometheus/alerts.yml")).remove(0);
    alerts["groups"][0]["rules"]
        .as_array_mut()
        .map(std::mem::take)
        .expect("rules")
}

#[test]
fn every_alarm_says_what_to_do_and_has_its_section_in_both_languages() {
    let pages = [read("docs/operations.md"), read("docs/operations.zh-CN.md")];
    let rules = rules();
    assert!(rules.len() >= 10);
    for rule in rules {
        let alert = rule["alert"].as_str().expect("a name");
        let annotations = &rule["annotations"];
        for part in ["summary", "action"] {
            assert!(
                annotations[part].as_str().is_some_and(|text| text.len() > 20),
                "{alert} {part}"
            );
        }
        let anchor = format!("docs/operations.md#{}", alert.to_lowercase());
        assert_eq!(annotations["runbook"], anchor.as_str(), "{alert}");
        for page in &pages {
            assert!(
                page.lines().any(|line| line == format!("### {alert}")),
                "{alert} has no section"
            );
        }
        let by = grouped_by(rule["expr"].as_str().expect("an expression"));
        for label in shown(annotations["summary"].as_str().unwrap_or_default()) {
            assert!(
                by.contains(&label),
                "{alert} shows {label}, which its expression does not keep"
            );
        }
    }
}

#[tokio::test]
async fn what_alerts_read_is_really_scraped() {
    let world = World::new().await;
    let corp = world.corp("ww_deploy").await;
    let task = world.sync("早安").to([corp.account("li.na")]).accepted().await;
    world.check(task, "li.na SUCCESS").await;
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_mins(1);
    let wanted: BTreeSet<_> = rules()
        .iter()
        .flat_map(|rule| check_query(rule["expr"].as_str().expect("text")))
        .collect();
    loop {
        let answer = world
            .api
            .request(reqwest::Method::GET, "/metrics".to_owned())
            .token(None)
            .send()
            .await;
        let shown = Exposition::parse(&answer.text);
        let names: BTreeSet<_> = shown.series().into_iter().map(|(name, _)| name.to_owned()).collect();
        let missing: Vec<_> = wanted.iter().filter(|name| !names.contains(*name)).collect();
        if missing.iter().all(|name| OF_BROKERS.contains(&name.as_str())) {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "never shown: {missing:?}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[test]
fn every_variable_in_the_deployment_files_is_a_setting() {
    let defaults = read("moments.default.toml");
    let mut seen = 0;
    for file in files_below(&root().join("deploy")) {
        let text = fs::read_to_string(&file).expect("text");
        for variable in text.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')) {
            if variable.starts_with("MOMENTS_") {
                seen += 1;
                assert!(
                    defaults.contains(&format!("# {variable}\n")),
                    "{}: {variable}",
                    file.display()
                );
            }
        }
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn deployment_files_are_yaml_without_secrets_and_with_pinned_images() {
    for file in files_below(&root().join("deploy")) {
        let (text, name) = (fs::read_to_string(&file).expect("text"), file.display());
        if file.extension().is_none_or(|end| end != "yaml" && end != "yml") {
            continue;
        }
        for document in yaml(&text) {
            let mut images = Vec::new();
            texts(&document, "image", &mut images);
            for image in images {
                let tag = image.split_once(':').map_or("", |(_, tag)| tag);
                assert!(
                    tag.contains('.') && !image.contains('/'),
                    "{name}: {image} is not pinned"
                );
            }
            for key in [
                "MOMENTS_VAULT_KEYS",
                "MOMENTS_AUTH_HS256_SECRET",
                "MOMENTS_DATABASE_URL",
                "MOMENTS_QUEUE_URL",
                "POSTGRES_PASSWORD",
                "RABBITMQ_DEFAULT_PASS",
            ] {
                let mut values = Vec::new();
                texts(&document, key, &mut values);
                assert!(
                    values.iter().all(|value| value.contains("${")),
                    "{name}: {key} stands in clear text"
                );
            }
        }
    }
}

/// What Kubernetes starts survives its own rules: no root, nothing writable, probes on routes that exist, and time to stop.
#[test]
fn workloads_are_probed_and_confined() {
    let mut workloads = 0;
    for role in ["api", "scheduler", "worker"] {
        let documents = yaml(&read(&format!("deploy/kubernetes/{role}.yaml")));
        assert!(
            documents
                .iter()
                .any(|document| document["kind"] == "PodDisruptionBudget"),
            "{role}"
        );
        for deployment in documents.iter().filter(|document| document["kind"] == "Deployment") {
            workloads += 1;
            let pod = &deployment["spec"]["template"]["spec"];
            let container = &pod["containers"][0];
            assert_eq!(container["args"], serde_json::json!(["serve", "--roles", role]));
            assert_eq!(container["readinessProbe"]["httpGet"]["path"], "/readyz");
            for probe in ["startupProbe", "livenessProbe"] {
                assert_eq!(container[probe]["httpGet"]["path"], "/healthz");
            }
            assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
            assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
            assert!(
                pod["terminationGracePeriodSeconds"].as_i64() >= Some(50),
                "a graceful stop takes 35 s and 10 s"
            );
            assert!(container["resources"]["limits"]["memory"].is_string());
        }
    }
    assert_eq!(workloads, 3);
}
