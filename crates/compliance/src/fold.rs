//! Characters as words are compared by: NFKD, lower case, simplified, look-alikes as the letter they look like.
//!
//! The table covers the basic plane, 128 KiB, made at first use. What a character folds to is at most one letter, save for compatibility forms such
//! as `㈱` and `ﬁ`.

mod lookalikes;

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

pub(crate) use lookalikes::plain_digit;

/// Traditional characters, each before its simplified one.
const SIMPLIFIED: &str = include_str!("../data/simplified.txt");

/// Codes of the table that are no characters: UTF-16 keeps them for surrogates.
const INVISIBLE: u16 = 0xD800;
const LOOSE: u16 = 0xD801;
const HARD: u16 = 0xD802;
const SEVERAL: u16 = 0xD803;

/// What a character is to a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Folded {
    /// One letter, digit or ideograph.
    Letter(char),
    /// Several of them, see [`several`].
    Several,
    /// What stands between letters.
    Gap(Gap),
}

/// What stands between two letters, in the order of how much it parts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Gap {
    /// Nothing.
    None,
    /// What is not seen: zero-width characters, variation selectors, combining marks.
    Invisible,
    /// Spaces, symbols, emoji, and points that do not end a clause.
    Loose,
    /// What ends a clause or a line: `，。！？；：、…`, line breaks.
    Hard,
}

static TABLE: LazyLock<Box<[u16]>> = LazyLock::new(|| (0..=u16::MAX).map(code).collect());
static TO_SIMPLIFIED: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let lines = SIMPLIFIED.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.flat_map(str::split_whitespace).filter_map(|pair| {
        let mut pair = pair.chars();
        pair.next().zip(pair.next())
    });
    pairs.collect()
});

/// What `c` is to a word.
#[inline]
pub(crate) fn fold(c: char) -> Folded {
    let Ok(place) = u16::try_from(u32::from(c)) else {
        return read(slow_code(c), c);
    };
    let code = TABLE.get(usize::from(place)).copied().unwrap_or(LOOSE);
    if (INVISIBLE..=SEVERAL).contains(&code) {
        return read(code, c);
    }
    Folded::Letter(char::from_u32(u32::from(code)).unwrap_or(c))
}

/// The letters of a character that folds to several.
pub(crate) fn several(c: char) -> Vec<char> {
    letters(c).collect()
}

/// Whether a letter belongs to a script that is written without spaces: words there have no boundaries.
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c), 0x2E80..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

fn read(code: u16, c: char) -> Folded {
    match code {
        INVISIBLE => Folded::Gap(Gap::Invisible),
        LOOSE => Folded::Gap(Gap::Loose),
        HARD => Folded::Gap(Gap::Hard),
        SEVERAL => Folded::Several,
        // Beyond the basic plane: letters fold into it, or stand for themselves.
        _ => Folded::Letter(letters(c).next().unwrap_or(c)),
    }
}

fn code(place: u16) -> u16 {
    char::from_u32(u32::from(place)).map_or(LOOSE, slow_code)
}

fn slow_code(c: char) -> u16 {
    if is_invisible(c) {
        return INVISIBLE;
    }
    if is_hard(c) {
        return HARD;
    }
    let mut letters = letters(c);
    match (letters.next(), letters.next()) {
        (None, _) => LOOSE,
        // A letter that has no code of 16 bits has one that reads as a letter.
        (Some(letter), None) => u16::try_from(u32::from(letter)).unwrap_or(0),
        (Some(_), Some(_)) => SEVERAL,
    }
}

fn letters(c: char) -> impl Iterator<Item = char> {
    let whole = matches!(u32::from(c), 0xAC00..=0xD7A3).then_some(c);
    let parts = whole.is_none().then(|| std::iter::once(c).nfkd());
    whole
        .into_iter()
        .chain(parts.into_iter().flatten())
        .filter(|c| c.is_alphanumeric() && !is_combining_mark(*c))
        .flat_map(|c| lookalikes::letter(c).to_lowercase())
        .map(|c| TO_SIMPLIFIED.get(&c).copied().unwrap_or(c))
        .map(lookalikes::letter)
}

fn is_hard(c: char) -> bool {
    matches!(
        c,
        ',' | '!'
            | '?'
            | ';'
            | ':'
            | '，'
            | '。'
            | '！'
            | '？'
            | '；'
            | '：'
            | '、'
            | '…'
            | '．'
            | '｡'
            | '､'
            | '\n'
            | '\r'
            | '\u{b}'
            | '\u{c}'
            | '\u{85}'
            | '\u{2028}'
            | '\u{2029}'
    )
}

fn is_invisible(c: char) -> bool {
    is_combining_mark(c)
        || matches!(
            u32::from(c),
            0..=8 | 0xE..=0x1F | 0x7F | 0xAD | 0x61C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
                | 0x202A..=0x202E | 0x2060..=0x206F | 0x2800 | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFF8
                | 0x1D173..=0x1D17A | 0x1F3FB..=0x1F3FF | 0xE0000..=0xE0FFF
        )
}

#[cfg(test)]
mod tests;
