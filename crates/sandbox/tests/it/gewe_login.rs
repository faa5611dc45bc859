use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use moments_sandbox::{GatewayStyle, LoginStep, SandboxError, Switches};
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
async fn a_number_on_the_phone_must_be_typed_before_there_is_a_button() {
    let w = World::new().await;
    let code = qr(&w, "").await;
    let app_id = code["data"]["appId"].as_str().unwrap();
    let step = |step| w.sandbox.login_step(app_id, step);
    let number = || LoginStep::Number {
        number: "47".to_owned(),
    };
    assert!(
        matches!(step(number()), Err(SandboxError::NotNow(_))),
        "nobody has scanned"
    );
    step(LoginStep::Scan).unwrap();
    step(number()).unwrap();
    for (typed, is_taken) in [(json!(null), false), (json!("74"), false), (json!("47"), true)] {
        let body = json!({ "appId": app_id, "uuid": code["data"]["uuid"], "captchCode": typed });
        assert_eq!(w.gewe("login/checkLogin", body).await["data"]["status"], 1, "{typed}");
        assert_eq!(step(confirm("wxid_new")).is_ok(), is_taken, "{typed}");
    }
    assert_eq!(poll(&w, &code).await["data"]["status"], 2);
}

#[tokio::test]
async fn a_log_in_names_a_province_and_its_polls_keep_to_how_it_was_asked_for() {
    let w = World::new().await;
    let proxy = "socks5://u:p@192.0.2.7:1080";
    let ask = async |region: &str, kind: &str| {
        let body = json!({ "appId": "", "regionId": region, "type": kind, "proxyIp": proxy });
        w.gewe("login/getLoginQrCode", body).await
    };
    assert_eq!(ask("330100", "ipad").await["ret"], 500, "a town is no province");
    assert_eq!(ask("330000", "phone").await["ret"], 500);
    assert_eq!(
        w.sandbox.devices().len(),
        w.demo.devices.len(),
        "a refusal makes no device"
    );
    for (kind, proxy_ip, sliding, ret) in [
        ("ipad", proxy, false, 200),
        ("ipad", proxy, true, 500),
        ("mac", proxy, true, 200),
        ("mac", "", false, 500),
    ] {
        let code = ask("330000", kind).await;
        let mut body = json!({ "appId": code["data"]["appId"], "uuid": code["data"]["uuid"] });
        (body["proxyIp"], body["autoSliding"]) = (json!(proxy_ip), json!(sliding));
        let answer = w.gewe("login/checkLogin", body).await;
        assert_eq!(answer["ret"], ret, "{kind} {proxy_ip} {sliding}: {answer}");
    }
}

#[tokio::test]
async fn a_gateway_is_where_its_style_says_and_allows_so_many_devices() {
    let w = World::new().await;
    let changes = json!({ "prefix": "/vendor/v3", "token_header": "VideosApi-token", "max_devices": 3 });
    let (status, style) = w.control("gateway", &changes).await;
    assert_eq!((status, &style), (200, &changes));
    assert_eq!(w.control("gateway", &json!({ "path": "/" })).await.0, 400);
    let call = async |path: &str, header: &str| {
        let body = json!({ "appId": "", "regionId": "330000" });
        let request = w.http.post(format!("{}{path}/login/getLoginQrCode", w.base));
        let request = request.header(header, &w.demo.devices[0].token).json(&body);
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.text().await.unwrap())
    };
    assert_eq!(call("/gewe/v2/api", "VideosApi-token").await.0, 404);
    assert_eq!(call("/vendor/v3x", "VideosApi-token").await.0, 404);
    let (_, told) = call("/vendor/v3", "X-GEWE-TOKEN").await;
    assert!(told.contains("header:VideosApi-token 不可为空"), "{told}");
    let own = |device: &&moments_sandbox::DemoDevice| device.token == w.demo.devices[0].token;
    let room = 3 - w.demo.devices.iter().filter(own).count();
    for _ in 0..room {
        let (_, told) = call("/vendor/v3", "videosapi-TOKEN").await;
        assert!(told.contains("qrData"), "{told}");
    }
    let (_, told) = call("/vendor/v3", "VideosApi-token").await;
    assert!(told.contains("已达到最大客户端数量操作"), "{told}");
    w.sandbox.set_gateway_style(GatewayStyle::default());
    assert!(
        call("/gewe/v2/api", "X-GEWE-TOKEN").await.1.contains("qrData"),
        "any number again"
    );
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
