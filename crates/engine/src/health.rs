//! Whether this process makes progress: what `/readyz` answers and what the metrics show of it.
//!
//! Liveness is not asked here: a process that answers at all lives. Ready means that what this process is for goes on, so each check belongs to
//! a part that runs in it, and a process that only serves the API is not blamed for workers elsewhere.

mod watch;

use std::sync::Arc;
use std::time::Duration;

use moments_domain::Timestamp;
use moments_store::StoreError;
use tokio::sync::Mutex;

use crate::app::Engine;
use crate::progress::Progress;

pub use watch::watch;

/// How old an answer may be that is given again: a probe costs at most one small query in this time, however many ask.
const FRESH: Duration = Duration::from_secs(1);
/// How far ahead a look may lie for [`OLDEST_DUE`](Check::name): longer than a hand-over through the broker keeps a row out of sight.
const AHEAD: Duration = Duration::from_mins(2);

/// When a check turns red (`health.*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long the database may take to answer.
    pub database_timeout: Duration,
    /// How old the last scheduler's round and the last claim may be.
    pub stalled: Duration,
    /// How long a due publication may wait without being held.
    pub overdue: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            database_timeout: Duration::from_secs(2),
            stalled: Duration::from_mins(1),
            overdue: Duration::from_mins(5),
        }
    }
}

/// One check and what it found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// `database`, `broker`, `scheduler`, `worker` or `oldest_due`.
    pub name: &'static str,
    /// What is wrong, in plain Chinese for an operator; `None`: it is well.
    pub trouble: Option<String>,
}

/// What a look at the process found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The checks that apply to this process.
    pub checks: Vec<Check>,
    /// How long the oldest due publication has waited; `None`: the database did not say.
    pub oldest_due: Option<Duration>,
}

impl Health {
    /// Whether every check is well.
    pub fn is_ready(&self) -> bool {
        self.checks.iter().all(|check| check.trouble.is_none())
    }
}

/// What the checks are judged by.
struct Facts {
    now: Timestamp,
    /// The oldest plan that nobody holds, or why the database does not say.
    oldest: Result<Option<Timestamp>, String>,
    progress: Progress,
}

/// The last answer, kept for [`FRESH`].
#[derive(Debug, Default)]
pub(crate) struct HealthCache(Mutex<Option<(Timestamp, Arc<Health>)>>);

impl Engine {
    /// Looks at this process, at most once a second.
    pub async fn health(&self) -> Arc<Health> {
        let mut cached = self.health_cache.0.lock().await;
        let now = self.clock.now();
        if let Some((at, health)) = cached.as_ref()
            && now.since(*at) < FRESH
        {
            return Arc::clone(health);
        }
        let health = Arc::new(judge(&self.facts(now).await, &self.settings.health));
        *cached = Some((now, Arc::clone(&health)));
        health
    }

    async fn facts(&self, now: Timestamp) -> Facts {
        let limit = self.settings.health.database_timeout;
        let oldest = match tokio::time::timeout(limit, self.store.oldest_plan(now, now + AHEAD)).await {
            Ok(answer) => answer.map_err(|error| why(&error)),
            Err(_) => Err(format!("{} 秒内没有答复", limit.as_secs())),
        };
        Facts {
            now,
            oldest,
            progress: self.progress(),
        }
    }
}

/// The cause goes into the log, where only operators read; the probe's answer is open to everyone.
fn why(error: &StoreError) -> String {
    tracing::error!(%error, source = std::error::Error::source(error).map(ToString::to_string), "the database does not answer");
    "查询失败".to_owned()
}

fn judge(facts: &Facts, limits: &Limits) -> Health {
    let waited = |plan: &Option<Timestamp>| plan.map_or(Duration::ZERO, |plan| facts.now.since(plan));
    let oldest_due = facts.oldest.as_ref().ok().map(waited);
    let mut checks = vec![Check {
        name: "database",
        trouble: facts.oldest.as_ref().err().map(|why| format!("数据库不可用：{why}")),
    }];
    if let Some(link) = &facts.progress.broker {
        let secs = facts.now.since(link.since).as_secs();
        let text = |why| format!("消息队列已断开 {secs} 秒：{why}。发布仍在进行，由定时扫描接手");
        checks.push(Check {
            name: "broker",
            trouble: link.down.as_ref().map(text),
        });
    }
    let parts = [
        ("scheduler", "调度", facts.progress.scheduler),
        ("worker", "取任务", facts.progress.claim),
    ];
    checks.extend(parts.into_iter().filter_map(|(name, what, last)| {
        let age = facts.now.since(last?);
        let trouble = (age > limits.stalled).then(|| format!("{what}已停滞 {} 秒", age.as_secs()));
        Some(Check { name, trouble })
    }));
    if facts.progress.scheduler.or(facts.progress.claim).is_some() {
        let late = oldest_due.filter(|waited| *waited > limits.overdue);
        checks.push(Check {
            name: "oldest_due",
            trouble: late.map(|waited| format!("最早到期的发布已等待 {} 秒，无人处理", waited.as_secs())),
        });
    }
    Health { checks, oldest_due }
}

#[cfg(test)]
mod tests;
