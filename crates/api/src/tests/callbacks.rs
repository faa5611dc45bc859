//! What WeCom sends, and what an administrator's browser brings back.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::json;
use url::form_urlencoded::Serializer;

use super::world::{Answer, PROVIDER_CORP, STRANGER, SUITE, World, callback_keys, request, token};
use crate::PERMISSIONS;

const TOKEN: &str = "kQ7mZ2vTx9Lr4Hd";
const AES_KEY: &str = "ISTYBvIdqX01QXnNIUr0rhaQFZNvrt7ArEKO84BJOAB";

fn instruction() -> String {
    format!("/callbacks/wecom/suite/{SUITE}/instruction")
}

fn query(pairs: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// A URL check of `text` for `receiver`.
async fn url_check(world: &World, path: &str, text: &str, receiver: &str) -> Answer {
    let echo = callback_keys().encrypt(text, receiver).expect("encrypted");
    let signature = callback_keys().sign("1767060001", "884213", &echo);
    let query = query(&[
        ("msg_signature", &signature),
        ("timestamp", "1767060001"),
        ("nonce", "884213"),
        ("echostr", &echo),
    ]);
    world.send(request("GET", &format!("{path}?{query}"), None, None)).await
}

/// A push of `message` for `receiver`, signed.
async fn push(world: &World, path: &str, message: &str, receiver: &str) -> Answer {
    let encrypted = callback_keys().encrypt(message, receiver).expect("encrypted");
    let signature = callback_keys().sign("1767060000", "1", &encrypted);
    let body =
        format!("<xml><ToUserName><![CDATA[{receiver}]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>");
    post(world, path, &signature, body.into_bytes()).await
}

async fn post(world: &World, path: &str, signature: &str, body: Vec<u8>) -> Answer {
    let query = query(&[
        ("msg_signature", signature),
        ("timestamp", "1767060000"),
        ("nonce", "1"),
    ]);
    let request = Request::post(format!("{path}?{query}")).body(Body::from(body));
    world.send(request.expect("a request")).await
}

fn ticket(suite: &str) -> String {
    format!(
        "<xml><SuiteId>{suite}</SuiteId><InfoType>suite_ticket</InfoType><TimeStamp>1767060000</TimeStamp><SuiteTicket>Tk-1</SuiteTicket></xml>"
    )
}

#[tokio::test]
async fn a_url_check_is_answered_with_exactly_its_text() {
    let world = World::new().await;
    for receiver in [SUITE, PROVIDER_CORP] {
        let answer = url_check(&world, &instruction(), "73018455209166334207156248", receiver).await;
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (200, "73018455209166334207156248")
        );
    }
    let strangers = url_check(&world, &instruction(), "1", "wwSomebodyElse").await;
    assert_eq!((strangers.status, strangers.text.as_str()), (403, ""));
}

#[tokio::test]
async fn a_genuine_push_is_a_success_however_often_it_comes() {
    let world = World::new().await;
    for _ in 0..2 {
        let answer = push(&world, &instruction(), &ticket(SUITE), SUITE).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "success"));
    }
    let unknown = "<xml><SuiteId>s</SuiteId><InfoType>unlicensed_notify</InfoType><TimeStamp>1</TimeStamp></xml>"
        .replace("<SuiteId>s", &format!("<SuiteId>{SUITE}"));
    assert_eq!(push(&world, &instruction(), &unknown, SUITE).await.text, "success");
}

#[tokio::test]
async fn what_is_not_believed_is_refused_without_a_word() {
    let world = World::new().await;
    let elsewhere = "/callbacks/wecom/suite/ww0000000000000000/instruction";
    let other = format!("/callbacks/wecom/suite/{SUITE}/anything");
    let forged = post(
        &world,
        &instruction(),
        &"0".repeat(40),
        b"<xml><Encrypt>AAAA</Encrypt></xml>".to_vec(),
    )
    .await;
    let answers = [
        (403, forged),
        (403, push(&world, &instruction(), &ticket(SUITE), PROVIDER_CORP).await),
        (403, push(&world, &instruction(), &ticket("wwAnother"), SUITE).await),
        (
            400,
            push(&world, &instruction(), "<xml><InfoType>suite_ticket", SUITE).await,
        ),
        (400, post(&world, &instruction(), "", vec![0xff, 0xfe]).await),
        (400, post(&world, &instruction(), "", b"not xml".to_vec()).await),
        (413, post(&world, &instruction(), "", vec![b'a'; (64 << 10) + 1]).await),
        (404, push(&world, elsewhere, &ticket(SUITE), SUITE).await),
        (404, push(&world, &other, &ticket(SUITE), SUITE).await),
        (
            404,
            push(&world, "/callbacks/wecom/channels/1", &ticket(SUITE), SUITE).await,
        ),
    ];
    for (place, (status, answer)) in answers.iter().enumerate() {
        assert_eq!((answer.status, answer.text.as_str()), (*status, ""), "{place}");
    }
}

#[tokio::test]
async fn a_self_built_apps_callback_opens_with_its_own_keys() {
    let world = World::bound().await;
    let id = world.get("/channels").await.expect(200)[0]["id"].clone();
    let path = format!("/channels/{id}/callback");
    let keys = json!({ "token": TOKEN, "encodingAesKey": AES_KEY });
    let put = async |who, body: &serde_json::Value| {
        let token = token(who, PERMISSIONS);
        let path = format!("{}{path}", super::world::BASE);
        world
            .send(request("PUT", &path, Some(&token), Some(body.to_string())))
            .await
    };
    assert_eq!(put(STRANGER, &keys).await.error(404), "NOT_FOUND");
    let short = put(
        super::world::OWNER,
        &json!({ "token": TOKEN, "encodingAesKey": "short" }),
    )
    .await;
    assert_eq!(short.expect(422)[0]["field"], "encodingAesKey");
    put(super::world::OWNER, &keys).await.expect(200);
    let own = put(super::world::OWNER, &keys).await;
    let url = own.expect(200)["url"].as_str().expect("an address").to_owned();
    assert!(!own.text.contains(TOKEN) && !own.text.contains(AES_KEY), "{own:?}");
    let path = url.strip_prefix("http://127.0.0.1:8080").expect("our address");
    assert_eq!(url_check(&world, path, "echo", "ww1").await.text, "echo");
    assert_eq!(url_check(&world, path, "echo", "ww2").await.status, 403);
    let left = "<xml><ToUserName>ww1</ToUserName><CreateTime>1</CreateTime><MsgType>event</MsgType><Event>change_contact</Event><ChangeType>delete_user</ChangeType><UserID>zhangsan</UserID></xml>";
    assert_eq!(push(&world, path, left, "ww1").await.text, "success");
    world.chain_audit().await;
    let told = world.get("/audit?action=CALLBACK").await;
    assert!(!told.text.contains(TOKEN) && !told.text.contains(AES_KEY), "{told:?}");
    let told = told.expect(200);
    let [again, first] = [0, 1].map(|n| &told["records"][n]);
    assert_eq!(
        (&told["total"], &first["objectId"]),
        (&json!(2), &json!(id.to_string())),
        "{told}"
    );
    assert_eq!(first["detail"], json!({ "handle": "ww1", "replaced": false }));
    assert_eq!(again["detail"], json!({ "handle": "ww1", "replaced": true }));
}

#[tokio::test]
async fn an_install_says_what_it_lacks() {
    let world = World::new().await;
    let begin = async |body| world.post("/channels/wecom/installs", body).await;
    let wrong = begin(json!({ "appKind": "SELF_BUILT", "name": "x".repeat(101) }))
        .await
        .expect(422);
    let fields: Vec<_> = wrong
        .as_array()
        .expect("a list")
        .iter()
        .map(|error| error["field"].clone())
        .collect();
    assert_eq!(fields, ["name", "appKind"]);
    assert_eq!(
        begin(json!({ "appKind": "PROVIDER_DEVELOPED" })).await.error(409),
        "SWITCHED_OFF"
    );
    let early = begin(json!({ "appKind": "THIRD_PARTY", "name": "示例连锁" })).await;
    assert_eq!(early.expect(422)["error"], "WechatApiException");
    assert!(early.text.contains("suite_ticket"), "{}", early.text);
    assert_eq!(world.get("/channels/wecom/installs/none").await.error(404), "NOT_FOUND");
}

#[tokio::test]
async fn a_browser_that_comes_back_is_told_in_chinese() {
    let world = World::new().await;
    for (query, status, told) in [
        ("auth_code=c&expires_in=600&state=unknown", 404, "安装链接无效"),
        ("state=unknown", 400, "没有返回授权码"),
        ("", 400, "没有返回授权码"),
    ] {
        let path = format!("/callbacks/wecom/installed?{query}");
        let answer = world.send(request("GET", &path, None, None)).await;
        assert_eq!(answer.status, status, "{query}");
        assert!(answer.text.contains(told), "{answer:?}");
        assert_eq!(answer.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(answer.headers[header::REFERRER_POLICY], "no-referrer");
    }
}
