//! `Idempotency-Key`: a request that is sent twice makes one task.

use crate::api::STRANGER;
use crate::database::Database;
use crate::world::World;

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer_even_after_a_restart() {
    let mut world = World::new().await;
    let corp = world.corp("ww_once").await;
    let first = world
        .sync("早安")
        .to(corp.accounts())
        .once("k1")
        .send()
        .await
        .expect(202);
    let again = world
        .sync("早安")
        .to(corp.accounts())
        .once("k1")
        .send()
        .await
        .expect(202);
    assert_eq!(first, again);
    let id = first["syncTaskId"].as_i64().expect("an id");
    world
        .check(id, "zhang.wei SUCCESS, li.na SUCCESS, wang.fang SUCCESS")
        .await;
    world.take_server().kill().await;
    world.start_again().await;
    let later = world
        .sync("早安")
        .to(corp.accounts())
        .once("k1")
        .send()
        .await
        .expect(202);
    assert_eq!(first, later);
    assert_eq!(world.moments_of(&corp.id).len(), 1);
}

#[tokio::test]
async fn a_key_belongs_to_one_body_of_one_user() {
    let world = World::new().await;
    let corp = world.corp("ww_key").await;
    let later = world.in_secs(3600);
    let send = |text: &str, user| {
        let sync = world.sync(text).to(corp.accounts()).at(&later).once("k1").by(user);
        sync.send()
    };
    send("早安", 1).await.expect(202);
    assert_eq!(send("晚安", 1).await.error(409), "CONFLICT");
    // The stranger's own request: refused for its accounts, not for the owner's key.
    assert_eq!(
        send("早安", STRANGER).await.error(404),
        "WechatAccountNotFoundException"
    );
    let database = Database::of(&world).await;
    assert_eq!(database.number("SELECT count(*) FROM t_moment_sync_task").await, 1);
}

#[tokio::test]
async fn a_key_of_a_refused_request_is_free() {
    let world = World::new().await;
    let corp = world.corp("ww_free").await;
    let wrong = world.sync("早安").to(["ww_free:nobody"]).once("k1").send().await;
    assert_eq!(wrong.status, 404);
    world.sync("早安").to(corp.accounts()).once("k1").accepted().await;
}

#[tokio::test]
async fn equal_requests_at_the_same_time_make_one_task() {
    let world = World::new().await;
    let corp = world.corp("ww_race").await;
    let sends = (0..12).map(|_| world.sync("早安").to(corp.accounts()).once("k1").send());
    let answers = futures::future::join_all(sends).await;
    let first = answers[0].expect(202);
    for answer in &answers {
        assert_eq!(answer.expect(202), first);
    }
    let id = first["syncTaskId"].as_i64().expect("an id");
    world
        .check(id, "zhang.wei SUCCESS, li.na SUCCESS, wang.fang SUCCESS")
        .await;
    assert_eq!(world.moments_of(&corp.id).len(), 1);
}
