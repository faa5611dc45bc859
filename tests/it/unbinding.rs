//! Unbinding one member of a corp, and what becomes of posts.

use moments_sandbox::{FaultKind, World as Platform};
use serde_json::{Value, json};

use crate::database::Database;
use crate::world::World;

/// Who got the task of the only Moment with this text.
fn senders(world: &World, corp: &str, text: &str) -> Vec<String> {
    let moments = world.moments_of(corp);
    let mut ours = moments.into_iter().filter(|moment| moment.text == text);
    let moment = ours.next().expect("a Moment");
    assert!(ours.next().is_none(), "one creation");
    let mut senders: Vec<_> = moment.senders.into_iter().map(|sender| sender.userid).collect();
    senders.sort_unstable();
    senders
}

#[tokio::test]
async fn posts_go_on_without_a_member_that_was_unbound() {
    let world = World::new().await;
    let corp = world.corp("ww_leave").await;
    let refusal = FaultKind::Errcode {
        errcode: 41_065,
        errmsg: "no".to_owned(),
    };
    world.strike(Platform::Wecom, &corp.id, "add_moment_task", refusal);
    let failed = world
        .sync("重试")
        .to([corp.account("li.na"), corp.account("wang.fang")])
        .accepted()
        .await;
    world.wait_for(failed, crate::sync::Task::is_over).await;
    let waiting = world
        .sync("等待")
        .to(corp.accounts())
        .at(world.in_secs(7200))
        .accepted()
        .await;
    let path = format!("/accounts/{}", corp.account("li.na"));
    let refused = world.api.delete(&path).expect(409).await;
    assert_eq!(refused["taskIds"], json!([waiting]));
    let done = world.api.delete(&format!("{path}?waiting=fail")).expect(200).await;
    assert_eq!(done["failedPublications"], 1);
    world
        .api
        .post(&format!("/tasks/{failed}/retry"), &json!({}))
        .expect(200)
        .await;
    world
        .check(failed, "li.na FAILED ACCOUNT_UNBOUND, wang.fang SUCCESS")
        .await;
    assert_eq!(senders(&world, &corp.id, "重试"), ["wang.fang"]);
    Database::of(&world).await.bring_nearer(waiting, 7200).await;
    world
        .check(
            waiting,
            "zhang.wei SUCCESS, li.na FAILED ACCOUNT_UNBOUND, wang.fang SUCCESS",
        )
        .await;
    assert_eq!(senders(&world, &corp.id, "等待"), ["wang.fang", "zhang.wei"]);
    let refreshed = format!("/channels/{}/refresh", corp.channel);
    assert_eq!(world.api.post(&refreshed, &json!({})).expect(200).await["accounts"], 2);
    let restored = world.api.post(&format!("{path}/restore"), &json!({})).expect(200).await;
    assert_eq!(
        (&restored["status"], &restored["statusCode"], &restored["departments"]),
        (&json!("ACTIVE"), &Value::Null, &json!([1]))
    );
    let tree = format!("/channels/{}/directory", corp.channel);
    assert_eq!(
        world.api.get(&tree).expect(200).await["departments"],
        json!([{ "id": 1, "parentId": null }])
    );
    world.assert_no_violation();
}

#[tokio::test]
async fn a_personal_account_goes_with_its_channel() {
    let world = World::new().await;
    let wxid = world.device("leaver").await;
    let waiting = world
        .sync("早安")
        .to([wxid.clone()])
        .at(world.in_secs(3600))
        .accepted()
        .await;
    let path = format!("/accounts/{wxid}");
    assert_eq!(world.api.delete(&path).expect(409).await["taskIds"], json!([waiting]));
    let done = world.api.delete(&format!("{path}?waiting=fail")).expect(200).await;
    assert_eq!(done, json!({ "failedPublications": 1, "unfollowedPublications": 0 }));
    assert_eq!(world.api.get("/channels").expect(200).await, json!([]));
    let outcome = world.wait_for(waiting, crate::sync::Task::is_over).await.outcome();
    assert!(outcome.ends_with("FAILED CHANNEL_REMOVED"), "{outcome}");
}
