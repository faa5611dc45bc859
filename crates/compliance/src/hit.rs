//! What was found.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::list::{Level, Source};

/// What kind of thing was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HitKind {
    /// A word of a list.
    Word,
    /// A link to a host that a list denies.
    LinkDenied,
    /// A link to a host that no list allows, where only listed ones are.
    LinkNotAllowed,
}

impl HitKind {
    /// As stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Word => "WORD",
            Self::LinkDenied => "LINK_DENIED",
            Self::LinkNotAllowed => "LINK_NOT_ALLOWED",
        }
    }
}

/// Where it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Place {
    /// In the text: characters from 0, the end excluded.
    Text {
        /// The first.
        start: usize,
        /// After the last.
        end: usize,
    },
    /// In the title of the post's link, likewise.
    Title {
        /// The first.
        start: usize,
        /// After the last.
        end: usize,
    },
    /// In the post's link.
    Link,
}

impl Place {
    /// The field of a request for a post that it is in.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Title { .. } => "link.title",
            Self::Link => "link.url",
        }
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hit {
    /// What it is.
    pub kind: HitKind,
    /// What it means for the post.
    pub level: Level,
    /// The list's entry: the word as listed, or the link's host.
    pub word: String,
    /// What stands in the text for it.
    pub found: String,
    /// Where that is.
    pub place: Place,
    /// The same with what stands around it.
    pub excerpt: String,
    /// The list that says so.
    pub list: Source,
    /// The entry's category.
    pub category: Option<String>,
    /// What to do, in Chinese.
    pub advice: String,
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// In the order of the text, the link's last; the worst ones where there are more than [`Report::MOST_HITS`].
    pub hits: Vec<Hit>,
    /// How many there were.
    pub total: usize,
}

impl Report {
    /// Hits that are told; a text with more is not mended word by word.
    pub const MOST_HITS: usize = 20;

    /// The same with what was found in the title of the post's link, which was checked as a text of its own.
    #[must_use]
    pub fn with_title(mut self, title: Self) -> Self {
        let moved = |hit: Hit| match hit.place {
            Place::Text { start, end } => Hit {
                place: Place::Title { start, end },
                ..hit
            },
            _ => hit,
        };
        self.total += title.total;
        self.hits.extend(title.hits.into_iter().map(moved));
        if self.hits.len() > Self::MOST_HITS {
            self.hits.sort_by_key(|hit| Reverse(hit.level));
            self.hits.truncate(Self::MOST_HITS);
        }
        self
    }

    /// The worst that was found; `None`: nothing.
    pub fn level(&self) -> Option<Level> {
        self.hits.iter().map(|hit| hit.level).max()
    }
}
