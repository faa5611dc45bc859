//! The lists that come with the program.

use crate::entry::BadLine;
use crate::list::{Level, List, ListKind, Source, hash};

const ADVERTISING: &str = include_str!("../lists/advertising.txt");
const ADVERTISING_ALLOW: &str = include_str!("../lists/advertising-allow.txt");

/// Superlatives that the Advertising Law of the PRC (art. 9 and 28 as commonly read) forbids in advertisements, as warnings, with the phrases that are
/// innocent. What is an advertisement is for its author to judge, so they never block.
pub fn builtin() -> Result<Vec<List>, Vec<BadLine>> {
    Ok(vec![
        shipped("builtin:advertising", "广告法绝对化用语", ListKind::Words, ADVERTISING)?,
        shipped(
            "builtin:advertising-allow",
            "广告法常见无害短语",
            ListKind::Allow,
            ADVERTISING_ALLOW,
        )?,
    ])
}

fn shipped(id: &str, name: &str, kind: ListKind, text: &str) -> Result<List, Vec<BadLine>> {
    let source = Source {
        id: id.to_owned(),
        name: name.to_owned(),
        version: hash(text).chars().take(12).collect(),
    };
    List::read(source, kind, Level::Warn, text)
}
