//! A new key takes over while the program works, and nothing depends on the one who lets it.

use std::process::Stdio;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use moments_store::CHANNEL_CREDENTIAL;
use moments_vault::KeyRing;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::database::Database;
use crate::world::{World, secret_of, vault_keys};

/// Channels beside the two that the test works with: enough for several transactions.
const OTHERS: i64 = 500;

fn newest() -> String {
    format!("k2:{}", BASE64_STANDARD.encode([0xc3; 32]))
}

/// A command of the program as it was started, with another key ring.
fn command(world: &World, arguments: &[&str], keys: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_moments-sync"))
        .args(arguments)
        .current_dir(world.folder())
        .env_clear()
        .envs(world.environment().iter().cloned())
        .env("MOMENTS_VAULT_KEYS", keys)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the program runs")
}

/// Whether it ended well, and what it said.
async fn ended(child: Child) -> (bool, String) {
    let output = child.wait_with_output().await.expect("it ends");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).expect("text"))
}

/// Rotates until the first transactions are committed, and stays there.
async fn held(world: &World, keys: &str) -> Child {
    let mut child = command(world, &["keys", "rotate", "--hold-after", "400"], keys);
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    while let Some(line) = lines.next_line().await.expect("text") {
        if line == "t_moment_channel.credential: 400 looked at, 400 sealed anew" {
            return child;
        }
    }
    panic!("it ended without a halt")
}

/// As if every channel had been bound when the old key was the only one.
async fn seal_with_the_old_key(world: &World, database: &Database) {
    let old = KeyRing::parse(&vault_keys().into()).expect("a ring");
    let seal = |id: i64, secret: String| {
        let row = CHANNEL_CREDENTIAL.bound_to(id);
        old.seal(&row, &secret.into()).expect("sealed")
    };
    let mut rows = Vec::new();
    for id in 1..=OTHERS {
        // Between the first channel and the second.
        let sealed = seal(1000 + id, "nobody's".to_owned());
        rows.push(format!(
            "({0}, 9, 'WECOM', 'x', 'ww_{0}', 1, '{sealed}', 1, 0, 0, 0, 0, 0)",
            1000 + id
        ));
    }
    let columns = "id, user_id, kind, name, handle, agent_id, credential, credential_version, pause_until, refresh_fence, refresh_until, create_time, update_time";
    database
        .run(&format!(
            "INSERT INTO t_moment_channel ({columns}) VALUES {}",
            rows.join(", ")
        ))
        .await;
    world.corp("ww_first").await;
    let last = world.corp("ww_last").await;
    let moved = format!("UPDATE t_moment_channel SET id = 2000 WHERE id = {}", last.channel);
    database.run(&moved).await;
    let accounts = format!(
        "UPDATE t_wechat_account SET channel_id = 2000 WHERE channel_id = {}",
        last.channel
    );
    database.run(&accounts).await;
    for (handle, id) in [("ww_first", None), ("ww_last", Some(2000))] {
        let find = format!("SELECT id FROM t_moment_channel WHERE handle = '{handle}'");
        let id = id.unwrap_or(database.number(&find).await);
        let sealed = seal(id, secret_of(handle));
        let sql = format!("UPDATE t_moment_channel SET credential = '{sealed}', token = NULL WHERE id = {id}");
        database.run(&sql).await;
    }
}

async fn count(database: &Database, key: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM t_moment_channel WHERE credential LIKE 'v_.{key}.%'");
    database.number(&sql).await
}

#[tokio::test]
async fn a_new_key_takes_over_beside_the_running_program_however_often_that_is_cut_short() {
    let both = format!("{},{}", newest(), vault_keys());
    let mut world = World::with(&[("VAULT_KEYS", &both)]).await;
    let database = Database::of(&world).await;
    seal_with_the_old_key(&world, &database).await;
    let all = OTHERS + 2;
    assert_eq!(count(&database, "k1").await, all);
    let mut halted = held(&world, &both).await;
    assert_eq!(
        (count(&database, "k2").await, count(&database, "k1").await),
        (400, all - 400)
    );
    for corp in ["ww_first", "ww_last"] {
        let task = world.sync("早安").to([format!("{corp}:li.na")]).accepted().await;
        world.check(task, "li.na SUCCESS").await;
    }
    halted.kill().await.expect("it runs");
    assert!(world.take_server().stop().await.success());
    let (well, text) = ended(command(&world, &["serve"], &newest())).await;
    assert!(
        !well && text.contains(&format!("lacks the key k1, which {} sealed values need", all - 400)),
        "{text}"
    );
    world.start_again().await;
    let (well, text) = ended(command(&world, &["keys", "rotate"], &both)).await;
    assert!(well && text.contains("older keys may now be removed"), "{text}");
    assert!(text.contains(&format!("{all} of {all} under the newest key")), "{text}");
    assert_eq!(count(&database, "k2").await, all);
    let task = world.sync("晚安").to(["ww_last:li.na"]).accepted().await;
    world.check(task, "li.na SUCCESS").await;
    let (well, text) = ended(command(&world, &["keys", "rotate"], &newest())).await;
    assert!(well, "the newest key alone opens everything: {text}");
    world.assert_no_violation();
}
