//! What others read: the shape of every answer, every kind of "no", and the OpenAPI document. Ids, times and long numbers are masked.
//!
//! A wanted change is accepted with `INSTA_UPDATE=always cargo test --test it snapshots`, and then looked at in the diff.

use std::fs;
use std::path::Path;

use moments_sandbox::{Confirm, MemberSeed};
use reqwest::Method;
use reqwest::header::HeaderValue;
use serde_json::{Map, Value, json};

use crate::api::{Answer, OWNER, PERMISSIONS, STRANGER, token};
use crate::database::Database;
use crate::rights::one_byte_too_many;
use crate::world::{Corp, World, secret_of};

fn snap(name: &str, value: Value) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_json_snapshot!(name, masked("", value)));
}

/// A whole answer, its time included.
fn snap_answer(name: &str, status: u16, answer: &Answer) {
    answer.expect(status);
    snap(name, answer.json());
}

fn masked(key: &str, value: Value) -> Value {
    match (key, value) {
        ("id" | "syncTaskId", Value::Number(_)) => json!("[id]"),
        ("timestamp", Value::Number(_)) => json!("[ms]"),
        (
            "createTime" | "updateTime" | "publishTime" | "scheduledTime" | "pauseUntil" | "statusTime" | "checkedTime",
            Value::String(_),
        ) => {
            json!("[time]")
        }
        ("momentId", Value::String(_)) => json!("[moment]"),
        ("version", Value::String(_)) => json!("[version]"),
        (_, Value::String(text)) => Value::String(without_long_numbers(&text)),
        (_, Value::Array(items)) => items.into_iter().map(|item| masked("", item)).collect(),
        (_, Value::Object(fields)) => {
            let fields = fields.into_iter().map(|(key, value)| {
                let value = masked(&key, value);
                (key, value)
            });
            Value::Object(fields.collect())
        }
        (_, plain) => plain,
    }
}

/// The platform's hints carry the time.
fn without_long_numbers(text: &str) -> String {
    let mut shown = String::new();
    for part in text.split_inclusive(|c: char| !c.is_ascii_digit()) {
        let digits = part.chars().take_while(char::is_ascii_digit).count();
        if digits > 16 {
            shown.push_str("[digits]");
            shown.push_str(&part[digits..]);
        } else {
            shown.push_str(part);
        }
    }
    shown
}

#[tokio::test]
async fn answers_about_channels_and_accounts_keep_their_shape() {
    let world = World::new().await;
    let corp = world
        .corp_with("ww_shape", |seed| {
            seed.members.push(MemberSeed {
                status: 4,
                ..MemberSeed::new("off", "小周")
            });
        })
        .await;
    world.device("shape").await;
    snap_answer("bound", 201, &world.bind(OWNER, &corp.id, &secret_of(&corp.id)).await);
    snap_answer("channels", 200, &world.api.get("/channels").send().await);
    snap_answer("accounts", 200, &world.api.get("/accounts").send().await);
    let refresh = format!("/channels/{}/refresh", corp.channel);
    snap_answer("refreshed", 200, &world.api.post(&refresh, &json!({})).send().await);
    let sync = world.sync("早安").to([corp.account("off")]).at(world.in_secs(3600));
    snap_answer("accepted", 202, &sync.send().await);
    let removed = world.api.delete(&format!("/channels/{}", corp.channel)).send().await;
    snap_answer("removed", 200, &removed);
    snap_answer(
        "healthy",
        200,
        &world.api.request(Method::GET, "/healthz".to_owned()).send().await,
    );
}

#[tokio::test]
async fn a_task_keeps_its_shape_in_each_of_its_states() {
    let world = World::new().await;
    let corp = world
        .corp_with("ww_states", |seed| seed.settings.confirm = Confirm::Script)
        .await;
    let hidden = MemberSeed {
        visible: false,
        ..MemberSeed::new("li.na", "李娜")
    };
    world.sandbox.put_member(&corp.id, hidden).expect("a corp");
    let later = world
        .sync("稍后")
        .to([corp.account("zhang.wei")])
        .at(world.in_secs(3600))
        .accepted()
        .await;
    snap("task_scheduled", world.task(later).await.0);
    let id = world.sync("早安").to(corp.accounts()).accepted().await;
    world
        .check(
            id,
            "zhang.wei AWAITING_MEMBER, li.na FAILED MEMBER_INVALID, wang.fang AWAITING_MEMBER",
        )
        .await;
    let moment = world.moments_of(&corp.id)[0].moment_id.clone();
    world
        .sandbox
        .confirm(&corp.id, &moment, &["zhang.wei".to_owned()])
        .expect("a moment");
    let outcome = "zhang.wei SUCCESS, li.na FAILED MEMBER_INVALID, wang.fang AWAITING_MEMBER";
    snap("task_half_done", world.check(id, outcome).await.0);
    world.sandbox.confirm(&corp.id, &moment, &[]).expect("a moment");
    let outcome = "zhang.wei SUCCESS, li.na FAILED MEMBER_INVALID, wang.fang SUCCESS";
    snap("task_over", world.check(id, outcome).await.0);
}

/// Every kind of "no" that a caller can be told.
#[tokio::test]
async fn the_table_of_errors_keeps_its_shape() {
    let world = World::new().await;
    let corp = world.corp("ww_errors").await;
    let mut table = Map::new();
    let mut add = |name: &str, mut answer: Answer| {
        if answer.status == 429 {
            hide_wait(&mut answer);
        }
        let shown = ["retry-after", "www-authenticate"];
        let headers: Map<_, _> = shown
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), answer.headers.get(name)?.to_str().ok()?.into())))
            .collect();
        let row = json!({ "status": answer.status, "headers": headers, "body": answer.json() });
        assert!(table.insert(name.to_owned(), row).is_none(), "{name} twice");
    };
    let accounts = || world.api.get("/accounts");
    add("no token", accounts().token(None).send().await);
    add("a bad token", accounts().token(Some("a.b.c".to_owned())).send().await);
    add(
        "no permission",
        accounts().token(Some(token(OWNER, &PERMISSIONS[1..]))).send().await,
    );
    add("no such route", world.api.get("/nowhere").send().await);
    add(
        "no such method",
        world.api.request(Method::PUT, "/healthz".to_owned()).send().await,
    );
    add("no such task", world.api.get("/tasks/999").send().await);
    add("a bad path", world.api.get("/tasks/abc").send().await);
    add(
        "not JSON",
        world.api.post("/sync", &Value::Null).body("{oops").send().await,
    );
    add(
        "a wrong type",
        world.api.post("/sync", &json!({ "contentId": "x" })).send().await,
    );
    add(
        "too large",
        world
            .api
            .post("/sync", &Value::Null)
            .body(one_byte_too_many())
            .send()
            .await,
    );
    of_sync(&world, &corp, &mut add).await;
    of_channels(&world, &corp, &mut add).await;
    let limited = World::with(&[("HTTP_REQUESTS_PER_MINUTE", "1")]).await;
    limited.api.get("/accounts").expect(200).await;
    add("too many requests", limited.api.get("/accounts").send().await);
    snap("errors", Value::Object(table));
}

/// How long to wait depends on how fast the machine was.
fn hide_wait(answer: &mut Answer) {
    let wait = answer
        .headers
        .insert("retry-after", HeaderValue::from_static("[secs]"))
        .expect("a wait");
    // With the word that follows: the same digits may stand in a timestamp.
    let told = format!(" {} 秒", wait.to_str().expect("a number"));
    answer.text = answer.text.replace(&told, " [secs] 秒");
}

async fn of_sync(world: &World, corp: &Corp, add: &mut impl FnMut(&str, Answer)) {
    let member = || corp.account("li.na");
    add(
        "rules broken",
        world.sync("").at("2020-01-01T00:00:00Z").to(["a", "a"]).send().await,
    );
    add(
        "accounts unknown",
        world.sync("早安").to([member().as_str(), "wxid_nobody"]).send().await,
    );
    add(
        "no such draft",
        world.sync("").field("contentId", json!(9)).to([member()]).send().await,
    );
    let database = Database::of(world).await;
    database.put_draft(7, OWNER, "IMAGE", "{}").await;
    add(
        "a draft that is no Moment",
        world.sync("").field("contentId", json!(7)).to([member()]).send().await,
    );
    let later = world.in_secs(3600);
    world.sync("早安").to([member()]).at(&later).once("k1").accepted().await;
    add(
        "a used key",
        world.sync("晚安").to([member()]).at(&later).once("k1").send().await,
    );
    add(
        "a bad key",
        world.sync("晚安").to([member()]).once("two words").send().await,
    );
    database.run("UPDATE t_wechat_account SET status = 'OFFLINE'").await;
    add(
        "accounts that cannot publish now",
        world.sync("早安").to([member()]).send().await,
    );
    database.run("ALTER TABLE t_moment_sync_result RENAME TO away").await;
    add(
        "the database fails a creation",
        world.sync("早安").to([member()]).at(&later).send().await,
    );
    add("the database fails a read", world.api.get("/tasks/1").send().await);
    database.run("ALTER TABLE away RENAME TO t_moment_sync_result").await;
}

async fn of_channels(world: &World, corp: &Corp, add: &mut impl FnMut(&str, Answer)) {
    add(
        "nothing to bind",
        world.api.post("/channels/wecom", &json!({})).send().await,
    );
    add(
        "a secret that is refused",
        world.bind(OWNER, &corp.id, "no-such-secret").await,
    );
    add(
        "another user's corp",
        world.bind(STRANGER, &corp.id, &secret_of(&corp.id)).await,
    );
    let path = format!("/channels/{}", corp.channel);
    add(
        "another user's channel",
        world.api.delete(&path).by(STRANGER).send().await,
    );
    let gateway = json!({ "appId": "wx_nobody", "token": "no-such-token" });
    add(
        "a device that is refused",
        world.api.post("/channels/gewe", &gateway).send().await,
    );
}

#[tokio::test]
async fn the_openapi_document_keeps_its_shape() {
    let world = World::new().await;
    let document = world
        .api
        .request(Method::GET, "/openapi.json".to_owned())
        .token(None)
        .send()
        .await;
    assert_eq!(document.status, 200);
    let mut document = document.json();
    // The document is for reading; only its version changes with every release.
    document["info"]["version"] = json!("[version]");
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_json_snapshot!("openapi", document);
    });
}

#[test]
fn no_snapshot_is_left_without_its_test() {
    let own_text = include_str!("snapshots.rs");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots");
    for entry in fs::read_dir(folder).expect("the snapshots") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        let stem = name
            .strip_suffix(".snap")
            .unwrap_or_else(|| panic!("{name} is not accepted yet"));
        assert!(own_text.contains(&format!("\"{stem}\"")), "{name} belongs to no test");
    }
}
