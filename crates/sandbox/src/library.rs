//! A content library with a few drafts, so that `contentId` can be tried over HTTP without the sibling module.
//!
//! | path | answers |
//! | --- | --- |
//! | `/workbench/content/{contentId}` | a draft in the workbench's envelope: 4001 an article, 4002 pictures, 4003 a video; else 404 |
//!
//! Whoever brings a token reads all of them, like a user of the workbench with `workbench:content:view`.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::Sandbox;

pub(crate) fn routes() -> Router<Sandbox> {
    Router::new().route("/workbench/content/{id}", get(draft))
}

async fn draft(State(sandbox): State<Sandbox>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let now = sandbox.clock().now_ms();
    if !headers.contains_key(header::AUTHORIZATION) {
        return answer(StatusCode::UNAUTHORIZED, "请先登录", &Value::Null, now);
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let pictures = format!("http://{}/pictures", host.unwrap_or_default());
    match seeded(&id, &pictures) {
        Some(draft) => answer(StatusCode::OK, "操作成功", &draft, now),
        None => answer(StatusCode::NOT_FOUND, "内容不存在", &Value::Null, now),
    }
}

fn answer(status: StatusCode, message: &str, data: &Value, now_ms: i64) -> Response {
    let body = json!({ "code": status.as_u16(), "message": message, "data": data, "timestamp": now_ms });
    (status, Json(body)).into_response()
}

/// One draft of each kind; their pictures and their film lie beside them.
fn seeded(id: &str, pictures: &str) -> Option<Value> {
    let (number, kind, title, content) = match id {
        "4001" => (
            4001,
            "ARTICLE",
            "秋季新品上架",
            json!({
                "body": "<p>桂花拿铁、南瓜可颂今日上架。</p><p>到店出示本条，第二份半价。</p>",
                "images": [format!("{pictures}/autumn-1.jpg"), format!("{pictures}/autumn-2.png")],
            }),
        ),
        "4002" => (
            4002,
            "IMAGE",
            "门店一角",
            json!({
                "body": "午后三点，靠窗的位置给你留着 ☕",
                "images": [format!("{pictures}/corner-1.jpg"), format!("{pictures}/corner-2.webp"), format!("{pictures}/corner-3.jpg")],
            }),
        ),
        "4003" => (
            4003,
            "VIDEO",
            "三秒看懂手冲",
            json!({ "body": "三秒看懂手冲", "video": format!("{pictures}/pour-over.mp4?secs=3") }),
        ),
        _ => return None,
    };
    Some(json!({
        "contentId": number, "title": title, "contentType": kind, "content": content, "tags": ["示例"], "category": "门店",
        "status": "READY", "createTime": "2023-10-20T02:00:00Z", "updateTime": "2023-10-26T15:00:00Z",
    }))
}
