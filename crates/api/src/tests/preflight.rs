//! `POST …/preflight`: judged as `POST …/sync` would, and nothing done.

use serde_json::{Value, json};

use super::world::World;

async fn told(world: &World, body: Value) -> Value {
    world.post("/preflight", body).await.expect(200)
}

#[tokio::test]
async fn a_post_is_told_of_as_it_would_be() {
    let world = World::bound().await;
    let data = told(
        &world,
        json!({
            "text": " 早安 ", "mediaUrls": ["https://a.example/1.jpg", "https://a.example/2.jpg"],
            "accountIds": ["ww1:lisi", "ww1:wangwu"], "scheduledTime": "2023-10-27T00:30:00+08:00",
            "videoCut": true,
        }),
    )
    .await;
    let channel = world.get("/channels").await.expect(200)[0]["id"].clone();
    let expected = json!({
        "verdict": "WARNING",
        "content": {
            "contentId": null, "contentVersion": null, "text": " 早安 ",
            "mediaUrls": ["https://a.example/1.jpg", "https://a.example/2.jpg"],
            "link": null, "visibility": null, "videoCut": true,
        },
        "findings": [],
        "accounts": [
            { "accountId": "ww1:lisi", "verdict": "READY", "findings": [], "expectedTime": "2023-10-26T16:30:00Z" },
            {
                "accountId": "ww1:wangwu", "verdict": "WARNING", "expectedTime": "2023-10-26T16:30:00Z",
                "findings": [{
                    "level": "WARNING", "code": "ACCOUNT_OFFLINE",
                    "message": "账号 ww1:wangwu 当前离线", "advice": "请在发布时间前重新登录",
                }],
            },
        ],
        "platformCalls": {
            "uploads": 2, "creations": 1,
            "channels": [{ "channelId": channel, "uploads": 2, "creations": 1 }],
        },
    });
    assert_eq!(data, expected);
}

#[tokio::test]
async fn ten_creations_a_minute_are_counted_with_those_that_wait() {
    let world = World::bound().await;
    let ask = async || {
        let body = json!({ "text": "早安", "accountIds": ["ww1:lisi"] });
        told(&world, body).await["accounts"][0].take()
    };
    for n in 0..10 {
        let account = ask().await;
        assert_eq!(
            (&account["verdict"], &account["expectedTime"]),
            (&json!("READY"), &json!("2023-10-26T16:00:00Z")),
            "{n} wait"
        );
        let other = json!({ "text": n.to_string(), "accountIds": ["ww1:zhangsan"] });
        world.post("/sync", other).await.expect(202);
    }
    let account = ask().await;
    assert_eq!(account["expectedTime"], "2023-10-26T16:01:00Z", "{account}");
    assert_eq!(account["findings"][0]["code"], "LIMIT_DELAYS", "{account}");
}

#[tokio::test]
async fn what_would_be_refused_is_blocked() {
    let world = World::bound().await;
    let body = json!({ "text": "早安", "accountIds": ["ww1:lisi", "ww1:wangwu"] });
    let data = told(&world, body.clone()).await;
    assert_eq!(data["verdict"], "BLOCKED");
    assert_eq!(
        (&data["accounts"][0]["verdict"], &data["accounts"][0]["expectedTime"]),
        (&json!("READY"), &json!("2023-10-26T16:00:00Z"))
    );
    assert_eq!(
        (&data["accounts"][1]["verdict"], &data["accounts"][1]["expectedTime"]),
        (&json!("BLOCKED"), &json!(null))
    );
    let refused = world.post("/sync", body).await.expect(422);
    assert_eq!(refused[0]["code"], data["accounts"][1]["findings"][0]["code"]);
}

#[tokio::test]
async fn a_request_that_cannot_be_judged_is_answered_as_at_creation() {
    let world = World::bound().await;
    for body in [
        json!({ "text": 5, "accountIds": ["ww1:lisi"] }),
        json!({ "accountIds": [] }),
        json!({ "text": "早安", "accountIds": ["ww9:nobody"] }),
        json!({ "contentId": 4001, "accountIds": ["ww1:lisi"] }),
        json!({ "text": "好".repeat(3000), "accountIds": ["ww1:lisi"] }),
    ] {
        let told = world.post("/preflight", body.clone()).await;
        let refused = world.post("/sync", body.clone()).await;
        assert!(told.status >= 400, "{body}");
        assert_eq!((told.status, &told.text), (refused.status, &refused.text), "{body}");
    }
}
