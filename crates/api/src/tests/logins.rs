//! Logging personal accounts in, and what gateways send.

use std::time::Duration;

use futures::future::join_all;
use moments_domain::ErrorClass;
use moments_platforms::{Directory, Tag, TagGroup};
use serde_json::{Value, json};

use super::gateway::CODE;
use super::platform::refusal;
use super::world::{self, BASE, STRANGER, World, request, token};
use crate::PERMISSIONS;

fn wish(token: &str) -> Value {
    json!({ "token": token, "regionId": "330000" })
}

async fn start(world: &World, token: &str) -> Value {
    world.post("/channels/gewe/logins", wish(token)).await.expect(201)
}

async fn read(world: &World, login: &Value) -> Value {
    let path = format!("/channels/gewe/logins/{}", login["id"]);
    world.get(&path).await.expect(200)
}

/// Reads the log-in until `wanted`; a minute is far more than that takes.
async fn wait_for(world: &World, login: &Value, wanted: &str) -> Value {
    for _ in 0..1200 {
        let login = read(world, login).await;
        if login["status"] == wanted {
            return login;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never is {wanted}: {}", read(world, login).await)
}

#[tokio::test]
async fn a_code_comes_in_every_form_with_a_warning_and_is_nobodys_to_keep() {
    let world = World::with_gateway().await;
    let answer = world.post("/channels/gewe/logins", wish("t-secret wait")).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert!(!answer.text.contains("t-secret wait"), "{answer:?}");
    let login = answer.expect(201);
    assert_eq!(login["status"], "WAITING");
    assert_eq!(login["qrData"], format!("{CODE}wx_t-secret_wait"));
    assert!(login["qrImage"].as_str().expect("a picture").starts_with("data:image/"));
    assert!(login["qrText"].as_str().expect("a text").lines().count() > 10);
    assert!(login["warning"].as_str().expect("a warning").contains("封禁"));
    assert_eq!((&login["secondsLeft"], &login["channel"]), (&json!(120), &Value::Null));
    let stored = world.database();
    for secret in ["t-secret wait", "login-code", "\"uuid\""] {
        assert!(!stored.contains(secret), "{secret} lies open");
    }
}

#[tokio::test]
async fn every_way_to_an_end_is_told() {
    let world = World::with_gateway().await;
    let stories: [(&str, &str, &str); 9] = [
        ("lost: scan: in:wxid_a", "DONE", ""),
        ("verify:face in:wxid_b", "DONE", ""),
        ("cancel:", "CANCELLED", "手机"),
        ("scan: end:", "EXPIRED", "过期"),
        ("scan: no:二维码已失效", "EXPIRED", "刷新二维码"),
        ("nothing no:账号异常", "FAILED", "账号异常"),
        ("nothing in:wxid_c", "DONE", ""),
        ("verify:slow", "VERIFY", ""),
        ("scan: scan: scan: scan:", "SCANNED", ""),
    ];
    join_all(stories.iter().map(|(token, status, message)| {
        let world = &world;
        async move {
            let login = wait_for(world, &start(world, token).await, status).await;
            let told = login["message"].as_str().unwrap_or_default();
            assert!(
                told.contains(message) && told.is_empty() == message.is_empty(),
                "{token}: {login}"
            );
            let over = !["VERIFY", "SCANNED"].contains(status);
            assert_eq!(login["expiresAt"].is_null(), over, "{login}");
            assert_eq!(login["channel"].is_null(), *status != "DONE", "{login}");
            assert_eq!(login["verifyUrl"].is_null(), *status != "VERIFY", "{login}");
            assert_eq!(login["verifyImage"].is_null(), *status != "VERIFY", "{login}");
            assert!(login["qrData"].is_null(), "{login}");
        }
    }))
    .await;
    let accounts = world.get("/accounts").await.expect(200);
    let mut ids: Vec<_> = accounts
        .as_array()
        .expect("a list")
        .iter()
        .map(|a| (&a["accountId"], &a["status"]))
        .collect();
    ids.sort_by_key(|(id, _)| id.as_str());
    let active = json!("ACTIVE");
    assert_eq!(
        ids,
        [
            (&json!("wxid_a"), &active),
            (&json!("wxid_b"), &active),
            (&json!("wxid_c"), &active)
        ]
    );
}

#[tokio::test]
async fn one_wechat_is_never_on_two_devices_nor_another_on_a_channels() {
    let world = World::with_gateway().await;
    let done = wait_for(&world, &start(&world, "in:wxid_a").await, "DONE").await;
    let twice = wait_for(&world, &start(&world, "nothing in:wxid_a").await, "FAILED").await;
    assert!(
        twice["message"].as_str().expect("a reason").contains("其他设备"),
        "{twice}"
    );
    let heard = world.gateway().heard();
    assert!(heard.contains(&"logout wx_nothing_in_wxid_a".to_owned()), "{heard:?}");
    assert_eq!(
        world.get("/channels").await.expect(200).as_array().map(Vec::len),
        Some(1)
    );
    // The same account comes back on its own device, without a code.
    let channel = &done["channel"]["id"];
    let again = world
        .post(&format!("/channels/{channel}/login"), json!({}))
        .await
        .expect(201);
    assert_eq!(wait_for(&world, &again, "DONE").await["channel"]["id"], *channel);
    assert!(world.gateway().heard().contains(&"again wx_in_wxid_a".to_owned()));
}

#[tokio::test]
async fn a_device_is_used_again_until_somebody_has_logged_in_on_it() {
    let world = World::with_gateway().await;
    let first = start(&world, "nothing").await;
    let second = start(&world, "nothing").await;
    assert_eq!(second["qrData"], first["qrData"]);
    let replaced = read(&world, &first).await;
    assert_eq!(
        (&replaced["status"], &replaced["qrData"]),
        (&json!("CANCELLED"), &Value::Null)
    );
    let path = format!("/channels/gewe/logins/{}", second["id"]);
    assert_eq!(
        world.post(&format!("{path}/qr"), json!({})).await.expect(200)["status"],
        "WAITING"
    );
    assert_eq!(world.delete(&path).await.expect(200)["status"], "CANCELLED");
    assert_eq!(
        world.post(&format!("{path}/qr"), json!({})).await.error(409),
        "CONFLICT"
    );
    assert_eq!(world.delete(&path).await.expect(200)["message"], "已取消登录");
    start(&world, "nothing").await;
    assert_eq!(
        world.gateway().heard(),
        ["begin new", "begin wx_nothing", "begin wx_nothing", "begin wx_nothing"]
    );
    // A device that the gateway has forgotten makes room for a new one.
    let gone = json!({ "token": "gone:", "regionId": "330000", "appId": "wx_gone" });
    let login = world.post("/channels/gewe/logins", gone).await.expect(201);
    assert_eq!(login["qrData"], format!("{CODE}wx_gone_"));
}

#[tokio::test]
async fn a_number_goes_to_the_gateway_once() {
    let world = World::with_gateway().await;
    let login = start(&world, "nothing").await;
    let path = format!("/channels/gewe/logins/{}/code", login["id"]);
    for bad in [
        json!({}),
        json!({ "code": "12a4" }),
        json!({ "code": "123456789" }),
        json!({ "code": "1" }),
    ] {
        assert_eq!(
            world.post(&path, bad.clone()).await.expect(422)[0]["field"],
            "code",
            "{bad}"
        );
    }
    world.post(&path, json!({ "code": "4711" })).await.expect(202);
    let heard = || {
        world
            .gateway()
            .heard()
            .iter()
            .filter(|call| call.starts_with("code"))
            .count()
    };
    for _ in 0..1200 {
        if heard() > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(world.gateway().heard().contains(&"code 4711 wx_nothing".to_owned()));
    world
        .delete(&format!("/channels/gewe/logins/{}", login["id"]))
        .await
        .expect(200);
    assert_eq!(
        world.post(&path, json!({ "code": "4711" })).await.error(409),
        "CONFLICT"
    );
    assert_eq!(heard(), 1);
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_the_gateway_is_asked() {
    let world = World::with_gateway().await;
    for (body, fields) in [
        (json!({}), &["token", "regionId"][..]),
        (json!({ "token": "t", "regionId": "999999" }), &["regionId"]),
        (
            json!({ "token": "t", "regionId": "330000", "deviceType": "phone", "proxy": "http://h:1" }),
            &["deviceType", "proxy"],
        ),
        (
            json!({ "token": "t", "regionId": "330000", "proxy": "socks5://u:p@h" }),
            &["proxy"],
        ),
        (
            json!({ "token": "t", "regionId": "330000", "baseUrl": "ftp://h" }),
            &["baseUrl"],
        ),
    ] {
        let data = world.post("/channels/gewe/logins", body.clone()).await.expect(422);
        let named: Vec<_> = data
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|one| one["field"].as_str())
            .collect();
        assert_eq!(named, fields, "{body}");
    }
    assert!(world.gateway().heard().is_empty());
    let refused = world
        .post("/channels/gewe/logins", wish("no:已达到最大客户端数量操作"))
        .await;
    assert!(refused.message().contains("最大客户端数量"), "{refused:?}");
    assert_eq!(refused.error(422), "WechatApiException");
    let login = start(&world, "nothing").await;
    let path = format!("{BASE}/channels/gewe/logins/{}", login["id"]);
    for (method, path) in [
        ("GET", path.clone()),
        ("DELETE", path.clone()),
        ("POST", format!("{path}/qr")),
    ] {
        let strange = request(method, &path, Some(&token(STRANGER, PERMISSIONS)), None);
        assert_eq!(world.send(strange).await.error(404), "NOT_FOUND", "{method} {path}");
    }
    let off = World::new().await;
    let answer = off.post("/channels/gewe/logins", wish("t")).await;
    assert_eq!(answer.error(409), "SWITCHED_OFF");
}

#[tokio::test]
async fn events_come_by_an_address_that_nobody_can_guess() {
    let world = World::with_gateway().await;
    wait_for(&world, &start(&world, "in:wxid_a").await, "DONE").await;
    let mut address = None;
    for _ in 0..1200 {
        let heard = world.gateway().heard();
        address = heard
            .iter()
            .find_map(|call| Some(call.strip_prefix("events ")?.split(' ').next()?.to_owned()));
        if address.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let address = address.expect("the gateway was told");
    let path = address
        .strip_prefix("https://moments.example")
        .expect("our address")
        .to_owned();
    let send = |path: &str, body: &str| world.send(world::request("POST", path, None, Some(body.to_owned())));
    let trial = json!({ "testMsg": "回调地址链接成功！", "token": "in:wxid_a" }).to_string();
    let chat = json!({ "TypeName": "AddMsg", "Appid": "wx", "Wxid": "w", "Data": { "NewMsgId": 1 } }).to_string();
    let offline = json!({ "TypeName": "Offline", "Appid": "wx_in_wxid_a", "Wxid": "wxid_a" }).to_string();
    for body in [trial.as_str(), &chat, &offline, &offline, "not json", ""] {
        let answer = send(&path, body).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "success"), "{body}");
    }
    let large = "x".repeat((64 << 10) + 1);
    assert_eq!(send(&path, &large).await.error(413), "BODY_TOO_LARGE");
    let (head, tail) = path.split_at(path.len() - 1);
    let other = if tail == "A" { "B" } else { "A" };
    for wrong in [
        format!("{head}{other}"),
        head.to_owned(),
        "/callbacks/gewe/x".to_owned(),
        "/callbacks/gewe/x.y".to_owned(),
    ] {
        let answer = send(&wrong, &large).await;
        assert_eq!(answer.error(404), "NOT_FOUND", "{wrong}");
    }
}

#[tokio::test]
async fn an_accounts_labels_are_told_as_one_group_and_its_device_must_be_on_line() {
    let world = World::with_gateway().await;
    let done = wait_for(&world, &start(&world, "in:wxid_a").await, "DONE").await;
    let path = format!("/channels/{}/directory", done["channel"]["id"]);
    let says = |answer| *world.platform.directory.lock().expect("unpoisoned") = Some(answer);
    says(Err(refusal(ErrorClass::Offline, "-1", "微信已离线")));
    assert_eq!(world.get(&path).await.expect(422)["reason"], "ACCOUNT_OFFLINE");
    let labels = [("1", "重要客户"), ("2", "同事")].map(|(id, name)| Tag {
        id: id.to_owned(),
        name: name.to_owned(),
    });
    says(Ok(Directory {
        departments: Vec::new(),
        tag_groups: vec![TagGroup {
            id: "labels".to_owned(),
            name: "标签".to_owned(),
            tags: labels.into(),
        }],
    }));
    let told = world.get(&path).await.expect(200);
    let group = json!({
        "id": "labels", "name": "标签", "tags": [{ "id": "1", "name": "重要客户" }, { "id": "2", "name": "同事" }],
    });
    assert_eq!(
        (&told["departments"], &told["tagGroups"]),
        (&json!([]), &json!([group]))
    );
}
