//! Killed at each named step of a publication's way.

use std::ops::RangeInclusive;

use futures::future::join_all;
use moments_engine::Step;
use moments_sandbox::{Fault, FaultKind, World as Platform};

use crate::orders::Order;
use crate::verdict::{Tally, judge};
use crate::world::World;

/// Two corps and the personal account.
const CHANNELS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_named_step() {
    let reconciled: usize = join_all(Step::ALL.iter().map(|step| killed_at(*step)))
        .await
        .iter()
        .sum();
    println!(
        "steps: {} steps, {} kills, {CHANNELS} channels each published once; {reconciled} calls lost and looked for",
        Step::ALL.len(),
        2 * Step::ALL.len()
    );
}

/// One life to bind, one that is killed when every channel that comes to `step` is held there, one that must put all right.
/// How many create calls had to be looked for.
async fn killed_at(step: Step) -> usize {
    let world = World::new().await;
    let client = world.client();
    let program = world.start(None).await;
    let audience = world.bind(&client).await;
    program.kill().await;

    if step == Step::Searched {
        lose_every_answer(&world);
    }
    let mut program = world.start(Some(step)).await;
    let order = Order::text(&format!("{step:?}"), audience.all()).with_pictures(&world, 0, 1);
    let id = client.create(&order).await;
    for _ in 0..channels_that_reach(step) {
        program.held().await;
    }
    let made = world.made(&order).len();
    assert!(made_by(step).contains(&made), "{made} creations when held at {step:?}");
    program.kill().await;

    let _program = world.start(None).await;
    assert_eq!(client.create(&order).await, id, "the same request is another task");
    let task = client.finished(id).await;
    let all = Tally {
        published: CHANNELS,
        unmade: 0,
    };
    assert_eq!(judge(&world, &order, &task), all, "killed at {step:?}: {task:#}");
    assert_eq!(world.sandbox.violations(), [], "killed at {step:?}");
    let lost = world.logged("a create call has no clear answer");
    assert_eq!(lost, calls_lost_at(step), "killed at {step:?}");
    lost
}

/// The platforms create, and nobody hears of it.
fn lose_every_answer(world: &World) {
    for (platform, call, count) in [
        (Platform::Wecom, "add_moment_task", 2),
        (Platform::Gewe, "sendImgSns", 1),
    ] {
        let fault = Fault::next(platform, call, FaultKind::CutAfter);
        world.sandbox.add_fault(Fault { count, ..fault });
    }
}

/// A call is lost when the process ends between the commit of its intent and the commit of its answer.
fn calls_lost_at(step: Step) -> usize {
    match step {
        Step::IntentCommitted | Step::CreateAnswered | Step::Searched => CHANNELS,
        _ => 0,
    }
}

/// The personal account has no job and nobody who confirms.
fn channels_that_reach(step: Step) -> usize {
    match step {
        Step::JobCommitted | Step::JobRead | Step::ConfirmationsRead => 2,
        _ => CHANNELS,
    }
}

/// How many creations the platforms may have when everything that comes to `step` is held there. The personal account may
/// still wait for its gap between two posts, where the step is not one of its own.
fn made_by(step: Step) -> RangeInclusive<usize> {
    match step {
        Step::Claimed | Step::MediaFetched | Step::MediaUploaded | Step::IntentCommitted => 0..=0,
        Step::CreateAnswered | Step::Searched => CHANNELS..=CHANNELS,
        Step::JobCommitted | Step::JobRead | Step::ConfirmationsRead | Step::Committed => 2..=CHANNELS,
    }
}
