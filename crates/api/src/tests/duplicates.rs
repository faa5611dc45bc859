//! The same content for the same account, twice.

use serde_json::{Value, json};

use super::files::a_png;
use super::world::{BASE, World};

fn post(text: &str, accounts: &[&str], at: Option<&str>) -> Value {
    json!({ "text": text, "accountIds": accounts, "scheduledTime": at })
}

/// The accounts of those warnings or broken rules that speak of duplicates.
fn duplicates(told: &Value) -> Vec<&str> {
    let told = told.as_array().expect("a list").iter();
    told.filter(|one| one["code"] == "DUPLICATE_CONTENT")
        .map(|one| one["accountId"].as_str().expect("an account"))
        .collect()
}

#[tokio::test]
async fn a_duplicate_is_told_and_names_the_other_task() {
    let world = World::bound().await;
    let both = ["ww1:zhangsan", "ww1:lisi"];
    let first = world
        .post("/sync", post("早安", &both[1..], Some("2023-10-28T08:00:00+08:00")))
        .await
        .expect(202);
    assert_eq!(first["warnings"], json!([]));
    let again = post(" 早安\r\n", &both, Some("2023-10-27T08:00:00+08:00"));
    let told = world.post("/preflight", again.clone()).await.expect(200);
    let task = &first["syncTaskId"];
    let finding = json!({
        "level": "WARNING", "code": "DUPLICATE_CONTENT",
        "message": format!("账号 ww1:lisi 在任务 {task} 中已有相同内容（2023-10-28T00:00:00Z，待发布）"),
        "advice": "如非有意重复，请取消其中一个任务",
    });
    assert_eq!(told["accounts"][1]["findings"], json!([finding]));
    assert_eq!(
        (&told["verdict"], &told["accounts"][0]["verdict"]),
        (&json!("WARNING"), &json!("READY"))
    );
    let second = world.post("/sync", again.clone()).await.expect(202);
    assert_eq!(duplicates(&second["warnings"]), ["ww1:lisi"]);

    // What is cancelled is none, nor is what others see or what is wanted at quite another time.
    world
        .post(&format!("/tasks/{task}/cancel"), json!({}))
        .await
        .expect(200);
    let told = world.post("/sync", again).await.expect(202);
    assert_eq!(
        duplicates(&told["warnings"]),
        ["ww1:zhangsan", "ww1:lisi"],
        "of the second task"
    );
    let mut narrowed = post("早安", &both, Some("2023-10-27T08:00:00+08:00"));
    narrowed["visibility"] = json!({ "customerTags": ["et1"] });
    for other in [narrowed, post("早安", &both, Some("2023-10-28T08:00:01+08:00"))] {
        let told = world.post("/sync", other).await.expect(202);
        assert_eq!(told["warnings"], json!([]));
    }
}

#[tokio::test]
async fn an_upload_is_the_same_at_each_of_its_addresses() {
    let world = World::fetching().await;
    let file = a_png(&world).await;
    let post = |url: &str| json!({ "mediaUrls": [url], "accountIds": ["ww1:zhangsan"] });
    let url = file["url"].as_str().expect("an address");
    world.post("/sync", post(url)).await.expect(202);
    let path = &url[url.find(BASE).expect("a path")..];
    for (other, expected) in [
        (format!("https://proxy.example{path}"), 1),
        (file["previewUrl"].as_str().expect("an address").to_owned(), 1),
        ("https://cdn.example.com/1.png".to_owned(), 0),
        ("https://cdn.example.com/1.png?sign=1".to_owned(), 0),
    ] {
        let told = world.post("/sync", post(&other)).await.expect(202);
        assert_eq!(duplicates(&told["warnings"]).len(), expected, "{other}");
    }
}

#[tokio::test]
async fn a_duplicate_is_refused_where_the_settings_say_so() {
    let world = World::refusing_duplicates().await;
    let first = world.post("/sync", post("早安", &["ww1:lisi"], None)).await.expect(202);
    let again = post("早安", &["ww1:zhangsan", "ww1:lisi"], None);
    let told = world.post("/preflight", again.clone()).await.expect(200);
    assert_eq!(
        (&told["verdict"], &told["accounts"][1]["verdict"]),
        (&json!("BLOCKED"), &json!("BLOCKED"))
    );
    let refused = world.post("/sync", again).await.expect(422);
    assert_eq!(
        refused,
        json!([{
            "field": "accountIds", "code": "DUPLICATE_CONTENT", "accountId": "ww1:lisi",
            "message": format!(
                "账号 ww1:lisi 在任务 {} 中已有相同内容（2023-10-26T16:00:00Z，待发布），请去掉该账号、修改内容，或先取消原任务",
                first["syncTaskId"]
            ),
        }])
    );
    let other = world.post("/sync", post("早安", &["ww1:zhangsan"], None)).await;
    assert_eq!(
        other.expect(202)["warnings"],
        json!([]),
        "nothing is left of what was refused"
    );
}
