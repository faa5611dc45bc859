use super::*;

#[track_caller]
fn check(json: &str, expected: &str) {
    let read = serde_json::from_str::<SnsId>(json).map_or_else(|_| "refused".to_owned(), |id| id.to_string());
    assert_eq!(read, expected, "{json}");
}

#[test]
fn one_id_is_read_from_all_its_spellings() {
    for json in [
        "14703570661504458755",
        "\"14703570661504458755\"",
        "\" 14703570661504458755\\n\"",
        "-3743173412205092861",
        "\"-3743173412205092861\"",
    ] {
        check(json, "14703570661504458755");
    }
}

#[test]
fn a_rounded_id_is_read_as_it_stands() {
    check("14703570661504459000", "14703570661504459000");
    for json in ["1.4703570661504459e19", "-3.743173412205092861e18"] {
        let id: SnsId = serde_json::from_str(json).expect(json);
        assert_eq!(id.millis(), 1_752_802_212_417, "{json}");
    }
}

#[test]
fn what_is_no_id_is_refused() {
    for json in ["null", "true", "\"\"", "\"mom0eo\"", "\"18446744073709551616\"", "[]"] {
        check(json, "refused");
    }
}

#[test]
fn an_id_is_written_exactly_and_tells_its_time() {
    let id = SnsId(14_703_570_661_504_458_755);
    assert_eq!(serde_json::to_string(&id).expect("JSON"), "14703570661504458755");
    assert_eq!(id.millis(), 1_752_802_212_417);
}
