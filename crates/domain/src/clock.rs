//! Where the time comes from.

use crate::Timestamp;

/// The only source of "now". Real in the program, set by hand in tests.
pub trait Clock: Send + Sync + 'static {
    /// The present time.
    fn now(&self) -> Timestamp;
}
