//! A content library that wants the installation's token, and says it back wherever a program may be tempted to print an answer.

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use serde_json::json;
use tokio::net::TcpListener;

use super::known::OF_LIBRARY;
use crate::api::OWNER;
use crate::world::{Corp, World};

const GOOD: i64 = 4001;
const STRANGE: i64 = 4002;
const TROUBLED: i64 = 4003;

/// The library at a free port: the setting `content.url`.
pub(super) async fn service() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/content", listener.local_addr().expect("an address"));
    let router = Router::new().route("/content/{id}", get(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn answer(Path(id): Path<i64>, headers: HeaderMap) -> (StatusCode, String) {
    let shown = headers.get("authorization").and_then(|value| value.to_str().ok());
    if shown != Some(&format!("Bearer {OF_LIBRARY}")) {
        return (StatusCode::UNAUTHORIZED, String::new());
    }
    let data = json!({
        "contentId": GOOD, "userId": OWNER, "title": "秋季新品", "contentType": "ARTICLE", "content": { "body": "到店有礼" },
        "status": "READY", "updateTime": "2026-01-01T00:00:00Z",
    });
    match id {
        GOOD => (StatusCode::OK, json!({ "code": 200, "data": data }).to_string()),
        STRANGE => (StatusCode::OK, format!("no JSON for {OF_LIBRARY}")),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, format!("trouble with {OF_LIBRARY}")),
    }
}

/// A draft is published, and two cannot be read.
pub(super) async fn read_drafts(world: &World, corp: &Corp) {
    let read = async |id: i64| {
        let body = json!({ "contentId": id, "accountIds": [corp.account("li.na")] });
        world.api.post("/sync", &body).send().await
    };
    let task = read(GOOD).await.expect(202)["syncTaskId"].as_i64().expect("an id");
    world.check(task, "li.na SUCCESS").await;
    read(STRANGE).await.expect(502);
    read(TROUBLED).await.expect(503);
}
