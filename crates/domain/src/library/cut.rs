//! Shortening a text that is longer than a Moment may be.

use unicode_segmentation::UnicodeSegmentation as _;

use crate::content::{MAX_TEXT_BYTES, MAX_TEXT_UNITS};

/// Tells readers that the text goes on elsewhere.
const MARK: char = '…';
const SENTENCE_ENDS: [char; 7] = ['。', '！', '？', '!', '?', '；', '\n'];

/// The longest beginning of `text` that fits into a Moment together with `…`: up to the end of a sentence where that keeps at least two thirds of
/// what fits, else between two characters as people see them, so that no emoji is split.
///
/// For texts that do not fit as they are.
pub(super) fn cut(text: &str) -> String {
    let end = fitting(text);
    let whole = text[..end].rfind(SENTENCE_ENDS).map(|at| after_character(text, at));
    let end = whole.filter(|whole| whole * 3 >= end * 2).unwrap_or(end);
    format!("{}{MARK}", text[..end].trim_end())
}

/// Where the last character that fits ends, in bytes.
fn fitting(text: &str) -> usize {
    let (most_units, most_bytes) = (MAX_TEXT_UNITS - MARK.len_utf16(), MAX_TEXT_BYTES - MARK.len_utf8());
    let mut units = 0;
    let mut end = 0;
    for (at, character) in text.grapheme_indices(true) {
        units += character.encode_utf16().count();
        if units > most_units || at + character.len() > most_bytes {
            break;
        }
        end = at + character.len();
    }
    end
}

fn after_character(text: &str, at: usize) -> usize {
    at + text[at..].chars().next().map_or(0, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::check_text;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let short = cut(text);
        assert_eq!(check_text(&short), None, "{} bytes", short.len());
        assert_eq!(short, expected);
    }

    #[test]
    fn as_much_stays_as_fits() {
        check(&"a".repeat(2001), &format!("{}…", "a".repeat(1999)));
        check(&"好".repeat(1400), &format!("{}…", "好".repeat(1332)));
        // One emoji of eleven units: none of its parts stays alone.
        let family = "👨‍👩‍👧‍👦";
        check(&family.repeat(300), &format!("{}…", family.repeat(159)));
    }

    #[test]
    fn a_sentence_is_not_broken_where_little_is_lost() {
        let (long, short) = ("好".repeat(1000), "好".repeat(800));
        check(&format!("{long}。{long}"), &format!("{long}。…"));
        check(&format!("{long}\n{long}"), &format!("{long}…"));
        check(&format!("{short}。{short}"), &format!("{short}。{}…", "好".repeat(531)));
    }
}
