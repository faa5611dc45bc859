//! The chaos run: two API processes, two schedulers and three workers over one database server and one broker, while processes are
//! killed, paused and told to stop, connections are cut, the broker goes away, and the platform answers badly.
//!
//! Afterwards the platform is counted: a Moment for each task and corp, once, never more than ten in a sliding minute of a corp, every
//! result final and true, no row left behind. `CHAOS_TASKS`, `CHAOS_CORPS` and `CHAOS_SEED` change a run (`make chaos`); the seed repeats
//! the dice, not the machine's timing.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]

mod caller;
mod cluster;
mod database;
mod order;
mod process;
mod scale;
mod verdict;
mod weather;
mod wire;
mod world;

use scale::Scale;
use world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_over_mariadb_weathers_everything() {
    run("mariadb", "MOMENTS_TEST_MARIADB").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_over_postgresql_weathers_everything() {
    run("postgresql", "MOMENTS_TEST_POSTGRES").await;
}

async fn run(name: &str, variable: &str) {
    let (Some(database), Some(broker)) = (server(variable), server("MOMENTS_TEST_AMQP")) else {
        return;
    };
    let scale = Scale::from_environment();
    println!("chaos over {name}: {scale:?}");
    let world = World::new(name, &database, &broker, &scale).await;
    world.run(&scale).await;
}

/// A server's address. In CI it must be there; elsewhere the run is left out, aloud.
fn server(variable: &str) -> Option<String> {
    let address = std::env::var(variable).ok();
    assert!(
        address.is_some() || std::env::var_os("CI").is_none(),
        "{variable} is not set"
    );
    if address.is_none() {
        println!("left out: {variable} is not set (scripts/servers start prints it)");
    }
    address
}
