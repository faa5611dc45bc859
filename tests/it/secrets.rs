//! What comes in as a secret goes out nowhere: not in an answer, not into the log, not readable into the database.

mod hunt;
mod known;
mod library;
mod tap;

use std::fs;

use futures::future::{join, join_all};
use moments_sandbox::{FaultKind, TokenEvent, World as Platform};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::process::Command;

use self::known::{
    CALLBACK_KEY, CALLBACK_TOKEN, NUMBER, OF_BROKER, OF_DATABASE, OF_LIBRARY, OF_MEDIA, OF_MODERATION, Secrets, WRONG,
};
use self::tap::Tap;
use crate::api::{OWNER, PERMISSIONS, token};
use crate::bucket;
use crate::database::Database;
use crate::login;
use crate::suites;
use crate::sync::Task;
use crate::world::{Corp, World, secret_of};

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
    let picture = format!("{}/pictures/a.jpg?signature={OF_MEDIA}", world.sandbox_url);
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
    world.bind(OWNER, "ww_secret", WRONG).await.expect(422);
    let body = json!({ "corpId": "ww_x", "agentId": WRONG, "secret": [WRONG] });
    world.api.post("/channels/wecom", &body).expect(400).await;
    world
        .sandbox
        .token_event(&corp.id, TokenEvent::Invalidate)
        .expect("a corp");
    let task = world.sync("新令牌").to([&accounts[0]]).accepted().await;
    world.check(task, "li.na SUCCESS").await;
}

/// A corp installs the provider's app: ticket, codes, permanent code and tokens of three kinds. Answers the install's state.
async fn install(world: &World) -> String {
    suites::provide(world, "ww_installed").await;
    let (state, link) = world.begin("THIRD_PARTY", "示例连锁").await;
    let agreed = world.sandbox.install(&link, "ww_installed").await.expect("agreed");
    let back = agreed.redirect.expect("a redirect");
    let path = back.strip_prefix(&world.api.url).expect("our address");
    let page = world.api.request(Method::GET, path.to_owned()).token(None).send().await;
    assert!(page.text.contains("授权成功"), "{}", page.text);
    let (_, link) = world.begin("PROVIDER_DEVELOPED", "").await;
    world.sandbox.install(&link, "ww_installed").await.expect("scanned");
    state
}

/// An account is logged in with a number from the phone, and the gateway learns where to send its events.
async fn log_in(world: &World) {
    let login = login::start(world).await;
    let code = json!({ "code": NUMBER });
    let path = format!("/channels/gewe/logins/{}/code", login["id"]);
    world.api.post(&path, &code).expect(202).await;
    login::scan(world, &login, &login::new_device(world), "wxid_new").await;
    login::wait_for(world, &login, "DONE").await;
    let ordered = || world.sandbox.calls().gewe.contains_key("setCallback");
    world.until("the gateway's events are ordered", ordered).await;
}

/// Every kind of secret comes in, and is used. Answers an install's state.
async fn bring_in(world: &World) -> String {
    let corp = world.corp("ww_secret").await;
    let wxid = world.device("secret").await;
    let keys = json!({ "token": CALLBACK_TOKEN, "encodingAesKey": CALLBACK_KEY });
    let path = format!("/channels/{}/callback", corp.channel);
    world.api.put(&path, &keys).expect(200).await;
    let state = install(world).await;
    log_in(world).await;
    live_dangerously(world, &corp, &wxid).await;
    library::read_drafts(world, &corp).await;
    state
}

/// A command of the program with a setting changed: everything that it says.
async fn said(world: &World, arguments: &[&str], change: Option<(&str, &str)>) -> Vec<u8> {
    let change = change.map(|(name, value)| (format!("MOMENTS_{name}"), value));
    let output = Command::new(env!("CARGO_BIN_EXE_moments-sync"))
        .args(arguments)
        .current_dir(world.folder())
        .env_clear()
        .envs(world.environment().iter().cloned())
        .envs(change)
        .output()
        .await
        .expect("the program runs");
    [output.stdout, output.stderr].concat()
}

#[tokio::test]
async fn no_secret_shows_in_answers_log_or_database() {
    let tap = Tap::default();
    let mut settings = suites::SETTINGS.to_vec();
    let objects = tempfile::tempdir().expect("a folder");
    let (drafts, storage) = (library::service().await, bucket::service(objects.path()).await);
    settings.extend(bucket::settings(&storage));
    settings.extend([
        ("LOG_LEVEL", "trace"),
        ("COMPLIANCE_MODERATION_SECRET", OF_MODERATION),
        ("CONTENT_URL", &drafts),
        ("CONTENT_TOKEN", OF_LIBRARY),
    ]);
    let mut world = login::world_around(&settings, |sandbox| tap.over(sandbox)).await;
    let mut secrets = Secrets::brought_in();
    let (state, without_database) = join(bring_in(&world), said_without_database(&world)).await;
    assert!(!without_database.is_empty());
    assert_eq!(
        secrets.hidden().found_in(&without_database),
        [""; 0],
        "without database"
    );
    let own = token(OWNER, &PERMISSIONS);
    world.api.get("/channels").token(Some(own.clone())).expect(200).await;
    let signature = own.rsplit_once('.').expect("a signature").1;
    secrets.hidden.push(("a user's token".to_owned(), signature.to_owned()));
    secrets.answered.push(("an install's state".to_owned(), state));
    assert_eq!(tap.never_heard(), [""; 0], "on the wire");
    secrets.hear(&tap);
    check_answers(&world, &secrets).await;
    check_commands(&world, &secrets).await;
    let server = world.take_server();
    let log = server.log();
    assert!(
        log.contains("TRACE") && log.contains("add_moment_task"),
        "the log is at work"
    );
    server.crash().await;
    check_files(&world, &secrets);
    let database = Database::of(&world).await.texts().await;
    assert!(database.contains("ww_secret"), "the database was read");
    assert_eq!(secrets.hidden().found_in(&database), [""; 0], "in the database");
}

/// Whatever the program has answered, and what it answers to those who look after it.
async fn check_answers(world: &World, secrets: &Secrets) {
    let all = secrets.all();
    for (path, expected) in [
        ("/metrics", "moments_"),
        ("/openapi.json", "openapi"),
        ("/readyz", "status"),
        ("/api/v1/workbench/wechat/moments/audit/all?size=100", "LOGIN_END"),
    ] {
        let answer = world.api.request(Method::GET, path.to_owned()).send().await;
        assert!(answer.text.contains(expected), "{path} was answered: {}", answer.status);
        assert_eq!(all.found_in(&answer.text), [""; 0], "in {path}");
    }
    let answers = world.api.heard();
    assert_eq!(secrets.hidden().found_in(&answers), [""; 0], "in an answer");
}

/// What commands say of the installation as it is, and of addresses with a password that are no addresses.
async fn check_commands(world: &World, secrets: &Secrets) {
    let database = format!("mysql://moments:{OF_DATABASE}@127.0.0.1:none/moments");
    let broker = format!("amqp://moments:{OF_BROKER}@127.0.0.1:none/%2f");
    let all = secrets.all();
    let commands = [
        (&["doctor"][..], None),
        (&["doctor", "--json"], Some(("DATABASE_URL", database.as_str()))),
        (&["doctor", "--json"], Some(("QUEUE_URL", &broker))),
        (&["serve"], Some(("QUEUE_URL", &broker))),
        (&["serve", "--print-config"], None),
        (&["audit", "verify"], None),
        (&["keys", "rotate"], None),
    ];
    let run = commands.map(|(arguments, change)| said(world, arguments, change));
    for ((arguments, _), said) in commands.iter().zip(join_all(run).await) {
        assert!(!said.is_empty(), "{arguments:?}");
        assert_eq!(all.found_in(&said), [""; 0], "{}", String::from_utf8_lossy(&said));
    }
}

/// What the program says when its database is away. It tries for seconds.
async fn said_without_database(world: &World) -> Vec<u8> {
    let database = format!("mysql://moments:{OF_DATABASE}@127.0.0.1:1/moments");
    said(world, &["serve"], Some(("DATABASE_URL", &database))).await
}

/// Whatever the program has written: its log, the database, what SQLite keeps beside it, notes of media, what is left of its crash.
fn check_files(world: &World, secrets: &Secrets) {
    let (hidden, all) = (secrets.hidden(), secrets.all());
    let mut folders = vec![world.folder().to_owned()];
    let mut names = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            // The database knows an install by its state.
            let hunt = if name.starts_with("moments.db") { &hidden } else { &all };
            let bytes = fs::read(&path).expect("a file");
            assert_eq!(hunt.found_in(&bytes), [""; 0], "in {}", path.display());
            names.push(name);
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
