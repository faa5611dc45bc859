//! What happens to the cluster while it works.

use std::time::Duration;

use rand::RngExt as _;
use rand::rngs::StdRng;
use tokio::process::Command;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::world::World;

/// How long the broker stays away.
const BROKER_GONE: Duration = Duration::from_secs(4);

/// How often each thing happened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    kills: u32,
    stops: u32,
    pauses: u32,
    database_cuts: u32,
    broker_cuts: u32,
    broker_outages: u32,
}

impl Weather {
    /// Rages until it is told that the work is done. The first events are one of each kind: a short run meets them all.
    pub(crate) async fn rage(world: &World, mut dice: StdRng, done: CancellationToken) -> Self {
        let mut weather = Self::default();
        for n in 0.. {
            let calm = sleep(Duration::from_millis(dice.random_range(300..2_000)));
            tokio::select! {
                () = calm => (),
                () = done.cancelled() => break,
            }
            let kind = if n < 6 { n } else { dice.random_range(0..12) };
            weather.strike(world, kind, &mut dice).await;
        }
        weather
    }

    async fn strike(&mut self, world: &World, kind: u32, dice: &mut StdRng) {
        let victim = world.cluster.process(dice.random_range(0..world.cluster.len()));
        match kind {
            1 => {
                self.stops += 1;
                let mut process = victim.lock().await;
                process.stop().await;
                process.restart();
            }
            2 => {
                self.pauses += 1;
                let span = Duration::from_millis(dice.random_range(500..8_000));
                victim.lock().await.pause(span).await;
            }
            3 | 6 => {
                self.database_cuts += 1;
                world.database_wire.cut();
            }
            4 | 7 => {
                self.broker_cuts += 1;
                world.broker_wire.cut();
            }
            5 => {
                self.broker_outages += 1;
                broker("stop").await;
                world.broker_wire.cut();
                sleep(BROKER_GONE).await;
                broker("start").await;
            }
            _ => {
                self.kills += 1;
                let mut process = victim.lock().await;
                process.kill().await;
                sleep(Duration::from_millis(dice.random_range(0..1_500))).await;
                process.restart();
            }
        }
    }
}

/// Stops or starts the test broker itself.
async fn broker(command: &str) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/servers");
    let servers = std::env::var("MOMENTS_TEST_SERVERS").expect("set beside the other variables");
    let done = Command::new(script).args(["broker", command, &servers]).status().await;
    assert!(
        done.expect("scripts/servers runs").success(),
        "the broker does not {command}"
    );
}
