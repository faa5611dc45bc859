//! Drafts of the content library over HTTP.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use moments_engine::Library;
use moments_wire::WireClient;
use serde_json::{Value, json};

use super::world::{BASE, OWNER, World, request, token};
use crate::PERMISSIONS;

/// What the library answers to everything, and what it was asked with.
#[derive(Clone, Debug, Default)]
struct Script {
    status: u16,
    body: String,
    slow: bool,
    /// Authorization and X-Request-ID of the last question.
    asked_with: [Option<String>; 2],
}

type Shared = Arc<Mutex<Script>>;

async fn answer(State(script): State<Shared>, Path(id): Path<i64>, headers: HeaderMap) -> (StatusCode, String) {
    assert_eq!(id, 4001);
    let header = |name: &str| headers.get(name).map(|value| value.to_str().expect("text").to_owned());
    let Script { status, body, slow, .. } = {
        let mut script = script.lock().expect("no panic");
        script.asked_with = [header("authorization"), header("x-request-id")];
        script.clone()
    };
    if slow {
        std::future::pending::<()>().await;
    }
    (StatusCode::from_u16(status).expect("a status"), body)
}

/// A world and the library that it reads, with a token of the installation or without.
async fn world(token: Option<&str>) -> (World, Shared) {
    let script = Shared::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/content", listener.local_addr().expect("an address"));
    let service = Router::new()
        .route("/content/{id}", get(answer))
        .with_state(Arc::clone(&script));
    tokio::spawn(async move { axum::serve(listener, service).await });
    let library = Library {
        wire: WireClient::new().expect("a client"),
        url: url.parse().expect("an address"),
        token: token.map(Into::into),
        timeout: Duration::from_secs(2),
        max_bytes: 1_000,
    };
    (World::reading(library).await, script)
}

fn say(script: &Shared, status: u16, body: &Value) {
    let mut script = script.lock().expect("no panic");
    (script.status, script.body) = (status, body.to_string());
}

fn draft(change: &Value) -> Value {
    let mut data = json!({
        "contentId": 4001, "title": "秋季新品", "contentType": "ARTICLE", "content": { "body": "到店有礼" },
        "status": "READY", "updateTime": "2023-10-26T23:00:00+08:00",
    });
    for (name, value) in change.as_object().expect("an object") {
        data[name] = value.clone();
    }
    json!({ "code": 200, "message": "操作成功", "data": data, "timestamp": 1 })
}

fn body() -> Value {
    json!({ "contentId": 4001, "accountIds": ["ww1:lisi"] })
}

#[tokio::test]
async fn a_draft_is_asked_for_with_the_callers_token_and_frozen() {
    let (world, script) = world(None).await;
    say(&script, 200, &draft(&json!({ "contentId": "4001", "userId": "1" })));
    let told = world.post("/preflight", body()).await.expect(200);
    assert_eq!(
        told["content"],
        json!({
            "contentId": 4001, "contentVersion": "2023-10-26T15:00:00Z", "text": "秋季新品\n到店有礼", "mediaUrls": [],
            "link": null, "visibility": null, "videoCut": false,
        })
    );
    let token = token(OWNER, PERMISSIONS);
    let mut question = request("POST", &format!("{BASE}/sync"), Some(&token), Some(body().to_string()));
    question
        .headers_mut()
        .insert("x-request-id", "r-1".parse().expect("a value"));
    let task = world.send(question).await.expect(202)["syncTaskId"].clone();
    let asked_with = script.lock().expect("no panic").asked_with.clone();
    assert_eq!(asked_with, [Some(format!("Bearer {token}")), Some("r-1".to_owned())]);
    say(&script, 404, &json!("gone"));
    let task = world.get(&format!("/tasks/{task}")).await.expect(200);
    assert_eq!(
        (&task["contentId"], &task["contentVersion"]),
        (&json!(4001), &json!("2023-10-26T15:00:00Z"))
    );
}

#[tokio::test]
async fn each_answer_that_is_no_draft_has_its_own_no() {
    let (world, script) = world(None).await;
    let envelope = |code: u16| json!({ "code": code, "message": "x", "data": null, "timestamp": 1 });
    for (status, said, expected, code) in [
        (404, envelope(404), 404, "NOT_FOUND"),
        (200, envelope(404), 404, "NOT_FOUND"),
        (200, draft(&json!({ "userId": 2 })), 404, "NOT_FOUND"),
        (401, envelope(401), 403, "CONTENT_DENIED"),
        (403, json!("no"), 403, "CONTENT_DENIED"),
        (500, json!("<html>"), 503, "CONTENT_UNAVAILABLE"),
        (429, envelope(429), 503, "CONTENT_UNAVAILABLE"),
        (200, envelope(500), 503, "CONTENT_UNAVAILABLE"),
        (404, json!("<html>"), 502, "CONTENT_BAD_ANSWER"),
        (200, json!("<html>"), 502, "CONTENT_BAD_ANSWER"),
        (302, json!(""), 502, "CONTENT_BAD_ANSWER"),
        (200, draft(&json!({ "contentId": 4002 })), 502, "CONTENT_BAD_ANSWER"),
        (200, draft(&json!({ "contentType": 5 })), 502, "CONTENT_BAD_ANSWER"),
        (
            200,
            draft(&json!({ "title": "长".repeat(400) })),
            502,
            "CONTENT_BAD_ANSWER",
        ),
    ] {
        say(&script, status, &said);
        let answer = world.post("/sync", body()).await;
        assert_eq!(answer.error(expected), code, "{status} {said}");
        assert_eq!(
            answer.headers.contains_key("retry-after"),
            expected == 503,
            "{status} {said}"
        );
        assert_eq!(
            world.post("/preflight", body()).await.error(expected),
            code,
            "{status} {said}"
        );
    }
    say(&script, 200, &draft(&json!({ "contentType": "AUDIO" })));
    assert_eq!(world.post("/sync", body()).await.expect(422)[0]["field"], "contentId");
    script.lock().expect("no panic").slow = true;
    assert_eq!(world.post("/sync", body()).await.error(503), "CONTENT_UNAVAILABLE");
}

#[tokio::test]
async fn with_a_token_of_the_installation_only_the_owner_gets_a_draft() {
    let (world, script) = world(Some("s3rvice")).await;
    for (said, expected, code) in [
        (draft(&json!({})), 502, "CONTENT_BAD_ANSWER"),
        (draft(&json!({ "userId": 2 })), 404, "NOT_FOUND"),
        (
            json!({ "code": 401, "message": "x", "data": null }),
            502,
            "CONTENT_TOKEN_REFUSED",
        ),
    ] {
        say(&script, 200, &said);
        assert_eq!(world.post("/sync", body()).await.error(expected), code, "{said}");
    }
    say(&script, 200, &draft(&json!({ "userId": 1 })));
    world.post("/sync", body()).await.expect(202);
    let asked_with = script.lock().expect("no panic").asked_with.clone();
    assert_eq!(asked_with[0].as_deref(), Some("Bearer s3rvice"));
}
