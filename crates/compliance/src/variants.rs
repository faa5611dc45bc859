//! In which ways a word is looked for: as it is written, and in pinyin where its entry asks for that.

use pinyin::{ToPinyin as _, ToPinyinMulti as _};

use crate::entry::WordEntry;
use crate::fold::{Folded, Gap, fold, is_unspaced, plain_digit, several};

/// Mixed spellings of longer words are too many, and nobody writes them.
const MOST_MIXED: usize = 4;
/// Spellings of one word in pinyin: a character may have several readings.
const MOST_SPELLINGS: usize = 64;

/// A letter of a word: folded, and as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) folded: char,
    /// The digit that was written, where a digit was: it looks like a letter.
    pub(crate) digit: Option<char>,
    /// A loose gap before it is expected: the word has one there itself, or a syllable of pinyin begins.
    pub(crate) gap: bool,
}

/// Every spelling that the entry asks for, the written one first.
pub(crate) fn spellings(entry: &WordEntry) -> Vec<Vec<Letter>> {
    let written = letters(&entry.word);
    let mut all = Vec::new();
    if entry.pinyin {
        all.extend(spelled(&written, syllables));
    }
    if entry.initials {
        all.extend(spelled(&written, initials));
    }
    all.insert(0, written);
    all
}

/// The letters of a text.
pub(crate) fn letters(text: &str) -> Vec<Letter> {
    let mut letters = Vec::new();
    let mut gap = false;
    for c in text.chars() {
        let digit = plain_digit(c);
        match fold(c) {
            Folded::Letter(folded) => letters.push(Letter { folded, digit, gap }),
            Folded::Several => letters.extend(several(c).into_iter().map(|folded| Letter {
                folded,
                digit: None,
                gap: false,
            })),
            Folded::Gap(kind) => {
                gap |= kind > Gap::Invisible;
                continue;
            }
        }
        gap = false;
    }
    letters
}

/// The word with each choice of its characters replaced; only all at once where the word is long.
fn spelled(written: &[Letter], spell: fn(char) -> Vec<String>) -> Vec<Vec<Letter>> {
    let mixed = written.len() <= MOST_MIXED;
    let mut ways: Vec<(Vec<Letter>, usize)> = vec![(Vec::new(), 0)];
    for letter in written {
        let mut next = Vec::new();
        let others = if is_unspaced(letter.folded) {
            spell(letter.folded)
        } else {
            Vec::new()
        };
        for (way, spelled) in &ways {
            if mixed || others.is_empty() {
                next.push((joined(way, [*letter]), *spelled));
            }
            for other in &others {
                let place = (0..).zip(other.chars());
                // Syllables may stand apart, initials are one run: `w x` is too common.
                let apart = other.len() > 1;
                let syllable = place.map(|(n, folded)| Letter {
                    folded,
                    digit: None,
                    gap: apart && n == 0,
                });
                next.push((joined(way, syllable), spelled + 1));
            }
        }
        next.truncate(MOST_SPELLINGS);
        ways = next;
    }
    // A single Latin letter is no word.
    let kept = ways.into_iter().filter(|(way, spelled)| *spelled > 0 && way.len() > 1);
    kept.map(|(way, _)| way).collect()
}

fn joined(way: &[Letter], more: impl IntoIterator<Item = Letter>) -> Vec<Letter> {
    way.iter().copied().chain(more).collect()
}

/// The readings of a character without tones, `ü` as `v` and as `u`.
fn syllables(c: char) -> Vec<String> {
    let several = c.to_pinyin_multi().into_iter().flatten();
    let one = c.to_pinyin().into_iter();
    let mut all: Vec<String> = Vec::new();
    for reading in one.chain(several) {
        for plain in [reading.plain().replace('ü', "v"), reading.plain().replace('ü', "u")] {
            if plain.is_ascii() && !all.contains(&plain) {
                all.push(plain);
            }
        }
    }
    all
}

/// The first letters of its readings.
fn initials(c: char) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for syllable in syllables(c) {
        let initial: String = syllable.chars().take(1).collect();
        if !all.contains(&initial) {
            all.push(initial);
        }
    }
    all
}
