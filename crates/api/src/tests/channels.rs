//! Channels and accounts.

use serde_json::json;

use super::platform::GOOD;
use super::world::World;

#[tokio::test]
async fn binding_a_corp_brings_its_members() {
    let world = World::new().await;
    let channel = world.bind(" ww1 ", &format!(" {GOOD}\n")).await.expect(201);
    let expected = json!({
        "id": channel["id"],
        "kind": "WECOM",
        "appKind": "SELF_BUILT",
        "name": "华东门店",
        "handle": "ww1",
        "agentId": 1_000_002,
        "brokenReason": null,
        "notice": null,
        "checkedTime": "2023-10-26T16:00:00Z",
        "pauseUntil": null,
        "accounts": 3,
        "createTime": "2023-10-26T16:00:00Z",
    });
    assert_eq!(channel, expected);
    assert_eq!(world.get("/channels").await.expect(200), json!([channel]));
    let accounts = world.get("/accounts").await.expect(200);
    let first = json!({
        "accountId": "ww1:zhangsan", "accountName": "张三", "remark": null, "channelId": 1, "accountType": "WEWORK",
        "status": "ACTIVE", "statusCode": null,
        "statusReason": null, "statusTime": "2023-10-26T16:00:00Z", "checkedTime": "2023-10-26T16:00:00Z", "departments": [],
    });
    assert_eq!((accounts.as_array().map(Vec::len), &accounts[0]), (Some(3), &first));
}

#[tokio::test]
async fn no_answer_ever_holds_the_secret() {
    let world = World::new().await;
    let bound = world.bind("ww1", GOOD).await;
    let refused = world.bind("ww2", "wrong-secret").await;
    let unreadable = world
        .post(
            "/channels/wecom",
            json!({ "corpId": "ww1", "agentId": GOOD, "secret": [GOOD] }),
        )
        .await;
    unreadable.expect(400);
    let listed = world.get("/channels").await;
    for answer in [bound, refused, unreadable, listed] {
        assert!(!answer.text.contains("-secret"), "{answer:?}");
    }
}

#[tokio::test]
async fn a_refused_credential_is_the_requirements_api_exception() {
    let world = World::new().await;
    let data = world.bind("ww1", "wrong").await.expect(422);
    assert_eq!(data["error"], "WechatApiException");
    assert!(data["reason"].as_str().is_some(), "{data}");
    assert_eq!(world.get("/channels").await.expect(200), json!([]), "nothing is kept");
}

#[tokio::test]
async fn everything_missing_is_told_at_once() {
    let world = World::new().await;
    for (path, fields) in [
        ("/channels/wecom", &["corpId", "agentId", "secret", "name"][..]),
        ("/channels/gewe", &["appId", "token"][..]),
    ] {
        let data = world.post(path, json!({ "name": " ", "agentId": 0 })).await.expect(422);
        let named: Vec<_> = data
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|error| error["field"].as_str())
            .collect();
        assert_eq!(named, fields, "{path}");
    }
}

#[tokio::test]
async fn a_gateway_that_is_switched_off_says_how_to_switch_it_on() {
    let world = World::new().await;
    let answer = world
        .post("/channels/gewe", json!({ "appId": "wx_device_01", "token": "t" }))
        .await;
    assert_eq!(answer.error(409), "SWITCHED_OFF");
    assert!(answer.message().contains("gewe.enabled"), "{}", answer.message());
}

#[tokio::test]
async fn a_channel_can_be_checked_again_and_removed_once() {
    let world = World::bound().await;
    let id = world.get("/channels").await.expect(200)[0]["id"].clone();
    let refreshed = world
        .post(&format!("/channels/{id}/refresh"), json!({}))
        .await
        .expect(200);
    assert_eq!((&refreshed["id"], &refreshed["accounts"]), (&id, &json!(3)));
    assert_eq!(
        world.delete(&format!("/channels/{id}")).await.expect(200),
        json!({ "failedPublications": 0, "unfollowedPublications": 0 })
    );
    assert_eq!(world.delete(&format!("/channels/{id}")).await.error(404), "NOT_FOUND");
    assert_eq!(world.get("/accounts").await.expect(200), json!([]));
}
