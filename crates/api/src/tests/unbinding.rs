//! Unbinding accounts, taking them back, and what there is to choose them by.

use std::sync::atomic::Ordering;
use std::time::Duration;

use moments_domain::{ErrorClass, Standing};
use moments_platforms::{Department, Directory, MemberReport, Tag, TagGroup};
use serde_json::{Value, json};

use super::platform::{member, refusal};
use super::world::{BASE, STRANGER, World, request, token};
use crate::PERMISSIONS;

const ZHANG: &str = "/accounts/ww1%3Azhangsan";

async fn ids(world: &World, query: &str) -> Vec<String> {
    let listed = world.get(&format!("/accounts{query}")).await.expect(200);
    let accounts = listed
        .as_array()
        .or_else(|| listed["records"].as_array())
        .expect("accounts");
    let id = |account: &Value| account["accountId"].as_str().expect("an id").to_owned();
    accounts.iter().map(id).collect()
}

async fn sync(world: &World, accounts: &[&str]) -> super::world::Answer {
    let body = json!({ "text": "早安", "accountIds": accounts, "scheduledTime": "2023-10-27T16:00:00Z" });
    world.post("/sync", body).await
}

#[tokio::test]
async fn an_unbound_member_is_gone_until_it_is_restored() {
    let world = World::bound().await;
    let done = json!({ "failedPublications": 0, "unfollowedPublications": 0 });
    assert_eq!(world.delete(ZHANG).await.expect(200), done);
    let again = world.delete(ZHANG).await;
    assert_eq!(again.error(404), "WechatAccountNotFoundException");
    let chosen = sync(&world, &["ww1:zhangsan"]).await;
    assert_eq!(chosen.error(404), "WechatAccountNotFoundException");
    let channel = world.get("/channels").await.expect(200)[0].clone();
    assert_eq!(channel["accounts"], 2);
    let refreshed = world
        .post(&format!("/channels/{}/refresh", channel["id"]), json!({}))
        .await;
    assert_eq!(refreshed.expect(200)["accounts"], 2);
    assert_eq!(ids(&world, "").await, ["ww1:lisi", "ww1:wangwu"]);
    assert_eq!(ids(&world, "?unbound=true").await, ["ww1:zhangsan"]);
    let restored = world.post(&format!("{ZHANG}/restore"), json!({})).await.expect(200);
    assert_eq!(
        (&restored["status"], &restored["statusCode"]),
        (&json!("ACTIVE"), &Value::Null)
    );
    assert_eq!(ids(&world, "?unbound=true").await, Vec::<String>::new());
    let again = world.post(&format!("{ZHANG}/restore"), json!({})).await.expect(200);
    assert_eq!(again["status"], "ACTIVE", "asked again, it is as it stands");
    let history = world.get(&format!("{ZHANG}/history")).await.expect(200);
    assert_eq!(history["records"][2]["code"], "UNBOUND");
    world.chain_audit().await;
    let told = world.get("/audit?objectId=ww1%3Azhangsan").await.expect(200);
    let actions: Vec<_> = (0..2).map(|n| &told["records"][n]["action"]).collect();
    assert_eq!(actions, ["RESTORE", "UNBIND"]);
}

#[tokio::test]
async fn posts_that_wait_keep_an_account_unless_they_may_fail() {
    let world = World::bound().await;
    let task = sync(&world, &["ww1:zhangsan", "ww1:lisi"]).await.expect(202)["syncTaskId"].clone();
    let refused = world.delete(ZHANG).await.expect(409);
    let waits = json!({ "error": "TASKS_WAITING", "total": 1, "taskIds": [task] });
    assert_eq!(refused, waits);
    let channel = world.get("/channels").await.expect(200)[0]["id"].clone();
    let refused = world.delete(&format!("/channels/{channel}?waiting=refuse")).await;
    assert_eq!(refused.expect(409), waits);
    assert_eq!(
        world.delete(&format!("{ZHANG}?waiting=x")).await.expect(400)["field"],
        "waiting"
    );
    let theirs = format!("{BASE}{ZHANG}?waiting=fail");
    let theirs = request("DELETE", &theirs, Some(&token(STRANGER, PERMISSIONS)), None);
    assert_eq!(world.send(theirs).await.error(404), "WechatAccountNotFoundException");
    let done = world.delete(&format!("{ZHANG}?waiting=fail")).await.expect(200);
    assert_eq!(done["failedPublications"], 1);
    let task = world.get(&format!("/tasks/{task}")).await.expect(200);
    let result = &task["results"][0];
    assert_eq!(
        (&result["status"], &result["errorReason"]),
        (&json!("FAILED"), &json!("ACCOUNT_UNBOUND"))
    );
    assert!(
        result["errorMessage"].as_str().is_some_and(|why| why.contains("解绑")),
        "{result}"
    );
    assert_eq!(task["results"][1]["stage"], "SCHEDULED");
}

#[tokio::test]
async fn a_restored_account_is_back_even_when_nobody_can_tell_how_it_stands() {
    let world = World::bound().await;
    world.delete(ZHANG).await.expect(200);
    *world.platform.says.lock().expect("unpoisoned") = Some(Err(refusal(ErrorClass::BackOff, "-1", "system busy")));
    let restored = world.post(&format!("{ZHANG}/restore"), json!({})).await.expect(200);
    assert_eq!(
        (&restored["status"], &restored["statusCode"]),
        (&json!("EXPIRED"), &json!("UNLISTED"))
    );
}

#[tokio::test]
async fn accounts_are_found_by_department() {
    let world = World::new().await;
    let of = |name: &str, departments: &[i64]| MemberReport {
        departments: departments.to_vec(),
        ..member(name, name, Standing::Active)
    };
    let members = vec![of("a", &[1]), of("b", &[2, 5]), of("c", &[12])];
    *world.platform.says.lock().expect("unpoisoned") = Some(Ok(members));
    world.bind("ww1", super::platform::GOOD).await.expect(201);
    for (query, expected) in [
        ("departmentId=2", vec!["ww1:b"]),
        ("departmentId=1,5", vec!["ww1:a", "ww1:b"]),
        ("departmentId=3", vec![]),
        ("departmentId=12&status=EXPIRED", vec![]),
    ] {
        assert_eq!(ids(&world, &format!("?{query}")).await, expected, "{query}");
    }
    let page = world.get("/accounts?departmentId=5").await.expect(200);
    assert_eq!(page["records"][0]["departments"], json!([2, 5]));
    for bad in ["x", "1,", "0"] {
        let answer = world.get(&format!("/accounts?departmentId={bad}")).await;
        assert_eq!(answer.expect(400)["field"], "departmentId", "{bad}");
    }
}

fn directory() -> Directory {
    let tag = Tag {
        id: "t1".to_owned(),
        name: "重要客户".to_owned(),
    };
    Directory {
        departments: vec![
            Department { id: 1, parent: None },
            Department { id: 2, parent: Some(1) },
        ],
        tag_groups: vec![TagGroup {
            id: "g1".to_owned(),
            name: "客户等级".to_owned(),
            tags: vec![tag],
        }],
    }
}

#[tokio::test]
async fn a_directory_is_read_once_in_a_while_and_its_owners() {
    let world = World::bound().await;
    let channel = world.get("/channels").await.expect(200)[0]["id"].clone();
    let path = format!("/channels/{channel}/directory");
    let says = |answer| *world.platform.directory.lock().expect("unpoisoned") = Some(answer);
    says(Err(refusal(
        ErrorClass::Configuration,
        "84061",
        "no right to customer contact",
    )));
    let refused = world.get(&path).await;
    assert_eq!(refused.expect(422)["reason"], "PERMISSION_MISSING");
    says(Ok(directory()));
    let read = json!({
        "readTime": "2023-10-26T16:00:00Z",
        "departments": [{ "id": 1, "parentId": null }, { "id": 2, "parentId": 1 }],
        "tagGroups": [{ "id": "g1", "name": "客户等级", "tags": [{ "id": "t1", "name": "重要客户" }] }],
    });
    assert_eq!(world.get(&path).await.expect(200), read);
    let asked = world.platform.asked.load(Ordering::SeqCst);
    world.clock.advance(Duration::from_mins(4));
    assert_eq!(world.get(&path).await.expect(200), read);
    assert_eq!(world.platform.asked.load(Ordering::SeqCst), asked, "from memory");
    world.clock.advance(Duration::from_mins(2));
    assert_eq!(world.get(&path).await.expect(200)["readTime"], "2023-10-26T16:06:00Z");
    let theirs = request(
        "GET",
        &format!("{BASE}{path}"),
        Some(&token(STRANGER, PERMISSIONS)),
        None,
    );
    assert_eq!(world.send(theirs).await.error(404), "NOT_FOUND");
}
