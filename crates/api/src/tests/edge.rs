//! What holds for every answer: envelope, request id, limits, time limit, panics, metrics.

use std::time::Duration;

use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::json;

use super::platform::{PANIC, STALL};
use super::world::{Answer, BASE, NOW, OWNER, World, request, token};
use crate::{Limits, PERMISSIONS};

async fn plain(world: &World, method: &str, path: &str) -> Answer {
    world.send(request(method, path, None, None)).await
}

#[tokio::test]
async fn unknown_routes_and_methods_are_answered_in_the_envelope() {
    let world = World::new().await;
    assert_eq!(plain(&world, "GET", "/nowhere").await.error(404), "NOT_FOUND");
    assert_eq!(
        plain(&world, "GET", &format!("{BASE}/nowhere")).await.error(404),
        "NOT_FOUND"
    );
    let answer = plain(&world, "PUT", &format!("{BASE}/sync")).await;
    assert_eq!(answer.error(405), "METHOD_NOT_ALLOWED");
    assert_eq!(answer.headers["allow"], "POST");
}

#[tokio::test]
async fn the_timestamp_is_the_servers_time_in_milliseconds() {
    let world = World::new().await;
    world.clock.advance(Duration::from_millis(1234));
    let answer = plain(&world, "GET", "/healthz").await;
    let expected = NOW.as_millis() + 1234;
    let text = format!(r#"{{"code":200,"message":"操作成功","data":{{"status":"UP"}},"timestamp":{expected}}}"#);
    assert_eq!(answer.text, text);
}

#[tokio::test]
async fn a_request_id_is_echoed_or_made() {
    let world = World::new().await;
    for path in ["/healthz", "/nowhere", "/metrics", "/docs/"] {
        let mut with_id = request("GET", path, None, None);
        with_id
            .headers_mut()
            .insert("X-Request-ID", "trace-1".parse().expect("a header"));
        assert_eq!(world.send(with_id).await.headers["x-request-id"], "trace-1", "{path}");
        let made = plain(&world, "GET", path).await.headers["x-request-id"].clone();
        assert_eq!(made.len(), 36, "{path}: {made:?}");
    }
}

#[tokio::test]
async fn a_panic_is_an_inner_error_without_its_reason() {
    let world = World::new().await;
    let answer = world.bind("ww1", PANIC).await;
    assert_eq!(answer.error(500), "INTERNAL");
    assert!(!answer.text.contains("a defect"), "{answer:?}");
    plain(&world, "GET", "/healthz").await.expect(200);
}

#[tokio::test]
async fn what_takes_too_long_is_answered_all_the_same() {
    let world = World::with(Limits {
        timeout: Duration::from_millis(20),
        ..Limits::default()
    })
    .await;
    let answer = world.bind("ww1", STALL).await;
    assert_eq!(answer.error(503), "TIMED_OUT");
    assert_eq!(answer.headers["retry-after"], "5");
}

#[tokio::test]
async fn a_user_who_asks_too_often_is_told_when_to_come_back() {
    let world = World::with(Limits {
        requests_per_minute: 3,
        ..Limits::default()
    })
    .await;
    for _ in 0..3 {
        world.get("/accounts").await.expect(200);
    }
    let answer = world.get("/accounts").await;
    assert_eq!(answer.error(429), "RATE_LIMITED");
    let wait: u64 = answer.headers["retry-after"]
        .to_str()
        .expect("text")
        .parse()
        .expect("seconds");
    world.clock.advance(Duration::from_secs(wait));
    world.get("/accounts").await.expect(200);
}

#[tokio::test]
async fn a_large_body_is_refused_before_it_is_read_whole() {
    let world = World::with(Limits {
        body_bytes: 1000,
        ..Limits::default()
    })
    .await;
    let body = json!({ "text": "x".repeat(1000), "accountIds": ["a"] });
    let data = world.post("/sync", body).await.expect(413);
    assert_eq!(data, json!({ "error": "BODY_TOO_LARGE", "maxBytes": 1000 }));
}

#[tokio::test]
async fn a_body_must_be_declared_as_json() {
    let world = World::new().await;
    let token = token(OWNER, PERMISSIONS);
    for content_type in [Some("text/plain"), Some("application/x-www-form-urlencoded"), None] {
        let mut request = request("POST", &format!("{BASE}/sync"), Some(&token), Some("{}".to_owned()));
        request.headers_mut().remove("content-type");
        if let Some(content_type) = content_type {
            request
                .headers_mut()
                .insert("content-type", content_type.parse().expect("a header"));
        }
        assert_eq!(
            world.send(request).await.error(415),
            "UNSUPPORTED_MEDIA_TYPE",
            "{content_type:?}"
        );
    }
}

#[tokio::test]
async fn probes_need_no_token() {
    let world = World::new().await;
    assert_eq!(
        plain(&world, "GET", "/healthz").await.expect(200),
        json!({ "status": "UP" })
    );
    assert_eq!(
        plain(&world, "GET", "/readyz").await.expect(200),
        json!({ "status": "UP", "checks": [{ "name": "database", "status": "UP", "reason": null }] })
    );
}

#[tokio::test]
async fn requests_are_counted_by_template_and_status_and_never_by_path() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let world = World::showing(Limits::default(), recorder.handle()).await;
    let _recording = metrics::set_default_local_recorder(&recorder);
    world.get("/tasks/4711").await.expect(404);
    plain(&world, "GET", "/secret-path").await.expect(404);
    let text = plain(&world, "GET", "/metrics").await.text;
    let series =
        format!(r#"moments_http_requests_total{{method="GET",route="{BASE}/tasks/{{taskId}}",status="404"}} 1"#);
    assert!(text.contains(&series), "{text}");
    assert!(!text.contains("/4711") && !text.contains("secret-path"), "{text}");
}

#[tokio::test]
async fn a_media_address_that_nobody_signed_leads_nowhere() {
    let world = World::new().await;
    std::fs::write(world.folder().join("a.jpg"), "x").expect("a file");
    let until = NOW.as_secs() + 60;
    assert_eq!(
        plain(&world, "GET", &format!("/media/{until}/AAAA/a.jpg"))
            .await
            .error(404),
        "NOT_FOUND"
    );
    assert_eq!(
        plain(&world, "GET", "/media/soon/AAAA/a.jpg").await.error(404),
        "NOT_FOUND"
    );
}
