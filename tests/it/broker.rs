//! The same program with a broker between its scheduler and its worker (`MOMENTS_TEST_AMQP`), and without the broker that it was promised.

use crate::punctual;
use crate::world::World;

/// Where the broker for tests is; required where `CI=true`, else passed over with a word.
fn broker() -> Option<String> {
    let url = std::env::var("MOMENTS_TEST_AMQP").ok();
    if url.is_none() {
        assert!(std::env::var("CI").is_err(), "CI must set MOMENTS_TEST_AMQP");
        println!("passed over: MOMENTS_TEST_AMQP names no broker");
    }
    url
}

async fn world_over(url: &str, queue: &str) -> World {
    World::with(&[("QUEUE_URL", url), ("QUEUE_NAME", queue)]).await
}

/// Until then the worker finds everything by itself.
async fn messages_flow(world: &World) {
    let log = || world.server().log();
    world
        .until("the program is connected", || log().contains("connected to the broker"))
        .await;
}

#[tokio::test]
async fn posts_go_over_the_broker_on_time() {
    let Some(url) = broker() else { return };
    let world = world_over(&url, "moments.it.on-time").await;
    messages_flow(&world).await;
    let now = world.corp("ww_mq_now").await;
    let id = world.sync("现在").to(now.accounts()).accepted().await;
    world
        .check(id, "zhang.wei SUCCESS, li.na SUCCESS, wang.fang SUCCESS")
        .await;
    punctual::check(&world, "mq").await;
    world.assert_no_violation();
}

#[tokio::test]
async fn without_the_broker_that_it_was_promised_it_starts_says_so_and_works() {
    let world = world_over("amqp://moments:s3cret-Pw@127.0.0.1:9/%2f", "moments.it.away").await;
    let log = || world.server().log();
    world
        .until("it says so", || log().contains("no connection to the broker"))
        .await;
    let corp = world.corp("ww_no_mq").await;
    let id = world.sync("早安").to([corp.account("li.na")]).accepted().await;
    world.check(id, "li.na SUCCESS").await;
    punctual::check(&world, "no_mq").await;
    assert!(!log().contains("s3cret"), "{}", log());
}
