//! Word and link lists, and the moderation service: what they do to posts.

use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use moments_engine::words::{Compliance, Moderator, WhenDown};
use moments_wire::WireClient;
use serde_json::{Value, json};

use super::world::{BASE, OWNER, World, request, token};
use crate::PERMISSIONS;

fn nobody() -> Compliance {
    Compliance {
        builtin: false,
        ..Compliance::default()
    }
}

fn sync(text: &str) -> Value {
    json!({ "text": text, "accountIds": ["ww1:zhangsan"] })
}

fn words(content: &str) -> Value {
    json!({ "name": "禁用词", "kind": "WORDS", "level": "BLOCK", "content": content })
}

#[tokio::test]
async fn a_list_blocks_and_warns_from_the_moment_it_is_made() {
    let world = World::judging(nobody()).await;
    assert_eq!(
        world.post("/sync", sync("加微 信")).await.expect(202)["warnings"],
        json!([])
    );
    let content = "微信 | 引流 | | pinyin | 请勿留联系方式\n限时 | | level=WARN";
    let list = world.post("/compliance/lists", words(content)).await.expect(201);
    assert_eq!(
        (&list["version"], &list["entries"], &list["scope"]),
        (&json!(1), &json!(2), &json!("ALL"))
    );

    let refused = world.post("/sync", sync("限时，加微 信")).await.expect(422);
    let message = "文本第 5 字起“微 信”命中词库“禁用词”（版本 1，引流）的“微信”，请勿留联系方式";
    assert_eq!(
        refused,
        json!([{ "field": "text", "code": "LISTED_WORD", "message": message }])
    );
    let link = json!({ "title": "加微信", "url": "https://shop.example.com" });
    let titled = json!({ "text": "早安", "link": link, "accountIds": ["ww1:lisi"] });
    assert_eq!(world.post("/sync", titled).await.expect(422)[0]["field"], "link.title");
    let told = world.post("/preflight", sync("限时，加weixin")).await.expect(200);
    assert_eq!(
        (&told["verdict"], told["findings"].as_array().map(Vec::len)),
        (&json!("BLOCKED"), Some(2))
    );

    let task = world.post("/sync", sync("限时特惠")).await.expect(202);
    assert_eq!(task["warnings"][0]["code"], "LISTED_WORD");
    let task = world.get(&format!("/tasks/{}", task["syncTaskId"])).await.expect(200);
    let source = json!({ "id": list["id"].to_string(), "name": "禁用词", "version": "1" });
    let hit = json!({
        "kind": "WORD", "level": "WARN", "field": "text", "word": "限时", "found": "限时", "start": 0, "end": 2, "excerpt": "限时特惠",
        "list": source, "category": null, "advice": "请删除或改写该词语",
    });
    let expected = json!({ "total": 1, "hits": [hit], "lists": [source], "moderation": null });
    assert_eq!(task["compliance"], expected);
}

#[tokio::test]
async fn a_change_names_the_version_that_it_was_made_from() {
    let world = World::judging(nobody()).await;
    let id = world.post("/compliance/lists", words("微信")).await.expect(201)["id"].clone();
    let path = format!("/compliance/lists/{id}");
    let mut put = words("发票");
    assert_eq!(world.put(&path, put.clone()).await.expect(422)[0]["field"], "version");
    put["version"] = json!(1);
    assert_eq!(world.put(&path, put.clone()).await.expect(200)["version"], 2);
    assert_eq!(world.put(&path, put.clone()).await.error(409), "CONFLICT");
    world.post("/sync", sync("微信")).await.expect(202);
    world.post("/sync", sync("发票")).await.expect(422);
    put["version"] = json!(2);
    put["enabled"] = json!(false);
    world.put(&path, put).await.expect(200);
    world.post("/sync", sync("发票")).await.expect(202);
    assert_eq!(world.get("/compliance/lists").await.expect(200)[0].get("content"), None);
    world.delete(&path).await.expect(200);
    assert_eq!(world.get(&path).await.error(404), "NOT_FOUND");
    assert_eq!(world.get("/compliance/lists").await.expect(200), json!([]));
}

#[tokio::test]
async fn a_list_travels_as_a_text_file() {
    let world = World::judging(nobody()).await;
    let id = world.post("/compliance/lists", words("微信")).await.expect(201)["id"].clone();
    let path = format!("{BASE}/compliance/lists/{id}/text");
    let owner = token(OWNER, PERMISSIONS);
    let import = |query: &str, body: &str| {
        let path = format!("{path}{query}");
        world.send(request("PUT", &path, Some(&owner), Some(body.to_owned())))
    };
    let lines: Vec<_> = (0..200_000).map(|n| format!("词语{n}")).collect();
    let long = lines.join(
        "
",
    );
    let list = import("?version=1", &long).await.expect(200);
    assert_eq!((&list["entries"], &list["version"]), (&json!(200_000), &json!(2)));
    let file = world.send(request("GET", &path, Some(&owner), None)).await;
    assert_eq!((file.status, file.text == long), (200, true));
    assert!(
        file.headers["content-disposition"]
            .to_str()
            .is_ok_and(|name| name.contains("-v2.txt"))
    );
    assert_eq!(import("", "词").await.error(400), "MALFORMED");
    assert_eq!(import("?version=1", "词语").await.error(409), "CONFLICT");
    assert_eq!(
        import("?version=2", "词语\nx\n").await.expect(422)[0]["field"],
        "content"
    );
    assert_eq!(
        import("?version=2", &"词".repeat(2 << 20)).await.error(413),
        "BODY_TOO_LARGE"
    );
}

#[tokio::test]
async fn broken_lists_are_refused_line_by_line() {
    let world = World::judging(nobody()).await;
    let body = json!({ "name": "", "kind": "LINK_DENY", "level": "HIGH", "content": "# 注释\nhttp://evil.com\n" });
    let errors = world.post("/compliance/lists", body).await.expect(422);
    let fields: Vec<_> = errors
        .as_array()
        .expect("errors")
        .iter()
        .map(|error| &error["field"])
        .collect();
    assert_eq!(fields, ["name", "level", "content"]);
    assert!(
        errors[2]["message"]
            .as_str()
            .is_some_and(|message| message.starts_with("第 2 行")),
        "{errors}"
    );
    assert_eq!(
        world.post("/compliance/lists", json!({ "name": 1 })).await.error(400),
        "MALFORMED"
    );
}

#[tokio::test]
async fn a_users_own_list_judges_nobody_else() {
    let world = World::judging(nobody()).await;
    let mut mine = words("发票");
    mine["scope"] = json!("MINE");
    let id = world.post("/compliance/lists", mine.clone()).await.expect(201)["id"].clone();
    mine["version"] = json!(1);
    for (method, path) in [
        ("GET", ""),
        ("PUT", ""),
        ("DELETE", ""),
        ("GET", "/text"),
        ("PUT", "/text?version=1"),
    ] {
        let path = format!("{BASE}/compliance/lists/{id}{path}");
        let body = (method == "PUT").then(|| mine.to_string());
        let stranger = token(super::world::STRANGER, PERMISSIONS);
        let answer = world.send(request(method, &path, Some(&stranger), body)).await;
        assert_eq!(answer.error(404), "NOT_FOUND", "{method} {path}");
    }
    let deny = json!({ "name": "禁链", "kind": "LINK_DENY", "level": "BLOCK", "content": "evil.com" });
    world.post("/compliance/lists", deny).await.expect(201);
    let tried = json!({ "text": "发票", "linkUrl": "https://a.evil.com/1" });
    let hits = |user| {
        let body = Some(tried.to_string());
        let path = format!("{BASE}/compliance/check");
        let token = token(user, PERMISSIONS);
        let answer = world.send(request("POST", &path, Some(&token), body));
        async move {
            let data = answer.await.expect(200);
            let hits = data["hits"].as_array().expect("hits").iter();
            hits.map(|hit| hit["word"].as_str().expect("a word").to_owned())
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(hits(OWNER).await, ["发票", "a.evil.com"]);
    assert_eq!(hits(super::world::STRANGER).await, ["a.evil.com"]);
}

#[tokio::test]
async fn files_are_lists_and_are_read_again_when_they_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("禁用.txt");
    std::fs::write(&file, "#! name = 文件词库\n#! level = BLOCK\n微信\n").expect("a file");
    std::fs::write(folder.path().join("notes.md"), "发票").expect("a file");
    let world = World::judging(Compliance {
        builtin: true,
        dir: Some(folder.path().to_owned()),
        ..Compliance::default()
    })
    .await;
    let tried = world
        .post("/compliance/check", json!({ "text": "最佳，微信，发票" }))
        .await
        .expect(200);
    let found: Vec<_> = tried["hits"]
        .as_array()
        .expect("hits")
        .iter()
        .map(|hit| &hit["list"]["id"])
        .collect();
    assert_eq!(found, ["builtin:advertising", "file:禁用.txt"]);
    std::fs::write(&file, "#! level = BLOCK\n发票单\nx\n").expect("a file");
    assert!(world.engine.load_words().await.is_err(), "a bad file is told");
    world.post("/sync", sync("微信")).await.expect(422);
    std::fs::write(&file, "#! level = BLOCK\n发票单\n").expect("a file");
    world.engine.load_words().await.expect("word lists");
    world.post("/sync", sync("微信")).await.expect(202);
}

/// A moderation service that says what the text asks for.
async fn moderator(when_down: WhenDown) -> Compliance {
    let answer = |headers: HeaderMap, body: axum::Json<Value>| async move {
        assert_eq!(headers["authorization"], "Bearer s3cret");
        let text = body["text"].as_str().unwrap_or_default().to_owned();
        if text == "DOWN" {
            return (StatusCode::INTERNAL_SERVER_ERROR, axum::Json(Value::Null));
        }
        let said = json!({ "verdict": text, "reason": body["mediaUrls"][0] });
        (StatusCode::OK, axum::Json(said))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/judge", listener.local_addr().expect("an address"));
    let service = Router::new().route("/judge", post(answer));
    tokio::spawn(async move { axum::serve(listener, service).await });
    Compliance {
        moderator: Some(Moderator {
            wire: WireClient::new().expect("a client"),
            url: url.parse().expect("an address"),
            secret: "s3cret".into(),
            timeout: Duration::from_secs(5),
            when_down,
        }),
        ..nobody()
    }
}

#[tokio::test]
async fn a_moderation_service_is_asked_and_may_be_down() {
    for (when_down, text, status, code) in [
        (WhenDown::Warn, "PASS", 202, None),
        (WhenDown::Warn, "REVIEW", 202, Some("MODERATION_REVIEW")),
        (WhenDown::Warn, "BLOCK", 422, Some("MODERATION_BLOCKED")),
        (WhenDown::Warn, "DOWN", 202, Some("MODERATION_DOWN")),
        (WhenDown::Warn, "nonsense", 202, Some("MODERATION_DOWN")),
        (WhenDown::Block, "DOWN", 422, Some("MODERATION_DOWN")),
        (WhenDown::Pass, "DOWN", 202, None),
    ] {
        let world = World::judging(moderator(when_down).await).await;
        let mut body = sync(text);
        body["mediaUrls"] = json!(["https://a.example/1.jpg"]);
        let answer = world.post("/sync", body).await.expect(status);
        let told = if status == 202 {
            &answer["warnings"][0]["code"]
        } else {
            &answer[0]["code"]
        };
        assert_eq!(told.as_str(), code, "{text} {answer}");
        if status == 202 {
            let task = world.get(&format!("/tasks/{}", answer["syncTaskId"])).await.expect(200);
            let verdict = if code == Some("MODERATION_DOWN") { "DOWN" } else { text };
            assert_eq!(task["compliance"]["moderation"]["verdict"], verdict);
        }
    }
}
