//! The engine under a simulated clock, with seeded crashes and faults.
//!
//! A failing seed is printed; `SIMULATION_SEED=n cargo test -p moments-engine --test simulation` runs it alone.
//! `SIMULATION_SEEDS=n` sets how many are run.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on says so"
)]

mod dice;
mod platform;
mod summary;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use summary::Summary;

/// Seeds run when nothing else is asked for.
const SEEDS: u64 = 1_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn run(seed: u64) -> Summary {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(world::World::run(seed))
}

#[test]
fn every_post_is_made_once_and_told_truly_whatever_crashes() {
    if let Some(seed) = number("SIMULATION_SEED") {
        tracing_subscriber::fmt()
            .with_env_filter("debug")
            .with_test_writer()
            .init();
        println!("{:?}", run(seed));
        return;
    }
    let (next, seeds) = (AtomicU64::new(1), number("SIMULATION_SEEDS").unwrap_or(SEEDS));
    let work = || {
        let mut total = Summary::default();
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed > seeds {
                return total;
            }
            let Ok(summary) = catch_unwind(AssertUnwindSafe(|| run(seed))) else {
                panic!("SIMULATION_SEED={seed} fails")
            };
            total += summary;
        }
    };
    let total = thread::scope(|scope| {
        let workers = [scope.spawn(work), scope.spawn(work)];
        workers
            .into_iter()
            .map(|w| w.join().expect("every seed holds"))
            .fold(Summary::default(), |mut all, one| {
                all += one;
                all
            })
    });
    println!("{seeds} seeds: {total:?}");
    total.check_that_it_was_a_test(seeds);
}
