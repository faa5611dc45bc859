//! Bringing personal accounts in by a code to scan, and hearing that they dropped.

use std::net::TcpListener;
use std::time::Duration;

use axum::Router;
use moments_sandbox::{GatewayStyle, LoginStep};
use serde_json::{Value, json};

use crate::world::{World, device_seed};

const TOKEN: &str = "gateway-token-of-scan-8Hs3kPq0";

/// A program that polls often and that the gateway can reach, and a token that the gateway knows.
async fn world() -> World {
    world_around(&[], |sandbox| sandbox).await
}

/// The same with more settings, and with the sandbox's answers changed on their way.
pub(crate) async fn world_around(settings: &[(&str, &str)], change: impl FnOnce(Router) -> Router) -> World {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let listen = free.expect("a free port").to_string();
    let public = format!("http://{listen}");
    let mut settings = settings.to_vec();
    settings.extend([
        ("GEWE_LOGIN_POLL_SECS", "1"),
        ("HTTP_LISTEN", &listen),
        ("HTTP_PUBLIC_URL", &public),
    ]);
    let world = World::around(&settings, change).await;
    world.sandbox.add_device(device_seed("scan")).expect("a token");
    world
}

pub(crate) async fn start(world: &World) -> Value {
    let wish = json!({ "token": TOKEN, "regionId": "330000" });
    world.api.post("/channels/gewe/logins", &wish).expect(201).await
}

async fn start_again(world: &World, channel: &Value) -> Value {
    let path = format!("/channels/{channel}/login");
    world.api.post(&path, &json!({})).expect(201).await
}

/// The device that the gateway made last.
pub(crate) fn new_device(world: &World) -> String {
    world.sandbox.devices().last().expect("a device").app_id.clone()
}

pub(crate) async fn wait_for(world: &World, login: &Value, wanted: &str) -> Value {
    let path = format!("/channels/gewe/logins/{}", login["id"]);
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    loop {
        let login = world.api.get(&path).expect(200).await;
        if login["status"] == wanted {
            return login;
        }
        assert!(tokio::time::Instant::now() < deadline, "it never is {wanted}: {login}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn wait_for_account(world: &World, status: &str) {
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    while world.accounts().await[0]["status"] != status {
        assert!(tokio::time::Instant::now() < deadline, "it never is {status}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Scans and presses the button, which is there only after a poll.
pub(crate) async fn scan(world: &World, login: &Value, app_id: &str, wxid: &str) {
    world.sandbox.login_step(app_id, LoginStep::Scan).expect("a code");
    wait_for(world, login, "SCANNED").await;
    let confirm = LoginStep::Confirm {
        wxid: Some(wxid.to_owned()),
        nick_name: Some("小禾咖啡".to_owned()),
    };
    world.sandbox.login_step(app_id, confirm).expect("the button");
}

#[tokio::test]
async fn a_scanned_account_posts_is_missed_when_it_drops_and_comes_back_on_its_own_device() {
    let world = world().await;
    let login = start(&world).await;
    assert!(login["warning"].as_str().expect("a warning").contains("封禁"));
    let app_id = new_device(&world);
    scan(&world, &login, &app_id, "wxid_new").await;
    let channel = wait_for(&world, &login, "DONE").await["channel"].take();
    assert_eq!(
        (&channel["handle"], &channel["name"]),
        (&json!(app_id), &json!("小禾咖啡"))
    );
    let post = world.sync("早安").to(["wxid_new"]).accepted().await;
    world.check(post, "wxid_new SUCCESS").await;
    let ordered = || {
        world
            .sandbox
            .calls()
            .gewe
            .get("setCallback")
            .is_some_and(|count| *count > 0)
    };
    world.until("the gateway's events are ordered", ordered).await;
    // A new device is logged off the next morning; its gateway says so, three times.
    let next_morning = |switches: &mut moments_sandbox::Switches| {
        switches.next_day_drop = true;
        switches.duplicate_callbacks = 2;
    };
    world.sandbox.change_switches(&app_id, next_morning).expect("a device");
    world.sandbox.advance(Duration::from_hours(24));
    wait_for_account(&world, "OFFLINE").await;
    // Another WeChat changes nothing; the same one brings the account back.
    let login = start_again(&world, &channel["id"]).await;
    scan(&world, &login, &app_id, "wxid_other").await;
    wait_for(&world, &login, "FAILED").await;
    assert_eq!(world.accounts().await[0]["status"], "OFFLINE");
    let login = start_again(&world, &channel["id"]).await;
    scan(&world, &login, &app_id, "wxid_new").await;
    assert_eq!(wait_for(&world, &login, "DONE").await["channel"]["id"], channel["id"]);
    wait_for_account(&world, "ACTIVE").await;
    assert_eq!(new_device(&world), app_id, "no other device was made");
    world.assert_no_violation();
}

#[tokio::test]
async fn what_goes_wrong_before_the_end_is_told_and_costs_no_second_device() {
    let world = world().await;
    let login = start(&world).await;
    let app_id = new_device(&world);
    let step = |step| world.sandbox.login_step(&app_id, step).expect("a step");
    let url = "https://verify.example.net/s/7H".to_owned();
    step(LoginStep::Verify { url: url.clone() });
    assert_eq!(wait_for(&world, &login, "VERIFY").await["verifyUrl"], url);
    step(LoginStep::Verified);
    wait_for(&world, &login, "WAITING").await;
    step(LoginStep::Cancel);
    let cancelled = wait_for(&world, &login, "CANCELLED").await;
    assert!(
        cancelled["message"].as_str().expect("a reason").contains("手机"),
        "{cancelled}"
    );
    let path = format!("/channels/gewe/logins/{}/qr", login["id"]);
    world.api.post(&path, &json!({})).expect(200).await;
    wait_for(&world, &login, "WAITING").await;
    world.sandbox.advance(Duration::from_secs(198));
    wait_for(&world, &login, "EXPIRED").await;
    assert_eq!(start(&world).await["status"], "WAITING");
    assert_eq!(new_device(&world), app_id, "the device is used again");
    world.assert_no_violation();
}

/// Another place, another header, a desktop behind a proxy, a number on the phone, and room for one more device.
#[tokio::test]
async fn a_vendor_that_does_everything_its_own_way_is_followed() {
    let world = world_around(&[("GEWE_TOKEN_HEADER", "VideosApi-token")], |sandbox| sandbox).await;
    world.sandbox.set_gateway_style(GatewayStyle {
        prefix: "/vendor/v3".to_owned(),
        token_header: "VideosApi-token".to_owned(),
        max_devices: Some(2),
    });
    let base_url = format!("{}/vendor/v3", world.sandbox_url);
    let wish = json!({
        "token": TOKEN, "regionId": "310000", "deviceType": "mac", "proxy": "socks5://u:p@192.0.2.7:1080", "baseUrl": base_url,
    });
    let login = world.api.post("/channels/gewe/logins", &wish).expect(201).await;
    let app_id = new_device(&world);
    world.sandbox.login_step(&app_id, LoginStep::Scan).expect("a code");
    let number = LoginStep::Number {
        number: "47".to_owned(),
    };
    world.sandbox.login_step(&app_id, number).expect("a scan");
    wait_for(&world, &login, "SCANNED").await;
    let confirm = || {
        world.sandbox.login_step(
            &app_id,
            LoginStep::Confirm {
                wxid: Some("wxid_vendor".to_owned()),
                nick_name: None,
            },
        )
    };
    assert!(confirm().is_err(), "the number was not typed");
    let path = format!("/channels/gewe/logins/{}/code", login["id"]);
    world.api.post(&path, &json!({ "code": "47" })).expect(202).await;
    world.until("the number is with WeChat", || confirm().is_ok()).await;
    wait_for(&world, &login, "DONE").await;
    let full = world.api.post("/channels/gewe/logins", &wish).send().await;
    assert_eq!(full.status, 422, "{}", full.text);
    assert!(full.text.contains("已达到最大客户端数量"), "{}", full.text);
    world.assert_no_violation();
}
