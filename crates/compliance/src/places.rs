//! Where a hit stands, and what stands around it.

use std::ops::Range;

use crate::hit::{Hit, HitKind, Place};
use crate::list::{Level, Source};

/// Characters that are shown on either side of a hit.
const CONTEXT: usize = 10;

/// From bytes to characters, asked in the order of the text: each part of it is counted once.
pub(crate) struct Places<'a> {
    text: &'a str,
    byte: usize,
    characters: usize,
}

impl<'a> Places<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            byte: 0,
            characters: 0,
        }
    }

    fn slice(&self, bytes: Range<usize>) -> &'a str {
        self.text.get(bytes).unwrap_or_default()
    }

    fn character(&mut self, byte: usize) -> usize {
        if byte < self.byte {
            (self.byte, self.characters) = (0, 0);
        }
        self.characters += self.slice(self.byte..byte).chars().count();
        self.byte = byte;
        self.characters
    }

    /// A hit in a word at `bytes`, which its caller completes.
    pub(crate) fn hit(&mut self, bytes: &Range<usize>, source: &Source, advice: &str) -> Hit {
        let start = self.character(bytes.start);
        let found = self.slice(bytes.clone());
        Hit {
            kind: HitKind::Word,
            level: Level::Warn,
            word: String::new(),
            found: found.to_owned(),
            place: Place::Text {
                start,
                end: start + found.chars().count(),
            },
            excerpt: self.excerpt(bytes),
            list: source.clone(),
            category: None,
            advice: advice.to_owned(),
        }
    }

    fn excerpt(&self, bytes: &Range<usize>) -> String {
        let before = self.slice(0..bytes.start);
        let from = before
            .char_indices()
            .rev()
            .take(CONTEXT)
            .last()
            .map_or(bytes.start, |(start, _)| start);
        let after = self.slice(bytes.end..self.text.len());
        let to = bytes.end + after.chars().take(CONTEXT).map(char::len_utf8).sum::<usize>();
        let (head, tail) = (
            if from > 0 { "…" } else { "" },
            if to < self.text.len() { "…" } else { "" },
        );
        let shown = self.slice(from..to).replace(['\r', '\n'], " ");
        format!("{head}{shown}{tail}")
    }
}
