//! How much a run does.

use std::str::FromStr;

/// The size of a run and its dice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// Tasks asked for.
    pub(crate) tasks: usize,
    /// Corps among which they are spread.
    pub(crate) corps: usize,
    /// Start of the random sequence.
    pub(crate) seed: u64,
}

impl Scale {
    /// A run of a minute and a half, unless the environment wants more. More than ten creations fall to each corp, so that its minute
    /// is a limit that is met.
    pub(crate) fn from_environment() -> Self {
        Self {
            tasks: given("CHAOS_TASKS").unwrap_or(180),
            corps: given("CHAOS_CORPS").unwrap_or(15),
            seed: given("CHAOS_SEED").unwrap_or_else(rand::random),
        }
    }
}

fn given<T: FromStr>(variable: &str) -> Option<T> {
    let text = std::env::var(variable).ok()?;
    let value = text.parse().ok();
    assert!(value.is_some(), "{variable}={text} is not a number");
    value
}
