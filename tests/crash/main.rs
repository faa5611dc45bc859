//! The crash test: the real program, killed with SIGKILL at every named step and at random moments, against platforms that
//! live on in this process. Afterwards the platforms are counted: a post for each task and channel, once, and no result that lies.
//!
//! What is met in a run is printed (`cargo test --test crash -- --nocapture`). `CRASH_SEED` repeats a run's dice; the moments at
//! which kills strike still differ from run to run.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]

mod client;
mod first_start;
#[path = "../fresh/mod.rs"]
mod fresh;
mod orders;
mod program;
mod repeat;
mod steps;
mod storm;
mod verdict;
mod world;
