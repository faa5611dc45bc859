//! As much of Prometheus's query language as it takes to find what a query is about.

use std::collections::BTreeSet;

/// The metrics that a query reads, each with the labels that select from it.
pub(crate) fn selectors(query: &str) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    let mut rest = query;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphabetic()) {
        let from = &rest[start..];
        let end = from.find(|c: char| !is_name(c)).unwrap_or(from.len());
        let (name, after) = from.split_at(end);
        rest = after;
        if name.starts_with("moments_") || name.starts_with("process_") {
            let matchers = after.strip_prefix('{').and_then(|after| after.split_once('}'));
            let labels = matchers.map_or_else(Vec::new, |(matchers, _)| labels_of(matchers));
            rest = matchers.map_or(after, |(_, after)| after);
            found.push((name.to_owned(), labels));
        }
    }
    found
}

/// The labels that a query groups by.
pub(crate) fn grouped_by(query: &str) -> BTreeSet<String> {
    let groups = query.split(" by (").skip(1);
    let names = groups
        .filter_map(|rest| rest.split_once(')'))
        .flat_map(|(names, _)| names.split(','));
    names.map(|name| name.trim().to_owned()).collect()
}

/// The labels that a text for people shows: `{{ $labels.check }}` or `{{check}}`.
pub(crate) fn shown(text: &str) -> BTreeSet<String> {
    let inside = text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}"));
    let names = inside.map(|(name, _)| name.trim().trim_start_matches("$labels."));
    names
        .filter(|name| !name.starts_with("$value"))
        .map(ToOwned::to_owned)
        .collect()
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn labels_of(matchers: &str) -> Vec<String> {
    let names = matchers
        .split(',')
        .map(|matcher| matcher.split(['=', '!']).next().unwrap_or_default());
    names.map(|name| name.trim().to_owned()).collect()
}

#[test]
fn queries_are_taken_apart() {
    let query = r#"sum by (platform, le) (rate(moments_x_bucket{class=~"A|B",to!="C"}[5m])) / max(moments_y) > time()"#;
    let labels = |labels: &[&str]| labels.iter().map(ToString::to_string).collect();
    let expected = [
        ("moments_x_bucket".to_owned(), labels(&["class", "to"])),
        ("moments_y".to_owned(), Vec::new()),
    ];
    assert_eq!(selectors(query), expected);
    assert_eq!(
        grouped_by(query),
        BTreeSet::from(["platform".to_owned(), "le".to_owned()])
    );
    assert_eq!(
        shown("{{ $labels.a }} {{b}} {{ $value | x }}"),
        BTreeSet::from(["a".to_owned(), "b".to_owned()])
    );
}
