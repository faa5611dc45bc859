//! Killed at random moments, again and again, while the client goes on asking.

use std::time::Duration;

use futures::StreamExt as _;
use futures::stream;
use moments_sandbox::{FaultKind, Mix, MixPart};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;
use tokio::time::sleep;

use crate::client::Client;
use crate::orders::{Audience, Order};
use crate::program::Program;
use crate::verdict::{Tally, judge};
use crate::world::World;

/// Clients that ask at the same time.
const CLIENTS: usize = 4;

/// How bad the weather is.
struct Storm {
    tasks: usize,
    kills: u32,
    /// Every how many tasks the personal account takes part; it posts no faster than once in three seconds.
    personal_each: usize,
    faults: bool,
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_moments_over_200_tasks() {
    let storm = Storm {
        tasks: 200,
        kills: 40,
        personal_each: 20,
        faults: false,
    };
    storm.rage().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_moments_with_cut_after_processing() {
    let storm = Storm {
        tasks: 60,
        kills: 20,
        personal_each: 10,
        faults: true,
    };
    storm.rage().await;
}

impl Storm {
    async fn rage(&self) {
        let seed = seed();
        println!("storm over {} tasks: CRASH_SEED={seed}", self.tasks);
        let mut dice = StdRng::seed_from_u64(seed);
        let world = World::new().await;
        let client = world.client();
        let program = world.start(None).await;
        let audience = world.bind(&client).await;
        if self.faults {
            world.sandbox.set_mix(Some(mix(seed)));
        }
        let order_dice = StdRng::from_rng(&mut dice);
        let (program, placed) = tokio::join!(
            self.kill(&world, &client, program, dice),
            self.place_all(&world, &client, &audience, order_dice)
        );
        let tasks = finish(&client, &placed).await;
        let tally = judge_all(&world, &placed, &tasks);
        ask_again(&world, &client, program, &placed, &tasks).await;
        self.report(&world, &client, tally);
    }

    /// Kills and starts again at once; the last life goes on.
    async fn kill(&self, world: &World, client: &Client, mut program: Program, mut dice: StdRng) -> Program {
        let mut sent = client.counts().sent;
        for _ in 0..self.kills {
            live(world, client, sent, &mut dice).await;
            program.kill().await;
            sent = client.counts().sent;
            if dice.random_bool(0.2) {
                let starting = Program::spawn(world, None);
                sleep(Duration::from_millis(dice.random_range(0..250))).await;
                starting.kill().await;
            }
            program = world.start(None).await;
        }
        program
    }

    /// Places every order, some in each life of the program; orders with their tasks.
    async fn place_all(&self, world: &World, client: &Client, audience: &Audience, dice: StdRng) -> Vec<(Order, i64)> {
        let lives = self.kills as usize;
        let orders = stream::iter(0..self.tasks).scan(dice, |dice, n| {
            let own = StdRng::from_rng(dice);
            std::future::ready(Some((n, own)))
        });
        let place = |(n, mut dice): (usize, StdRng)| async move {
            let life = u32::try_from(n * lives / self.tasks).expect("few lives");
            client.started(1 + life).await;
            let order = Order::random(world, audience, (n, self.personal_each), &mut dice);
            let id = client.create(&order).await;
            (order, id)
        };
        orders.map(place).buffer_unordered(CLIENTS).collect().await
    }

    /// Tells what was met; a storm that met nothing would prove nothing.
    fn report(&self, world: &World, client: &Client, tally: Tally) {
        let (_, struck) = world.sandbox.faults_waiting();
        let broken = client.counts().broken;
        let lost = world.logged("a create call has no clear answer");
        println!(
            "storm over {} tasks: {} kills, {broken} connections of the client broken, {struck} faults; {lost} calls lost track of, \
             {} found on the platform, {} surely absent and sent again; {} creations published once, {} left to a person",
            self.tasks,
            self.kills + 1,
            world.logged("found the Moment of a call without answer"),
            world.logged("the platform surely has no such Moment"),
            tally.published,
            tally.unmade,
        );
        assert!(broken > 0 && lost > 0, "no request and no create call was struck");
    }
}

/// Every task as it reads when it is over.
async fn finish(client: &Client, placed: &[(Order, i64)]) -> Vec<Value> {
    let tasks = stream::iter(placed).map(|(_, id)| client.finished(*id));
    tasks.buffered(CLIENTS).collect().await
}

fn judge_all(world: &World, placed: &[(Order, i64)], tasks: &[Value]) -> Tally {
    let mut tally = Tally::default();
    for ((order, _), task) in placed.iter().zip(tasks) {
        tally += judge(world, order, task);
    }
    let posts_of_ours = tally.published + 1;
    assert_eq!(
        world.sandbox.moment_count(),
        posts_of_ours,
        "there are Moments that nobody ordered"
    );
    assert_eq!(world.sandbox.violations(), []);
    // Where a call was lost twice before it arrived a person decides; that must stay the exception.
    assert!(tally.unmade * 4 < tally.published, "{tally:?}");
    tally
}

/// One more kill: nothing that was over changes, and each request still has its one task.
async fn ask_again(world: &World, client: &Client, program: Program, placed: &[(Order, i64)], tasks: &[Value]) {
    program.kill().await;
    let _program = world.start(None).await;
    for ((order, id), before) in placed.iter().zip(tasks) {
        assert_eq!(client.create(order).await, *id, "{} became two tasks", order.text);
        assert_eq!(client.task(*id).await, *before, "a final result changed");
    }
}

/// `CRASH_SEED`, or another one each time.
fn seed() -> u64 {
    let given = std::env::var("CRASH_SEED").ok();
    given.map_or_else(rand::random, |text| text.parse().expect("CRASH_SEED is a number"))
}

/// Lasts as long as a life: until one of its first requests is under way, until the platforms make a Moment, or for some time.
async fn live(world: &World, client: &Client, sent_before: u32, dice: &mut StdRng) {
    let soon = Duration::from_millis(dice.random_range(0..8));
    match dice.random_range(0..4) {
        0 => {
            client.has_sent(sent_before + dice.random_range(1..=4)).await;
            sleep(soon).await;
        }
        1 => {
            world.one_more_is_made().await;
            sleep(soon).await;
        }
        2 => sleep(Duration::from_millis(dice.random_range(0..150))).await,
        _ => sleep(Duration::from_millis(dice.random_range(150..1_200))).await,
    }
}

/// Trouble for every second create call, on both sides of its processing.
fn mix(seed: u64) -> Mix {
    let kinds = [
        (0.12, FaultKind::CutAfter),
        (0.08, FaultKind::CutBefore),
        (0.10, FaultKind::Html502After),
        (0.10, FaultKind::Slow { ms: 1_000 }),
        (0.05, FaultKind::Slow { ms: 4_000 }),
        (0.05, FaultKind::Late { ms: 1_500 }),
    ];
    Mix {
        seed,
        world: None,
        calls: ["add_moment_task", "sendTextSns", "sendImgSns"]
            .map(str::to_owned)
            .into(),
        probabilities: kinds.map(|(share, kind)| MixPart { share, kind }).into(),
    }
}
