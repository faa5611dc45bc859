use super::*;

#[track_caller]
fn check(values: &[i64], per_mille: usize, expected: Option<i64>) {
    assert_eq!(percentile(values, per_mille), expected, "{per_mille} of {values:?}");
}

#[test]
fn a_percentile_is_one_of_the_values() {
    let hundred: Vec<_> = (1..=100).collect();
    check(&hundred, 500, Some(50));
    check(&hundred, 990, Some(99));
    check(&hundred, 0, Some(1));
    check(&hundred, 1000, Some(100));
    check(&[7], 990, Some(7));
    check(&[1, 2], 500, Some(1));
    check(&[], 500, None);
}
