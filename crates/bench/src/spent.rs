//! What a measure has cost the machine.

use std::ops::Sub;

use crate::usage::Usage;

/// The program's share and the database's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    /// All processes of the program.
    pub(crate) program: Usage,
    /// Processor seconds of the database's server; `None` for a file, and where its process is not known.
    pub(crate) database_secs: Option<f64>,
}

impl Spent {
    /// Processor milliseconds of the program for each of `count`.
    pub(crate) fn program_each(&self, count: usize) -> f64 {
        each(self.program.cpu_secs, count)
    }

    /// Processor milliseconds of the database's server for each of `count`, where they are known.
    pub(crate) fn database_each(&self, count: usize) -> Option<f64> {
        self.database_secs.map(|secs| each(secs, count))
    }
}

impl Sub for Spent {
    type Output = Self;

    /// What was spent since `earlier`.
    fn sub(self, earlier: Self) -> Self {
        Self {
            program: self.program - earlier.program,
            database_secs: self
                .database_secs
                .zip(earlier.database_secs)
                .map(|(now, then)| now - then),
        }
    }
}

/// Milliseconds.
pub(crate) fn each(secs: f64, count: usize) -> f64 {
    secs * 1000.0 / crate::stats::number(count)
}
