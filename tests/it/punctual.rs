//! Whether scheduled posts start when they are due.

use futures::future::join_all;

use crate::world::{Corp, World, iso};

const POSTS: i64 = 5;
/// A busy machine may hold up a start, and now and then a whole round; what is never on time is not the machine's fault.
const ROUNDS: usize = 6;
const LATE_MS: i64 = 250;

/// Posts are never early, and in a good round half of them start within a quarter of a second. `name` is part of the corps' ids.
pub(crate) async fn check(world: &World, name: &str) {
    let corps = join_all((0..POSTS).map(async |n| world.corp(&format!("ww_{name}_{n}")).await)).await;
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let mut late = lateness_ms(world, &corps, &format!("第 {round} 轮")).await;
        late.sort_unstable();
        assert!(late[0] >= 0, "early: {late:?}");
        if late[late.len() / 2] <= LATE_MS {
            return;
        }
        rounds.push(late);
    }
    panic!("late in every round: {rounds:?} ms");
}

async fn lateness_ms(world: &World, corps: &[Corp], text: &str) -> Vec<i64> {
    let begin = world.sandbox.clock().now_ms() + 1500;
    // Odd parts of a second: a timer that looks once a second would miss most of them.
    let posts = corps.iter().zip(0..).map(async |(corp, n)| {
        let due_ms = begin + n * 370;
        let sync = world.sync(text).to([corp.account("li.na")]).at(iso(due_ms));
        (corp, due_ms, sync.accepted().await)
    });
    let mut late = Vec::new();
    for (corp, due_ms, id) in join_all(posts).await {
        world.check(id, "li.na SUCCESS").await;
        let moments = world.moments_of(&corp.id);
        let moment = moments.iter().find(|moment| moment.text == text).expect("a Moment");
        late.push(moment.arrival_ms - due_ms);
    }
    late
}
