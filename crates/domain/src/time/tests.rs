use super::*;

#[test]
fn only_times_with_an_offset_are_read() {
    let at = Timestamp::from_secs(1_698_337_800);
    for (text, expected) in [
        ("2023-10-26T16:30:00Z", Some(at)),
        ("2023-10-27T00:30:00+08:00", Some(at)),
        ("2023-10-26T16:30:00", None),
        ("2023-10-26 16:30", None),
        ("1698337800", None),
        ("", None),
    ] {
        assert_eq!(Timestamp::parse(text), expected, "{text}");
    }
}

#[test]
fn a_time_is_printed_as_it_is_read() {
    let at = Timestamp::from_millis(1_698_337_800_250);
    assert_eq!(at.to_string(), "2023-10-26T16:30:00.25Z");
    assert_eq!(Timestamp::parse(&at.to_string()), Some(at));
}
