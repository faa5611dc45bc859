use moments_sandbox::{TokenEvent, ViolationKind};
use serde_json::{Value, json};

use crate::world::{World, check, images_for, text_for};

#[tokio::test]
async fn gettoken_gives_the_same_token_while_it_is_valid() {
    let w = World::new().await;
    let first = w.token(0).await;
    w.advance(7199);
    assert_eq!(w.token(0).await, first);
    w.advance(1);
    let old = w
        .get(&format!(
            "/cgi-bin/externalcontact/get_follow_user_list?access_token={first}"
        ))
        .await;
    check(&old, 42001);
    assert_ne!(w.token(0).await, first);
}

#[tokio::test]
async fn gettoken_names_what_is_wrong() {
    let w = World::new().await;
    let (corpid, other) = (w.corpid(0).to_owned(), w.demo.corps[1].secret.clone());
    for (query, errcode) in [
        (String::new(), 41004),
        ("corpsecret=x".to_owned(), 41002),
        ("corpid=wwNone&corpsecret=x".to_owned(), 40013),
        (format!("corpid={corpid}&corpsecret=wrong"), 40001),
        (format!("corpid={corpid}&corpsecret={other}"), 40091),
        (
            format!("corpid={}&corpsecret={}", corpid.to_uppercase(), w.demo.corps[0].secret),
            0,
        ),
    ] {
        check(&w.get(&format!("/cgi-bin/gettoken?{query}")).await, errcode);
    }
}

#[tokio::test]
async fn many_wrong_secrets_block_the_caller_for_an_hour() {
    let w = World::new().await;
    let path = format!("/cgi-bin/gettoken?corpid={}&corpsecret=", w.corpid(0));
    for _ in 0..20 {
        check(&w.get(&format!("{path}wrong")).await, 40001);
    }
    let right = format!("{path}{}", w.demo.corps[0].secret);
    check(&w.get(&right).await, 45009);
    w.advance(3600);
    check(&w.get(&right).await, 0);
}

#[tokio::test]
async fn the_token_is_looked_at_first_and_only_in_the_query() {
    let w = World::new().await;
    let token = w.token(0).await;
    let call = "/cgi-bin/externalcontact/add_moment_task";
    check(&w.post(call, &json!({ "access_token": token })).await, 41001);
    check(
        &w.post(&format!("{call}?access_token=nonsense"), &json!("not even an object"))
            .await,
        40014,
    );
}

#[tokio::test]
async fn a_token_can_die_expire_and_be_refused() {
    let w = World::new().await;
    for (event, errcode) in [(TokenEvent::Invalidate, 40014), (TokenEvent::Expire, 42001)] {
        let token = w.token(0).await;
        w.sandbox.token_event(w.corpid(0), event).unwrap();
        let path = format!("/cgi-bin/externalcontact/get_follow_user_list?access_token={token}");
        check(&w.get(&path).await, errcode);
        assert_ne!(w.token(0).await, token, "gettoken gives a new one");
    }
    let token = w.token(0).await;
    let path = format!("/cgi-bin/externalcontact/get_follow_user_list?access_token={token}");
    for (on, off, errcode) in [
        (TokenEvent::DisableApp, TokenEvent::EnableApp, 40001),
        (TokenEvent::UntrustIp, TokenEvent::TrustIp, 60020),
    ] {
        w.sandbox.token_event(w.corpid(0), on).unwrap();
        check(&w.get(&path).await, errcode);
        w.sandbox.token_event(w.corpid(0), off).unwrap();
        check(&w.get(&path).await, 0);
    }
}

#[tokio::test]
async fn errors_repeat_their_code_in_headers_and_keep_empty_lists() {
    let w = World::new().await;
    let url = format!("{}/cgi-bin/externalcontact/get_follow_user_list?access_token=x", w.base);
    let answer = w.http.get(url).send().await.unwrap();
    assert_eq!(answer.headers()["error-code"], "40014");
    assert_eq!(answer.headers()["error-msg"], "invalid access_token");
    let body: Value = answer.json().await.unwrap();
    assert_eq!(
        body,
        json!({ "errcode": 40014, "errmsg": "invalid access_token", "follow_user": [] })
    );
    let hinted = w.get("/cgi-bin/gettoken?corpid=wwNone&corpsecret=x").await;
    let errmsg = hinted["errmsg"].as_str().unwrap();
    assert!(
        errmsg.starts_with("invalid corpid, hint: [") && errmsg.ends_with("?e=40013"),
        "{errmsg}"
    );
}

#[tokio::test]
async fn an_unknown_path_is_an_empty_404() {
    let w = World::new().await;
    for path in ["/cgi-bin/externalcontact/add_moment", "/gewe/v2/api/sns/nothing", "/"] {
        let answer = w.http.get(format!("{}{path}", w.base)).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
        assert_eq!(answer.bytes().await.unwrap().len(), 0, "{path}");
    }
}

#[tokio::test]
async fn content_is_checked_in_the_documented_order() {
    let w = World::new().await;
    let image = w.image("one").await;
    let ten: Vec<&str> = vec![&image; 10];
    let mixed = json!([{ "msgtype": "image", "image": { "media_id": image } }, { "msgtype": "video", "video": { "media_id": "v" } }]);
    let with = |text: &str, attachments: Value| {
        let mut body = text_for(text, &["li.na"]);
        body["attachments"] = attachments;
        body
    };
    let link = |link: Value| with("", json!([{ "msgtype": "link", "link": link }]));
    for (body, errcode) in [
        (json!({ "visible_range": {} }), 41089),
        (with("", json!([])), 41089),
        (with("hello", json!([])), 41088),
        (with("hello", mixed), 41065),
        (with("hello", json!([{ "msgtype": "voice" }])), 41065),
        (images_for("", &ten, &["li.na"]), 41064),
        (text_for(&"字".repeat(2001), &["li.na"]), 40058),
        (text_for(&"☕".repeat(2000), &["li.na"]), 0),
        (text_for(&"😀".repeat(1001), &["li.na"]), 40058),
        (images_for("", &["1Xq7-unknown"], &["li.na"]), 40007),
        (with("", json!([{ "msgtype": "image", "image": {} }])), 40058),
        (
            with("", json!([{ "msgtype": "video", "video": { "media_id": image } }])),
            40007,
        ),
        (link(json!({ "media_id": image })), 41010),
        (link(json!({ "url": "example.com", "media_id": image })), 45034),
        (
            link(json!({ "title": "题".repeat(65), "url": "https://example.com", "media_id": image })),
            40058,
        ),
        (
            link(json!({ "title": "题", "url": "https://example.com/a", "media_id": image })),
            0,
        ),
        (json!({ "text": { "content": 7 } }), 40058),
        (
            json!({ "text": { "content": "a" }, "visible_range": { "sender_list": { "user_list": "li.na" } } }),
            40058,
        ),
    ] {
        let answer = w.create(body.clone()).await;
        assert_eq!(answer["errcode"], errcode, "{body} gave {answer}");
    }
}

#[tokio::test]
async fn a_post_call_wants_a_post_with_json() {
    let w = World::new().await;
    let url = format!(
        "{}/cgi-bin/externalcontact/add_moment_task?access_token={}",
        w.base,
        w.token(0).await
    );
    let get: Value = w.http.get(&url).send().await.unwrap().json().await.unwrap();
    check(&get, 40058);
    let empty: Value = w.http.post(&url).send().await.unwrap().json().await.unwrap();
    check(&empty, 40063);
    let broken: Value = w
        .http
        .post(&url)
        .body("{\"text\":")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    check(&broken, 40058);
    assert!(
        broken["errmsg"]
            .as_str()
            .unwrap()
            .contains("Warning: wrong json format.")
    );
}

#[tokio::test]
async fn the_eleventh_creation_of_a_minute_is_refused_and_recorded() {
    let w = World::new().await;
    for n in 0..10 {
        w.job(&format!("post {n}"), &["li.na"]).await;
    }
    check(&w.create(text_for("post 11", &["li.na"])).await, 45009);
    w.advance(59);
    check(&w.create(text_for("post 11", &["li.na"])).await, 45009);
    w.advance(1);
    check(&w.create(text_for("post 11", &["li.na"])).await, 0);
    let kinds: Vec<ViolationKind> = w.sandbox.violations().iter().map(|violation| violation.kind).collect();
    assert_eq!(kinds, [ViolationKind::CreateRate; 2]);
    assert_eq!(w.sandbox.moment_count(), 11);
}

#[tokio::test]
async fn permissions_features_and_quotas_refuse_a_creation() {
    let w = World::new().await;
    let corpid = w.corpid(0).to_owned();
    for (changes, errcode) in [
        (json!({ "can_publish": false }), 48002),
        (json!({ "can_publish": true, "has_moments": false }), 41211),
        (
            json!({ "has_moments": true, "creates_per_month": 1, "job_delay_ms": 5000 }),
            0,
        ),
        (json!({}), 41210),
        (json!({ "creates_per_month": 0, "running_jobs": 1 }), 41078),
        (json!({ "running_jobs": 0 }), 0),
    ] {
        assert_eq!(w.control(&format!("corps/{corpid}/settings"), &changes).await.0, 200);
        let answer = w.create(text_for(&format!("after {changes}"), &["li.na"])).await;
        assert_eq!(answer["errcode"], errcode, "{changes} gave {answer}");
    }
}

#[tokio::test]
async fn too_many_calls_of_one_api_are_throttled_for_a_minute() {
    let w = World::new().await;
    w.sandbox
        .change_settings(w.corpid(0), |settings| settings.calls_per_minute = 3)
        .unwrap();
    let path = format!("/cgi-bin/user/get?userid=li.na&access_token={}", w.token(0).await);
    for errcode in [0, 0, 0, 45009] {
        check(&w.get(&path).await, errcode);
    }
    w.advance(60);
    check(&w.get(&path).await, 0);
}

#[tokio::test]
async fn every_broken_promise_is_recorded() {
    let w = World::new().await;
    let foreign = w.upload(1, "image", "a.png", w.picture("a.png?w=20&h=20").await).await["media_id"]
        .as_str()
        .unwrap()
        .to_owned();
    check(&w.create(images_for("", &[&foreign], &["li.na"])).await, 40007);
    check(&w.create(json!({ "text": { "content": "to everybody" } })).await, 0);
    w.job("twice", &["li.na", "wang.fang"]).await;
    w.job("twice", &["wang.fang", "li.na"]).await;
    w.job("twice", &["wang.fang"]).await;
    let found: Vec<(ViolationKind, String)> = w.sandbox.violations().into_iter().map(|v| (v.kind, v.owner)).collect();
    let own = |kind| (kind, w.corpid(0).to_owned());
    assert_eq!(
        found,
        [
            own(ViolationKind::ForeignMedia),
            own(ViolationKind::EmptyTarget),
            own(ViolationKind::SameIntent)
        ]
    );
}

#[tokio::test]
async fn members_departments_tags_and_the_app_can_be_read() {
    let w = World::new().await;
    let t = w.token(0).await;
    let get = async |path: &str| w.get(&format!("/cgi-bin/{path}access_token={t}")).await;
    assert_eq!(
        get("externalcontact/get_follow_user_list?").await["follow_user"],
        json!(["zhangwei_07", "li.na", "wang.fang"])
    );
    let user = get("user/get?userid=LI.NA&").await;
    assert_eq!(
        (&user["name"], &user["status"], &user["department"]),
        (&json!("李娜"), &json!(1), &json!([1]))
    );
    check(&get("user/get?userid=ghost&").await, 60111);
    assert_eq!(get("department/simplelist?").await["department_id"][0]["id"], 1);
    assert_eq!(
        get("user/simplelist?department_id=1&").await["userlist"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    check(&get("user/simplelist?department_id=9&").await, 60003);
    assert_eq!(
        get("agent/get?agentid=1000012&").await["allow_userinfos"]["user"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    check(&get("agent/get?agentid=5&").await, 301_002);
    let tags = w.wecom("externalcontact/get_corp_tag_list", json!({})).await;
    assert_eq!(tags["tag_group"][0]["tag"][0]["id"], "etAbC0001");
}

#[tokio::test]
async fn an_app_message_reaches_known_members_only() {
    let w = World::new().await;
    let body = |touser: &str| json!({ "touser": touser, "msgtype": "text", "agentid": 1_000_012, "text": { "content": "请确认" } });
    let sent = w.wecom("message/send", body("li.na|Ghost")).await;
    assert_eq!((&sent["errcode"], &sent["invaliduser"]), (&json!(0), &json!("ghost")));
    check(&w.wecom("message/send", body("ghost")).await, 81013);
    let messages = w.sandbox.messages(w.corpid(0)).unwrap();
    assert_eq!(
        (messages.len(), &messages[0].to, messages[0].text.as_str()),
        (1, &vec!["li.na".to_owned()], "请确认")
    );
}
