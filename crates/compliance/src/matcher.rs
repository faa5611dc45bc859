//! One automaton for all words.

use std::collections::HashMap;
use std::ops::Range;

use daachorse::CharwiseDoubleArrayAhoCorasick;

use crate::checker::TooLarge;
use crate::fold::{Folded, Gap, fold, plain_digit, several};
use crate::spelling::{Found, Spelling};
use crate::variants::Letter;

/// Texts are read up to here, because a place in them has 30 bits: a gibibyte.
const MOST_BYTES: usize = 1 << 30;

/// Finds words; each was given a number by whoever added it.
#[derive(Default)]
pub(crate) struct Matcher {
    /// Empty: there are no words. Its values are places in `groups`.
    automaton: Option<CharwiseDoubleArrayAhoCorasick<u32>>,
    /// The spellings that fold to the same letters.
    groups: Vec<Vec<(u32, Spelling)>>,
}

/// Words to be found, gathered.
#[derive(Default)]
pub(crate) struct Builder {
    groups: HashMap<String, Vec<(u32, Spelling)>>,
}

/// A word in the text: bytes of the original.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    pub(crate) number: u32,
    pub(crate) bytes: Range<usize>,
}

impl Builder {
    pub(crate) fn add(&mut self, number: u32, letters: Vec<Letter>, exact: bool) {
        let key = letters.iter().map(|letter| letter.folded).collect();
        self.groups
            .entry(key)
            .or_default()
            .push((number, Spelling::new(letters, exact)));
    }

    pub(crate) fn build(self) -> Result<Matcher, TooLarge> {
        let (keys, groups): (Vec<String>, Vec<_>) = self.groups.into_iter().unzip();
        if keys.is_empty() {
            return Ok(Matcher::default());
        }
        let automaton = CharwiseDoubleArrayAhoCorasick::new(keys).map_err(|_| TooLarge)?;
        Ok(Matcher {
            automaton: Some(automaton),
            groups,
        })
    }
}

impl Matcher {
    /// Bytes of memory that it takes, about.
    pub(crate) fn bytes(&self) -> usize {
        let spelling =
            |(_, spelling): &(u32, Spelling)| size_of::<(u32, Spelling)>() + spelling.len() * size_of::<Letter>();
        let groups = self
            .groups
            .iter()
            .map(|group| size_of_val(group) + group.iter().map(spelling).sum::<usize>());
        self.automaton
            .as_ref()
            .map_or(0, CharwiseDoubleArrayAhoCorasick::heap_bytes)
            + groups.sum::<usize>()
    }

    /// Every word in the text, in the order of their ends; words may overlap.
    pub(crate) fn find(&self, text: &str) -> Vec<Match> {
        let Some(automaton) = &self.automaton else {
            return Vec::new();
        };
        let mut reader = Reader::new(text);
        let mut stepper = automaton.find_overlapping_stepper();
        let mut candidates = Vec::new();
        reader.read(|place, letter| {
            stepper.consume(letter);
            candidates.extend(stepper.matches().map(|found| (place, found.value())));
        });
        let judged = candidates
            .into_iter()
            .flat_map(|(last, group)| self.judge(&reader, last, group));
        judged.collect()
    }

    /// The words of a group that end with the letter at `last`.
    fn judge<'a>(&'a self, reader: &'a Reader<'_>, last: usize, group: u32) -> impl Iterator<Item = Match> + 'a {
        let group = usize::try_from(group).ok().and_then(|group| self.groups.get(group));
        group.into_iter().flatten().filter_map(move |(number, spelling)| {
            let first = (last + 1).checked_sub(spelling.len())?;
            let found: Vec<_> = (first..=last).map(|place| reader.found(place)).collect();
            let before = first.checked_sub(1).map(|place| reader.found(place));
            let after = (last + 1 < reader.letters.len()).then(|| reader.found(last + 1));
            let bytes = reader.start(first)..reader.end(last);
            spelling
                .fits(before, &found, after)
                .then_some(Match { number: *number, bytes })
        })
    }
}

/// A text as a row of letters, with the way back.
struct Reader<'a> {
    text: &'a str,
    /// Of each letter, where its character stands in the text, and in the upper two bits the gap before it.
    letters: Vec<u32>,
}

const GAP_SHIFT: u32 = 30;

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let text = text.get(..text.floor_char_boundary(MOST_BYTES - 1)).unwrap_or(text);
        Self {
            text,
            letters: Vec::with_capacity(text.len() / 2),
        }
    }

    /// Reads the text once; `each` is told of every letter and its place among the letters.
    fn read(&mut self, mut each: impl FnMut(usize, char)) {
        let mut gap = Gap::None;
        for (start, c) in self.text.char_indices() {
            let note = |gap: Gap| u32::try_from(start).unwrap_or(u32::MAX) | (u32::from(gap as u8) << GAP_SHIFT);
            match fold(c) {
                Folded::Letter(letter) => {
                    each(self.letters.len(), letter);
                    self.letters.push(note(gap));
                }
                Folded::Gap(kind) => {
                    gap = gap.max(kind);
                    continue;
                }
                Folded::Several => {
                    for letter in several(c) {
                        each(self.letters.len(), letter);
                        self.letters.push(note(std::mem::replace(&mut gap, Gap::None)));
                    }
                }
            }
            gap = Gap::None;
        }
    }

    fn note(&self, place: usize) -> u32 {
        self.letters.get(place).copied().unwrap_or_default()
    }

    fn start(&self, place: usize) -> usize {
        usize::try_from(self.note(place) & ((1 << GAP_SHIFT) - 1)).unwrap_or_default()
    }

    fn character(&self, place: usize) -> char {
        let rest = self.text.get(self.start(place)..).unwrap_or_default();
        rest.chars().next().unwrap_or_default()
    }

    fn end(&self, place: usize) -> usize {
        self.start(place) + self.character(place).len_utf8()
    }

    fn gap(&self, place: usize) -> Gap {
        match self.note(place) >> GAP_SHIFT {
            0 => Gap::None,
            1 => Gap::Invisible,
            2 => Gap::Loose,
            _ => Gap::Hard,
        }
    }

    fn found(&self, place: usize) -> Found {
        let c = self.character(place);
        let before = place.checked_sub(1).map_or(0, |before| self.end(before));
        let folded = match fold(c) {
            Folded::Letter(letter) => letter,
            Folded::Several | Folded::Gap(_) => self.part(place, c),
        };
        Found {
            folded,
            digit: plain_digit(c),
            gap: self.gap(place),
            skipped: self.start(place).saturating_sub(before),
        }
    }

    /// Which of the letters of one character this is.
    fn part(&self, place: usize, c: char) -> char {
        let start = self.start(place);
        let earlier = (0..place).rev().take_while(|place| self.start(*place) == start).count();
        several(c).get(earlier).copied().unwrap_or(c)
    }
}
