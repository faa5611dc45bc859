//! Trouble with the gateway of personal accounts. A post there is out at once, so doubt ends with a person unless the
//! installation wants it otherwise.

use futures::future::join_all;
use moments_sandbox::{FaultKind, World as Platform};

use crate::world::{World, device_seed};

/// The name of the device, the trouble of its second post, how that ends, and the Moments that there are then.
type Row = (&'static str, FaultKind, &'static str, usize);

async fn check_all(resend: &str, rows: &[Row]) {
    let settings = [("GEWE_RESEND_WHEN_ABSENT", resend), ("PUBLISH_CALL_TIMEOUT_SECS", "10")];
    let world = World::with(&settings).await;
    join_all(rows.iter().map(|row| check(&world, row))).await;
    world.assert_no_violation();
}

/// A first post goes well: without one that is surely there, the account's list proves nothing.
async fn check(world: &World, (name, kind, outcome, moments): &Row) {
    let wxid = world.device(name).await;
    let first = world.sync("第一条").to([&wxid]).accepted().await;
    world.check(first, &format!("{wxid} SUCCESS")).await;
    world.strike(Platform::Gewe, &wxid, "sendTextSns", kind.clone());
    let second = world.sync("第二条").to([&wxid]).accepted().await;
    world.check(second, &format!("{wxid} {outcome}")).await;
    assert_eq!(world.moments_of(&wxid).len(), *moments, "{name}");
    let texts: Vec<_> = world
        .moments_of(&wxid)
        .into_iter()
        .skip(1)
        .map(|moment| moment.text)
        .collect();
    assert!(texts.iter().all(|text| text == "第二条"), "{name}: {texts:?}");
}

#[tokio::test]
async fn what_is_out_is_found_and_what_is_not_is_left_to_a_person() {
    check_all(
        "false",
        &[
            ("cutafter", FaultKind::CutAfter, "SUCCESS", 2),
            ("htmlafter", FaultKind::Html502After, "SUCCESS", 2),
            ("halfbody", FaultKind::HalfBody, "SUCCESS", 2),
            ("slow", FaultKind::Slow { ms: 30_000 }, "SUCCESS", 2),
            ("cutbefore", FaultKind::CutBefore, "FAILED UNVERIFIABLE", 1),
            ("htmlbefore", FaultKind::Html502Before, "FAILED UNVERIFIABLE", 1),
            ("more", FaultKind::ExtraFields, "SUCCESS", 2),
            ("drift", FaultKind::Drift, "SUCCESS", 2),
        ],
    )
    .await;
}

#[tokio::test]
async fn with_resend_switched_on_what_is_surely_absent_is_sent_again() {
    check_all(
        "true",
        &[
            ("cutbefore", FaultKind::CutBefore, "SUCCESS", 2),
            ("htmlbefore", FaultKind::Html502Before, "SUCCESS", 2),
            ("cutafter", FaultKind::CutAfter, "SUCCESS", 2),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_held_post_says_what_a_person_must_do() {
    let world = World::new().await;
    let wxid = world.device("held").await;
    let first = world.sync("第一条").to([&wxid]).accepted().await;
    world.check(first, &format!("{wxid} SUCCESS")).await;
    world.strike(Platform::Gewe, &wxid, "sendTextSns", FaultKind::CutBefore);
    let second = world.sync("第二条").to([&wxid]).accepted().await;
    let task = world.check(second, &format!("{wxid} FAILED UNVERIFIABLE")).await;
    assert_eq!(task.results()[0]["stage"], "HELD");
    assert!(task.message().contains("人工核对"), "{}", task.message());
}

#[tokio::test]
async fn an_account_that_is_off_line_keeps_its_post_waiting() {
    let world = World::new().await;
    let (off, on) = (world.device("off").await, world.device("on").await);
    let app_id = device_seed("off").app_id.expect("an id");
    // The gateway goes on saying that it is on line, and that there is nothing to reconnect.
    world
        .sandbox
        .change_switches(&app_id, |switches| switches.stale_online = true)
        .expect("a device");
    let id = world.sync("早安").to([&off, &on]).accepted().await;
    world.check(id, &format!("{off} WAITING_ONLINE, {on} SUCCESS")).await;
    let status = |account: &serde_json::Value| account["status"].as_str().expect("a status").to_owned();
    assert_eq!(
        world.accounts().await.iter().map(status).collect::<Vec<_>>(),
        ["OFFLINE", "ACTIVE"]
    );
    assert_eq!(world.sync("又来").to([&off]).send().await.status, 422);
    assert_eq!(world.moments_of(&off).len(), 0);
}

#[tokio::test]
async fn a_device_that_the_gateway_forgot_breaks_its_channel_only() {
    let world = World::new().await;
    let (gone, stays) = (world.device("gone").await, world.device("stays").await);
    let app_id = device_seed("gone").app_id.expect("an id");
    world
        .sandbox
        .change_switches(&app_id, |switches| switches.forget_device = true)
        .expect("a device");
    let id = world.sync("早安").to([&gone, &stays]).accepted().await;
    world
        .check(id, &format!("{gone} FAILED CREDENTIAL_BROKEN, {stays} SUCCESS"))
        .await;
}

#[tokio::test]
async fn two_posts_of_one_account_keep_their_distance() {
    let world = World::new().await;
    let wxid = world.device("gap").await;
    let sends = ["一", "二"].map(|text| world.sync(text).to([&wxid]).accepted());
    for id in join_all(sends).await {
        world.check(id, &format!("{wxid} SUCCESS")).await;
    }
    let moments = world.moments_of(&wxid);
    let gap_ms = moments[1].arrival_ms - moments[0].arrival_ms;
    assert!(gap_ms >= 3000, "{gap_ms} ms apart");
}
