//! From an accepted task to Moments on the platforms, and what each account is told.

use std::collections::BTreeSet;

use moments_sandbox::{Confirm, CorpSettings, MemberSeed, MomentStage};
use serde_json::json;

use crate::world::{MEMBERS, World};

const ALL_WELL: &str = "zhang.wei SUCCESS, li.na SUCCESS, wang.fang SUCCESS";

#[tokio::test]
async fn all_members_of_a_corp_share_one_creation() {
    let world = World::new().await;
    let corp = world.corp("ww_one").await;
    let id = world
        .sync("周末到店有礼 ☕\n凭此条领小食")
        .to(corp.accounts())
        .accepted()
        .await;
    let task = world.check(id, ALL_WELL).await;
    assert_eq!(task.status(), "COMPLETED");
    assert_eq!(
        task.0["counts"],
        json!({ "total": 3, "pending": 0, "processing": 0, "success": 3, "failed": 0 })
    );
    let moments = world.moments_of(&corp.id);
    assert_eq!(moments.len(), 1);
    assert_eq!(moments[0].text, "周末到店有礼 ☕\n凭此条领小食");
    let senders: BTreeSet<_> = moments[0].senders.iter().map(|sender| sender.userid.as_str()).collect();
    assert_eq!(senders, BTreeSet::from(MEMBERS));
    for result in task.results() {
        assert_eq!(result["momentId"], moments[0].moment_id);
        assert_eq!(
            (&result["errorMessage"], &result["errorReason"]),
            (&json!(null), &json!(null))
        );
        assert!(result["publishTime"].is_string());
    }
    assert_eq!(world.calls(&corp.id, "add_moment_task"), 1);
    world.assert_no_violation();
}

#[tokio::test]
async fn one_task_reaches_several_corps_and_a_personal_account_once_each() {
    let world = World::new().await;
    let (first, second) = (world.corp("ww_first").await, world.corp("ww_second").await);
    let wxid = world.device("third").await;
    let targets = [
        second.account("li.na"),
        wxid.clone(),
        first.account("li.na"),
        second.account("zhang.wei"),
    ];
    let id = world.sync("早安").to(targets).accepted().await;
    world
        .check(
            id,
            &format!("li.na SUCCESS, {wxid} SUCCESS, li.na SUCCESS, zhang.wei SUCCESS"),
        )
        .await;
    for owner in [&first.id, &second.id, &wxid] {
        let moments = world.moments_of(owner);
        assert_eq!((moments.len(), moments[0].stage), (1, MomentStage::Live), "{owner}");
    }
    world.assert_no_violation();
}

#[tokio::test]
async fn an_invalid_member_fails_alone() {
    let world = World::new().await;
    let corp = world.corp("ww_blind").await;
    let hidden = MemberSeed {
        visible: false,
        ..MemberSeed::new("li.na", "李娜")
    };
    world.sandbox.put_member(&corp.id, hidden).expect("a corp");
    let id = world.sync("早安").to(corp.accounts()).accepted().await;
    let task = world
        .check(id, "zhang.wei SUCCESS, li.na FAILED MEMBER_INVALID, wang.fang SUCCESS")
        .await;
    assert_eq!(task.status(), "PARTIAL_SUCCESS");
    assert_eq!(task.results()[1]["errorCode"], "MomentPublishFailedException");
    assert_eq!(world.moments_of(&corp.id).len(), 1);
}

#[tokio::test]
async fn a_task_for_invalid_members_only_fails_with_the_platforms_reason() {
    let world = World::new().await;
    let corp = world.corp("ww_none").await;
    let hidden = MemberSeed {
        visible: false,
        ..MemberSeed::new("li.na", "李娜")
    };
    world.sandbox.put_member(&corp.id, hidden).expect("a corp");
    let id = world.sync("早安").to([corp.account("li.na")]).accepted().await;
    let task = world.check(id, "li.na FAILED TARGET_GONE").await;
    assert_eq!(task.status(), "FAILED");
    assert!(task.message().contains("81013"), "{}", task.message());
}

#[tokio::test]
async fn a_member_that_the_platform_silently_leaves_out_fails_after_the_grace() {
    let world = World::new().await;
    let left_out = |settings: &mut CorpSettings| settings.undispatched = vec!["wang.fang".to_owned()];
    let corp = world.corp_with("ww_silent", |seed| left_out(&mut seed.settings)).await;
    let id = world.sync("早安").to(corp.accounts()).accepted().await;
    world
        .check(id, "zhang.wei SUCCESS, li.na SUCCESS, wang.fang FAILED NOT_DISPATCHED")
        .await;
    assert_eq!(world.moments_of(&corp.id).len(), 1);
}

#[tokio::test]
async fn success_waits_for_each_members_confirmation() {
    let world = World::new().await;
    let corp = world
        .corp_with("ww_slow", |seed| seed.settings.confirm = Confirm::Script)
        .await;
    let id = world.sync("早安").to(corp.accounts()).accepted().await;
    world
        .check(
            id,
            "zhang.wei AWAITING_MEMBER, li.na AWAITING_MEMBER, wang.fang AWAITING_MEMBER",
        )
        .await;
    let moment = world.moments_of(&corp.id)[0].moment_id.clone();
    world
        .sandbox
        .confirm(&corp.id, &moment, &["li.na".to_owned()])
        .expect("a moment");
    let task = world
        .check(
            id,
            "zhang.wei AWAITING_MEMBER, li.na SUCCESS, wang.fang AWAITING_MEMBER",
        )
        .await;
    assert_eq!(task.status(), "PROCESSING");
    world.sandbox.confirm(&corp.id, &moment, &[]).expect("a moment");
    world.check(id, ALL_WELL).await;
}

#[tokio::test]
async fn who_does_not_confirm_in_time_fails() {
    let world = World::with(&[("WECOM_CONFIRM_WITHIN_HOURS", "0")]).await;
    let confirmed = world.corp("ww_quick").await;
    let never = world
        .corp_with("ww_never", |seed| seed.settings.confirm = Confirm::Never)
        .await;
    let targets = [confirmed.account("li.na"), never.account("li.na")];
    let id = world.sync("早安").to(targets).accepted().await;
    let task = world.check(id, "li.na SUCCESS, li.na FAILED NOT_CONFIRMED").await;
    assert_eq!(task.status(), "PARTIAL_SUCCESS");
}

#[tokio::test]
async fn with_success_at_created_a_delivered_task_is_enough() {
    let world = World::with(&[("WECOM_SUCCESS_AT", "created")]).await;
    let corp = world
        .corp_with("ww_given", |seed| seed.settings.confirm = Confirm::Never)
        .await;
    let id = world.sync("早安").to(corp.accounts()).accepted().await;
    let task = world.check(id, ALL_WELL).await;
    assert!(
        task.results().iter().all(|result| result["stage"] == "AWAITING_MEMBER"),
        "{}",
        task.0
    );
}

#[tokio::test]
async fn equal_posts_of_one_account_go_one_after_the_other() {
    let world = World::new().await;
    let corp = world.corp("ww_twin").await;
    let first = world.sync("早安").to([corp.account("li.na")]).accepted().await;
    let second = world.sync("早安").to([corp.account("li.na")]).accepted().await;
    for id in [first, second] {
        world.check(id, "li.na SUCCESS").await;
    }
    let moments = world.moments_of(&corp.id);
    assert_eq!(moments.len(), 2, "two tasks are two posts, equal or not");
    assert_ne!(moments[0].moment_id, moments[1].moment_id);
}
