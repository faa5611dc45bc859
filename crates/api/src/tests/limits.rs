//! Limits as people choose them.

use serde_json::{Value, json};

use super::world::World;

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
