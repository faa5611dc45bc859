//! Access tokens that die, secrets that are reset, apps that are switched off.

use futures::future::join_all;
use moments_sandbox::TokenEvent;

use crate::api::OWNER;
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
        .at(world.in_secs(2))
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
    let world = World::new().await;
    let corp = world.corp("ww_ip").await;
    world
        .sandbox
        .token_event(&corp.id, TokenEvent::UntrustIp)
        .expect("a corp");
    let id = world.sync("早安").to([corp.account("li.na")]).accepted().await;
    let task = world.check(id, "li.na FAILED PERMISSION_MISSING").await;
    assert!(task.message().contains("可信IP"), "{}", task.message());
    assert_eq!(world.statuses(&corp).await, ["ACTIVE"; 3]);
    world
        .sandbox
        .token_event(&corp.id, TokenEvent::TrustIp)
        .expect("a corp");
    let again = world.sync("好了").to([corp.account("li.na")]).accepted().await;
    world.check(again, "li.na SUCCESS").await;
}
