use super::*;

#[test]
fn each_comparison_has_a_line_and_its_ratio() {
    let mut report = Report::default();
    let usage = Usage {
        cpu_secs: 1.5,
        peak_mb: 42.0,
    };
    report.add(vec![
        Row::new("create", 2000.0, "/s")
            .against("one", 1000.0)
            .against("none", 0.0)
            .usage(usage),
        Row::new("alone", 0.5, "ms"),
    ]);
    let table = report.table();
    let lines: Vec<Vec<_>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        lines[1..],
        [
            vec!["create", "2000", "/s", "one", "1000", "/s", "2.00", "1.50", "42.0"],
            vec!["none", "0.00", "/s", "-"],
            vec!["alone", "0.50", "ms"],
        ],
        "{table}"
    );
}
