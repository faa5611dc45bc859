//! What comes in as a secret goes out nowhere: not in an answer, not into the log, not readable into the database.

use std::fs;

use moments_sandbox::{FaultKind, TokenEvent, World as Platform};
use serde_json::{Value, json};

use crate::api::{OWNER, PERMISSIONS, TOKEN_SECRET, token};
use crate::database::Database;
use crate::sync::Task;
use crate::world::{Corp, World, device_seed, secret_of, vault_keys};

/// The access token that the platform has given out for this corp; it gives the same one to whoever shows the secret.
async fn access_token(world: &World, corp: &str) -> String {
    let path = format!("/cgi-bin/gettoken?corpid={corp}&corpsecret={}", secret_of(corp));
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let answer = http
        .get(format!("{}{path}", world.sandbox_url))
        .send()
        .await
        .expect("an answer");
    let answer: Value = answer.json().await.expect("JSON");
    answer["access_token"].as_str().expect("a token").to_owned()
}

/// Everything that may tempt a program to print an address, a body or an answer of a platform.
async fn live_dangerously(world: &World, corp: &Corp, wxid: &str) {
    let picture = format!("{}/pictures/a.jpg?signature=media-signature-x7", world.sandbox_url);
    let accounts = [corp.account("li.na"), wxid.to_owned()];
    let task = world.sync("早安").to(&accounts).media([&picture]).accepted().await;
    world.check(task, &format!("li.na SUCCESS, {wxid} SUCCESS")).await;
    for kind in [FaultKind::CutAfter, FaultKind::Html502After, FaultKind::HalfBody] {
        world.strike(Platform::Wecom, &corp.id, "add_moment_task", kind.clone());
        let task = world.sync(&format!("{kind:?}")).to([&accounts[0]]).accepted().await;
        world.check(task, "li.na SUCCESS").await;
    }
    let refused = FaultKind::Errcode {
        errcode: 40058,
        errmsg: format!("bad value, access_token={}", access_token(world, &corp.id).await),
    };
    world.strike(Platform::Wecom, &corp.id, "add_moment_task", refused);
    let task = world.sync("拒绝").to([&accounts[0]]).accepted().await;
    world.wait_for(task, Task::is_over).await;
    world
        .bind(OWNER, "ww_secret", "a-wrong-Secret-J5x8Nd2")
        .await
        .expect(422);
    let body = json!({ "corpId": "ww_x", "agentId": "a-wrong-Secret-J5x8Nd2", "secret": ["a-wrong-Secret-J5x8Nd2"] });
    world.api.post("/channels/wecom", &body).expect(400).await;
}

#[tokio::test]
async fn no_secret_shows_in_answers_log_or_database() {
    let world = World::with(&[("LOG_LEVEL", "debug")]).await;
    let corp = world.corp("ww_secret").await;
    let wxid = world.device("secret").await;
    let mut secrets = vec![
        secret_of("ww_secret"),
        "a-wrong-Secret-J5x8Nd2".to_owned(),
        device_seed("secret").token,
        device_seed("secret").mobile,
        TOKEN_SECRET.to_owned(),
        vault_keys().split_once(':').expect("a key").1.to_owned(),
        token(OWNER, &PERMISSIONS)
            .rsplit_once('.')
            .expect("a signature")
            .1
            .to_owned(),
        access_token(&world, &corp.id).await,
    ];
    live_dangerously(&world, &corp, &wxid).await;
    world
        .sandbox
        .token_event(&corp.id, TokenEvent::Invalidate)
        .expect("a corp");
    let task = world.sync("新令牌").to([corp.account("li.na")]).accepted().await;
    world.check(task, "li.na SUCCESS").await;
    secrets.push(access_token(&world, &corp.id).await);
    let (answers, log) = (world.api.heard(), world.server().log());
    assert!(
        log.contains("DEBUG") && log.contains("add_moment_task"),
        "the log is at work"
    );
    assert!(
        !log.contains("media-signature-x7"),
        "addresses of media carry signatures"
    );
    for secret in &secrets {
        assert!(!answers.contains(secret), "{secret} in an answer");
        assert!(!log.contains(secret), "{secret} in the log");
    }
    check_files(&world, &secrets);
    let database = Database::of(&world).await;
    for secret in &secrets {
        assert!(!database.tells(secret).await, "{secret} in the database");
    }
}

/// Whatever the program has written: the database, what SQLite keeps beside it, notes of media.
fn check_files(world: &World, secrets: &[String]) {
    let mut folders = vec![world.folder().to_owned()];
    let mut names = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = fs::read(&path).expect("a file");
            for secret in secrets {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{secret} in {}", path.display());
            }
            names.push(path.file_name().expect("a name").to_string_lossy().into_owned());
        }
    }
    let files: &[_] = if world.database.is_server() {
        &["log.txt"]
    } else {
        &["moments.db", "moments.db-wal", "log.txt"]
    };
    for expected in files {
        assert!(
            names.iter().any(|name| name == *expected),
            "{expected} was looked into: {names:?}"
        );
    }
}
