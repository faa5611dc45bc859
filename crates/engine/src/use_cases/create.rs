//! A new sync task (requirement 2.2).

use std::collections::HashMap;

use moments_domain::request::SyncRequest;
use moments_domain::{AccountId, AccountStatus, Finding, MomentError, TaskId, TaskStatus, Timestamp, UserId, Verdict};
use moments_store::{Account, Created, Duplicate, Idempotency, Judged, NewPublication, NewResult, NewTask, StoreError};
use serde::{Deserialize, Serialize};

use crate::app::Engine;
use crate::audit::request_id;
use crate::checks::{self, Findings, Proposal};
use crate::early;
use crate::expected;
use crate::library::Asker;
use crate::problem::Problem;
use crate::trace;

/// The answer to a request that was accepted; kept for repeated requests with the same key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The new task.
    pub task_id: TaskId,
    /// The draft that it was frozen from.
    pub content_id: Option<i64>,
    /// Always `PENDING`.
    pub status: TaskStatus,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it is wanted; `None`: at once.
    pub scheduled_time: Option<Timestamp>,
    /// How many results it has.
    pub accounts: u64,
    /// Accounts that may keep it from being published, although it was accepted.
    pub warnings: Vec<AccountWarning>,
    /// What else was found and is no reason to refuse it. Answers that an older program has kept are without.
    #[serde(default)]
    pub findings: Vec<Finding>,
}

/// An account that cannot publish now but may be able to when the time comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountWarning {
    /// The account.
    pub account_id: AccountId,
    /// Its present status.
    pub status: AccountStatus,
    /// What to do, in Chinese.
    pub message: String,
}

impl AccountWarning {
    /// A finding that speaks of an account's status.
    fn of(finding: &Finding) -> Option<Self> {
        Some(Self {
            account_id: finding.account_id.clone()?,
            status: finding.code.account_status()?,
            message: finding.sentence(),
        })
    }
}

impl Engine {
    /// Stores a task and wakes the worker. With `once`, the same key and body give the first answer again, even when the request
    /// would be refused by now because its time has passed or an account is off line.
    pub async fn create_sync(
        &self,
        asker: impl Into<Asker>,
        request: SyncRequest,
        once: Option<Idempotency>,
    ) -> Result<Accepted, Problem> {
        let (asker, repeated) = (asker.into(), once.clone());
        match (self.new_sync(&asker, request, once).await, repeated) {
            (Err(problem), Some(once)) => self.first_answer(asker.user, &once).await?.ok_or(problem),
            (outcome, _) => outcome,
        }
    }

    async fn first_answer(&self, user: UserId, once: &Idempotency) -> Result<Option<Accepted>, Problem> {
        let found = self.store.find_answer(user, once).await;
        let answer = found.map_err(|e| creation_failed(e.into()))?;
        answer.as_deref().map(read_answer).transpose()
    }

    async fn new_sync(
        &self,
        asker: &Asker,
        request: SyncRequest,
        once: Option<Idempotency>,
    ) -> Result<Accepted, Problem> {
        let proposal = self.proposal(asker, request).await.map_err(creation_failed)?;
        let findings = checks::findings(self, &proposal).await.map_err(creation_failed)?;
        let Findings {
            all: mut findings,
            judged,
        } = findings;
        if Verdict::of(&findings) == Verdict::Blocked {
            return Err(Problem::Blocked(findings));
        }
        let times = expected::times(self, &proposal).await.map_err(creation_failed)?;
        findings.extend(expected::delays(&proposal.accounts, &times));
        let files = self
            .keep_sent(asker.user, proposal.content.file_urls(), proposal.due())
            .await;
        files.map_err(creation_failed)?;
        let warnings = findings.iter().filter_map(AccountWarning::of).collect();
        let findings = findings.into_iter().filter(|one| one.code.account_status().is_none());
        let accepted = Accepted {
            task_id: TaskId(0),
            content_id: proposal.request.content_id,
            status: TaskStatus::Pending,
            create_time: proposal.now,
            scheduled_time: proposal.request.scheduled_time,
            accounts: proposal.accounts.len() as u64,
            warnings,
            findings: findings.collect(),
        };
        self.store_task(self.new_task(proposal, judged, once), accepted).await
    }

    async fn store_task(&self, task: NewTask, accepted: Accepted) -> Result<Accepted, Problem> {
        let (due, publications) = (task.due(), task.publications.len());
        let (engine, first) = (self.clone(), accepted.clone());
        let answer =
            move |id, found: &[Duplicate]| serde_json::to_string(&engine.told(&first, id, found)).unwrap_or_default();
        let created = self.store.create_task(task, answer).await;
        match created.map_err(|e| creation_failed(e.into()))? {
            Created::Stored(task_id, found) => {
                trace::created(task_id, due, publications);
                self.wake.due_at(due);
                Ok(self.told(&accepted, task_id, &found))
            }
            Created::Duplicate(found) => Err(Problem::Blocked(self.of_duplicates(&found))),
            Created::Replayed(first) => read_answer(&first),
            Created::KeyTaken => Err(Problem::Conflict(
                "该 Idempotency-Key 已用于另一个请求，请更换后重试".to_owned(),
            )),
        }
    }

    /// The answer when the task is stored.
    fn told(&self, accepted: &Accepted, task_id: TaskId, found: &[Duplicate]) -> Accepted {
        let mut accepted = accepted.clone();
        accepted.task_id = task_id;
        accepted.findings.extend(self.of_duplicates(found));
        accepted
    }

    /// What is to be stored of a proposal.
    pub(super) fn new_task(&self, proposal: Proposal, judged: Judged, idempotency: Option<Idempotency>) -> NewTask {
        let looks_ahead = early::is_wanted(&proposal);
        let content = proposal.content;
        NewTask {
            user_id: proposal.user,
            content_id: proposal.request.content_id,
            content_version: proposal.content_version,
            fingerprint: self.fingerprint_of(&content),
            content,
            scheduled_time: proposal.request.scheduled_time,
            now: proposal.now,
            publications: by_channel(proposal.accounts),
            judged,
            looks_ahead,
            guard: self.settings.duplicates,
            idempotency,
            request_id: request_id(),
        }
    }
}

fn read_answer(text: &str) -> Result<Accepted, Problem> {
    serde_json::from_str(text).map_err(|e| Problem::Internal(Box::new(e)))
}

/// A database that does not answer is the requirement's `MomentSyncCreationException`.
fn creation_failed(problem: Problem) -> Problem {
    match problem {
        Problem::Unavailable(error) => {
            tracing::error!(%error, source = ?std::error::Error::source(&error), "a sync task could not be stored");
            let told = match error {
                StoreError::Doubtful(_) => {
                    "数据库在提交时断开，任务可能已创建：请先查询，或使用同一 Idempotency-Key 重试"
                }
                _ => "数据库繁忙或不可用，任务未创建，请稍后重试",
            };
            MomentError::MomentSyncCreation(told.to_owned()).into()
        }
        other => other,
    }
}

/// One publication for each channel, in the order in which the request first names them (invariant 1).
fn by_channel(accounts: Vec<Account>) -> Vec<NewPublication> {
    let mut publications: Vec<NewPublication> = Vec::new();
    let mut known = HashMap::new();
    for (place, account) in (0..).zip(accounts) {
        let n = *known.entry(account.channel_id).or_insert_with(|| {
            publications.push(NewPublication {
                channel_id: account.channel_id,
                accounts: Vec::new(),
            });
            publications.len() - 1
        });
        if let Some(publication) = publications.get_mut(n) {
            publication.accounts.push(NewResult {
                place,
                account_id: account.account_id,
                account_name: account.account_name,
            });
        }
    }
    publications
}
