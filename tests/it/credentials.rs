//! Access tokens that die, secrets that are reset, apps that are switched off.

use futures::future::join_all;
use moments_sandbox::TokenEvent;

use crate::api::OWNER;
use crate::database::Database;
use crate::world::{World, secret_of};

#[tokio::test]
async fn a_dead_token_is_replaced_once_for_all_who_use_it() {
    let world = World::new().await;
    for (name, event) in [("ww_dead", TokenEvent::Invalidate), ("ww_late", TokenEvent::Expire)] {
        let corp = world.corp(name).await;
        let before = world.calls(name, "gettoken");
        world.sandbox.token_event(name, event).expect("a corp");
        let sends = (0..5).map(|n| world.sync(&format!("早安 {n}")).to([corp.account("li.na")]).accepted());
        for id in join_all(sends).await {
            world.check(id, "li.na SUCCESS").await;
        }
        assert_eq!(world.calls(name, "gettoken") - before, 1, "{name}");
        assert_eq!(world.moments_of(name).len(), 5, "{name}");
    }
}

#[tokio::test]
async fn a_broken_credential_expires_the_accounts_and_is_not_tried_again() {
    let world = World::new().await;
    let corp = world.corp("ww_broken").await;
    let planned = world
        .sync("稍后")
        .to([corp.account("li.na")])
        .at(world.in_secs(7200))
        .accepted()
        .await;
    world
        .sandbox
        .token_event(&corp.id, TokenEvent::DisableApp)
        .expect("a corp");
    let now = world.sync("早安").to([corp.account("li.na")]).accepted().await;
    world.check(now, "li.na FAILED CREDENTIAL_BROKEN").await;
    assert_eq!(world.statuses(&corp).await, ["EXPIRED"; 3]);
    let tokens = world.calls(&corp.id, "gettoken");
    Database::of(&world).await.bring_nearer(planned, 7200).await;
    world.check(planned, "li.na FAILED CREDENTIAL_BROKEN").await;
    let path = format!("/channels/{}/refresh", corp.channel);
    let refused = world.api.post(&path, &serde_json::json!({})).send().await;
    assert_eq!(refused.error(422), "WechatApiException");
    assert_eq!(world.sync("又来").to([corp.account("li.na")]).send().await.status, 422);
    assert_eq!(
        world.calls(&corp.id, "gettoken"),
        tokens,
        "repeated tries get the whole address blocked"
    );
    world
        .sandbox
        .token_event(&corp.id, TokenEvent::EnableApp)
        .expect("a corp");
    world.bind(OWNER, &corp.id, &secret_of(&corp.id)).await.expect(201);
    let again = world.sync("好了").to([corp.account("li.na")]).accepted().await;
    world.check(again, "li.na SUCCESS").await;
}

#[tokio::test]
async fn an_untrusted_address_is_the_administrators_matter_and_breaks_no_account() {
    // Without patience for what is late a post does not wait until somebody trusts the address.
    let world = World::with(&[("PUBLISH_LATE_POLICY_MINUTES", "0")]).await;
    let corp = world.corp("ww_ip").await;
    world
        .sandbox
        .token_event(&corp.id, TokenEvent::UntrustIp)
        .expect("a corp");
    let id = world.sync("早安").to([corp.account("li.na")]).accepted().await;
    let task = world.check(id, "li.na FAILED PERMISSION_MISSING").await;
    assert!(task.message().contains("可信IP"), "{}", task.message());
    assert!(
        task.message().contains("企业微信看到的出口地址是 203.0.113.7"),
        "{}",
        task.message()
    );
    assert_eq!(world.statuses(&corp).await, ["ACTIVE"; 3]);
    let channel = world.api.get("/channels").expect(200).await[0].clone();
    let notice = channel["notice"].as_str().expect("a notice");
    assert!(notice.contains("请加入企业可信IP"), "{channel}");
    assert!(channel["pauseUntil"].is_string(), "{channel}");
    let planned = world
        .sync("稍后")
        .to([corp.account("li.na")])
        .at(world.in_secs(600))
        .accepted()
        .await;
    let warned = world.task(planned).await;
    assert_eq!(
        (&warned.0["warnings"][0]["code"], &warned.0["warnings"][0]["message"]),
        (&"PERMISSION_MISSING".into(), &channel["notice"])
    );
    world
        .sandbox
        .token_event(&corp.id, TokenEvent::TrustIp)
        .expect("a corp");
    let path = format!("/channels/{}/refresh", corp.channel);
    let channel = world.api.post(&path, &serde_json::json!({})).expect(200).await;
    assert!(
        channel["notice"].is_null() && channel["pauseUntil"].is_null(),
        "{channel}"
    );
    assert_eq!(world.task(planned).await.0["warnings"], serde_json::json!([]));
    let again = world.sync("好了").to([corp.account("li.na")]).accepted().await;
    world.check(again, "li.na SUCCESS").await;
}
