//! `GET …/tasks/{taskId}` (requirement 2.3).

use serde_json::json;

use super::world::World;

#[tokio::test]
async fn a_task_is_shown_with_a_result_for_each_account() {
    let world = World::bound().await;
    let body = json!({ "text": "早安", "accountIds": ["ww1:zhangsan"], "scheduledTime": "2023-10-26T16:30:00Z" });
    let id = world.post("/sync", body).await.expect(202)["syncTaskId"].clone();
    let expected = json!({
        "syncTaskId": id,
        "contentId": null,
        "contentVersion": null,
        "status": "PENDING",
        "scheduledTime": "2023-10-26T16:30:00Z",
        "createTime": "2023-10-26T16:00:00Z",
        "updateTime": "2023-10-26T16:00:00Z",
        "warnings": [],
        "counts": { "total": 1, "pending": 1, "processing": 0, "success": 0, "failed": 0 },
        "results": [{
            "accountId": "ww1:zhangsan",
            "accountName": "张三",
            "status": "PENDING",
            "stage": "SCHEDULED",
            "waitingUntil": null,
            "waitingLimit": null,
            "momentId": null,
            "errorMessage": null,
            "errorCode": null,
            "errorReason": null,
            "publishTime": null,
        }],
        "compliance": null,
        "link": null,
        "visibility": null,
        "videoCut": false,
    });
    assert_eq!(world.get(&format!("/tasks/{id}")).await.expect(200), expected);
}

#[tokio::test]
async fn a_failure_says_why_to_programs_and_to_people() {
    let world = World::bound().await;
    let task = world
        .post("/sync", json!({ "text": "早安", "accountIds": ["ww1:zhangsan"] }))
        .await
        .expect(202);
    let channel = world.get("/channels").await.expect(200)[0]["id"].clone();
    let removal = world.delete(&format!("/channels/{channel}")).await.expect(200);
    assert_eq!(removal, json!({ "failedPublications": 1, "unfollowedPublications": 0 }));
    let data = world.get(&format!("/tasks/{}", task["syncTaskId"])).await.expect(200);
    assert_eq!(data["status"], "FAILED");
    let result = &data["results"][0];
    assert_eq!(result["status"], "FAILED");
    assert_eq!(result["errorCode"], "WechatAccountNotFoundException");
    assert_eq!(result["errorReason"], "CHANNEL_REMOVED");
    assert!(
        result["errorMessage"]
            .as_str()
            .is_some_and(|message| message.contains("解绑")),
        "{result}"
    );
}

#[tokio::test]
async fn an_id_that_is_no_id_is_400_and_an_unknown_one_404() {
    let world = World::new().await;
    for id in [
        "abc",
        "0",
        "-1",
        "1.5",
        "9007199254740992",
        "99999999999999999999",
        "%20",
        "%FF",
    ] {
        let data = world.get(&format!("/tasks/{id}")).await.expect(400);
        assert_eq!(data["error"], "MALFORMED", "{id}");
    }
    assert_eq!(world.get("/tasks/9007199254740991").await.error(404), "NOT_FOUND");
}
