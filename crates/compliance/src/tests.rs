//! The whole check: evasions, innocent texts, any text.

mod evasions;
mod innocent;
mod lists;
mod properties;

use crate::{BadLine, Checker, Hit, Level, List, ListKind, Place, Source, builtin};

pub(super) fn list(kind: ListKind, level: Level, text: &str) -> List {
    read(kind, level, text).unwrap()
}

pub(super) fn read(kind: ListKind, level: Level, text: &str) -> Result<List, Vec<BadLine>> {
    let source = Source {
        id: "7".to_owned(),
        name: kind.name().to_owned(),
        version: "3".to_owned(),
    };
    List::read(source, kind, level, text)
}

pub(super) fn words(text: &str) -> Checker {
    Checker::build(vec![list(ListKind::Words, Level::Block, text)]).unwrap()
}

pub(super) fn shipped() -> Checker {
    Checker::build(builtin().unwrap()).unwrap()
}

/// Each hit as `word=found@start`.
pub(super) fn shown(checker: &Checker, text: &str) -> String {
    let one = |hit: &Hit| match hit.place {
        Place::Text { start, .. } => format!("{}={}@{start}", hit.word, hit.found),
        Place::Title { .. } => panic!("no title is checked here"),
        Place::Link => format!("{}=link", hit.word),
    };
    checker
        .check(text, None)
        .hits
        .iter()
        .map(one)
        .collect::<Vec<_>>()
        .join(" ")
}
