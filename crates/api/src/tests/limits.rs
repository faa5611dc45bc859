//! Limits as people choose them.

use std::time::Duration;

use moments_domain::{ChannelId, Clock, FailReason, Timestamp};
use moments_engine::worker;
use serde_json::{Value, json};

use super::world::{NOW, World};

const HOUR: Duration = Duration::from_hours(1);

/// What a choice looks like where nothing is chosen.
fn none() -> Value {
    json!({
        "postsPerDay": null, "postsPerMonth": null, "minGapMinutes": null, "gapJitterMinutes": null, "quietFrom": null,
        "quietUntil": null, "timeZone": null, "warmUpHours": null, "coolDownHours": null,
    })
}

fn with(mut choice: Value, field: &str, value: Value) -> Value {
    choice[field] = value;
    choice
}

#[tokio::test]
async fn an_account_has_its_channels_limits_unless_it_has_its_own() {
    let world = World::bound().await;
    let channel = world.get("/channels").await.expect(200)[0]["id"].clone();
    let (of_channel, of_account) = (format!("/channels/{channel}/limits"), "/accounts/ww1:lisi/limits");
    let nothing = json!({ "own": none(), "effective": none() });
    assert_eq!(world.get(&of_channel).await.expect(200), nothing);
    assert_eq!(world.get(of_account).await.expect(200), nothing);

    world
        .put(&of_channel, json!({ "postsPerDay": 3, "minGapMinutes": 30 }))
        .await
        .expect(200);
    let own = with(none(), "postsPerDay", json!(0));
    let effective = with(own.clone(), "minGapMinutes", json!(30));
    let chosen = world.put(of_account, json!({ "postsPerDay": 0 })).await.expect(200);
    assert_eq!(chosen, json!({ "own": own, "effective": effective }));
    assert_eq!(world.get(of_account).await.expect(200), chosen);
    let other = world.get("/accounts/ww1:zhangsan/limits").await.expect(200);
    assert_eq!(
        (&other["own"], &other["effective"]["postsPerDay"]),
        (&none(), &json!(3))
    );

    // A choice is replaced as a whole.
    assert_eq!(world.put(&of_channel, json!({})).await.expect(200), nothing);

    world.chain_audit().await;
    let told = world.get("/audit?action=LIMITS").await.expect(200);
    let records = told["records"].as_array().expect("records").iter();
    let told: Vec<_> = records
        .map(|one| json!([one["object"], one["objectId"], one["userId"], one["detail"]]))
        .collect();
    let three = with(with(none(), "postsPerDay", json!(3)), "minGapMinutes", json!(30));
    let id = channel.to_string();
    let expected = [
        json!(["CHANNEL", id, 1, { "before": three, "after": none() }]),
        json!(["ACCOUNT", "ww1:lisi", 1, { "before": none(), "after": own }]),
        json!(["CHANNEL", id, 1, { "before": none(), "after": three }]),
    ];
    assert_eq!(told, expected, "newest first");
}

#[tokio::test]
async fn a_choice_that_breaks_a_rule_or_is_not_the_users_is_refused() {
    let world = World::bound().await;
    let bad = json!({ "quietFrom": "22:00", "timeZone": "Mars/Olympus", "postsPerDay": 1_000_000 });
    let data = world.put("/accounts/ww1:lisi/limits", bad).await.expect(422);
    let fields: Vec<_> = data
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["field"].clone())
        .collect();
    assert_eq!(fields, ["postsPerDay", "quietUntil", "timeZone"]);
    let data = world
        .put("/accounts/ww1:lisi/limits", json!({ "postsPerDay": -1 }))
        .await
        .expect(400);
    assert_eq!(data["field"], "postsPerDay");
    for (path, missing) in [
        ("/accounts/ww9:nobody/limits", "WechatAccountNotFoundException"),
        ("/channels/999/limits", "NOT_FOUND"),
    ] {
        assert_eq!(world.get(path).await.error(404), missing);
        assert_eq!(world.put(path, json!({})).await.error(404), missing);
    }
}

impl World {
    /// The worker's look at what is due after a while, and what the only result of a task says then.
    async fn looked_at(&self, span: Duration, task: &Value) -> Value {
        self.clock.advance(span);
        // Boxed, because its type is too deep for a test around it.
        Box::pin(worker::run_due(&self.engine)).await.expect("a round");
        self.get(&format!("/tasks/{task}")).await.expect(200)["results"][0].clone()
    }

    /// The corp's platform refuses this server until then.
    async fn refused_until(&self, id: ChannelId, until: Timestamp) {
        let note = self.engine.store.note_channel(
            id,
            FailReason::PermissionMissing,
            "服务器地址未受信任",
            Clock::now(&*self.clock),
            until,
        );
        note.await.expect("a write");
    }
}

/// At midnight in Beijing a post waits for the morning, longer than the late policy's hour; in the morning its corp cannot be reached.
#[tokio::test]
async fn what_a_limit_has_delayed_still_waits_an_hour_for_its_channel() {
    let world = World::bound().await;
    let id = world.get("/channels").await.expect(200)[0]["id"].clone();
    let night = json!({ "quietFrom": "22:00", "quietUntil": "07:00", "timeZone": "Asia/Shanghai" });
    world.put(&format!("/channels/{id}/limits"), night).await.expect(200);
    let post = json!({ "text": "早安", "accountIds": ["ww1:lisi"] });
    let task = world.post("/sync", post).await.expect(202)["syncTaskId"].clone();
    let told = world.looked_at(Duration::ZERO, &task).await;
    assert_eq!(
        (&told["stage"], &told["waitingLimit"], &told["waitingUntil"]),
        (
            &json!("WAITING_QUOTA"),
            &json!("QUIET_HOURS"),
            &json!("2023-10-26T23:00:00Z")
        )
    );

    let (id, morning) = (ChannelId(id.as_i64().expect("an id")), NOW + 7 * HOUR);
    world.refused_until(id, morning + HOUR).await;
    assert_eq!(world.looked_at(7 * HOUR, &task).await["stage"], "WAITING_ONLINE");
    world.refused_until(id, morning + 2 * HOUR).await;
    assert_eq!(
        world.looked_at(HOUR, &task).await["stage"],
        "WAITING_ONLINE",
        "an hour is allowed"
    );
    world.refused_until(id, morning + 3 * HOUR).await;
    let told = world.looked_at(HOUR, &task).await;
    assert_eq!(
        (&told["stage"], &told["errorReason"]),
        (&json!("FAILED"), &json!("PERMISSION_MISSING"))
    );
}

#[tokio::test]
async fn the_preflight_tells_when_limits_let_a_post_go() {
    let world = World::bound().await;
    let id = world.get("/channels").await.expect(200)[0]["id"].clone();
    let body = json!({ "text": "早安", "accountIds": ["ww1:lisi", "ww1:zhangsan"] });
    let expected = async || {
        let told = world.post("/preflight", body.clone()).await.expect(200);
        let times = [
            &told["accounts"][0]["expectedTime"],
            &told["accounts"][1]["expectedTime"],
        ];
        assert_eq!(times[0], times[1], "one creation serves both");
        times[0].as_str().expect("a time").to_owned()
    };
    assert_eq!(expected().await, "2023-10-26T16:00:00Z");
    let night = json!({ "quietFrom": "22:00", "quietUntil": "07:00", "timeZone": "Asia/Shanghai", "minGapMinutes": 30, "postsPerDay": 3 });
    world.put(&format!("/channels/{id}/limits"), night).await.expect(200);
    assert_eq!(expected().await, "2023-10-26T23:00:00Z", "in the morning");
    for (text, then, why) in [
        ("一", "2023-10-26T23:30:00Z", "a gap after the one that waits"),
        ("二", "2023-10-27T00:00:00Z", "and another one"),
        ("三", "2023-10-27T23:00:00Z", "the day is full"),
    ] {
        let other = json!({ "text": text, "accountIds": ["ww1:lisi"] });
        world.post("/sync", other).await.expect(202);
        assert_eq!(expected().await, then, "{why}");
    }
    let later = json!({ "text": "四", "accountIds": ["ww1:lisi"], "scheduledTime": "2023-10-28T08:00:00+08:00" });
    world.post("/sync", later).await.expect(202);
    assert_eq!(
        expected().await,
        "2023-10-27T23:00:00Z",
        "what is wanted later holds up nobody"
    );

    let id = ChannelId(id.as_i64().expect("an id"));
    world.refused_until(id, NOW + 40 * HOUR).await;
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(expected().await, "2023-10-28T08:00:00Z", "a pause of the channel");
}

#[tokio::test]
async fn a_limit_that_delays_is_named_with_the_time() {
    let world = World::bound().await;
    let id = world.get("/channels").await.expect(200)[0]["id"].clone();
    world
        .put("/accounts/ww1:lisi/limits", json!({ "minGapMinutes": 30 }))
        .await
        .expect(200);
    let body = |text: &str, at: Option<&str>| json!({ "text": text, "accountIds": ["ww1:lisi", "ww1:zhangsan"], "scheduledTime": at });
    let warnings = async |body: Value| {
        let told = world.post("/preflight", body.clone()).await.expect(200);
        let accounts = told["accounts"].as_array().expect("a list").iter();
        let findings: Vec<_> = accounts
            .flat_map(|one| one["findings"].as_array().expect("a list"))
            .map(|one| {
                format!(
                    "{}，{}",
                    one["message"].as_str().expect("text"),
                    one["advice"].as_str().expect("text")
                )
            })
            .collect();
        let warnings = world.post("/sync", body).await.expect(202)["warnings"].clone();
        let warnings = warnings.as_array().expect("a list").iter();
        let told: Vec<_> = warnings
            .map(|one| one["message"].as_str().expect("text").to_owned())
            .collect();
        assert_eq!(told, findings, "creation says what the pre-flight says");
        told
    };
    assert_eq!(warnings(body("一", None)).await, [""; 0]);
    assert_eq!(
        warnings(body("二", None)).await,
        [
            "账号 ww1:lisi 受最小间隔限制，预计推迟到 2023-10-26T16:30:00Z 发布，如需更早发布，请调整限制或已有的任务",
            "账号 ww1:zhangsan 与账号 ww1:lisi 一同发布，受后者的最小间隔限制，预计推迟到 2023-10-26T16:30:00Z 发布，\
             如需更早发布，请调整限制或已有的任务",
        ]
    );
    assert_eq!(
        warnings(body("三", Some("2023-10-27T16:30:00Z"))).await,
        [""; 0],
        "late enough"
    );

    let id = ChannelId(id.as_i64().expect("an id"));
    world.refused_until(id, NOW + 40 * HOUR).await;
    world.clock.advance(Duration::from_secs(2));
    let told = warnings(body("四", None)).await;
    assert!(
        told[1].starts_with("账号 ww1:zhangsan 受平台要求的暂停限制，预计推迟到 2023-10-28T08:00:00Z"),
        "{told:?}"
    );
}
