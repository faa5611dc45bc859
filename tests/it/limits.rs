//! The platform's creation rate, and that one corp's queue is nobody else's.

use std::time::Duration;

use futures::future::join_all;
use moments_sandbox::{FaultKind, World as Platform};
use serde_json::{Value, json};

use crate::sync::Task;
use crate::world::{Corp, World};

/// Sends this many different posts of one member at once.
async fn flood(world: &World, corp: &Corp, posts: usize) -> Vec<i64> {
    let sends = (0..posts).map(|n| world.sync(&format!("第 {n} 条")).to([corp.account("li.na")]).accepted());
    join_all(sends).await
}

/// A post that has to be out at once, and not after the minute or more that a queue takes.
async fn check_prompt(world: &World, corp: &Corp) {
    let published = async {
        let id = world.sync("早安").to([corp.account("li.na")]).accepted().await;
        world.check(id, "li.na SUCCESS").await;
    };
    tokio::time::timeout(Duration::from_secs(30), published)
        .await
        .expect("nobody else's queue holds it up");
}

#[tokio::test]
async fn a_corp_gets_ten_creations_a_minute_and_the_rest_waits_its_turn() {
    let world = World::new().await;
    let (full, free) = (world.corp("ww_full").await, world.corp("ww_idle").await);
    let ids = flood(&world, &full, 12).await;
    let (mut out, mut waiting) = (0, 0);
    for id in ids {
        let settled = |outcome: &str| matches!(outcome, "li.na SUCCESS" | "li.na WAITING_QUOTA");
        match world
            .wait_for(id, |task| settled(&task.outcome()))
            .await
            .outcome()
            .as_str()
        {
            "li.na SUCCESS" => out += 1,
            _ => waiting += 1,
        }
    }
    assert_eq!((out, waiting), (10, 2));
    check_prompt(&world, &free).await;
    assert_eq!(
        world.calls(&full.id, "add_moment_task"),
        10,
        "the eleventh is not even tried"
    );
    world.assert_no_violation();
}

#[tokio::test]
async fn a_limit_of_the_installation_is_kept_too() {
    let world = World::with(&[("WECOM_CREATES_PER_MINUTE", "2")]).await;
    let corp = world.corp("ww_few").await;
    let ids = flood(&world, &corp, 4).await;
    world
        .until("two Moments", || world.moments_of(&corp.id).len() == 2)
        .await;
    let mut outcomes = Vec::new();
    for id in ids {
        let settled = |outcome: &str| matches!(outcome, "li.na SUCCESS" | "li.na WAITING_QUOTA");
        outcomes.push(world.wait_for(id, |task| settled(&task.outcome())).await.outcome());
    }
    outcomes.sort_unstable();
    assert_eq!(
        outcomes,
        [
            "li.na SUCCESS",
            "li.na SUCCESS",
            "li.na WAITING_QUOTA",
            "li.na WAITING_QUOTA"
        ]
    );
    assert_eq!(world.calls(&corp.id, "add_moment_task"), 2);
}

#[tokio::test]
async fn a_corp_that_the_platform_has_paused_delays_no_other() {
    let world = World::new().await;
    let (paused, free) = (world.corp("ww_paused").await, world.corp("ww_free").await);
    let limit = FaultKind::Errcode {
        errcode: 45009,
        errmsg: String::new(),
    };
    world.strike(Platform::Wecom, &paused.id, "add_moment_task", limit);
    let both = [paused.account("li.na"), free.account("li.na")];
    let id = world.sync("一起").to(both).accepted().await;
    world.check(id, "li.na WAITING_QUOTA, li.na SUCCESS").await;
    let until = |channel: &Value| channel["pauseUntil"].clone();
    let channels = world.api.get("/channels").expect(200).await;
    assert!(
        until(&channels[0]).is_string() && until(&channels[1]).is_null(),
        "{channels}"
    );
    for id in flood(&world, &paused, 3).await {
        world.check(id, "li.na WAITING_QUOTA").await;
    }
    assert_eq!(world.calls(&paused.id, "add_moment_task"), 1, "a pause is kept");
    check_prompt(&world, &free).await;
}

impl World {
    async fn choose(&self, corp: &Corp, limits: Value) {
        let path = format!("/channels/{}/limits", corp.channel);
        self.api.put(&path, &limits).expect(200).await;
    }

    /// Waits until the only result of a task waits for this limit, and says until when.
    async fn limited(&self, task: i64, limit: &str) {
        let waits = |task: &Task| task.outcome() == "li.na WAITING_QUOTA" && task.results()[0]["waitingLimit"] == limit;
        let task = self.wait_for(task, waits).await;
        assert!(task.results()[0]["waitingUntil"].is_string(), "{}", task.0);
    }
}

#[tokio::test]
async fn a_post_waits_for_one_limit_after_the_other_until_they_are_lifted() {
    let world = World::new().await;
    let corp = world.corp("ww_paced").await;
    world.choose(&corp, json!({ "minGapMinutes": 60 })).await;
    let first = world.sync("早安").to([corp.account("li.na")]).accepted().await;
    world.check(first, "li.na SUCCESS").await;

    let accepted = world.sync("晚安").to([corp.account("li.na")]).send().await.expect(202);
    let warning = &accepted["warnings"][0];
    assert_eq!(warning["code"], "LIMIT_DELAYS", "{accepted}");
    let second = accepted["syncTaskId"].as_i64().expect("an id");
    world.limited(second, "MIN_GAP").await;

    // A night of four hours with this one in it.
    let [from, until] = [-2, 2].map(|hours| world.in_secs(hours * 3600)[11..16].to_owned());
    world
        .choose(
            &corp,
            json!({ "quietFrom": from, "quietUntil": until, "timeZone": "UTC" }),
        )
        .await;
    world.limited(second, "QUIET_HOURS").await;
    assert_eq!(world.calls(&corp.id, "add_moment_task"), 1, "nothing left meanwhile");

    world.choose(&corp, json!({})).await;
    world.check(second, "li.na SUCCESS").await;
    world.assert_no_violation();
}
