//! One line of a list.

use std::str::FromStr as _;
use std::sync::Arc;

use crate::fold::{Folded, fold, is_unspaced};
use crate::list::Level;

/// Most letters of a word. Longer ones are sentences, for which a word list is the wrong tool.
pub const MOST_LETTERS: usize = 64;
const MOST_BAD_LINES: usize = 100;

/// A line that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// From 1.
    pub line: usize,
    /// What to change, in Chinese.
    pub message: String,
}

/// A word or phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WordEntry {
    pub(crate) word: Arc<str>,
    pub(crate) category: Option<Arc<str>>,
    pub(crate) level: Option<Level>,
    pub(crate) exact: bool,
    pub(crate) pinyin: bool,
    pub(crate) initials: bool,
    pub(crate) advice: Option<Arc<str>>,
}

/// Reads each line that is neither empty nor a comment.
pub(crate) fn read_all<T>(text: &str, read: fn(&str) -> Result<T, String>) -> Result<Vec<T>, Vec<BadLine>> {
    let mut entries = Vec::new();
    let mut bad = Vec::new();
    let text = text.trim_start_matches('\u{feff}');
    for (line, written) in (1..).zip(text.lines()) {
        let written = written.trim();
        if written.is_empty() || written.starts_with('#') {
            continue;
        }
        match read(written) {
            Ok(entry) => entries.push(entry),
            Err(message) if bad.len() < MOST_BAD_LINES => bad.push(BadLine { line, message }),
            Err(_) => break,
        }
    }
    if bad.is_empty() { Ok(entries) } else { Err(bad) }
}

/// Reads `word | category | level=BLOCK | options | advice`.
pub(crate) fn read(line: &str) -> Result<WordEntry, String> {
    let mut fields = line.splitn(5, ['|', '｜']).map(str::trim);
    let word = fields.next().unwrap_or_default();
    check_word(word)?;
    let category = fields.next().map(shared).unwrap_or_default();
    let level = fields.next().map(read_level).transpose()?.flatten();
    let mut entry = WordEntry {
        word: word.into(),
        category,
        level,
        exact: false,
        pinyin: false,
        initials: false,
        advice: None,
    };
    let options = fields.next().unwrap_or_default();
    for option in options
        .split([',', '，'])
        .map(str::trim)
        .filter(|option| !option.is_empty())
    {
        match option {
            "exact" => entry.exact = true,
            "pinyin" => entry.pinyin = true,
            "initials" => entry.initials = true,
            _ => return Err("选项只能是 exact、pinyin、initials，以逗号分隔".to_owned()),
        }
    }
    entry.advice = fields.next().and_then(shared);
    Ok(entry)
}

fn shared(text: &str) -> Option<Arc<str>> {
    (!text.is_empty()).then(|| text.into())
}

fn read_level(field: &str) -> Result<Option<Level>, String> {
    let name = field.strip_prefix("level=").unwrap_or(field);
    if name.is_empty() {
        return Ok(None);
    }
    Level::from_str(name)
        .map(Some)
        .map_err(|_| "级别只能是 level=BLOCK 或 level=WARN".to_owned())
}

/// A word of one Latin letter would be found in half of all texts, and so would `%`; `100%` would be found as `100`.
fn check_word(word: &str) -> Result<(), String> {
    let letters = crate::variants::letters(word).len();
    if letters == 0 {
        return Err("词语中没有文字或数字".to_owned());
    }
    if letters > MOST_LETTERS {
        return Err(format!("词语不能超过 {MOST_LETTERS} 个字"));
    }
    let unspaced = |c| matches!(fold(c), Folded::Letter(letter) if is_unspaced(letter)) || fold(c) == Folded::Several;
    if word.chars().any(unspaced) {
        return Ok(());
    }
    if letters == 1 {
        return Err("单个字母或数字会误伤正常内容，请补全词语".to_owned());
    }
    let at_edge = |c: Option<char>| c.is_some_and(|c| matches!(fold(c), Folded::Gap(_)));
    if at_edge(word.chars().next()) || at_edge(word.chars().next_back()) {
        return Err("词语首尾的符号会被忽略，请去掉符号或补全词语".to_owned());
    }
    Ok(())
}
