//! Traces reach a collector, and a collector that is away holds nothing up.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;

use crate::world::World;

/// A collector that keeps what it is sent, as it came: names and attributes stand in protobuf as they are.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<u8>>>);

impl Collector {
    fn routes(&self) -> Router {
        let kept = Arc::clone(&self.0);
        let keep = move |body: Bytes| {
            kept.lock().expect("no panic").extend_from_slice(&body);
            std::future::ready(())
        };
        Router::new().route("/v1/traces", post(keep))
    }

    fn has(&self, text: &str) -> bool {
        let kept = self.0.lock().expect("no panic");
        kept.windows(text.len()).any(|window| window == text.as_bytes())
    }
}

async fn start(collector: &Collector) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let routes = collector.routes();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}/v1/traces")
}

#[tokio::test]
async fn spans_of_request_work_and_platform_call_arrive() {
    let collector = Collector::default();
    let url = start(&collector).await;
    let world = World::with(&[("TELEMETRY_OTLP_URL", &url), ("TELEMETRY_SERVICE_NAME", "moments-it")]).await;
    let corp = world.corp("ww_traces").await;
    let task = world.sync("早安").to([corp.account("li.na")]).accepted().await;
    world.check(task, "li.na SUCCESS").await;
    for text in [
        "moments-it",
        "request",
        "publication",
        "platform_call",
        "task.id",
        "channel.id",
        "outcome",
    ] {
        world.until(text, || collector.has(text)).await;
    }
    assert!(!collector.has("hyper"), "spans of libraries stay at home");
}

#[tokio::test]
async fn the_last_spans_are_sent_at_a_stop() {
    let collector = Collector::default();
    let url = start(&collector).await;
    let mut world = World::with(&[("TELEMETRY_OTLP_URL", &url)]).await;
    let answer = world
        .api
        .request(reqwest::Method::GET, "/healthz".to_owned())
        .token(None)
        .send()
        .await;
    assert_eq!(answer.status, 200);
    assert!(world.take_server().stop().await.success());
    assert!(collector.has("/healthz"), "the request was sent before the end");
}

#[tokio::test]
async fn a_collector_that_is_away_holds_nothing_up() {
    let mut world = World::with(&[("TELEMETRY_OTLP_URL", "http://127.0.0.1:1/v1/traces")]).await;
    let corp = world.corp("ww_untraced").await;
    for text in ["早安", "午安", "晚安"] {
        let task = world.sync(text).to([corp.account("li.na")]).accepted().await;
        world.check(task, "li.na SUCCESS").await;
    }
    let stopped = tokio::time::timeout(Duration::from_secs(15), world.take_server().stop()).await;
    assert!(stopped.expect("it stops in time").success());
}
