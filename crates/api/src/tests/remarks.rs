//! Accounts as their owner finds and names them.

use moments_domain::UserId;
use serde_json::{Value, json};

use super::world::{Answer, BASE, OWNER, STRANGER, World, request, token};
use crate::PERMISSIONS;

async fn patch(world: &World, user: UserId, account: &str, body: Value) -> Answer {
    let path = format!("{BASE}/accounts/{account}");
    let token = token(user, PERMISSIONS);
    world
        .send(request("PATCH", &path, Some(&token), Some(body.to_string())))
        .await
}

fn ids(accounts: &Value) -> Vec<&str> {
    let accounts = accounts.as_array().expect("a list");
    accounts
        .iter()
        .map(|account| account["accountId"].as_str().expect("an id"))
        .collect()
}

#[tokio::test]
async fn a_list_without_parameters_is_plain_and_one_with_any_is_a_page() {
    let world = World::bound().await;
    let all = world.get("/accounts").await.expect(200);
    let all = ids(&all);
    assert_eq!(all.len(), 3);
    for (query, expected) in [
        ("page=1", all.clone()),
        ("size=2", all[..2].to_vec()),
        ("size=2&page=2", all[2..].to_vec()),
        ("type=WEWORK", all.clone()),
        ("type=PERSONAL", vec![]),
        ("channelId=77", vec![]),
        ("keyword=ZHANGSAN", vec!["ww1:zhangsan"]),
        ("keyword=%25", vec![]),
        ("keyword=zhangsan&status=EXPIRED", vec![]),
    ] {
        let page = world.get(&format!("/accounts?{query}")).await.expect(200);
        assert_eq!(ids(&page["records"]), expected, "{query}");
    }
    let page = world.get("/accounts?sort=accountId&order=desc").await.expect(200);
    let mut sorted = all.clone();
    sorted.sort_unstable();
    sorted.reverse();
    assert_eq!(ids(&page["records"]), sorted);
    assert_eq!((&page["total"], &page["pages"]), (&json!(3), &json!(1)));
    for field in ["type", "sort", "order", "channelId"] {
        let answer = world.get(&format!("/accounts?{field}=x")).await;
        assert_eq!(answer.expect(400)["field"], field);
    }
}

#[tokio::test]
async fn a_remark_is_kept_found_cleared_and_its_owners_alone() {
    let world = World::bound().await;
    let changed = patch(&world, OWNER, "ww1%3Azhangsan", json!({ "remark": "华东店长" })).await;
    let changed = changed.expect(200);
    assert_eq!(
        (&changed["accountId"], &changed["remark"]),
        (&json!("ww1:zhangsan"), &json!("华东店长"))
    );
    patch(&world, OWNER, "ww1:zhangsan", json!({ "remark": "华东店长" }))
        .await
        .expect(200);
    let found = world.get("/accounts?keyword=%E5%BA%97%E9%95%BF").await.expect(200);
    assert_eq!(ids(&found["records"]), ["ww1:zhangsan"]);
    let theirs = patch(&world, STRANGER, "ww1:zhangsan", json!({ "remark": "别人的" })).await;
    assert_eq!(theirs.error(404), "WechatAccountNotFoundException");
    let long = patch(&world, OWNER, "ww1:zhangsan", json!({ "remark": "长".repeat(201) })).await;
    assert_eq!(long.expect(422)[0]["field"], "remark");
    assert_eq!(patch(&world, OWNER, "ww1:zhangsan", json!({})).await.status, 400);
    let cleared = patch(&world, OWNER, "ww1:zhangsan", json!({ "remark": null })).await;
    assert_eq!(cleared.expect(200)["remark"], Value::Null);
    world.chain_audit().await;
    let told = world.get("/audit?action=REMARK").await.expect(200);
    assert_eq!(
        (&told["total"], &told["records"][0]["objectId"]),
        (&json!(3), &json!("ww1:zhangsan"))
    );
}
