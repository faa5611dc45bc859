//! What `POST /sync` refuses, and that nothing of it is left behind.

use moments_sandbox::MemberSeed;
use serde_json::{Value, json};

use crate::api::STRANGER;
use crate::database::Database;
use crate::world::{Corp, World};

/// A world that refuses private addresses, with one corp.
async fn strict() -> (World, Corp) {
    let world = World::with(&[("MEDIA_ALLOW_PRIVATE_ADDRESSES", "false")]).await;
    let corp = world.corp("ww_bad").await;
    (world, corp)
}

#[tokio::test]
async fn what_cannot_be_read_is_400_and_names_the_field() {
    let (world, _) = strict().await;
    for (body, field) in [
        ("oops", None),
        ("", None),
        ("[]", None),
        (r#"{"text":"早安""#, None),
        (r#"{"text":5}"#, Some("text")),
        (r#"{"contentId":"4001"}"#, Some("contentId")),
        (r#"{"contentId":0}"#, Some("contentId")),
        (r#"{"contentId":-1}"#, Some("contentId")),
        (r#"{"contentId":9007199254740992}"#, Some("contentId")),
        (r#"{"mediaUrls":"https://cdn.example.com/1.jpg"}"#, Some("mediaUrls")),
        (r#"{"mediaUrls":[1]}"#, Some("mediaUrls[0]")),
        (r#"{"accountIds":"ww_bad:li.na"}"#, Some("accountIds")),
        (r#"{"accountIds":["a",7]}"#, Some("accountIds[1]")),
        (r#"{"scheduledTime":"2030-10-26T16:30:00"}"#, Some("scheduledTime")),
        (r#"{"scheduledTime":"明天"}"#, Some("scheduledTime")),
        (r#"{"scheduledTime":1698336000}"#, Some("scheduledTime")),
    ] {
        let data = world.api.post("/sync", &Value::Null).body(body).expect(400).await;
        assert_eq!(data, json!({ "error": "MALFORMED", "field": field }), "{body}");
    }
    for path in ["/tasks/abc", "/tasks/0", "/tasks/9007199254740992", "/tasks/1.5"] {
        assert_eq!(world.api.get(path).expect(400).await["field"], "taskId", "{path}");
    }
}

#[tokio::test]
async fn rules_are_422_and_all_broken_ones_are_told_at_once() {
    let (world, corp) = strict().await;
    let one = json!([corp.account("li.na")]);
    let urls = |n: usize, ending: &str| -> Value {
        (0..n)
            .map(|n| format!("https://cdn.example.com/{n}.{ending}"))
            .collect()
    };
    let many: Value = (0..10_001).map(|n| format!("ww_bad:{n}")).collect();
    for (body, fields) in [
        (json!({ "text": "早安" }), &["accountIds"][..]),
        (json!({ "text": "早安", "accountIds": [] }), &["accountIds"]),
        (json!({ "text": "早安", "accountIds": many }), &["accountIds"]),
        (
            json!({ "text": "早安", "accountIds": ["a", "b", "a", "b"] }),
            &["accountIds[2]", "accountIds[3]"],
        ),
        (json!({ "text": "早安", "accountIds": [""] }), &["accountIds[0]"]),
        (json!({ "accountIds": one }), &["text"]),
        (json!({ "text": "  ", "mediaUrls": [], "accountIds": one }), &["text"]),
        (
            json!({ "contentId": 7, "text": "早安", "accountIds": one }),
            &["contentId"],
        ),
        (
            json!({ "contentId": 7, "mediaUrls": urls(1, "jpg"), "accountIds": one }),
            &["contentId"],
        ),
        (json!({ "text": "a".repeat(2001), "accountIds": one }), &["text"]),
        (json!({ "text": "好".repeat(1334), "accountIds": one }), &["text"]),
        (
            json!({ "mediaUrls": urls(10, "jpg"), "accountIds": one }),
            &["mediaUrls"],
        ),
        (
            json!({ "mediaUrls": urls(2, "mp4"), "accountIds": one }),
            &["mediaUrls"],
        ),
        (
            json!({ "mediaUrls": ["https://a.example/1.jpg", "https://a.example/2.mp4"], "accountIds": one }),
            &["mediaUrls"],
        ),
        (
            json!({ "mediaUrls": ["ftp://a.example/1.jpg", "1.jpg", ""], "accountIds": one }),
            &["mediaUrls[0]", "mediaUrls[1]", "mediaUrls[2]"],
        ),
        (
            json!({ "mediaUrls": ["http://127.0.0.1/1.jpg", "https://10.0.0.8/2.jpg", "http://[::1]/3.jpg", "http://localhost/4.jpg"], "accountIds": one }),
            &["mediaUrls[0]", "mediaUrls[1]", "mediaUrls[2]", "mediaUrls[3]"],
        ),
        (
            json!({ "text": "早安", "accountIds": one, "scheduledTime": world.in_secs(-65) }),
            &["scheduledTime"],
        ),
        (
            json!({ "text": "早安", "accountIds": one, "scheduledTime": world.in_secs(367 * 86_400) }),
            &["scheduledTime"],
        ),
        (
            json!({ "text": "a".repeat(2001), "mediaUrls": ["ftp://a.example/1.jpg"], "contentId": 7, "scheduledTime": "2020-01-01T00:00:00Z" }),
            &["accountIds", "contentId", "text", "mediaUrls[0]", "scheduledTime"],
        ),
    ] {
        let answer = world.api.post("/sync", &body).send().await;
        let shown: String = body.to_string().chars().take(120).collect();
        assert_eq!(answer.wrong_fields(), fields, "{shown}");
    }
    assert_eq!(Database::of(&world).await.rows_of_tasks().await, 0);
}

#[tokio::test]
async fn what_just_keeps_the_rules_is_accepted() {
    let (world, corp) = strict().await;
    let later = world.in_secs(30 * 86_400);
    let pictures: Value = (0..9).map(|n| format!("https://cdn.example.com/{n}.jpg")).collect();
    for (name, field, value) in [
        ("2000 characters", "text", json!("a".repeat(2000))),
        ("3999 bytes", "text", json!("好".repeat(1333))),
        ("nine pictures", "mediaUrls", pictures),
        ("one video", "mediaUrls", json!(["https://cdn.example.com/1.mp4"])),
        (
            "one video and an unknown",
            "mediaUrls",
            json!(["https://cdn.example.com/1.mp4", "https://cdn.example.com/2"]),
        ),
        ("an offset", "scheduledTime", json!("2027-02-01T09:00:00+08:00")),
    ] {
        let sync = world
            .sync("早安")
            .to([corp.account("li.na")])
            .at(&later)
            .field(field, value);
        assert_eq!(sync.send().await.status, 202, "{name}");
    }
    let just_past = world.in_secs(-50);
    let task = world
        .sync("略早")
        .to([corp.account("li.na")])
        .at(just_past)
        .accepted()
        .await;
    world.check(task, "li.na SUCCESS").await;
}

#[tokio::test]
async fn accounts_that_are_not_the_users_are_404_and_listed() {
    let (world, corp) = strict().await;
    let known = corp.account("li.na");
    let answer = world
        .sync("早安")
        .to(["ww_bad:nobody", &known, "wxid_unknown"])
        .send()
        .await;
    let expected =
        json!({ "error": "WechatAccountNotFoundException", "accountIds": ["ww_bad:nobody", "wxid_unknown"] });
    assert_eq!(answer.expect(404), expected);
    let answer = world.sync("早安").to([&known]).by(STRANGER).send().await;
    assert_eq!(answer.expect(404)["accountIds"], json!([known]));
    let crowd = world
        .sync("早安")
        .to((0..10_000).map(|n| format!("ww_bad:{n}")))
        .send()
        .await;
    assert_eq!(
        crowd.expect(404)["accountIds"].as_array().map(Vec::len),
        Some(10_000),
        "10 000 are not too many"
    );
}

#[tokio::test]
async fn accounts_that_cannot_publish_are_refused_for_now_and_warned_of_for_later() {
    let world = World::new().await;
    let member = |userid: &str, status| MemberSeed {
        status,
        ..MemberSeed::new(userid, userid)
    };
    let corp = world
        .corp_with("ww_idle", |seed| {
            seed.members.extend([member("off", 4), member("gone", 2)]);
        })
        .await;
    let (off, gone) = (corp.account("off"), corp.account("gone"));
    let targets = || [corp.account("li.na"), off.clone(), gone.clone()];
    let named = |list: &Value, field: &str| -> Vec<(String, String)> {
        let pair = |one: &Value| {
            (
                one[field].as_str().expect("an id").to_owned(),
                one["status"].as_str().expect("a status").to_owned(),
            )
        };
        list.as_array().expect("a list").iter().map(pair).collect()
    };
    let expected = [
        (off.clone(), "OFFLINE".to_owned()),
        (gone.clone(), "EXPIRED".to_owned()),
    ];
    let now = world.sync("早安").to(targets()).send().await.expect(422);
    assert_eq!(named(&now, "accountId"), expected);
    let later = world
        .sync("早安")
        .to(targets())
        .at(world.in_secs(3600))
        .send()
        .await
        .expect(202);
    assert_eq!(named(&later["warnings"], "accountId"), expected);
}

#[tokio::test]
async fn a_draft_must_be_there_be_the_users_and_be_a_moment() {
    let (world, corp) = strict().await;
    let database = Database::of(&world).await;
    database
        .put_draft(1, 1, "ARTICLE", r#"{"body":"<p>到店有礼</p>"}"#)
        .await;
    database.put_draft(2, STRANGER, "ARTICLE", r#"{"body":"别人的"}"#).await;
    database
        .put_draft(
            3,
            1,
            "VIDEO",
            r#"{"videos":["https://a.example/1.mp4","https://a.example/2.mp4"]}"#,
        )
        .await;
    database.put_draft(4, 1, "IMAGE", r#"{"body":"没有图"}"#).await;
    database.put_draft(5, 1, "AUDIO", "{}").await;
    database
        .put_draft(6, 1, "IMAGE", r#"{"images":["http://10.0.0.8/1.jpg"]}"#)
        .await;
    let send = |id: i64| {
        world
            .sync("")
            .field("contentId", json!(id))
            .to([corp.account("li.na")])
            .send()
    };
    for missing in [2, 99] {
        assert_eq!(send(missing).await.error(404), "NOT_FOUND", "{missing}");
    }
    let long = format!(r#"{{"body":"{}"}}"#, "好".repeat(1400));
    database.put_draft(7, 1, "ARTICLE", &long).await;
    let unfit = [
        (3, "2 个"),
        (4, "没有图片"),
        (5, "AUDIO"),
        (6, "内网"),
        (7, "最多 4000 字节"),
    ];
    for (unfit, reason) in unfit {
        let answer = send(unfit).await;
        assert_eq!(answer.wrong_fields(), ["contentId"], "{unfit}");
        assert!(answer.text.contains(reason), "{}", answer.text);
    }
    let cut = json!({ "contentId": 7, "contentCut": true, "accountIds": [corp.account("li.na")] });
    let told = world.api.post("/preflight", &cut).expect(200).await;
    assert_eq!(told["findings"][0]["code"], "CONTENT_CUT");
    let text = told["content"]["text"].as_str().expect("a text");
    assert!(text.starts_with("秋季新品\n好") && text.ends_with("好…"), "{text}");
    let accepted = send(1).await.expect(202);
    assert_eq!(accepted["contentId"], 1);
    assert_eq!(accepted["warnings"][0]["code"], "CONTENT_STRIPPED");
    // The draft is frozen at creation: what becomes of it later changes nothing.
    database.run("DELETE FROM t_workbench_content").await;
    let task = world
        .check(accepted["syncTaskId"].as_i64().expect("an id"), "li.na SUCCESS")
        .await;
    assert_eq!(task.0["contentVersion"], "2026-01-01T00:00:00Z");
    assert_eq!(world.moments_of(&corp.id)[0].text, "秋季新品\n到店有礼");
}

#[tokio::test]
async fn a_busy_database_is_503_and_leaves_nothing_behind() {
    let world = World::new().await;
    let corp = world.corp("ww_busy").await;
    let database = Database::of(&world).await;
    database.hold().await;
    let answer = world.sync("早安").to(corp.accounts()).once("k1").send().await;
    database.release().await;
    assert_eq!(answer.error(503), "MomentSyncCreationException");
    assert!(answer.headers.contains_key("retry-after"), "{:?}", answer.headers);
    assert_eq!(database.rows_of_tasks().await, 0);
    let again = world.sync("早安").to(corp.accounts()).once("k1").accepted().await;
    world
        .check(again, "zhang.wei SUCCESS, li.na SUCCESS, wang.fang SUCCESS")
        .await;
    assert_eq!(world.moments_of(&corp.id).len(), 1);
}

/// A table that is gone stands for any failure in the middle of the transaction.
#[tokio::test]
async fn a_database_that_fails_half_way_is_503_and_leaves_nothing_behind() {
    let world = World::new().await;
    let corp = world.corp("ww_down").await;
    let database = Database::of(&world).await;
    for table in ["t_moment_sync_result", "t_moment_idempotency", "t_wechat_account"] {
        database.run(&format!("ALTER TABLE {table} RENAME TO away")).await;
        let answer = world.sync("早安").to(corp.accounts()).once("k1").send().await;
        database.run(&format!("ALTER TABLE away RENAME TO {table}")).await;
        assert_eq!(answer.error(503), "MomentSyncCreationException", "{table}");
        assert_eq!(database.rows_of_tasks().await, 0, "{table}");
    }
    world.sync("早安").to(corp.accounts()).accepted().await;
}
