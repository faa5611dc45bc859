//! Small arithmetic.

use std::time::Duration;

/// The nearest-rank percentile of ascending values, `None` when there are none. `per_mille` 500 is the median.
pub(crate) fn percentile<T: Copy>(ascending: &[T], per_mille: usize) -> Option<T> {
    let rank = (ascending.len() * per_mille).div_ceil(1000).max(1);
    ascending.get(rank - 1).copied()
}

/// A count as a number to calculate with.
pub(crate) fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// How many a second.
pub(crate) fn rate(count: usize, span: Duration) -> f64 {
    number(count) / span.as_secs_f64()
}

/// Milliseconds with their fraction.
pub(crate) fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests;
