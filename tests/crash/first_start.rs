//! Killed while the schema is being written.

use std::time::Duration;

use tokio::time::sleep;

use crate::program::Program;
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_while_it_starts_for_the_first_time() {
    let world = World::new().await;
    for n in 0..40 {
        let program = Program::spawn(&world, None);
        sleep(Duration::from_millis(5 * n)).await;
        program.kill().await;
    }
    let _program = world.start(None).await;
    world.bind(&world.client()).await;
}
