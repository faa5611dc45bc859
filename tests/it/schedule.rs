//! Posts for later: never early, hardly late, not lost; and an end in order.

use std::time::Duration;

use moments_sandbox::MomentRecord;
use tokio::time::Instant;

use crate::database::Database;
use crate::gate::Gate;
use crate::punctual;
use crate::world::{Corp, World, iso};

fn lateness_ms(moment: &MomentRecord, due_ms: i64) -> i64 {
    moment.arrival_ms - due_ms
}

#[tokio::test]
async fn a_scheduled_post_is_never_early_and_starts_within_a_quarter_of_a_second() {
    let world = World::new().await;
    punctual::check(&world, "due").await;
}

#[tokio::test]
async fn a_task_for_later_is_not_touched_before_its_time() {
    let world = World::new().await;
    let corp = world.corp("ww_wait").await;
    let picture = format!("{}/pictures/a.jpg", world.sandbox_url);
    let now = world.sync("现在").to([corp.account("li.na")]).accepted().await;
    let later = world
        .sync("以后")
        .to(corp.accounts())
        .media([picture])
        .at(world.in_secs(3600))
        .accepted()
        .await;
    world.check(now, "li.na SUCCESS").await;
    let task = world
        .check(later, "zhang.wei SCHEDULED, li.na SCHEDULED, wang.fang SCHEDULED")
        .await;
    assert_eq!(task.status(), "PENDING");
    assert_eq!(world.calls(&corp.id, "add_moment_task"), 1);
}

#[tokio::test]
async fn a_restart_before_the_time_loses_nothing() {
    let mut world = World::new().await;
    let corp = world.corp("ww_again").await;
    let due_ms = world.sandbox.clock().now_ms() + 3000;
    let id = world.sync("早安").to(corp.accounts()).at(iso(due_ms)).accepted().await;
    world.take_server().kill().await;
    world.start_again().await;
    world
        .check(id, "zhang.wei SUCCESS, li.na SUCCESS, wang.fang SUCCESS")
        .await;
    let moments = world.moments_of(&corp.id);
    assert_eq!(moments.len(), 1);
    assert!(lateness_ms(&moments[0], due_ms) >= 0);
}

/// A post whose time came so many seconds ago, while nobody was there.
async fn slept_through(world: &mut World, corp: &Corp, secs: i64) -> i64 {
    let sync = world.sync("早安").to([corp.account("li.na")]).at(world.in_secs(7200));
    let id = sync.accepted().await;
    world.take_server().kill().await;
    Database::of(world).await.bring_nearer(id, 7200 + secs).await;
    world.start_again().await;
    id
}

#[tokio::test]
async fn what_fell_due_while_nobody_was_there_is_caught_up() {
    let mut world = World::new().await;
    let corp = world.corp("ww_down").await;
    let id = slept_through(&mut world, &corp, 60).await;
    world.check(id, "li.na SUCCESS").await;
    assert_eq!(world.moments_of(&corp.id).len(), 1);
}

#[tokio::test]
async fn what_is_later_than_the_policy_allows_is_missed_and_says_so() {
    let mut world = World::with(&[("PUBLISH_LATE_POLICY_MINUTES", "0")]).await;
    let corp = world.corp("ww_missed").await;
    let id = slept_through(&mut world, &corp, 6).await;
    let task = world.check(id, "li.na FAILED MISSED").await;
    assert_eq!(
        (task.status(), &task.results()[0]["stage"]),
        ("FAILED", &"MISSED".into())
    );
    assert!(task.message().contains("未发布"), "{}", task.message());
    assert_eq!(world.sandbox.moment_count(), 0);
}

/// The strictest policy forbids catching up, not publishing.
#[tokio::test]
async fn with_the_strictest_policy_what_is_on_time_is_published() {
    let world = World::with(&[("PUBLISH_LATE_POLICY_MINUTES", "0")]).await;
    let corp = world.corp("ww_strict").await;
    let now = world.sync("现在").to([corp.account("li.na")]).accepted().await;
    let soon = world
        .sync("稍后")
        .to([corp.account("li.na")])
        .at(world.in_secs(1))
        .accepted()
        .await;
    for id in [now, soon] {
        world.check(id, "li.na SUCCESS").await;
    }
}

#[tokio::test]
async fn told_to_stop_it_finishes_what_is_under_way_and_ends_well() {
    let mut world = World::new().await;
    let corp = world.corp("ww_stop").await;
    let gate = Gate::shut().await;
    let id = world
        .sync("早安")
        .to([corp.account("li.na")])
        .media([&gate.picture])
        .accepted()
        .await;
    world.check(id, "li.na UPLOADING").await;
    let server = world.take_server();
    server.tell_to_stop().await;
    let heard = || server.log().contains("a second signal stops at once");
    world.until("the signal is heard", heard).await;
    gate.open();
    assert_eq!(server.ended().await.code(), Some(0));
    assert_eq!(world.moments_of(&corp.id).len(), 1, "it was finished, not dropped");
    world.start_again().await;
    world.check(id, "li.na SUCCESS").await;
    assert_eq!(world.moments_of(&corp.id).len(), 1);
}

#[tokio::test]
async fn a_second_program_on_the_same_file_does_not_start() {
    let world = World::new().await;
    if world.database.is_server() {
        println!("passed over: several programs may work on a server");
        return;
    }
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_moments-sync"))
        .arg("serve")
        .env_clear()
        .env("MOMENTS_DATABASE_URL", &world.database.url)
        .env("MOMENTS_HTTP_LISTEN", "127.0.0.1:0")
        .env("MOMENTS_VAULT_KEYS", crate::world::vault_keys())
        .current_dir(world.folder())
        .output()
        .await
        .expect("the program starts");
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("another moments-sync"), "{told}");
}

#[tokio::test]
async fn a_log_that_is_not_shown_on_a_terminal_has_no_colours() {
    let world = World::new().await;
    let log = world.server().log();
    assert!(log.contains("INFO") && !log.contains('\u{1b}'), "{log}");
}

/// A claim takes rows, then reads what belongs to them. The lease is five minutes: whoever had to wait for its end would come too late.
#[tokio::test]
async fn a_claim_whose_task_cannot_be_read_is_given_back_at_once() {
    let world = World::new().await;
    let corp = world.corp("ww_unread").await;
    let sync = world.sync("早安").to([corp.account("li.na")]).at(world.in_secs(7200));
    let id = sync.accepted().await;
    let database = Database::of(&world).await;
    database
        .run("ALTER TABLE t_moment_sync_task RENAME TO t_moment_hidden")
        .await;
    database.bring_nearer(id, 7200).await;
    let held = "SELECT count(*) FROM t_moment_publication WHERE owner IS NOT NULL";
    let deadline = Instant::now() + Duration::from_mins(1);
    while database.number(held).await == 0 {
        assert!(Instant::now() < deadline, "nobody claims it");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    database
        .run("ALTER TABLE t_moment_hidden RENAME TO t_moment_sync_task")
        .await;
    world.check(id, "li.na SUCCESS").await;
    assert_eq!(world.calls(&corp.id, "add_moment_task"), 1);
}
