use moments_sandbox::{MomentRecord, Sandbox, SandboxClock};
use serde_json::{Value, json};

use crate::world::{NOON, World, images_for};

#[tokio::test]
async fn the_clock_can_be_read_set_and_moved_over_http() {
    let w = World::new().await;
    assert_eq!(w.get("/sandbox/clock").await, json!({ "now_ms": NOON, "manual": true }));
    assert_eq!(
        w.control("clock", &json!({ "advance_ms": 1500 })).await.1["now_ms"],
        NOON + 1500
    );
    assert_eq!(w.control("clock", &json!({ "set_ms": 5 })).await.1["now_ms"], 5);
    assert_eq!(w.control("clock", &json!({ "run": true })).await.1["manual"], false);
    assert_eq!(w.control("clock", &json!({ "forward": 1 })).await.0, 400);
}

#[test]
fn a_running_clock_moves_by_itself_and_can_be_shifted() {
    let clock = SandboxClock::real();
    let before = clock.now_ms();
    clock.advance(std::time::Duration::from_hours(1));
    assert!(clock.now_ms() >= before + 3_600_000 && !clock.is_manual());
}

#[tokio::test]
async fn a_corp_and_its_members_can_be_seeded_over_http() {
    let w = World::new().await;
    let seed = json!({
        "corpid": "wwTest01", "agentid": 7, "secret": "s3", "members": [{ "userid": "a.b" }, { "userid": "c", "name": "丙", "status": 4 }],
        "settings": { "creates_per_minute": 0, "confirm": { "policy": "random", "min_ms": 1, "max_ms": 9, "never_share": 0.5 } },
    });
    assert_eq!(w.control("corps", &seed).await.0, 201);
    assert_eq!(w.control("corps", &seed).await.0, 409, "the same again");
    assert_eq!(
        w.control("corps/wwTest01/members", &json!({ "userid": "d" })).await.0,
        204
    );
    let corps = w.get("/sandbox/corps").await;
    assert_eq!(
        (&corps[2]["members"], &corps[2]["settings"]["creates_per_minute"]),
        (&json!(3), &json!(0))
    );
    assert!(corps[2].get("secret").is_none());
    assert_eq!(w.control("corps/wwNone/settings", &json!({})).await.0, 404);
    assert_eq!(
        w.control("corps/wwTest01/settings", &json!({ "creates_per_hour": 1 }))
            .await
            .0,
        400
    );
    assert_eq!(
        w.control("corps/wwTest01/token", &json!({ "action": "untrust_ip" }))
            .await
            .0,
        204
    );
    assert_eq!(
        w.get("/cgi-bin/gettoken?corpid=wwTest01&corpsecret=s3").await["errcode"],
        60020
    );
}

#[tokio::test]
async fn a_device_can_be_seeded_and_switched_over_http() {
    let w = World::new().await;
    let (status, made) = w
        .control("devices", &json!({ "token": "t9", "wxid": "wxid_9", "nickName": "九" }))
        .await;
    assert_eq!(status, 201);
    let app_id = made["appId"].as_str().unwrap();
    assert_eq!(
        w.control(&format!("devices/{app_id}/switches"), &json!({ "http_5xx": "after" }))
            .await
            .1["http_5xx"],
        "after"
    );
    assert_eq!(
        w.control(&format!("devices/{app_id}/online"), &json!({ "online": false }))
            .await
            .0,
        204
    );
    assert_eq!(
        w.control(&format!("devices/{app_id}/login"), &json!({ "step": "scan" }))
            .await
            .0,
        409
    );
    let devices = w.get("/sandbox/devices").await;
    assert_eq!((&devices[1]["online"], devices[1].get("token")), (&json!(false), None));
}

#[tokio::test]
async fn moments_of_both_worlds_are_recorded_with_media_in_order() {
    let w = World::new().await;
    let (one, two) = (w.image("one").await, w.image("two").await);
    w.create(images_for("hello", &[&two, &one], &["li.na", "ghost"])).await;
    w.advance(1);
    w.gewe("sns/sendTextSns", json!({ "content": "你好" })).await;
    let moments: Vec<MomentRecord> = serde_json::from_value(w.get("/sandbox/moments").await).unwrap();
    let [wecom, gewe] = &moments[..] else {
        panic!("{moments:?}")
    };
    let mut media = Vec::new();
    for name in ["two", "one"] {
        media.push(hex::encode(<sha2::Sha256 as sha2::Digest>::digest(
            w.picture(&format!("{name}.jpg?w=60&h=40")).await,
        )));
    }
    assert_eq!(
        (&wecom.media, &wecom.invalid, wecom.arrival_ms),
        (&media, &vec!["ghost".to_owned()], NOON)
    );
    assert_eq!(
        (wecom.senders[0].userid.as_str(), wecom.senders[0].published_ms),
        ("li.na", Some(NOON + 400))
    );
    assert_eq!(
        (gewe.owner.as_str(), gewe.text.as_str(), gewe.create_ms),
        ("wxid_k3v9m2x7q1aa22", "你好", NOON + 1000)
    );
    let page: Vec<Value> = serde_json::from_value(w.get("/sandbox/moments?skip=1&take=5").await).unwrap();
    assert_eq!((page.len(), &page[0]["world"]), (1, &json!("gewe")));
}

#[tokio::test]
async fn calls_are_counted_by_name_and_owner() {
    let w = World::new().await;
    w.job("one", &["li.na"]).await;
    w.job("two", &["li.na"]).await;
    w.gewe("login/checkOnline", json!({})).await;
    let calls = w.get("/sandbox/calls").await;
    assert_eq!(calls["wecom"], json!({ "add_moment_task": 2, "gettoken": 2 }));
    assert_eq!(calls["by_corp"][w.corpid(0)]["add_moment_task"], 2);
    assert_eq!(calls["by_device"][&w.demo.devices[0].app_id]["checkOnline"], 1);
}

#[tokio::test]
async fn the_page_shows_posts_and_escapes_their_text() {
    let w = World::new().await;
    let image = w.image("one").await;
    w.create(images_for("<b>特价</b>", &[&image], &["li.na"])).await;
    w.advance(1);
    let page = w
        .http
        .get(format!("{}/sandbox", w.base))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        page.contains("&lt;b&gt;特价&lt;/b&gt;") && page.contains("li.na 已发表"),
        "{page}"
    );
    let source = page.split("src=\"").nth(1).unwrap().split('"').next().unwrap();
    let picture = w.http.get(format!("{}{source}", w.base)).send().await.unwrap();
    assert_eq!(picture.headers()["content-type"], "image/jpeg");
}

#[tokio::test]
async fn slow_broken_and_cut_pictures_are_what_they_say() {
    let w = World::new().await;
    let get = |path: &str| w.http.get(format!("{}/pictures/{path}", w.base)).send();
    let started = std::time::Instant::now();
    let slow = get("slow/a.png?w=9&h=9&ms=150").await.unwrap().bytes().await.unwrap();
    assert!(started.elapsed().as_millis() >= 150 && !slow.is_empty());
    assert!(image::load_from_memory(&get("broken/a.png").await.unwrap().bytes().await.unwrap()).is_err());
    assert!(get("cut/a.png").await.unwrap().bytes().await.is_err());
    assert_eq!(get("a.txt").await.unwrap().status(), 404);
}

#[tokio::test]
async fn serving_ends_when_it_is_told_to() {
    let sandbox = Sandbox::new(SandboxClock::real());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = sandbox.clone();
    let serving = tokio::spawn(async move {
        let told = async move { stopped.await.unwrap_or_default() };
        server.serve(listener, told).await
    });
    stop.send(()).unwrap();
    serving.await.unwrap().unwrap();
}

#[test]
fn no_secret_is_printed() {
    let sandbox = Sandbox::new(SandboxClock::real());
    let world = sandbox.demo_world().unwrap();
    let printed = format!("{world:?} {sandbox:?}");
    for secret in [&world.corps[0].secret, &world.corps[1].secret, &world.devices[0].token] {
        assert!(!printed.contains(secret.as_str()), "{printed}");
    }
}
