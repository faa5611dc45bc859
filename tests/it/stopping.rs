//! A stop in the middle of everything: nothing is spent, nothing doubled, and whoever comes next goes on at once.

use std::time::Duration;

use futures::future::join_all;
use moments_sandbox::{Fault, FaultKind, World as Platform};
use tokio::time::Instant;

use crate::gate::Gate;
use crate::world::{Corp, World};

async fn posts(world: &World, corp: &Corp, count: usize, picture: &str) -> Vec<i64> {
    let posts = (0..count).map(|n| {
        let media = [picture];
        let text = format!("第 {n} 条");
        let sync = world.sync(&text).to([corp.account("li.na")]);
        sync.media(media).accepted()
    });
    join_all(posts).await
}

/// A setting may spare a test half a minute; the order of things is the same.
async fn hasty() -> World {
    let settings = [
        ("PUBLISH_STOP_WITHIN_SECS", "1"),
        ("WECOM_CREATES_PER_MINUTE", "0"),
        ("PUBLISH_MAX_ATTEMPTS", "1"),
    ];
    World::with(&settings).await
}

async fn stop_and_start(world: &mut World) -> String {
    let begun = Instant::now();
    let server = world.take_server();
    let status = server.stop().await;
    assert_eq!(status.code(), Some(0));
    let took = begun.elapsed();
    assert!(
        took < Duration::from_secs(20),
        "{took:?}: without the setting it would be half a minute"
    );
    world.start_again().await;
    world.server().log()
}

/// With a single attempt allowed, a stop that spent one would fail the post.
#[tokio::test]
async fn what_had_not_left_is_given_back_and_goes_on_elsewhere() {
    let mut world = hasty().await;
    // No more for each than the platform takes in a minute.
    let gate = Gate::shut().await;
    let corps = [world.corp("ww_given_1").await, world.corp("ww_given_2").await];
    let mut ids = Vec::new();
    for corp in &corps {
        ids.extend(posts(&world, corp, 10, &gate.picture).await);
    }
    for id in &ids {
        world.check(*id, "li.na UPLOADING").await;
    }
    let log = stop_and_start(&mut world).await;
    gate.open();
    assert!(log.contains("given=20"), "{log}");
    for id in ids {
        world.check(id, "li.na SUCCESS").await;
    }
    let moments = corps.map(|corp| world.moments_of(&corp.id).len());
    assert_eq!(moments, [10, 10]);
    world.assert_no_violation();
}

#[tokio::test]
async fn a_call_that_was_cut_by_the_stop_is_looked_for_and_not_repeated() {
    let mut world = hasty().await;
    let corp = world.corp("ww_cut_by_stop").await;
    world.sandbox.add_fault(Fault {
        corp: Some(corp.id.clone()),
        count: 5,
        ..Fault::next(Platform::Wecom, "add_moment_task", FaultKind::Slow { ms: 30_000 })
    });
    let picture = format!("{}/pictures/a.jpg", world.sandbox_url);
    let ids = posts(&world, &corp, 5, &picture).await;
    let (sandbox, id) = (world.sandbox.clone(), corp.id.clone());
    let called = move || {
        sandbox
            .calls()
            .by_corp
            .get(&id)
            .and_then(|calls| calls.get("add_moment_task").copied())
    };
    world.until("all calls are out", || called() == Some(5)).await;
    stop_and_start(&mut world).await;
    for id in ids {
        world.check(id, "li.na SUCCESS").await;
    }
    assert_eq!(world.moments_of(&corp.id).len(), 5, "found, not repeated");
    world.assert_no_violation();
}

#[tokio::test]
async fn a_second_signal_does_not_wait_for_the_limit() {
    let mut world = World::new().await;
    let corp = world.corp("ww_twice").await;
    let gate = Gate::shut().await;
    let ids = posts(&world, &corp, 3, &gate.picture).await;
    for id in &ids {
        world.check(*id, "li.na UPLOADING").await;
    }
    let begun = Instant::now();
    let server = world.take_server();
    server.tell_to_stop().await;
    world
        .until("the first signal is heard", || {
            server.log().contains("a second signal stops at once")
        })
        .await;
    let status = server.stop().await;
    assert_eq!(status.code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
}
