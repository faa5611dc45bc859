//! One corp's backlog is no other corp's matter.

use futures::future::join_all;
use moments_sandbox::{Fault, FaultKind, World as Platform};

use crate::world::{Corp, World};

/// Posts of the corp whose calls hang.
const BACKLOG: usize = 500;

/// Every call of this corp's creations takes half a minute.
fn hang(world: &World, corp: &Corp) {
    world.sandbox.add_fault(Fault {
        corp: Some(corp.id.clone()),
        count: u32::MAX,
        ..Fault::next(Platform::Wecom, "add_moment_task", FaultKind::Slow { ms: 30_000 })
    });
}

async fn pile_up(world: &World, corp: &Corp) {
    let text = |n| format!("第 {n} 条");
    for from in (0..BACKLOG).step_by(50) {
        let posts = (from..from + 50).map(|n| world.sync(&text(n)).to([corp.account("li.na")]).accepted());
        join_all(posts).await;
    }
}

/// Each of them holds a connection.
#[tokio::test]
async fn calls_that_hang_find_files_to_open() {
    let world = World::new().await;
    let [now, most] = world.server().limit("Max open files");
    assert_eq!(now, most);
}

#[tokio::test]
async fn a_corp_whose_calls_hang_delays_no_other() {
    let world = World::with(&[("PUBLISH_CONCURRENCY", "256"), ("WECOM_CREATES_PER_MINUTE", "0")]).await;
    let (hanging, other) = (world.corp("ww_hangs").await, world.corp("ww_other").await);
    hang(&world, &hanging);
    pile_up(&world, &hanging).await;
    world
        .until("as many calls hang as may", || {
            world.calls(&hanging.id, "add_moment_task") >= 64
        })
        .await;
    for text in ["早安", "午安"] {
        let sent_ms = world.sandbox.clock().now_ms();
        let id = world.sync(text).to([other.account("li.na")]).accepted().await;
        world.check(id, "li.na SUCCESS").await;
        let arrival_ms = world.moments_of(&other.id).iter().map(|moment| moment.arrival_ms).max();
        let late = arrival_ms.expect("it is there") - sent_ms;
        assert!(late < 15_000, "{late} ms behind calls that hang for half a minute");
    }
    assert_eq!(
        world.calls(&hanging.id, "add_moment_task"),
        64,
        "a quarter of the slots, no more and no less"
    );
}
