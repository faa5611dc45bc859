//! `POST …/sync` (requirement 2.2).

use serde_json::{Value, json};

use super::world::{Answer, BASE, OWNER, World, request, token};
use crate::PERMISSIONS;

fn simple() -> Value {
    json!({ "text": "早安", "accountIds": ["ww1:zhangsan", "ww1:lisi"] })
}

async fn post_with_key(world: &World, key: &str, body: &str) -> Answer {
    let mut request = request(
        "POST",
        &format!("{BASE}/sync"),
        Some(&token(OWNER, PERMISSIONS)),
        Some(body.to_owned()),
    );
    request
        .headers_mut()
        .insert("Idempotency-Key", key.parse().expect("a header"));
    world.send(request).await
}

#[tokio::test]
async fn a_task_is_accepted_with_everything_that_the_requirement_names() {
    let world = World::bound().await;
    let data = world.post("/sync", simple()).await.expect(202);
    let id = data["syncTaskId"].as_i64().expect("an id");
    assert!(id > 0);
    let expected = json!({
        "syncTaskId": id,
        "contentId": null,
        "status": "PENDING",
        "createTime": "2023-10-26T16:00:00Z",
        "scheduledTime": null,
        "accountCount": 2,
        "warnings": [],
    });
    assert_eq!(data, expected);
}

#[tokio::test]
async fn null_is_the_same_as_absent_and_unknown_fields_are_ignored() {
    let world = World::bound().await;
    let mut body = simple();
    body["contentId"] = json!(null);
    body["mediaUrls"] = json!(null);
    body["scheduledTime"] = json!(null);
    body["traceTag"] = json!({ "any": 1 });
    world.post("/sync", body).await.expect(202);
}

#[tokio::test]
async fn a_scheduled_task_warns_of_accounts_that_are_off_line_and_speaks_utc() {
    let world = World::bound().await;
    let body = json!({ "text": "早安", "accountIds": ["ww1:wangwu"], "scheduledTime": "2023-10-27T00:30:00+08:00" });
    let data = world.post("/sync", body).await.expect(202);
    assert_eq!(data["scheduledTime"], "2023-10-26T16:30:00Z");
    assert_eq!(data["warnings"][0]["accountId"], "ww1:wangwu");
    assert_eq!(data["warnings"][0]["status"], "OFFLINE");
    assert_eq!(data["warnings"][0]["code"], "ACCOUNT_OFFLINE");
}

#[tokio::test]
async fn an_account_that_is_off_line_cannot_publish_now() {
    let world = World::bound().await;
    let data = world
        .post("/sync", json!({ "text": "早安", "accountIds": ["ww1:wangwu"] }))
        .await
        .expect(422);
    assert_eq!(data[0]["field"], "accountIds");
    assert_eq!(
        (&data[0]["accountId"], &data[0]["status"]),
        (&json!("ww1:wangwu"), &json!("OFFLINE"))
    );
}

#[tokio::test]
async fn accounts_that_are_not_the_users_are_named() {
    let world = World::bound().await;
    let data = world
        .post(
            "/sync",
            json!({ "text": "早安", "accountIds": ["ww1:zhangsan", "ww9:nobody"] }),
        )
        .await
        .expect(404);
    assert_eq!(
        data,
        json!({ "error": "WechatAccountNotFoundException", "accountIds": ["ww9:nobody"] })
    );
}

#[tokio::test]
async fn all_broken_rules_are_told_at_once() {
    let world = World::bound().await;
    let data = world
        .post("/sync", json!({ "scheduledTime": "2020-01-01T00:00:00Z" }))
        .await
        .expect(422);
    let fields: Vec<_> = data
        .as_array()
        .expect("a list")
        .iter()
        .map(|error| error["field"].clone())
        .collect();
    assert_eq!(fields, ["accountIds", "text", "scheduledTime"]);
    assert!(
        data.as_array()
            .expect("a list")
            .iter()
            .all(|error| error["message"].as_str().is_some_and(|m| !m.is_ascii()))
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_400_and_names_the_field() {
    let world = World::new().await;
    for (body, field) in [
        (json!({ "contentId": "4001" }), Some("contentId")),
        (json!({ "contentId": 0 }), Some("contentId")),
        (json!({ "contentId": 9_007_199_254_740_992_i64 }), Some("contentId")),
        (json!({ "contentId": 1.5 }), Some("contentId")),
        (json!({ "text": 5 }), Some("text")),
        (json!({ "mediaUrls": "https://a.example/1.jpg" }), Some("mediaUrls")),
        (json!({ "accountIds": ["a", 7] }), Some("accountIds[1]")),
        (json!({ "accountIds": [null] }), Some("accountIds[0]")),
        (json!({ "scheduledTime": "2023-10-26T16:30:00" }), Some("scheduledTime")),
        (json!({ "scheduledTime": "tomorrow" }), Some("scheduledTime")),
        (json!({ "scheduledTime": 1_698_336_000 }), Some("scheduledTime")),
        (json!([]), None),
        (json!("text"), None),
    ] {
        let answer = world.post("/sync", body.clone()).await;
        let data = answer.expect(400);
        assert_eq!(data, json!({ "error": "MALFORMED", "field": field }), "{body}");
        assert!(
            answer.message().contains(field.unwrap_or("请求体")),
            "{body}: {}",
            answer.message()
        );
    }
}

#[tokio::test]
async fn a_key_makes_a_retry_harmless() {
    let world = World::bound().await;
    let first = post_with_key(&world, "k-1", r#"{"text":"早安","accountIds":["ww1:zhangsan"]}"#)
        .await
        .expect(202);
    let again = post_with_key(&world, "k-1", r#"{ "accountIds": ["ww1:zhangsan"], "text": "早安" }"#)
        .await
        .expect(202);
    assert_eq!(first, again, "the same request gets the same answer");
    let other = post_with_key(&world, "k-1", r#"{"text":"晚安","accountIds":["ww1:zhangsan"]}"#).await;
    assert_eq!(other.error(409), "CONFLICT");
    let new = post_with_key(&world, "k-2", r#"{"text":"早安","accountIds":["ww1:zhangsan"]}"#)
        .await
        .expect(202);
    assert_ne!(first["syncTaskId"], new["syncTaskId"]);
}

#[tokio::test]
async fn a_key_is_short_visible_ascii() {
    let world = World::bound().await;
    for key in ["", "two words", &"x".repeat(201)] {
        let data = post_with_key(&world, key, &simple().to_string()).await.expect(400);
        assert_eq!(data["field"], "Idempotency-Key", "{key:?}");
    }
    post_with_key(&world, &"x".repeat(200), &simple().to_string())
        .await
        .expect(202);
}

#[tokio::test]
async fn a_draft_that_is_not_there_is_404() {
    let world = World::bound().await;
    let answer = world
        .post("/sync", json!({ "contentId": 4001, "accountIds": ["ww1:zhangsan"] }))
        .await;
    assert_eq!(
        (answer.error(404), answer.message()),
        ("NOT_FOUND".to_owned(), "内容不存在".to_owned())
    );
}
