use super::*;

/// Columns that the schema's scripts call sealed, as `table.column`.
fn columns_said_to_be_sealed() -> Vec<String> {
    let mut table = "";
    let mut found = Vec::new();
    for line in crate::migrate::scripts().flat_map(str::lines) {
        let words: Vec<_> = line.split_whitespace().collect();
        match words.as_slice() {
            ["CREATE", "TABLE", "IF", "NOT", "EXISTS", name, ..] => table = name,
            ["ALTER", "TABLE", name, "ADD", "COLUMN", column, ..] if line.contains("-- sealed") => {
                found.push(format!("{name}.{column}"));
            }
            [column, ..] if line.contains("-- sealed") => found.push(format!("{table}.{column}")),
            _ => (),
        }
    }
    found
}

#[test]
fn every_sealed_column_is_listed() {
    // The requirement's column; credentials lie with the channel, and nothing is ever written there.
    let mut expected = columns_said_to_be_sealed();
    expected.retain(|column| column != "t_wechat_account.auth_data");
    let mut listed: Vec<_> = SEALED.iter().map(ToString::to_string).collect();
    expected.sort();
    listed.sort();
    assert_eq!(listed, expected);
}

#[test]
fn no_two_places_are_bound_alike() {
    let mut bound: Vec<_> = SEALED.iter().map(|place| place.bound_to(17)).collect();
    bound.sort();
    bound.dedup();
    assert_eq!(bound.len(), SEALED.len());
    assert_eq!(CHANNEL_CREDENTIAL.bound_to(17), "channel:17:credential");
}
