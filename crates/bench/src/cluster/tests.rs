use super::*;

#[test]
fn the_settled_are_counted_and_no_others() {
    let metrics = "# TYPE moments_publication_moves_total counter\n\
                   moments_publication_moves_total{to=\"CREATED\"} 9\n\
                   moments_publication_moves_total{to=\"SETTLED\"} 1234\n";
    for (text, expected) in [(metrics, 1234), ("", 0)] {
        assert_eq!(settled(text), expected, "{text}");
    }
}
