//! Link posts and audiences in `POST …/sync`, `POST …/preflight` and `GET …/tasks/{id}`.

use serde_json::{Value, json};

use super::platform::GOOD;
use super::world::{NOW, World};

fn link() -> Value {
    json!({ "title": "秋季新品", "url": "https://shop.example.com/a" })
}

/// The fields of a refusal (422), in order.
async fn refused(world: &World, body: Value) -> Vec<String> {
    let data = world.post("/sync", body).await.expect(422);
    let field = |error: &Value| error["field"].as_str().expect("a field").to_owned();
    data.as_array().expect("a list").iter().map(field).collect()
}

#[tokio::test]
async fn a_link_and_an_audience_are_shown_as_they_were_sent() {
    let world = World::bound().await;
    let at = (NOW + std::time::Duration::from_hours(1)).to_string();
    let body = json!({
        "link": { "title": "秋季新品", "url": "https://shop.example.com/a", "coverUrl": "https://a.example/1.jpg" },
        "visibility": { "customerTags": ["etAbC0001"] }, "accountIds": ["ww1:lisi"], "scheduledTime": at,
    });
    let told = world.post("/preflight", body.clone()).await.expect(200);
    let shown =
        json!({ "customerTags": ["etAbC0001"], "labels": null, "denyLabels": null, "allow": null, "deny": null });
    assert_eq!(
        (&told["content"]["link"], &told["content"]["visibility"]),
        (&body["link"], &shown)
    );
    assert_eq!(
        (&told["verdict"], &told["platformCalls"]["uploads"]),
        (&json!("READY"), &json!(1))
    );
    let id = world.post("/sync", body.clone()).await.expect(202)["syncTaskId"].clone();
    let task = world.get(&format!("/tasks/{id}")).await.expect(200);
    assert_eq!((&task["link"], &task["visibility"]), (&body["link"], &shown));
}

#[tokio::test]
async fn a_link_without_a_cover_takes_one_upload_too() {
    let world = World::bound().await;
    let body = json!({ "link": link(), "accountIds": ["ww1:lisi"] });
    let told = world.post("/preflight", body).await.expect(200);
    assert_eq!(told["platformCalls"]["uploads"], 1);
    assert_eq!(told["content"]["link"]["coverUrl"], Value::Null);
}

#[tokio::test]
async fn all_broken_rules_of_a_link_are_told_at_once() {
    let world = World::bound().await;
    for (body, fields) in [
        (json!({ "link": {} }), &["link.title", "link.url"][..]),
        (
            json!({ "link": { "title": "好".repeat(65), "url": "ftp://x/", "coverUrl": "x" } }),
            &["link.title", "link.url", "link.coverUrl"],
        ),
        (
            json!({ "link": link(), "mediaUrls": ["https://a.example/1.jpg"] }),
            &["link"],
        ),
        (json!({ "link": link(), "contentId": 4001 }), &["contentId"]),
        (json!({ "text": "早安", "visibility": {} }), &["visibility"]),
        (
            json!({ "text": "早安", "visibility": { "customerTags": [] } }),
            &["visibility"],
        ),
        (
            json!({ "text": "早安", "visibility": { "customerTags": ["7"], "allow": ["a"], "deny": ["b"] } }),
            &["visibility", "visibility.customerTags[0]"],
        ),
    ] {
        let mut body = body;
        body["accountIds"] = json!(["ww1:lisi"]);
        assert_eq!(refused(&world, body.clone()).await, fields, "{body}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_as_a_link_is_400() {
    let world = World::new().await;
    for (body, field) in [
        (json!({ "link": "https://shop.example.com" }), "link"),
        (json!({ "link": { "title": 7 } }), "link.title"),
        (json!({ "visibility": "et1" }), "visibility"),
        (
            json!({ "visibility": { "customerTags": [7] } }),
            "visibility.customerTags[0]",
        ),
    ] {
        let data = world.post("/sync", body.clone()).await.expect(400);
        assert_eq!(data["field"], field, "{body}");
    }
}

#[tokio::test]
async fn an_audience_that_an_account_cannot_have_is_refused_by_name() {
    let world = World::bound().await;
    world.bind("ww2", GOOD).await.expect(201);
    let body = |visibility: Value, accounts: &[&str]| json!({ "text": "早安", "visibility": visibility, "accountIds": accounts });
    let labels = body(json!({ "labels": ["7"] }), &["ww1:zhangsan", "ww1:lisi"]);
    let data = world.post("/sync", labels.clone()).await.expect(422);
    let named: Vec<_> = data
        .as_array()
        .expect("a list")
        .iter()
        .map(|error| error["accountId"].clone())
        .collect();
    assert_eq!(named, [json!("ww1:zhangsan"), json!("ww1:lisi"), Value::Null]);
    assert!(
        data.as_array()
            .expect("a list")
            .iter()
            .all(|error| error["code"] == "VISIBILITY_UNSUPPORTED")
    );
    let told = world.post("/preflight", labels).await.expect(200);
    assert_eq!(
        (&told["verdict"], &told["accounts"][1]["verdict"]),
        (&json!("BLOCKED"), &json!("BLOCKED"))
    );
    let two = body(json!({ "customerTags": ["et1"] }), &["ww1:lisi", "ww2:lisi"]);
    let data = world.post("/sync", two).await.expect(422);
    assert_eq!(
        (data.as_array().map(Vec::len), &data[0]["accountId"]),
        (Some(1), &json!("ww2:lisi"))
    );
    let one = body(json!({ "customerTags": ["et1"] }), &["ww1:zhangsan", "ww1:lisi"]);
    world.post("/sync", one).await.expect(202);
}

#[tokio::test]
async fn the_title_of_a_link_is_judged_like_a_text() {
    let world = World::judging(moments_engine::words::Compliance::default()).await;
    let body = json!({ "text": "早安", "link": { "title": "国家级咖啡", "url": "https://shop.example.com" }, "accountIds": ["ww1:lisi"] });
    let told = world.post("/preflight", body.clone()).await.expect(200);
    let message = told["findings"][0]["message"].as_str().expect("a finding");
    assert!(message.starts_with("链接标题第"), "{message}");
    let id = world.post("/sync", body).await.expect(202)["syncTaskId"].clone();
    let task = world.get(&format!("/tasks/{id}")).await.expect(200);
    assert_eq!(task["compliance"]["hits"][0]["field"], "link.title");
}
