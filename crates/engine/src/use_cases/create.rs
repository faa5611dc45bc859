//! A new sync task (requirement 2.2).

use std::collections::{HashMap, HashSet};

use moments_domain::content::{MomentContent, check_text};
use moments_domain::fingerprint::fingerprint;
use moments_domain::request::{SyncRequest, check_media};
use moments_domain::{AccountId, AccountStatus, MomentError, TaskId, TaskStatus, Timestamp, UserId};
use moments_store::{Account, Created, Idempotency, NewPublication, NewResult, NewTask, StoreError};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::app::Engine;
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
    /// What may keep it from being published, although it was accepted.
    pub warnings: Vec<AccountWarning>,
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

impl Engine {
    /// Stores a task and wakes the worker. With `once`, the same key and body give the first answer again, even when the request
    /// would be refused by now because its time has passed or an account is off line.
    pub async fn create_sync(
        &self,
        user: UserId,
        request: SyncRequest,
        once: Option<Idempotency>,
    ) -> Result<Accepted, Problem> {
        let repeated = once.clone();
        match (self.new_sync(user, request, once).await, repeated) {
            (Err(problem), Some(once)) => self.first_answer(user, &once).await?.ok_or(problem),
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
        user: UserId,
        request: SyncRequest,
        once: Option<Idempotency>,
    ) -> Result<Accepted, Problem> {
        let now = self.clock.now();
        let errors = request.check(now, |url| self.read_url(url));
        if !errors.is_empty() {
            return Err(Problem::Invalid(errors));
        }
        let accounts = self
            .targets(user, &request.account_ids)
            .await
            .map_err(creation_failed)?;
        let warnings = usable(&accounts, request.scheduled_time)?;
        let content = self.content(user, &request).await.map_err(creation_failed)?;
        let accepted = Accepted {
            task_id: TaskId(0),
            content_id: request.content_id,
            status: TaskStatus::Pending,
            create_time: now,
            scheduled_time: request.scheduled_time,
            accounts: accounts.len() as u64,
            warnings,
        };
        let task = new_task(user, &request, content, accounts, now, once);
        self.store_task(task, accepted).await
    }

    async fn store_task(&self, task: NewTask, accepted: Accepted) -> Result<Accepted, Problem> {
        let due = task.scheduled_time.unwrap_or(task.now);
        let publications = task.publications.len();
        let answer = |task_id| {
            serde_json::to_string(&Accepted {
                task_id,
                ..accepted.clone()
            })
            .unwrap_or_default()
        };
        let created = self
            .store
            .create_task(task, answer)
            .await
            .map_err(|e| creation_failed(e.into()))?;
        match created {
            Created::Stored(task_id) => {
                trace::created(task_id, due, publications);
                self.wake.due_at(due);
                Ok(Accepted { task_id, ..accepted })
            }
            Created::Replayed(first) => read_answer(&first),
            Created::KeyTaken => Err(Problem::Conflict(
                "该 Idempotency-Key 已用于另一个请求，请更换后重试".to_owned(),
            )),
        }
    }

    /// The accounts of the request, all of them the user's.
    async fn targets(&self, user: UserId, wanted: &[AccountId]) -> Result<Vec<Account>, Problem> {
        let accounts = self.store.find_accounts(user, wanted).await?;
        if accounts.len() == wanted.len() {
            return Ok(accounts);
        }
        let found: HashSet<_> = accounts.iter().map(|account| &account.account_id).collect();
        let missing = wanted.iter().filter(|id| !found.contains(id)).cloned().collect();
        Err(MomentError::WechatAccountNotFound(missing).into())
    }

    /// What to publish: the request's own text and media, or a draft frozen now.
    async fn content(&self, user: UserId, request: &SyncRequest) -> Result<MomentContent, Problem> {
        let Some(id) = request.content_id else {
            let text = request.text().unwrap_or_default().to_owned();
            return Ok(MomentContent {
                text,
                media_urls: request.media_urls.clone(),
            });
        };
        let draft = self
            .store
            .find_draft(user, id)
            .await?
            .ok_or(Problem::NotFound("内容"))?;
        let content = draft.moment().map_err(Problem::Unfit)?;
        let mut errors: Vec<_> = check_text(&content.text).into_iter().collect();
        errors.extend(check_media(&content.media_urls, |url| self.read_url(url)));
        if errors.is_empty() {
            return Ok(content);
        }
        let reasons: Vec<_> = errors.into_iter().map(|error| error.message).collect();
        Err(Problem::Unfit(reasons.join("；")))
    }

    fn read_url(&self, url: &str) -> Result<Url, String> {
        moments_media::check_url(url, self.settings.allow_private_addresses)
            .map_err(|problem| problem.operator_message().to_owned())
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

/// Refuses accounts that cannot publish now, when now is wanted; else warns of them.
fn usable(accounts: &[Account], scheduled: Option<Timestamp>) -> Result<Vec<AccountWarning>, Problem> {
    let idle = accounts
        .iter()
        .filter(|account| account.status != AccountStatus::Active);
    if scheduled.is_none() {
        let idle: Vec<_> = idle
            .map(|account| (account.account_id.clone(), account.status))
            .collect();
        return if idle.is_empty() {
            Ok(Vec::new())
        } else {
            Err(Problem::Unusable(idle))
        };
    }
    let warnings = idle.map(|account| AccountWarning {
        account_id: account.account_id.clone(),
        status: account.status,
        message: match account.status {
            AccountStatus::Expired => "账号授权已失效，请在发布时间前重新授权".to_owned(),
            _ => "账号当前离线，请在发布时间前重新登录".to_owned(),
        },
    });
    Ok(warnings.collect())
}

fn new_task(
    user_id: UserId,
    request: &SyncRequest,
    content: MomentContent,
    accounts: Vec<Account>,
    now: Timestamp,
    idempotency: Option<Idempotency>,
) -> NewTask {
    NewTask {
        user_id,
        content_id: request.content_id,
        fingerprint: fingerprint(&content.text, &content.media_urls),
        content,
        scheduled_time: request.scheduled_time,
        now,
        publications: by_channel(accounts),
        idempotency,
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
