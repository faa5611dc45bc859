//! Randomness that does not depend on the order in which concurrent work runs: each throw is named.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Mutex;

/// Throws by name: the nth throw of a name is always the same for a seed.
#[derive(Debug)]
pub(crate) struct Dice {
    seed: u64,
    thrown: Mutex<HashMap<String, u64>>,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            thrown: Mutex::default(),
        }
    }

    /// A number in `0..sides`.
    pub(crate) fn throw(&self, name: &str, sides: u64) -> u64 {
        let mut thrown = self.thrown.lock().expect("no throw panics");
        let count = thrown.entry(name.to_owned()).or_default();
        *count += 1;
        let mut hasher = DefaultHasher::new();
        (self.seed, name, *count).hash(&mut hasher);
        hasher.finish() % sides
    }

    /// True once in `n` throws.
    pub(crate) fn one_in(&self, name: &str, n: u64) -> bool {
        self.throw(name, n) == 0
    }
}
