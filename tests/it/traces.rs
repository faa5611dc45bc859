//! Traces reach a collector, and a collector that is away holds nothing up.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

use crate::world::World;

/// A collector that keeps the spans it is sent.
#[derive(Clone, Default)]
struct Collector {
    spans: Arc<Mutex<Vec<Span>>>,
    services: Arc<Mutex<Vec<String>>>,
}

impl Collector {
    fn routes(&self) -> Router {
        let collector = self.clone();
        let keep = move |body: Bytes| {
            collector.keep(ExportTraceServiceRequest::decode(body).expect("OTLP"));
            std::future::ready(())
        };
        Router::new().route("/v1/traces", post(keep))
    }

    fn keep(&self, request: ExportTraceServiceRequest) {
        for resource in request.resource_spans {
            let attributes = resource
                .resource
                .map(|resource| resource.attributes)
                .unwrap_or_default();
            let service = attributes.iter().find(|attribute| attribute.key == "service.name");
            self.services.lock().expect("no panic").extend(service.map(text));
            let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
            self.spans.lock().expect("no panic").extend(spans);
        }
    }

    /// The spans of this name that carry this attribute.
    fn spans(&self, name: &str, key: &str, value: &str) -> Vec<Span> {
        let wanted = |span: &&Span| {
            let carries = |attribute: &KeyValue| attribute.key == key && text(attribute) == value;
            span.name == name && span.attributes.iter().any(carries)
        };
        self.spans
            .lock()
            .expect("no panic")
            .iter()
            .filter(wanted)
            .cloned()
            .collect()
    }
}

fn text(attribute: &KeyValue) -> String {
    match attribute.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => panic!("{other:?}"),
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
    let task = task.to_string();
    let looks = || collector.spans("publication", "task.id", &task);
    let creates = || collector.spans("platform_call", "call", "create");
    let requests = || collector.spans("request", "task.id", &task);
    let arrived = || !looks().is_empty() && !creates().is_empty() && !requests().is_empty();
    world.until("spans of all three", arrived).await;
    let (request, look, create) = (requests().remove(0), looks().remove(0), creates().remove(0));
    assert_eq!(create.trace_id, look.trace_id);
    assert_eq!(create.parent_span_id, look.span_id, "the call was made in that look");
    assert!(
        looks().iter().all(|other| other.trace_id == look.trace_id),
        "one trace for all looks"
    );
    let links: Vec<_> = request.links.iter().map(|link| &link.trace_id).collect();
    assert_eq!(links, [&look.trace_id], "the request links to the task's trace");
    assert!(
        collector
            .services
            .lock()
            .expect("no panic")
            .iter()
            .all(|name| name == "moments-it")
    );
    let names: Vec<_> = collector
        .spans
        .lock()
        .expect("no panic")
        .iter()
        .map(|span| span.name.clone())
        .collect();
    let ours = |name: &String| ["request", "publication", "platform_call"].contains(&name.as_str());
    assert!(names.iter().all(ours), "spans of libraries stay at home: {names:?}");
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
    let sent = collector.spans("request", "route", "/healthz");
    assert_eq!(sent.len(), 1, "the request was sent before the end");
}

#[tokio::test]
async fn a_collector_that_is_away_holds_nothing_up() {
    let mut world = World::with(&[("TELEMETRY_OTLP_URL", "http://127.0.0.1:1/v1/traces")]).await;
    let corp = world.corp("ww_untraced").await;
    for text in ["早安", "午安", "晚安"] {
        let task = world.sync(text).to([corp.account("li.na")]).accepted().await;
        world.check(task, "li.na SUCCESS").await;
    }
    assert!(world.take_server().stop().await.success());
}
