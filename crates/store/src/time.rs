//! Times in the requirement's `DATETIME` columns.

use moments_domain::Timestamp;

/// UTC as `YYYY-MM-DD HH:MM:SS.ffffff`: sorts as text, and every database reads it.
pub(crate) fn to_datetime(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.0)
        .unwrap_or_default()
        .strftime("%Y-%m-%d %H:%M:%S.%6f")
        .to_string()
}

/// Reads what [`to_datetime`] wrote, and what another module may have written by hand.
pub(crate) fn from_datetime(text: &str) -> Option<Timestamp> {
    let at: jiff::civil::DateTime = text.trim_end_matches('Z').parse().ok()?;
    let at = at.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(Timestamp(at.timestamp().as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datetimes_keep_their_microseconds() {
        let at = Timestamp(1_698_337_800_000_123);
        assert_eq!(to_datetime(at), "2023-10-26 16:30:00.000123");
        assert_eq!(from_datetime(&to_datetime(at)), Some(at));
        assert_eq!(
            from_datetime("2023-10-26 16:30:00"),
            Some(Timestamp::from_secs(1_698_337_800))
        );
        assert_eq!(from_datetime("yesterday"), None);
    }
}
