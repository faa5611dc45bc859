//! Whatever a text is, a check ends, and its positions lie inside the text.

use proptest::prelude::*;

use super::words;
use crate::{Level, ListKind, Place};

const LIST: &str = "微信 | | | pinyin, initials\n国家级\nvx1\n加v信\nab\na股\n㈱社";

proptest! {
    #[test]
    fn positions_are_inside_the_text(text in "\\PC{0,60}|([微信国家级vVx1wei股加㈱ａＢ.，🐱\u{200b}\u{300}\u{fdfa} ]){0,40}") {
        let checker = words(LIST);
        let characters: Vec<_> = text.chars().collect();
        for hit in checker.check(&text, Some(&text)).hits {
            if let Place::Text { start, end } = hit.place {
                prop_assert!(start < end && end <= characters.len());
                let found: String = characters[start..end].iter().collect();
                prop_assert_eq!(found, hit.found);
            }
        }
    }

    #[test]
    fn any_list_is_read_or_refused(text in "(.|\n){0,200}") {
        for kind in [ListKind::Words, ListKind::LinkDeny] {
            if let Ok(list) = super::read(kind, Level::Warn, &text) {
                prop_assert!(crate::Checker::build(vec![list]).is_ok());
            }
        }
    }

    /// A word is found wherever it stands among Chinese text.
    #[test]
    fn a_word_is_found_in_any_surroundings(before in "[一-龥，。 a-z]{0,20}", after in "[，。一-龥]{0,20}") {
        let checker = words("国家级");
        let text = format!("{before}国家级{after}");
        prop_assert!(checker.check(&text, None).hits.iter().any(|hit| hit.found.ends_with('级')));
    }
}
