//! Whether letters that follow one another in a text are a word, given what stands between them.
//!
//! What is safe to pass over:
//! - What is not seen, anywhere.
//! - Spaces, symbols and emoji beside a Chinese character, where the word has such a gap itself, and between syllables of pinyin.
//! - The same and what ends a clause or a line, when it stands between *all* letters of a word of three or more: `国，家，级`, `w.e.i.x.i.n`. So
//!   `热爱国家，级别高` is not 国家级, and `v x` is not `vx`.
//! - In one gap at most [`MOST_SKIPPED`] bytes.
//!
//! A Latin letter or digit at either end of a word must be the end of a word in the text. Digits count as the letters that they look like when at least
//! half of a word of three or more is written as it should be: `c0m` and `v1agra`, not `505` for `sos`.

use crate::fold::{Gap, is_unspaced};
use crate::variants::Letter;

/// Eight Chinese punctuation marks or six emoji.
pub(crate) const MOST_SKIPPED: usize = 24;

/// What stands before a letter in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) folded: char,
    pub(crate) digit: Option<char>,
    /// What parts it from the letter before.
    pub(crate) gap: Gap,
    /// How many bytes of that there are.
    pub(crate) skipped: usize,
}

/// What the text around a hit must be like.
#[derive(Clone, Debug)]
pub(crate) struct Spelling {
    letters: Box<[Letter]>,
    exact: bool,
}

impl Spelling {
    pub(crate) fn new(letters: Vec<Letter>, exact: bool) -> Self {
        let letters = letters.into_boxed_slice();
        Self { letters, exact }
    }

    pub(crate) fn len(&self) -> usize {
        self.letters.len()
    }

    /// Whether `found`, which has the same letters when folded, is this word between `before` and `after`.
    pub(crate) fn fits(&self, before: Option<Found>, found: &[Found], after: Option<Found>) -> bool {
        let (Some(first), Some(last)) = (found.first(), found.last()) else {
            return false;
        };
        self.gaps_fit(found)
            && self.digits_fit(found)
            && !before.is_some_and(|before| is_one_word(before.folded, *first))
            && !after.is_some_and(|after| is_one_word(last.folded, after))
    }

    fn gaps_fit(&self, found: &[Found]) -> bool {
        let inner = found.get(1..).unwrap_or_default();
        if inner.iter().any(|letter| letter.skipped > MOST_SKIPPED) {
            return false;
        }
        let all = inner.len() > 1 && inner.iter().all(|letter| letter.gap >= Gap::Loose);
        (all && !self.exact)
            || self
                .letters
                .windows(2)
                .zip(inner)
                .all(|(pair, letter)| self.gap_fits(pair, letter.gap))
    }

    fn gap_fits(&self, pair: &[Letter], gap: Gap) -> bool {
        let expected = pair.last().is_some_and(|letter| letter.gap);
        let unspaced = pair.iter().any(|letter| is_unspaced(letter.folded));
        match gap {
            Gap::None | Gap::Invisible => true,
            Gap::Loose => expected || (unspaced && !self.exact),
            Gap::Hard => false,
        }
    }

    fn digits_fit(&self, found: &[Found]) -> bool {
        let same = self
            .letters
            .iter()
            .zip(found)
            .filter(|(letter, found)| letter.digit == found.digit);
        let same = same.count();
        same == found.len() || (!self.exact && found.len() > 2 && 2 * same >= found.len())
    }
}

/// Whether a letter is written together with the one before, as in a Latin word or a number.
fn is_one_word(before: char, letter: Found) -> bool {
    letter.gap <= Gap::Invisible && !is_unspaced(before) && !is_unspaced(letter.folded)
}
