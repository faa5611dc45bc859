use super::*;

#[test]
fn each_comparison_has_a_line_and_its_ratio() {
    let usage = Usage {
        cpu_secs: 1.5,
        peak_mb: 42.0,
    };
    let table = table(&[
        Row::new("create", 2000.0, "/s")
            .against("one", 1000.0)
            .against("none", 0.0)
            .usage(usage),
        Row::new("alone", 0.5, "ms"),
    ]);
    assert_eq!(
        words(&table)[1..],
        [
            vec!["create", "2000", "/s", "one", "1000", "/s", "2.00", "1.50", "42.0"],
            vec!["none", "0.00", "/s", "-"],
            vec!["alone", "0.50", "ms"],
        ],
        "{table}"
    );
}

#[test]
fn ways_stand_beside_each_other() {
    let way = |figure: f64| {
        let tasks = Row::new("create", figure, "/s").against("one", 1000.0);
        vec![tasks, Row::new("alone", 0.5, "ms")]
    };
    let table = across("Base", &[("a".to_owned(), way(2000.0)), ("b".to_owned(), way(500.0))]);
    assert_eq!(
        words(&table),
        [
            vec!["Base", "a", "b"],
            vec!["create", "2000", "/s", "500", "/s"],
            vec!["ratio", "to", "one", "2.00", "0.50"],
            vec!["alone", "0.50", "ms", "0.50", "ms"],
        ],
        "{table}"
    );
}

fn words(table: &str) -> Vec<Vec<&str>> {
    table.lines().map(|line| line.split_whitespace().collect()).collect()
}
