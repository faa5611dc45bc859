use moments_sandbox::{Http5xx, MomentStage, Switches, ViolationKind};
use serde_json::{Value, json};

use crate::world::{NOON, World};

async fn send(w: &World, text: &str) -> u64 {
    let answer = w.gewe("sns/sendTextSns", json!({ "content": text })).await;
    assert_eq!(answer["ret"], 200, "{answer}");
    answer["data"]["id"].as_u64().unwrap()
}

async fn own_list(w: &World, max_id: Value) -> Value {
    let wxid = &w.demo.devices[0].wxid;
    let body = json!({ "wxid": wxid, "maxId": max_id, "decrypt": true, "firstPageMd5": "" });
    w.gewe("sns/contactsSnsList", body).await["data"].clone()
}

fn ids(data: &Value) -> Vec<u64> {
    data["snsList"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_u64().unwrap())
        .collect()
}

fn switch(w: &World, change: impl FnOnce(&mut Switches)) {
    w.sandbox.change_switches(&w.demo.devices[0].app_id, change).unwrap();
}

async fn upload_images(w: &World, names: &[&str]) -> Value {
    let urls: Vec<String> = names.iter().map(|name| format!("{}/pictures/{name}", w.base)).collect();
    w.gewe("sns/uploadSnsImage", json!({ "imgUrls": urls })).await
}

#[tokio::test]
async fn checks_come_in_the_order_of_the_reference() {
    let w = World::new().await;
    let url = format!("{}/gewe/v2/api/sns/sendTextSns", w.base);
    let token = &w.demo.devices[0].token;
    let app_id = &w.demo.devices[0].app_id;
    let call = async |token: Option<&str>, body: Value| -> String {
        let request = w.http.post(&url).json(&body);
        let request = token
            .into_iter()
            .fold(request, |request, token| request.header("X-GEWE-TOKEN", token));
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        format!(
            "{} {} {}",
            answer["ret"],
            answer["msg"].as_str().unwrap(),
            answer["data"]["msg"].as_str().unwrap_or_default()
        )
    };
    assert!(call(None, json!({})).await.contains("header:X-GEWE-TOKEN 不可为空"));
    assert!(call(Some("nobody"), json!({})).await.contains("不可用或已过期"));
    assert_eq!(call(Some(token), json!({})).await, "500 appId不可为空 ");
    assert_eq!(
        call(Some(token), json!({ "appId": app_id, "content": "" })).await,
        "500 content不可为空 "
    );
    assert_eq!(
        call(Some(token), json!({ "appId": "wx_no", "content": "a" })).await,
        "500 发布朋友圈失败 [wx_no]设备不存在"
    );
    w.sandbox.set_online(app_id, false).unwrap();
    assert_eq!(
        call(Some(token), json!({ "appId": app_id, "content": "a" })).await,
        "500 发布朋友圈失败 微信已离线"
    );
    w.sandbox.set_online(app_id, true).unwrap();
    assert_eq!(
        call(Some(token), json!({ "appId": app_id, "content": "a" })).await,
        "200 操作成功 "
    );
}

#[tokio::test]
async fn ids_are_exact_carry_the_time_and_rise_within_a_millisecond() {
    let w = World::new().await;
    let first = send(&w, "first").await;
    let second = send(&w, "second").await;
    assert_eq!((first >> 23, second), (u64::try_from(NOON).unwrap(), first + 1));
    assert!(first > i64::MAX.unsigned_abs(), "too large for a signed number");
    let list = own_list(&w, json!(0)).await;
    assert_eq!(ids(&list), [second, first]);
    assert_eq!(list["snsList"][0]["createTime"], NOON / 1000);
    assert_eq!(list["snsList"][0]["likeList"], Value::Null);
}

#[tokio::test]
async fn text_is_escaped_in_the_xml() {
    let w = World::new().await;
    let id = send(&w, "冷萃 <第二杯> & 半价☕\n到店").await;
    let xml = own_list(&w, json!(0)).await["snsList"][0]["snsXml"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        xml.contains("<contentDesc>冷萃 &lt;第二杯&gt; &amp; 半价☕&#x0A;到店</contentDesc>"),
        "{xml}"
    );
    assert!(
        xml.contains(&format!("<id>{id}</id>")) && xml.contains("<contentStyle>2</contentStyle>"),
        "{xml}"
    );
}

#[tokio::test]
async fn the_own_list_is_paged_by_ten() {
    let w = World::new().await;
    let mut sent = Vec::new();
    for n in 0..23 {
        sent.push(send(&w, &format!("post {n}")).await);
    }
    sent.reverse();
    let mut seen = Vec::new();
    let mut max_id = json!(0);
    for length in [10, 10, 3, 0] {
        let page = own_list(&w, max_id).await;
        assert_eq!(page["snsCount"], length);
        seen.extend(ids(&page));
        max_id = page["maxId"].clone();
    }
    assert_eq!(seen, sent);
}

#[tokio::test]
async fn the_home_timeline_mixes_in_friends_but_the_own_list_does_not() {
    let w = World::new().await;
    send(&w, "mine").await;
    let home = w
        .gewe(
            "sns/snsList",
            json!({ "maxId": 0, "decrypt": true, "firstPageMd5": "" }),
        )
        .await;
    let authors: Vec<&str> = home["data"]["snsList"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["userName"].as_str().unwrap())
        .collect();
    assert!(
        authors.contains(&"wxid_a7h2p5") && authors.contains(&"wxid_k3v9m2x7q1aa22"),
        "{authors:?}"
    );
    assert_eq!(ids(&own_list(&w, json!(0)).await).len(), 1);
}

#[tokio::test]
async fn nine_pictures_are_downloaded_and_published_in_order() {
    let w = World::new().await;
    let names: Vec<String> = (1..=9).map(|n| format!("coffee-{n}.jpg?w=4{n}&h=30")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let staged = upload_images(&w, &names).await;
    let infos = staged["data"].as_array().unwrap();
    assert_eq!(
        infos
            .iter()
            .map(|info| info["width"].as_u64().unwrap())
            .collect::<Vec<_>>(),
        (41..=49).collect::<Vec<_>>()
    );
    let sent = w
        .gewe("sns/sendImgSns", json!({ "content": "九宫格", "imgInfos": infos }))
        .await;
    assert_eq!(sent["ret"], 200, "{sent}");
    let xml = own_list(&w, json!(0)).await["snsList"][0]["snsXml"]
        .as_str()
        .unwrap()
        .to_owned();
    let places: Vec<usize> = infos
        .iter()
        .map(|info| xml.find(info["fileMd5"].as_str().unwrap()).unwrap())
        .collect();
    assert!(
        places.is_sorted() && xml.contains("<contentStyle>1</contentStyle>"),
        "{xml}"
    );
    let mut kept = Vec::new();
    for name in names {
        kept.push(hex::encode(<sha2::Sha256 as sha2::Digest>::digest(
            w.picture(name).await,
        )));
    }
    assert_eq!(w.sandbox.moments()[0].media, kept);
}

#[tokio::test]
async fn a_video_is_staged_with_its_cover() {
    let w = World::new().await;
    let body = json!({ "videoUrl": format!("{}/pictures/clip.mp4", w.base), "thumbUrl": format!("{}/pictures/cover.jpg", w.base) });
    let staged = w.gewe("sns/uploadSnsVideo", body).await;
    let info = &staged["data"];
    assert!(info["fileUrl"].as_str().unwrap().contains("dur=2"), "{staged}");
    let sent = w
        .gewe("sns/sendVideoSns", json!({ "content": "", "videoInfo": info }))
        .await;
    assert_eq!(sent["ret"], 200, "{sent}");
    let xml = own_list(&w, json!(0)).await["snsList"][0]["snsXml"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        xml.contains("<contentStyle>15</contentStyle>") && xml.contains("videomd5="),
        "{xml}"
    );
}

#[tokio::test]
async fn only_what_was_staged_can_be_published() {
    let w = World::new().await;
    let good = upload_images(&w, &["a.jpg?w=20&h=20"]).await["data"][0].clone();
    let with = |name: &str, value: Value| {
        let mut info = good.clone();
        info[name] = value;
        info
    };
    let ten: Vec<Value> = vec![good.clone(); 10];
    for (infos, ret) in [
        (json!([with("fileMd5", json!("0"))]), 500),
        (json!([with("fileUrl", json!("http://elsewhere/0"))]), 500),
        (json!([with("width", json!(21))]), 500),
        (json!(ten), 500),
        (json!([good]), 200),
    ] {
        let answer = w
            .gewe("sns/sendImgSns", json!({ "content": "", "imgInfos": infos }))
            .await;
        assert_eq!(answer["ret"], ret, "{answer}");
    }
}

#[tokio::test]
async fn an_address_that_gives_no_picture_fails_the_upload() {
    let w = World::new().await;
    for name in ["none.txt", "broken/a.jpg", "cut/a.jpg"] {
        let answer = upload_images(&w, &["a.jpg?w=20&h=20", name]).await;
        assert_eq!(
            (&answer["ret"], &answer["data"]["code"]),
            (&json!(500), &json!("-1")),
            "{name}: {answer}"
        );
    }
    switch(&w, |switches| switches.media_fail = true);
    assert_eq!(upload_images(&w, &["a.jpg?w=20&h=20"]).await["ret"], 500);
}

#[tokio::test]
async fn a_post_can_be_hidden_and_deleted() {
    let w = World::new().await;
    let id = send(&w, "mine").await;
    assert_eq!(
        w.gewe("sns/snsSetPrivacy", json!({ "snsId": id, "open": false })).await["ret"],
        200
    );
    let details = w.gewe("sns/snsDetails", json!({ "snsId": id })).await;
    assert!(
        details["data"]["snsXml"]
            .as_str()
            .unwrap()
            .contains("<private>1</private>"),
        "{details}"
    );
    assert_eq!(
        w.gewe("sns/delSns", json!({ "snsId": id })).await,
        json!({ "ret": 200, "msg": "操作成功" })
    );
    assert_eq!(w.gewe("sns/snsDetails", json!({ "snsId": id })).await["ret"], 500);
    assert_eq!(w.sandbox.moments()[0].stage, MomentStage::Deleted);
    assert!(ids(&own_list(&w, json!(0)).await).is_empty());
}

#[tokio::test]
async fn a_lost_answer_leaves_a_post_and_a_dropped_request_none() {
    let w = World::new().await;
    let url = format!("{}/gewe/v2/api/sns/sendTextSns", w.base);
    let device = &w.demo.devices[0];
    let try_send = async |text: &str| {
        let body = json!({ "appId": device.app_id, "content": text });
        w.http
            .post(&url)
            .header("X-GEWE-TOKEN", &device.token)
            .json(&body)
            .send()
            .await
            .map(|answer| answer.status().as_u16())
    };
    switch(&w, |switches| switches.lose_response = true);
    assert!(try_send("lost").await.is_err());
    switch(&w, |switches| {
        *switches = Switches {
            drop_request: true,
            ..Switches::default()
        }
    });
    assert!(try_send("dropped").await.is_err());
    switch(&w, |switches| {
        *switches = Switches {
            http_5xx: Some(Http5xx::Before),
            ..Switches::default()
        }
    });
    assert_eq!(try_send("502 before").await.unwrap(), 502);
    switch(&w, |switches| switches.http_5xx = Some(Http5xx::After));
    assert_eq!(try_send("502 after").await.unwrap(), 502);
    let texts: Vec<String> = w.sandbox.moments().into_iter().map(|moment| moment.text).collect();
    assert_eq!(texts, ["lost", "502 after"]);
}

#[tokio::test]
async fn switches_change_what_the_gateway_says() {
    let w = World::new().await;
    let id = send(&w, "mine").await;
    switch(&w, |switches| switches.rounded_ids = true);
    let rounded = own_list(&w, json!(0)).await;
    assert_ne!(ids(&rounded), [id]);
    assert!(
        rounded["snsList"][0]["snsXml"]
            .as_str()
            .unwrap()
            .contains(&format!("<id>{id}</id>")),
        "the XML stays exact"
    );
    switch(&w, |switches| {
        *switches = Switches {
            signed_ids: true,
            ..Switches::default()
        }
    });
    assert_eq!(own_list(&w, json!(0)).await["snsList"][0]["id"], id.cast_signed());
    switch(&w, |switches| {
        *switches = Switches {
            list_lag_ms: 5000,
            ..Switches::default()
        }
    });
    assert!(ids(&own_list(&w, json!(0)).await).is_empty());
    w.advance(5);
    assert_eq!(ids(&own_list(&w, json!(0)).await), [id]);
    switch(&w, |switches| {
        *switches = Switches {
            new_device: true,
            warmup_ms: 60_000,
            ..Switches::default()
        }
    });
    assert_eq!(
        w.gewe("sns/sendTextSns", json!({ "content": "early" })).await["ret"],
        500
    );
    w.advance(55);
    send(&w, "warm").await;
    switch(&w, |switches| {
        *switches = Switches {
            forget_device: true,
            ..Switches::default()
        }
    });
    assert!(
        w.gewe("login/checkOnline", json!({})).await["data"]["msg"]
            .as_str()
            .unwrap()
            .contains("设备不存在")
    );
    switch(&w, |switches| {
        *switches = Switches {
            bad_token: true,
            ..Switches::default()
        }
    });
    assert!(
        w.gewe("login/checkOnline", json!({})).await["msg"]
            .as_str()
            .unwrap()
            .contains("不可用或已过期")
    );
}

#[tokio::test]
async fn the_same_post_twice_is_two_posts_and_a_violation() {
    let w = World::new().await;
    assert_ne!(send(&w, "same").await, send(&w, "same").await);
    let violations = w.sandbox.violations();
    assert_eq!(
        violations.iter().map(|violation| violation.kind).collect::<Vec<_>>(),
        [ViolationKind::SameIntent]
    );
    assert_eq!(violations[0].owner, "wxid_k3v9m2x7q1aa22");
}

/// The demo's device has one label, 7, and two friends, one of whom has it.
#[tokio::test]
async fn an_audience_is_those_friends_whom_its_list_names() {
    let w = World::new().await;
    let seven = json!(["wxid_a7h2p5"]);
    for (list, ids, seen) in [
        ("allowTagIds", json!([]), json!(null)),
        ("allowTagIds", json!(["7"]), seven.clone()),
        ("disableTagIds", json!(["7"]), json!(["wxid_z0q8w1"])),
        ("allowWxIds", json!(["wxid_a7h2p5", "wxid_stranger"]), seven),
        ("disableWxIds", json!(["wxid_a7h2p5", "wxid_z0q8w1"]), json!([])),
    ] {
        let body = json!({ "content": format!("{list} {ids}"), list: ids });
        assert_eq!(w.gewe("sns/sendTextSns", body).await["ret"], 200);
        let moment = w
            .sandbox
            .moments_page(Some(&w.demo.devices[0].wxid), 0, usize::MAX)
            .pop()
            .unwrap();
        assert_eq!(json!(moment.visible_to), seen, "{}", moment.text);
    }
    assert_eq!(w.sandbox.violations(), []);
    let two = json!({ "content": "two", "allowTagIds": ["7"], "allowWxIds": ["wxid_a7h2p5"] });
    assert_eq!(w.gewe("sns/sendTextSns", two).await["ret"], 500);
    let unknown = json!({ "content": "unknown", "allowTagIds": ["8"] });
    assert_eq!(w.gewe("sns/sendTextSns", unknown).await["ret"], 200);
    assert_eq!(
        w.sandbox.violations()[0].kind,
        ViolationKind::EmptyTarget,
        "it became everybody"
    );
}
