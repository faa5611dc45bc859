//! Lists of words and hosts, as those who keep them want them.

use std::str::FromStr;

use moments_compliance::{Level, List, ListKind, Source, hash};
use moments_domain::{AuditAction, AuditObject, FieldError, NewAudit, UserId};
use moments_store::{NewWordList, WordList, WordListChange};
use serde_json::{Value as Json, json};

use crate::app::Engine;
use crate::problem::Problem;
use crate::words::LoadError;

const MOST_NAME: usize = 100;

/// A list as somebody wants it.
#[derive(Clone, Debug)]
pub struct PutWordList {
    /// What people call it, 1 to 100 characters.
    pub name: String,
    /// Whether it judges everybody's posts, or only its maker's.
    pub everybody: bool,
    /// A [`ListKind`]'s name.
    pub kind: String,
    /// A [`Level`]'s name.
    pub level: String,
    /// Whether it judges.
    pub enabled: bool,
    /// Its lines, see [`List::read`].
    pub content: String,
}

/// A list as it is stored; the content is empty in a list of lists.
pub type WordListView = WordList;

impl Engine {
    /// The lists that judge the user's posts, without their contents.
    pub async fn word_lists(&self, user: UserId) -> Result<Vec<WordListView>, Problem> {
        Ok(self.store.word_lists(user).await?)
    }

    /// One of them, whole.
    pub async fn word_list(&self, user: UserId, id: i64) -> Result<WordListView, Problem> {
        self.store
            .find_word_list(user, id)
            .await?
            .ok_or(Problem::NotFound("词库"))
    }

    /// Makes a list. It judges from now on, in other processes within seconds.
    pub async fn add_word_list(&self, user: UserId, put: PutWordList) -> Result<WordListView, Problem> {
        let list = checked(user, put)?;
        // Its id comes with its row.
        let entry = self.words_entry(user, AuditAction::AddWords, 0, told(&list));
        let id = self.store.add_word_list(&list, &entry).await?;
        self.words_changed().await?;
        self.word_list(user, id).await
    }

    /// Puts another in the place of the list that the user saw in version `seen`; [`Problem::Conflict`] when it was changed since.
    pub async fn put_word_list(
        &self,
        user: UserId,
        (id, seen): (i64, i64),
        put: PutWordList,
    ) -> Result<WordListView, Problem> {
        let list = checked(user, put)?;
        let entry = self.words_entry(user, AuditAction::ChangeWords, id, told(&list));
        match self.store.change_word_list((id, seen), &list, &entry).await? {
            WordListChange::Done => self.words_changed().await?,
            WordListChange::Gone => return Err(Problem::NotFound("词库")),
            WordListChange::Overtaken(version) => {
                let why = format!("词库已被他人修改（现为版本 {version}），请重新读取后再修改");
                return Err(Problem::Conflict(why));
            }
        }
        self.word_list(user, id).await
    }

    /// Puts other lines in the place of a list's, under the same condition.
    pub async fn put_words(
        &self,
        user: UserId,
        (id, seen): (i64, i64),
        content: String,
    ) -> Result<WordListView, Problem> {
        let list = self.word_list(user, id).await?.list;
        let put = PutWordList {
            name: list.name,
            everybody: list.owner.is_none(),
            kind: list.kind,
            level: list.level,
            enabled: list.enabled,
            content,
        };
        self.put_word_list(user, (id, seen), put).await
    }

    /// Removes a list. What it said of earlier tasks stays with them.
    pub async fn remove_word_list(&self, user: UserId, id: i64) -> Result<(), Problem> {
        let entry = self.words_entry(user, AuditAction::RemoveWords, id, json!({}));
        if !self.store.remove_word_list(id, &entry).await? {
            return Err(Problem::NotFound("词库"));
        }
        self.words_changed().await
    }

    fn words_entry(&self, user: UserId, action: AuditAction, id: i64, detail: Json) -> NewAudit {
        self.entry(user, action, (AuditObject::WordList, id), detail)
    }

    /// The change is stored: what keeps it from judging here at once is for the operator, and is tried again by itself.
    async fn words_changed(&self) -> Result<(), Problem> {
        match self.load_words().await {
            Err(LoadError::Store(error)) => Err(error.into()),
            Err(error) => {
                tracing::error!(%error, "the word lists stay as they were");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}

/// What the audit is told of a list: its lines by their hash.
fn told(list: &NewWordList) -> Json {
    json!({
        "name": list.name,
        "kind": list.kind,
        "level": list.level,
        "scope": if list.owner.is_none() { "ALL" } else { "MINE" },
        "enabled": list.enabled,
        "entries": list.entries,
        "hash": list.hash,
    })
}

fn checked(user: UserId, put: PutWordList) -> Result<NewWordList, Problem> {
    let mut errors = Vec::new();
    let name = put.name.trim().to_owned();
    if !(1..=MOST_NAME).contains(&name.chars().count()) {
        errors.push(FieldError::new("name", format!("名称应为 1 到 {MOST_NAME} 个字")));
    }
    let kind = read::<ListKind>(
        &mut errors,
        "kind",
        &put.kind,
        "应为 WORDS、ALLOW、LINK_ALLOW 或 LINK_DENY",
    );
    let level = read::<Level>(&mut errors, "level", &put.level, "应为 WARN 或 BLOCK");
    let source = Source {
        id: String::new(),
        name: String::new(),
        version: String::new(),
    };
    let lines = kind.map(|kind| List::read(source, kind, level.unwrap_or(Level::Warn), &put.content));
    let entries = match lines {
        Some(Err(bad)) => {
            let lines = bad
                .into_iter()
                .map(|bad| format!("第 {} 行：{}", bad.line, bad.message));
            errors.extend(lines.map(|message| FieldError::new("content", message)));
            0
        }
        Some(Ok(list)) => list.len(),
        None => 0,
    };
    if !errors.is_empty() {
        return Err(Problem::Invalid(errors));
    }
    Ok(NewWordList {
        owner: (!put.everybody).then_some(user),
        name,
        kind: put.kind,
        level: put.level,
        enabled: put.enabled,
        hash: hash(&put.content),
        content: put.content,
        entries: entries as u64,
    })
}

fn read<T: FromStr>(errors: &mut Vec<FieldError>, field: &str, name: &str, shape: &str) -> Option<T> {
    let value = name.parse().ok();
    if value.is_none() {
        errors.push(FieldError::new(field, shape));
    }
    value
}
