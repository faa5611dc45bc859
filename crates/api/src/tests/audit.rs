//! Who did what, for those who may know.

use std::time::Duration;

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

#[tokio::test]
async fn log_ins_and_word_lists_are_told_without_what_they_hide() {
    let world = World::with_gateway().await;
    let secret = "t-secret nothing";
    let wish = json!({ "token": secret, "regionId": "330000" });
    let login = world.post("/channels/gewe/logins", wish).await.expect(201)["id"].clone();
    let path = format!("/channels/gewe/logins/{login}");
    world.post(&format!("{path}/qr"), json!({})).await.expect(200);
    world.delete(&path).await.expect(200);
    world.delete(&path).await.expect(200);
    let list = json!({ "name": "禁用词", "kind": "WORDS", "level": "BLOCK", "content": "微信" });
    let id = world.post("/compliance/lists", list.clone()).await.expect(201)["id"].clone();
    let path = format!("/compliance/lists/{id}");
    let mut off = list;
    (off["enabled"], off["version"]) = (json!(false), json!(1));
    world.put(&path, off.clone()).await.expect(200);
    world.put(&path, off).await.expect(409);
    world.delete(&path).await.expect(200);
    world.delete(&path).await.expect(404);
    world.chain_audit().await;
    let told = world.get("/audit").await.expect(200);
    assert_eq!(
        actions(&told),
        [
            "WORDS_REMOVE",
            "WORDS_CHANGE",
            "WORDS_ADD",
            "LOGIN_END",
            "LOGIN",
            "LOGIN"
        ]
    );
    let [change, add, end, again] = [1, 2, 3, 4].map(|n| &told["records"][n]);
    assert_eq!(
        (&change["detail"]["enabled"], &add["detail"]["enabled"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(
        (&add["objectId"], &add["detail"]["entries"]),
        (&json!(id.to_string()), &json!(1))
    );
    let ended = json!({ "status": "CANCELLED", "channelId": null, "wxid": null });
    assert_eq!((&end["detail"], &end["actor"]), (&ended, &json!("USER")));
    assert_eq!(again["detail"]["appId"], "wx_t-secret_nothing");
    assert!(
        !told.to_string().contains(secret) && !told.to_string().contains("微信"),
        "{told}"
    );
}

/// The owner's entry of this action with this status, once it is there.
async fn told(world: &World, action: &str, status: &Value) -> Value {
    for _ in 0..1200 {
        world.chain_audit().await;
        let page = world.get(&format!("/audit?action={action}")).await.expect(200);
        let records = page["records"].as_array().expect("records");
        if let Some(entry) = records.iter().find(|entry| entry["detail"]["status"] == *status) {
            return entry.clone();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{action} with {status} is never told")
}

#[tokio::test]
async fn a_log_in_that_ends_by_itself_tells_whose_doing_that_was() {
    let world = World::with_gateway().await;
    for (token, end, actor) in [
        ("in:wxid_a", json!({ "status": "DONE", "wxid": "wxid_a" }), "PLATFORM"),
        ("cancel:", json!({ "status": "CANCELLED", "wxid": null }), "PLATFORM"),
        ("no:账号异常", json!({ "status": "FAILED", "wxid": null }), "SYSTEM"),
    ] {
        let wish = json!({ "token": token, "regionId": "330000" });
        world.post("/channels/gewe/logins", wish).await;
        let entry = told(&world, "LOGIN_END", &end["status"]).await;
        assert_eq!(
            (&entry["detail"]["wxid"], &entry["actor"]),
            (&end["wxid"], &json!(actor)),
            "{entry}"
        );
    }
    let bind = world.get("/audit?action=BIND").await.expect(200)["records"][0].clone();
    assert_eq!(
        (&bind["actor"], &bind["detail"]["kind"]),
        (&json!("PLATFORM"), &json!("GEWE")),
        "{bind}"
    );
}
