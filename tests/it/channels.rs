//! Binding, listing, checking and removing the ways to the platforms.

use moments_sandbox::{MemberSeed, TokenEvent};
use serde_json::{Value, json};

use crate::api::{OWNER, STRANGER};
use crate::world::{World, corp_seed, device_seed, secret_of};

#[tokio::test]
async fn a_bound_corp_brings_its_members_in() {
    let world = World::new().await;
    let corp = world.corp("ww_good").await;
    let channels = world.api.get("/channels").expect(200).await;
    assert_eq!(channels.as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&channels[0]["handle"], &channels[0]["accounts"]),
        (&json!("ww_good"), &json!(3))
    );
    assert_eq!(channels[0]["brokenReason"], Value::Null);
    let accounts = world.accounts().await;
    let ids: Vec<_> = accounts
        .iter()
        .map(|account| account["accountId"].as_str().expect("an id"))
        .collect();
    assert_eq!(ids, corp.accounts());
    assert!(
        accounts
            .iter()
            .all(|account| account["accountType"] == "WEWORK" && account["status"] == "ACTIVE")
    );
}

#[tokio::test]
async fn a_credential_that_the_platform_refuses_is_422_with_its_reason_and_nothing_is_kept() {
    let world = World::new().await;
    world.sandbox.add_corp(corp_seed("ww_wrong")).expect("a corp");
    for (corp, secret) in [("ww_wrong", "no-such-secret"), ("ww_unknown", "no-such-secret")] {
        let data = world.bind(OWNER, corp, secret).await.expect(422);
        assert_eq!(
            data,
            json!({ "error": "WechatApiException", "reason": "CREDENTIAL_BROKEN" }),
            "{corp}"
        );
    }
    let body = json!({ "appId": "wx_nobody", "token": "no-such-token" });
    assert_eq!(
        world.api.post("/channels/gewe", &body).send().await.error(422),
        "WechatApiException"
    );
    assert_eq!(world.api.get("/channels").expect(200).await, json!([]));
    world.bind(OWNER, "ww_wrong", &secret_of("ww_wrong")).await.expect(201);
}

#[tokio::test]
async fn a_corp_of_another_user_is_a_conflict_even_with_the_right_secret() {
    let world = World::new().await;
    world.corp("ww_taken").await;
    let answer = world.bind(STRANGER, "ww_taken", &secret_of("ww_taken")).await;
    assert_eq!(answer.error(409), "CONFLICT");
    assert_eq!(world.api.get("/channels").by(STRANGER).expect(200).await, json!([]));
}

#[tokio::test]
async fn a_new_secret_replaces_the_old_one_and_brings_the_accounts_back() {
    let world = World::new().await;
    let corp = world.corp("ww_reset").await;
    let secret = "A-New-Secret-7Yq2Kx9Lm4".to_owned();
    let event = TokenEvent::ResetSecret { secret: secret.clone() };
    world.sandbox.token_event(&corp.id, event).expect("a corp");
    let broken = world.sync("早安").to(corp.accounts()).accepted().await;
    let all = "zhang.wei FAILED CREDENTIAL_BROKEN, li.na FAILED CREDENTIAL_BROKEN, wang.fang FAILED CREDENTIAL_BROKEN";
    world.check(broken, all).await;
    assert_eq!(world.statuses(&corp).await, ["EXPIRED", "EXPIRED", "EXPIRED"]);
    let channel = world.api.get("/channels").expect(200).await[0].clone();
    assert!(
        channel["brokenReason"]
            .as_str()
            .is_some_and(|why| why.contains("40001")),
        "{channel}"
    );
    let again = world.bind(OWNER, &corp.id, &secret).await.expect(201);
    assert_eq!(
        (&again["id"], &again["brokenReason"]),
        (&json!(corp.channel), &Value::Null)
    );
    assert_eq!(world.statuses(&corp).await, ["ACTIVE", "ACTIVE", "ACTIVE"]);
    let task = world.sync("早安").to([corp.account("li.na")]).accepted().await;
    world.check(task, "li.na SUCCESS").await;
}

#[tokio::test]
async fn a_refresh_sees_who_has_come_and_who_has_left() {
    let world = World::new().await;
    let corp = world.corp("ww_moves").await;
    let newcomer = MemberSeed::new("zhao.min", "赵敏");
    let left = MemberSeed {
        status: 5,
        ..MemberSeed::new("li.na", "李娜")
    };
    for member in [newcomer, left] {
        world.sandbox.put_member(&corp.id, member).expect("a corp");
    }
    let path = format!("/channels/{}/refresh", corp.channel);
    let channel = world.api.post(&path, &json!({})).expect(200).await;
    assert_eq!(channel["accounts"], 4);
    assert_eq!(world.statuses(&corp).await, ["ACTIVE", "EXPIRED", "ACTIVE", "ACTIVE"]);
    let history = world.api.get("/accounts/ww_moves:li.na/history").expect(200).await;
    let events = history["records"].as_array().expect("a list");
    let told: Vec<_> = events
        .iter()
        .map(|event| (&event["to"], &event["code"], &event["noticedBy"]))
        .collect();
    let expected = [
        ("EXPIRED", json!("MEMBER_LEFT"), "USER"),
        ("ACTIVE", Value::Null, "BIND"),
    ];
    assert_eq!(json!(told), json!(expected));
}

#[tokio::test]
async fn a_removed_channel_takes_its_waiting_posts_with_it_and_no_others() {
    let world = World::new().await;
    let (gone, stays) = (world.corp("ww_gone").await, world.corp("ww_stays").await);
    let done = world.sync("已发").to([gone.account("li.na")]).accepted().await;
    world.check(done, "li.na SUCCESS").await;
    let both = [gone.account("li.na"), stays.account("wang.fang")];
    let waiting = world.sync("等待").to(both).at(world.in_secs(3600)).accepted().await;
    let removal = world
        .api
        .delete(&format!("/channels/{}", gone.channel))
        .expect(200)
        .await;
    assert_eq!(removal, json!({ "failedPublications": 1, "unfollowedPublications": 0 }));
    let task = world
        .check(waiting, "li.na FAILED CHANNEL_REMOVED, wang.fang SCHEDULED")
        .await;
    assert_eq!(task.results()[0]["errorCode"], "WechatAccountNotFoundException");
    assert!(task.message().contains("解绑"), "{}", task.message());
    world.check(done, "li.na SUCCESS").await;
    let ids: Vec<_> = world
        .accounts()
        .await
        .iter()
        .map(|account| account["accountId"].clone())
        .collect();
    assert_eq!(json!(ids), json!(stays.accounts()));
    let answer = world.sync("早安").to([gone.account("li.na")]).send().await;
    assert_eq!(answer.error(404), "WechatAccountNotFoundException");
    assert_eq!(
        world
            .api
            .delete(&format!("/channels/{}", gone.channel))
            .send()
            .await
            .error(404),
        "NOT_FOUND"
    );
}

#[tokio::test]
async fn a_personal_account_is_bound_by_its_device() {
    let world = World::new().await;
    let wxid = world.device("xiaohe").await;
    let accounts = world.accounts().await;
    let shown = |name: &str| accounts[0][name].clone();
    let account = ["accountId", "accountName", "accountType", "status"].map(shown);
    assert_eq!(json!(account), json!([wxid, "小禾咖啡", "PERSONAL", "ACTIVE"]));
    let channel = &world.api.get("/channels").expect(200).await[0];
    assert_eq!(
        (&channel["kind"], &channel["handle"]),
        (&json!("GEWE"), &json!("wx_xiaohe"))
    );
    let seed = device_seed("xiaohe");
    let body = json!({ "appId": seed.app_id, "token": seed.token });
    assert_eq!(
        world
            .api
            .post("/channels/gewe", &body)
            .by(STRANGER)
            .send()
            .await
            .error(409),
        "CONFLICT"
    );
}

#[tokio::test]
async fn the_gateway_is_off_until_its_risk_is_accepted() {
    let world = World::with(&[("GEWE_ENABLED", "false")]).await;
    let answer = world
        .api
        .post("/channels/gewe", &json!({ "appId": "wx_a", "token": "t" }))
        .send()
        .await;
    assert_eq!(answer.error(409), "SWITCHED_OFF");
    assert!(answer.text.contains("gewe.enabled"), "{}", answer.text);
}
