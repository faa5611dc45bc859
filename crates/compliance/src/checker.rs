//! Lists, compiled.

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::Arc;

use crate::entry::WordEntry;
use crate::hit::{Hit, HitKind, Place, Report};
use crate::hosts::Hosts;
use crate::links;
use crate::list::{Level, Lines, List, ListKind, Source};
use crate::matcher::{Builder, Match, Matcher};
use crate::places::Places;
use crate::variants;

/// There are more words than an automaton holds: some ten million.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("词库过大，无法编译")]
pub struct TooLarge;

/// Lists ready to be used. Building takes a while (100 000 words: half a second); checking a post takes microseconds and never fails.
#[derive(Default)]
pub struct Checker {
    matcher: Matcher,
    words: Vec<Word>,
    hosts: Hosts,
    lists: Vec<Listed>,
}

struct Word {
    list: usize,
    entry: WordEntry,
}

struct Listed {
    source: Arc<Source>,
    kind: ListKind,
    level: Level,
}

/// A word that stands in the text.
struct Standing<'a> {
    entry: &'a WordEntry,
    list: &'a Listed,
    level: Level,
    bytes: Range<usize>,
}

/// A host that a list names.
struct Named<'a> {
    length: usize,
    kind: ListKind,
    list: &'a Listed,
}

impl Checker {
    /// Compiles lists. Of equal words in several lists the first list's is told.
    pub fn build(lists: Vec<List>) -> Result<Self, TooLarge> {
        let mut builder = Builder::default();
        let mut checker = Self::default();
        for (place, list) in lists.into_iter().enumerate() {
            let (source, kind, level) = (list.source, list.kind, list.level);
            checker.lists.push(Listed { source, kind, level });
            match list.lines {
                Lines::Hosts(hosts) => checker.hosts.add(place, kind, &hosts),
                Lines::Words(entries) => {
                    for entry in entries {
                        checker.add(&mut builder, place, entry)?;
                    }
                }
            }
        }
        checker.matcher = builder.build()?;
        Ok(checker)
    }

    fn add(&mut self, builder: &mut Builder, list: usize, entry: WordEntry) -> Result<(), TooLarge> {
        let number = u32::try_from(self.words.len()).map_err(|_| TooLarge)?;
        for spelling in variants::spellings(&entry) {
            builder.add(number, spelling, entry.exact);
        }
        self.words.push(Word { list, entry });
        Ok(())
    }

    /// The lists that it was built from.
    pub fn lists(&self) -> impl Iterator<Item = &Source> {
        self.lists.iter().map(|list| &*list.source)
    }

    /// Bytes of memory that the automaton takes, about; the words themselves come on top.
    pub fn automaton_bytes(&self) -> usize {
        self.matcher.bytes()
    }

    /// Checks a text, and the link of a link post.
    pub fn check(&self, text: &str, link: Option<&str>) -> Report {
        check(&[self], text, link)
    }

    fn standing<'a>(&'a self, text: &str) -> impl Iterator<Item = Standing<'a>> + use<'a> {
        self.matcher
            .find(text)
            .into_iter()
            .filter_map(|Match { number, bytes }| {
                let word = self.words.get(usize::try_from(number).ok()?)?;
                let list = self.lists.get(word.list)?;
                let level = word.entry.level.unwrap_or(list.level);
                Some(Standing {
                    entry: &word.entry,
                    list,
                    level,
                    bytes,
                })
            })
    }

    fn nearest(&self, host: &str) -> Option<Named<'_>> {
        let nearest = self.hosts.nearest(host)?;
        Some(Named {
            length: nearest.length,
            kind: nearest.kind,
            list: self.lists.get(nearest.list)?,
        })
    }

    fn only(&self) -> Option<&Listed> {
        self.lists.get(self.hosts.only()?)
    }
}

/// Checks a text, and the link of a link post, by several checkers as if their lists were one's: a phrase of one hides a word of another.
pub fn check(checkers: &[&Checker], text: &str, link: Option<&str>) -> Report {
    let (mut hits, mut total) = word_hits(checkers, text);
    let links = link_hits(checkers, text, link);
    total += links.len();
    hits.extend(links);
    if hits.len() > Report::MOST_HITS {
        hits.sort_by_key(|hit| Reverse(hit.level));
        hits.truncate(Report::MOST_HITS);
    }
    let place = |hit: &Hit| match hit.place {
        Place::Text { start, .. } | Place::Title { start, .. } => start,
        Place::Link => usize::MAX,
    };
    hits.sort_by_key(place);
    Report { hits, total }
}

/// The worst hits in words, and how many there are.
fn word_hits(checkers: &[&Checker], text: &str) -> (Vec<Hit>, usize) {
    let (mut allowed, mut standing) = (Vec::new(), Vec::new());
    for word in checkers.iter().flat_map(|checker| checker.standing(text)) {
        match word.list.kind {
            ListKind::Allow => allowed.push(word.bytes),
            _ => standing.push(word),
        }
    }
    if standing.is_empty() {
        return (Vec::new(), 0);
    }
    let covers = Covers::new(allowed);
    standing.retain(|hit| !covers.cover(&hit.bytes));
    let mut standing = without_inner(standing);
    let total = standing.len();
    if total > Report::MOST_HITS {
        standing.sort_by_key(|hit| Reverse(hit.level));
        standing.truncate(Report::MOST_HITS);
        standing.sort_by_key(|hit| hit.bytes.start);
    }
    let mut places = Places::new(text);
    (standing.iter().map(|hit| hit.told(&mut places)).collect(), total)
}

fn link_hits(checkers: &[&Checker], text: &str, link: Option<&str>) -> Vec<Hit> {
    if checkers.iter().all(|checker| checker.hosts.is_empty()) {
        return Vec::new();
    }
    let mut places = Places::new(text);
    let mut hits = Vec::new();
    let known = |host: &str| checkers.iter().any(|checker| checker.nearest(host).is_some());
    for link in links::find(text, known) {
        hits.extend(link_hit(checkers, &link.host, &mut places, &link.bytes));
    }
    if let Some((link, host)) = link.and_then(|link| Some((link, links::host_of(link)?))) {
        let hit = link_hit(checkers, &host, &mut Places::new(link), &(0..link.len()));
        hits.extend(hit.map(|hit| Hit {
            place: Place::Link,
            ..hit
        }));
    }
    hits
}

/// The nearest named parent of a host decides, itself first; of two lists that name the same one, the one that denies it.
fn link_hit(checkers: &[&Checker], host: &str, places: &mut Places<'_>, bytes: &Range<usize>) -> Option<Hit> {
    let nearest = checkers.iter().filter_map(|checker| checker.nearest(host));
    let nearest = nearest.max_by_key(|named| (named.length, named.kind == ListKind::LinkDeny));
    let (kind, list, advice) = match nearest {
        Some(named) if named.kind == ListKind::LinkDeny => {
            let advice = "该链接的域名被禁止，请更换或删除该链接";
            (HitKind::LinkDenied, named.list, advice)
        }
        Some(_) => return None,
        None => {
            let only = checkers.iter().find_map(|checker| checker.only())?;
            let advice = "该链接的域名不在允许名单内，请更换链接，或请管理员将其加入名单";
            (HitKind::LinkNotAllowed, only, advice)
        }
    };
    Some(Hit {
        kind,
        level: list.level,
        word: host.to_owned(),
        ..places.hit(bytes, &list.source, advice)
    })
}

impl Standing<'_> {
    fn told(&self, places: &mut Places<'_>) -> Hit {
        let advice = self.entry.advice.as_deref().unwrap_or("请删除或改写该词语");
        Hit {
            kind: HitKind::Word,
            level: self.level,
            word: self.entry.word.to_string(),
            category: self.entry.category.as_deref().map(str::to_owned),
            ..places.hit(&self.bytes, &self.list.source, advice)
        }
    }
}

/// Drops what lies within another hit of at least the same level: 国家级 is told, the 国家 in it is not.
fn without_inner(mut hits: Vec<Standing<'_>>) -> Vec<Standing<'_>> {
    hits.sort_by_key(|hit| (hit.bytes.start, Reverse(hit.bytes.end), Reverse(hit.level)));
    let (mut end, mut blocked_end) = (0, 0);
    hits.retain(|hit| {
        let inner = hit.bytes.end <= if hit.level == Level::Block { blocked_end } else { end };
        end = end.max(hit.bytes.end);
        if hit.level == Level::Block {
            blocked_end = blocked_end.max(hit.bytes.end);
        }
        !inner
    });
    hits
}

/// Phrases that hide what lies within them.
struct Covers(Vec<(usize, usize)>);

impl Covers {
    fn new(mut phrases: Vec<Range<usize>>) -> Self {
        phrases.sort_by_key(|phrase| phrase.start);
        let furthest = phrases.into_iter().scan(0, |end, phrase| {
            *end = phrase.end.max(*end);
            Some((phrase.start, *end))
        });
        Self(furthest.collect())
    }

    fn cover(&self, hit: &Range<usize>) -> bool {
        let begun = self.0.partition_point(|(start, _)| *start <= hit.start);
        begun
            .checked_sub(1)
            .and_then(|n| self.0.get(n))
            .is_some_and(|(_, end)| *end >= hit.end)
    }
}
