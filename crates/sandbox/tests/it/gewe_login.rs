use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use moments_sandbox::{LoginStep, SandboxError, Switches};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::world::World;

fn confirm(wxid: &str) -> LoginStep {
    LoginStep::Confirm {
        wxid: Some(wxid.to_owned()),
        nick_name: Some("新号".to_owned()),
    }
}

async fn qr(w: &World, app_id: &str) -> Value {
    w.gewe(
        "login/getLoginQrCode",
        json!({ "appId": app_id, "regionId": "330000", "type": "ipad" }),
    )
    .await
}

async fn poll(w: &World, code: &Value) -> Value {
    w.gewe(
        "login/checkLogin",
        json!({ "appId": code["data"]["appId"], "uuid": code["data"]["uuid"] }),
    )
    .await
}

#[tokio::test]
async fn a_first_login_makes_a_device_and_goes_0_1_2() {
    let w = World::new().await;
    let code = qr(&w, "").await;
    let app_id = code["data"]["appId"].as_str().unwrap().to_owned();
    assert!(app_id.starts_with("wx_") && app_id.len() == 24, "{app_id}");
    let step = |step| w.sandbox.login_step(&app_id, step);
    assert_eq!(poll(&w, &code).await["data"]["status"], 0);
    step(LoginStep::Scan).unwrap();
    assert!(
        matches!(step(confirm("wxid_new")), Err(SandboxError::NotNow(_))),
        "the button is not there yet"
    );
    assert_eq!(poll(&w, &code).await["data"]["status"], 1);
    step(confirm("wxid_new")).unwrap();
    let done = poll(&w, &code).await;
    assert_eq!(
        (&done["data"]["status"], &done["data"]["loginInfo"]["wxid"]),
        (&json!(2), &json!("wxid_new"))
    );
    assert_eq!(
        w.gewe("personal/getProfile", json!({ "appId": app_id })).await["data"]["nickName"],
        "新号"
    );
}

#[tokio::test]
async fn a_code_expires_and_another_account_is_refused() {
    let w = World::new().await;
    let app_id = w.demo.devices[0].app_id.clone();
    assert_eq!(qr(&w, &app_id).await["msg"], "微信已登录，请勿重复登录。");
    w.gewe("login/logout", json!({})).await;
    let code = qr(&w, &app_id).await;
    assert_eq!(code["data"]["appId"], app_id);
    w.sandbox.login_step(&app_id, LoginStep::Scan).unwrap();
    assert_eq!(poll(&w, &code).await["data"]["expiredTime"], 200);
    w.sandbox.login_step(&app_id, confirm("wxid_other")).unwrap();
    assert_eq!(poll(&w, &code).await["ret"], 500);
    let code = qr(&w, &app_id).await;
    w.advance(200);
    assert_eq!(poll(&w, &code).await["ret"], 500);
}

#[tokio::test]
async fn a_check_by_face_answers_with_an_address_only() {
    let w = World::new().await;
    let code = qr(&w, "").await;
    let app_id = code["data"]["appId"].as_str().unwrap();
    w.sandbox
        .login_step(
            app_id,
            LoginStep::Verify {
                url: "https://verify.example.net/s/7".to_owned(),
            },
        )
        .unwrap();
    assert_eq!(
        poll(&w, &code).await["data"],
        json!({ "url": "https://verify.example.net/s/7" })
    );
    w.sandbox.login_step(app_id, LoginStep::Verified).unwrap();
    assert_eq!(poll(&w, &code).await["data"]["status"], 0);
    w.sandbox.login_step(app_id, LoginStep::Cancel).unwrap();
    assert_eq!(poll(&w, &code).await["data"]["status"], 4);
}

#[tokio::test]
async fn a_stale_account_looks_online_until_it_is_used() {
    let w = World::new().await;
    w.sandbox
        .change_switches(&w.demo.devices[0].app_id, |switches| {
            switches.stale_online = true;
        })
        .unwrap();
    assert_eq!(w.gewe("login/checkOnline", json!({})).await["data"], true);
    assert_eq!(
        w.gewe("personal/getProfile", json!({})).await["data"]["msg"],
        "微信已离线"
    );
}

#[tokio::test]
async fn reconnection_helps_after_a_drop() {
    let w = World::new().await;
    assert!(
        w.gewe("login/reconnection", json!({})).await["msg"]
            .as_str()
            .unwrap()
            .contains("无需重连")
    );
    w.sandbox.set_online(&w.demo.devices[0].app_id, false).unwrap();
    assert_eq!(w.gewe("login/checkOnline", json!({})).await["data"], false);
    assert_eq!(w.gewe("login/reconnection", json!({})).await["data"], true);
    assert_eq!(w.gewe("login/checkOnline", json!({})).await["data"], true);
}

/// A client's callback address that remembers what it was told.
struct Listener {
    url: String,
    heard: Arc<Mutex<Vec<Value>>>,
}

impl Listener {
    async fn new() -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hear = |State(heard): State<Arc<Mutex<Vec<Value>>>>, Json(event): Json<Value>| async move {
            heard.lock().unwrap().push(event);
            "success"
        };
        let router = Router::new()
            .route("/callbacks/gewe", post(hear))
            .with_state(Arc::clone(&heard));
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/callbacks/gewe", socket.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(socket, router).await });
        Self { url, heard }
    }

    async fn heard(&self, count: usize) -> Vec<Value> {
        for _ in 0..1000 {
            if self.heard.lock().unwrap().len() >= count {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        self.heard.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn a_callback_is_tried_at_once_and_then_told_of_every_drop() {
    let w = World::new().await;
    let listener = Listener::new().await;
    let token = &w.demo.devices[0].token;
    let unreachable = json!({ "token": token, "callbackUrl": format!("{}/nothing-here", w.base) });
    assert_eq!(w.gewe("login/setCallback", unreachable).await["ret"], 500);
    let set = json!({ "token": token, "callbackUrl": listener.url });
    assert_eq!(w.gewe("tools/setCallback", set).await["ret"], 200);
    assert_eq!(listener.heard(1).await[0]["token"], *token);
    let app_id = &w.demo.devices[0].app_id;
    w.sandbox
        .change_switches(app_id, |switches| switches.duplicate_callbacks = 1)
        .unwrap();
    w.sandbox.set_online(app_id, false).unwrap();
    let offline = json!({ "TypeName": "Offline", "Appid": app_id, "Wxid": "wxid_k3v9m2x7q1aa22" });
    assert_eq!(listener.heard(3).await[1..], [offline.clone(), offline]);
}

#[tokio::test]
async fn the_next_day_drop_comes_at_four_and_only_a_code_helps() {
    let w = World::new().await;
    let listener = Listener::new().await;
    let device = &w.demo.devices[0];
    w.gewe(
        "login/setCallback",
        json!({ "token": device.token, "callbackUrl": listener.url }),
    )
    .await;
    w.sandbox
        .change_switches(&device.app_id, |switches| {
            *switches = Switches {
                next_day_drop: true,
                ..Switches::default()
            }
        })
        .unwrap();
    w.advance(16 * 3600 - 1);
    assert_eq!(w.gewe("login/checkOnline", json!({})).await["data"], true);
    w.advance(1);
    assert_eq!(listener.heard(2).await[1]["TypeName"], "Offline");
    assert_eq!(w.gewe("login/reconnection", json!({})).await["ret"], 500);
    assert_eq!(
        w.gewe("login/dialogLogin", json!({ "regionId": "330000" })).await["ret"],
        500
    );
    let code = qr(&w, &device.app_id).await;
    w.sandbox.login_step(&device.app_id, LoginStep::Scan).unwrap();
    poll(&w, &code).await;
    w.sandbox
        .login_step(
            &device.app_id,
            LoginStep::Confirm {
                wxid: None,
                nick_name: None,
            },
        )
        .unwrap();
    assert_eq!(poll(&w, &code).await["data"]["status"], 2);
}
