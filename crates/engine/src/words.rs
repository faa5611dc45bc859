//! The lists that posts are judged by: the built-in ones, those in files, those made by API. Compiled beside the requests, and swapped in whole.
//!
//! Every process that takes requests looks every two seconds whether a list has changed; whoever changes one by API waits until its own process has it.

mod files;
mod moderation;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use moments_compliance::{Checker, List, ListKind, Report, builtin, check, hash};
use moments_domain::UserId;
use moments_domain::content::MomentContent;
use moments_store::{StoreError, TaskView, WordList};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::app::Engine;
use crate::problem::Problem;
use crate::wake::rest;

pub use moderation::{Moderated, ModerationVerdict, Moderator, WhenDown};
pub use moments_compliance::{Hit, Level, Place, Source};

/// Between looks at whether a list has changed.
const LOOK: Duration = Duration::from_secs(2);

/// What an installation judges posts by (`compliance.*`).
#[derive(Clone, Debug)]
pub struct Compliance {
    /// Whether the lists that come with the program judge.
    pub builtin: bool,
    /// Every `*.txt` in it is a list for everybody; `None`: there are none.
    pub dir: Option<PathBuf>,
    /// Who is asked besides; `None`: nobody.
    pub moderator: Option<Moderator>,
}

impl Default for Compliance {
    fn default() -> Self {
        Self {
            builtin: true,
            dir: None,
            moderator: None,
        }
    }
}

/// The lists could not be loaded: those that judged before go on.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The database does not tell its lists.
    #[error("the word lists of the database cannot be read")]
    Store(#[from] StoreError),
    /// A file cannot be read.
    #[error("compliance.dir: {}", .0.display())]
    File(PathBuf, #[source] std::io::Error),
    /// A list has lines that cannot be understood.
    #[error("word list {0}: {1}")]
    Lines(String, String),
    /// All together are more than can be compiled.
    #[error(transparent)]
    TooLarge(#[from] moments_compliance::TooLarge),
    /// A defect of this program.
    #[error("the word lists could not be compiled")]
    Defect(#[from] tokio::task::JoinError),
}

/// The lists that judge at present. Empty until [`Engine::load_words`].
#[derive(Debug, Default)]
pub(crate) struct WordLists {
    present: RwLock<Arc<Compiled>>,
    loading: Mutex<()>,
}

/// By what a change is noticed: lists with their versions, files with their times and sizes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Stamp {
    lists: Vec<(i64, i64)>,
    files: Vec<files::Seen>,
}

/// Everybody's lists, and those of users who have their own.
#[derive(Default)]
struct Compiled {
    stamp: Option<Stamp>,
    everybody: Group,
    own: HashMap<UserId, Group>,
}

impl std::fmt::Debug for Compiled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compiled")
            .field("stamp", &self.stamp)
            .finish_non_exhaustive()
    }
}

/// Lists that are compiled together.
#[derive(Default)]
struct Group {
    checker: Checker,
    /// Those that judge a post: for a user's own, everybody's too.
    sources: Arc<[Source]>,
    /// The same as JSON.
    lists: String,
    /// Its hash; `None`: there are none.
    set: Option<Arc<str>>,
}

/// What the lists say of a text.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// What they found.
    pub report: Report,
    /// Which they are.
    pub lists: Arc<[Source]>,
    /// The hash under which that is stored; `None`: there are no lists.
    pub(crate) set: Option<Arc<str>>,
}

/// What was said of a task when it was created, as it is kept with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The lists that judged it. Kept apart, because many tasks are judged by the same.
    #[serde(skip)]
    pub lists: Vec<Source>,
    /// What they found.
    pub hits: Vec<Hit>,
    /// How much that was.
    pub total: usize,
    /// What the moderation service said; `None`: it was not asked.
    pub moderation: Option<Moderated>,
}

impl Decision {
    /// That of a task; `None`: nobody judged it.
    pub fn of(task: &TaskView) -> Result<Option<Self>, Problem> {
        if task.judged_by.is_none() && task.decision.is_none() {
            return Ok(None);
        }
        let defect = |error| Problem::Internal(Box::new(error));
        let read = |text: &str| serde_json::from_str::<Self>(text);
        let kept = task.decision.as_deref().map(read).transpose().map_err(defect)?;
        let lists = task
            .judged_by
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(defect)?;
        Ok(Some(Self {
            lists: lists.unwrap_or_default(),
            ..kept.unwrap_or_default()
        }))
    }
}

/// Keeps the lists up to date until `stop`.
pub async fn run(engine: Engine, stop: CancellationToken) {
    while !stop.is_cancelled() {
        rest(LOOK, &stop).await;
        if let Err(error) = engine.load_words().await {
            tracing::error!(error = %error, source = ?std::error::Error::source(&error), "the word lists stay as they were");
        }
    }
}

impl Engine {
    /// Loads the lists if any has changed. Posts are judged by what was loaded last.
    pub async fn load_words(&self) -> Result<(), LoadError> {
        let _one_at_a_time = self.words.loading.lock().await;
        let compliance = self.settings.compliance.clone();
        let dir = compliance.dir.clone();
        let files = tokio::task::spawn_blocking(move || files::look(dir.as_deref())).await??;
        let stamp = Stamp {
            lists: self.store.word_list_versions().await?,
            files,
        };
        if self.words.present().stamp.as_ref() == Some(&stamp) {
            return Ok(());
        }
        let made = self.store.enabled_word_lists().await?;
        let compiled = tokio::task::spawn_blocking(move || compile(stamp, &compliance, made)).await??;
        for (group, set) in compiled.groups().filter_map(|group| Some((group, group.set.as_ref()?))) {
            self.store.keep_word_set(set, &group.lists).await?;
        }
        tracing::info!(
            lists = compiled.everybody.checker.lists().count(),
            own = compiled.own.len(),
            "word lists loaded"
        );
        *self.words.present.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(compiled);
        Ok(())
    }

    /// What the lists say of a text of the user's, and of a link beside it.
    pub fn judge_text(&self, user: UserId, text: &str, link: Option<&str>) -> Judgement {
        let compiled = self.words.present();
        let own = compiled.own.get(&user);
        let group = own.unwrap_or(&compiled.everybody);
        let report = match own {
            Some(own) => check(&[&compiled.everybody.checker, &own.checker], text, link),
            None => compiled.everybody.checker.check(text, link),
        };
        Judgement {
            report,
            lists: Arc::clone(&group.sources),
            set: group.set.clone(),
        }
    }
}

impl Engine {
    /// What the lists say of a post: its text, the title of its link, and where that leads.
    pub(crate) fn judge_post(&self, user: UserId, content: &MomentContent) -> Judgement {
        let Some(link) = &content.link else {
            return self.judge_text(user, &content.text, None);
        };
        let judgement = self.judge_text(user, &content.text, Some(&link.url));
        let title = self.judge_text(user, &link.title, None);
        Judgement {
            report: judgement.report.with_title(title.report),
            ..judgement
        }
    }
}

impl WordLists {
    fn present(&self) -> Arc<Compiled> {
        Arc::clone(&self.present.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Compiled {
    fn groups(&self) -> impl Iterator<Item = &Group> {
        std::iter::once(&self.everybody).chain(self.own.values())
    }
}

fn compile(stamp: Stamp, compliance: &Compliance, made: Vec<WordList>) -> Result<Compiled, LoadError> {
    let mut lists = Vec::new();
    if compliance.builtin {
        lists.extend(builtin().map_err(|bad| LoadError::Lines("builtin".to_owned(), told(&bad)))?);
    }
    lists.extend(files::read(&stamp.files)?);
    let mut own: HashMap<UserId, Vec<List>> = HashMap::new();
    for row in made {
        let owner = row.list.owner;
        // It was understood when it was stored; a newer program may know more kinds.
        match of_row(row) {
            Ok(list) => owner.map_or(&mut lists, |user| own.entry(user).or_default()).push(list),
            Err(error) => tracing::error!(%error, "a word list of the database is left out"),
        }
    }
    let everybody = Group::build(lists, &[])?;
    let own = own
        .into_iter()
        .map(|(user, lists)| Ok((user, Group::build(lists, &everybody.sources)?)));
    Ok(Compiled {
        own: own.collect::<Result<_, LoadError>>()?,
        stamp: Some(stamp),
        everybody,
    })
}

impl Group {
    fn build(lists: Vec<List>, besides: &[Source]) -> Result<Self, LoadError> {
        let checker = Checker::build(lists)?;
        let sources: Arc<[Source]> = besides.iter().chain(checker.lists()).cloned().collect();
        let lists = serde_json::to_string(&sources[..]).unwrap_or_default();
        let set = (!sources.is_empty()).then(|| hash(&lists).into());
        Ok(Self {
            checker,
            sources,
            lists,
            set,
        })
    }
}

fn of_row(row: WordList) -> Result<List, LoadError> {
    let unknown = |_| {
        LoadError::Lines(
            row.id.to_string(),
            "a kind or level that this program does not know".to_owned(),
        )
    };
    let kind: ListKind = row.list.kind.parse().map_err(unknown)?;
    let level: Level = row.list.level.parse().map_err(unknown)?;
    let source = Source {
        id: row.id.to_string(),
        name: row.list.name,
        version: row.version.to_string(),
    };
    List::read(source, kind, level, &row.list.content).map_err(|bad| LoadError::Lines(row.id.to_string(), told(&bad)))
}

/// The lines that cannot be understood, for the log.
fn told(bad: &[moments_compliance::BadLine]) -> String {
    let lines: Vec<_> = bad
        .iter()
        .map(|bad| format!("第 {} 行：{}", bad.line, bad.message))
        .collect();
    lines.join("；")
}
