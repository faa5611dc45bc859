//! The status of accounts, and its history.

use serde_json::{Value, json};

use super::world::{BASE, STRANGER, World, request, token};
use crate::PERMISSIONS;

fn account(accounts: &Value, id: &str) -> Value {
    let all = accounts.as_array().expect("a list");
    let found = all.iter().find(|account| account["accountId"] == id);
    found.expect("the account").clone()
}

#[tokio::test]
async fn an_account_says_why_it_cannot_publish() {
    let world = World::bound().await;
    let accounts = world.get("/accounts").await.expect(200);
    let shown = account(&accounts, "ww1:wangwu");
    assert_eq!(
        (&shown["status"], &shown["statusCode"]),
        (&json!("OFFLINE"), &json!("MEMBER_NOT_ACTIVATED"))
    );
    assert!(
        shown["statusReason"].as_str().is_some_and(|why| why.contains("激活")),
        "{shown}"
    );
    let at = json!("2023-10-26T16:00:00Z");
    assert_eq!((&shown["statusTime"], &shown["checkedTime"]), (&at, &at));
    let shown = account(&accounts, "ww1:lisi");
    assert_eq!(
        (&shown["statusCode"], &shown["statusReason"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn the_history_is_paged_and_its_owners() {
    let world = World::bound().await;
    let path = "/accounts/ww1%3Awangwu/history";
    let page = world.get(path).await.expect(200);
    let event = json!({
        "from": null, "to": "OFFLINE", "code": "MEMBER_NOT_ACTIVATED", "noticedBy": "BIND", "time": "2023-10-26T16:00:00Z",
        "reason": page["records"][0]["reason"],
    });
    assert_eq!(
        page,
        json!({ "records": [event], "total": 1, "size": 10, "current": 1, "pages": 1 })
    );
    let beyond = world.get(&format!("{path}?page=2&size=5")).await.expect(200);
    assert_eq!(
        (&beyond["records"], &beyond["total"], &beyond["current"]),
        (&json!([]), &json!(1), &json!(2))
    );
    for bad in ["page=0", "page=x", "size=101", "size=0", "page=1&page=2"] {
        assert_eq!(world.get(&format!("{path}?{bad}")).await.status, 400, "{bad}");
    }
    assert_eq!(
        world.get("/accounts/nobody/history").await.error(404),
        "WechatAccountNotFoundException"
    );
    let theirs = request(
        "GET",
        &format!("{BASE}{path}"),
        Some(&token(STRANGER, PERMISSIONS)),
        None,
    );
    assert_eq!(world.send(theirs).await.error(404), "WechatAccountNotFoundException");
    let long = "a".repeat(101);
    assert_eq!(world.get(&format!("/accounts/{long}/history")).await.status, 400);
}
