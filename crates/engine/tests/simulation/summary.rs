//! What runs were about.

use std::ops::AddAssign;

/// What a run met, to prove that it met something.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Summary {
    pub(crate) crashes: u64,
    pub(crate) cuts_before: u64,
    pub(crate) cuts_after: u64,
    pub(crate) searches: u64,
    pub(crate) success: u64,
    pub(crate) failed: u64,
    pub(crate) held: u64,
    pub(crate) missed: u64,
}

impl AddAssign for Summary {
    fn add_assign(&mut self, other: Self) {
        self.crashes += other.crashes;
        self.cuts_before += other.cuts_before;
        self.cuts_after += other.cuts_after;
        self.searches += other.searches;
        self.success += other.success;
        self.failed += other.failed;
        self.held += other.held;
        self.missed += other.missed;
    }
}

impl Summary {
    /// Every kind of trouble was met, and most posts came out all the same.
    pub(crate) fn check_that_it_was_a_test(&self, seeds: u64) {
        if seeds < 100 {
            return;
        }
        let met = [
            self.crashes,
            self.cuts_before,
            self.cuts_after,
            self.searches,
            self.held,
            self.missed,
        ];
        assert!(met.iter().all(|n| *n > 0), "{self:?}");
        assert!(self.success > self.failed, "{self:?}");
    }
}
