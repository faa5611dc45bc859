//! A word list and a text that it judges: up to the first zero character the list's lines, behind it the text. A list that is read can be built,
//! and what is found stands where it is said to stand.
#![no_main]

use libfuzzer_sys::fuzz_target;
use moments_compliance::{Checker, Level, List, ListKind, Place, Source};

fuzz_target!(|data: &str| {
    let (lines, text) = data.split_once('\0').unwrap_or((data, data));
    let kinds = [ListKind::Words, ListKind::Allow, ListKind::LinkAllow, ListKind::LinkDeny];
    let lists: Vec<_> = kinds.into_iter().filter_map(|kind| read(kind, lines)).collect();
    let Ok(checker) = Checker::build(lists) else { return };
    let characters: Vec<_> = text.chars().collect();
    for hit in checker.check(text, Some(text)).hits {
        if let Place::Text { start, end } = hit.place {
            let found: String = characters[start..end].iter().collect();
            assert_eq!(found, hit.found);
        }
    }
});

fn read(kind: ListKind, lines: &str) -> Option<List> {
    let source = Source {
        id: "fuzz".into(),
        name: String::new(),
        version: String::new(),
    };
    List::read(source, kind, Level::Warn, lines).ok()
}
