use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Sample {
    #[serde(default, deserialize_with = "super::number")]
    signed: i64,
    #[serde(default, deserialize_with = "super::number")]
    id: u64,
    #[serde(default, deserialize_with = "super::text")]
    text: String,
    #[serde(default, deserialize_with = "super::nullable")]
    list: Vec<u8>,
}

#[track_caller]
fn check(json: &str, expected: &str) {
    let read = match serde_json::from_str::<Sample>(json) {
        Ok(sample) => format!("{} {} {:?} {:?}", sample.signed, sample.id, sample.text, sample.list),
        Err(_) => "refused".to_owned(),
    };
    assert_eq!(read, expected, "{json}");
}

#[test]
fn numbers_are_read_from_numbers_and_from_text() {
    check(
        r#"{"signed": -7, "id": 14703570661504458755}"#,
        r#"-7 14703570661504458755 "" []"#,
    );
    check(
        r#"{"signed": "1767060123", "id": "14703570661504458755"}"#,
        r#"1767060123 14703570661504458755 "" []"#,
    );
    check(
        r#"{"signed": 9223372036854775807, "id": 0}"#,
        r#"9223372036854775807 0 "" []"#,
    );
}

#[test]
fn numbers_that_do_not_fit_are_refused() {
    check(r#"{"signed": 9223372036854775808}"#, "refused");
    check(r#"{"id": -1}"#, "refused");
    check(r#"{"id": "soon"}"#, "refused");
    check(r#"{"id": 1.5}"#, "refused");
}

#[test]
fn null_is_an_empty_text_or_list() {
    check(r#"{"text": null, "list": null}"#, r#"0 0 "" []"#);
    check(r#"{"text": 42, "list": [1]}"#, r#"0 0 "42" [1]"#);
    check("{}", r#"0 0 "" []"#);
}
