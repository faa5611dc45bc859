//! A list: where it comes from, and what each of its lines says.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::entry::{self, BadLine, WordEntry};
use crate::hosts::{self, Host};

/// The name is none of those known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown name")]
pub struct UnknownName;

macro_rules! named {
    ($type:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        impl $type {
            /// As stored and shown.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl std::str::FromStr for $type {
            type Err = UnknownName;

            fn from_str(name: &str) -> Result<Self, UnknownName> {
                match name { $($name => Ok(Self::$variant),)+ _ => Err(UnknownName) }
            }
        }
    };
}

/// What a hit means for a post. A block outweighs a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// The post goes out; its author is told.
    Warn,
    /// The post is refused.
    Block,
}

named!(Level { Warn = "WARN", Block = "BLOCK" });

/// What a list's lines are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ListKind {
    /// Words that are hits.
    Words,
    /// Phrases that hide a hit inside them: 最好不要 hides 最好.
    Allow,
    /// Hosts that may be linked to, with their subdomains. Where there is such a list, a link to any other host is a hit.
    LinkAllow,
    /// Hosts that may not be linked to, with their subdomains.
    LinkDeny,
}

named!(ListKind { Words = "WORDS", Allow = "ALLOW", LinkAllow = "LINK_ALLOW", LinkDeny = "LINK_DENY" });

/// Which list, in which version: what a hit names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Source {
    /// `builtin:…`, `file:…`, or the id of a list that was made by API.
    pub id: String,
    /// For people.
    pub name: String,
    /// A number for lists made by API; for others a part of the hash of what they hold.
    pub version: String,
}

/// A list whose every line has been understood.
#[derive(Clone, Debug)]
pub struct List {
    pub(crate) source: Arc<Source>,
    pub(crate) kind: ListKind,
    pub(crate) level: Level,
    pub(crate) lines: Lines,
}

#[derive(Clone, Debug)]
pub(crate) enum Lines {
    Words(Vec<WordEntry>),
    Hosts(Vec<Host>),
}

impl List {
    /// Reads a list's text. `level` is that of lines that name none.
    ///
    /// One line is one entry, `#` begins a comment. Words and phrases: `word | category | level=BLOCK | options | advice`, where all but the word may
    /// be left out or empty. Options, with commas: `exact` (nothing between the characters, no look-alike digits), `pinyin` (also 微xin, weixin),
    /// `initials` (also 微x, wx). Hosts: `example.com`, `例子.cn`, `192.0.2.1`.
    ///
    /// Errors: every line that cannot be understood, up to a hundred, each with what to change.
    pub fn read(source: Source, kind: ListKind, level: Level, text: &str) -> Result<Self, Vec<BadLine>> {
        let lines = match kind {
            ListKind::Words | ListKind::Allow => Lines::Words(entry::read_all(text, entry::read)?),
            ListKind::LinkAllow | ListKind::LinkDeny => Lines::Hosts(entry::read_all(text, hosts::read)?),
        };
        let source = Arc::new(source);
        Ok(Self {
            source,
            kind,
            level,
            lines,
        })
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        match &self.lines {
            Lines::Words(words) => words.len(),
            Lines::Hosts(hosts) => hosts.len(),
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Which list it is.
    pub fn source(&self) -> &Source {
        &self.source
    }
}

/// What a list's file says of itself, in lines before its entries: `#! name = 禁用词`, `#! kind = WORDS`, `#! level = BLOCK`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// What people call it.
    pub name: Option<String>,
    /// What its lines are; words when it does not say.
    pub kind: ListKind,
    /// The level of entries that name none; a warning when it does not say.
    pub level: Level,
}

impl Header {
    /// Reads the header of a list's text.
    pub fn read(text: &str) -> Result<Self, BadLine> {
        let mut header = Self {
            name: None,
            kind: ListKind::Words,
            level: Level::Warn,
        };
        for (line, written) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            let Some(said) = written.trim().strip_prefix("#!") else {
                continue;
            };
            let (key, value) = said.split_once('=').unwrap_or((said, ""));
            header.note(key.trim(), value.trim()).ok_or_else(|| BadLine {
                line,
                message: "文件头只能是 name、kind（WORDS、ALLOW、LINK_ALLOW、LINK_DENY）与 level（WARN、BLOCK）"
                    .to_owned(),
            })?;
        }
        Ok(header)
    }

    fn note(&mut self, key: &str, value: &str) -> Option<()> {
        match key {
            "name" => self.name = Some(value.to_owned()),
            "kind" => self.kind = value.parse().ok()?,
            "level" => self.level = value.parse().ok()?,
            _ => return None,
        }
        Some(())
    }
}

/// SHA-256 of a list's text, in hex: two versions with the same hash are the same.
pub fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}
