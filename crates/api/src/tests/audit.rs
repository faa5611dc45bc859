//! Who did what, for those who may know.

use serde_json::{Value, json};

use super::platform::GOOD;
use super::world::{BASE, OWNER, STRANGER, World, request, token};
use crate::PERMISSIONS;

/// A world in which two users have bound a corp each, and the owner has published, taken back and unbound.
async fn eventful() -> World {
    let world = World::bound().await;
    let body = json!({ "corpId": "ww2", "agentId": 1, "secret": GOOD, "name": "旁人" }).to_string();
    let theirs = token(STRANGER, PERMISSIONS);
    let path = format!("{BASE}/channels/wecom");
    world
        .send(request("POST", &path, Some(&theirs), Some(body)))
        .await
        .expect(201);
    let sync = json!({ "text": "早安", "accountIds": ["ww1:zhangsan"], "scheduledTime": "2023-10-27T16:00:00Z" });
    let task = world.post("/sync", sync).await.expect(202)["syncTaskId"].clone();
    world
        .post(&format!("/tasks/{task}/cancel"), json!({}))
        .await
        .expect(200);
    world
        .post(&format!("/tasks/{task}/cancel"), json!({}))
        .await
        .expect(409);
    let channel = world.get("/channels").await.expect(200)[0]["id"].clone();
    world
        .post(&format!("/channels/{channel}/refresh"), json!({}))
        .await
        .expect(200);
    world.delete(&format!("/channels/{channel}")).await.expect(200);
    world.chain_audit().await;
    world
}

fn actions(page: &Value) -> Vec<&str> {
    let records = page["records"].as_array().expect("records");
    records
        .iter()
        .map(|record| record["action"].as_str().expect("text"))
        .collect()
}

#[tokio::test]
async fn a_user_sees_what_was_done_to_its_own_things_and_an_auditor_sees_all() {
    let world = eventful().await;
    let own = world.get("/audit").await.expect(200);
    assert_eq!(actions(&own), ["UNBIND", "REFRESH", "CANCEL", "PUBLISH", "BIND"]);
    assert_eq!(
        (&own["total"], &own["current"], &own["pages"]),
        (&json!(5), &json!(1), &json!(1))
    );
    let bind = &own["records"][4];
    let expected = json!({ "kind": "WECOM", "name": "华东门店", "handle": "ww1", "agentId": 1_000_002, "accounts": 3 });
    assert_eq!(bind["detail"], expected);
    assert_eq!(
        (&bind["userId"], &bind["actor"], &bind["object"]),
        (&json!(OWNER.0), &json!("USER"), &json!("CHANNEL"))
    );
    assert!(
        bind["requestId"].is_string() && !own.to_string().contains(GOOD),
        "{own}"
    );
    let all = world.get("/audit/all").await.expect(200);
    assert_eq!(
        actions(&all),
        ["UNBIND", "REFRESH", "CANCEL", "PUBLISH", "BIND", "BIND"]
    );
    let theirs = world
        .get(&format!("/audit/all?userId={}", STRANGER.0))
        .await
        .expect(200);
    assert_eq!(theirs["records"][0]["detail"]["handle"], "ww2");
}

#[tokio::test]
async fn the_audit_is_filtered_and_paged() {
    let world = eventful().await;
    for (query, expected) in [
        ("action=CANCEL", vec!["CANCEL"]),
        ("object=TASK", vec!["CANCEL", "PUBLISH"]),
        ("object=CHANNEL&objectId=77", vec![]),
        ("page=2&size=2", vec!["CANCEL", "PUBLISH"]),
        (
            "startTime=2023-10-26T16:00:00Z&endTime=2023-10-26T16:00:01Z&size=1",
            vec!["UNBIND"],
        ),
        ("endTime=2023-10-26T16:00:00Z", vec![]),
    ] {
        let page = world.get(&format!("/audit?{query}")).await.expect(200);
        assert_eq!(actions(&page), expected, "{query}");
    }
    for (query, field) in [
        ("action=STEAL", "action"),
        ("page=0", "page"),
        ("size=101", "size"),
        ("startTime=2023-10-26T16:00:00", "startTime"),
    ] {
        let answer = world.get(&format!("/audit?{query}")).await;
        assert_eq!(answer.expect(400)["field"], field, "{query}");
    }
}
