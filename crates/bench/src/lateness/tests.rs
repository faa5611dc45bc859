use super::*;

#[test]
fn a_post_is_known_by_the_number_in_its_text() {
    for (text, expected) in [
        (fill::text(NAME, 17), Some(17)),
        (fill::text("waiting", 17), None),
        (String::new(), None),
    ] {
        assert_eq!(number_of(&text), expected, "{text}");
    }
}

#[test]
fn each_is_due_fifty_milliseconds_after_the_one_before() {
    let first = Timestamp::from_secs(1_760_000_000);
    assert_eq!(due(first, 0), first);
    assert_eq!(due(first, 3), first + Duration::from_millis(150));
}

#[test]
fn early_is_negative() {
    assert!(millis(-3) < 0.0);
    assert!((millis(42) - 42.0).abs() < f64::EPSILON);
}
