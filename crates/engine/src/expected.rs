//! When a post that is not stored yet would be sent: an estimate from the limits of its accounts, what they have sent and what waits for them.
//!
//! Nobody can tell more: a platform may say no, and what others create or cancel meanwhile moves everything.

mod line;

use std::collections::HashMap;
use std::sync::Arc;

use moments_domain::{AccountId, ChannelId, Finding, FindingCode, FindingLevel, LimitKind, Timestamp};
use moments_store::{Account, AccountGate, Posts};

use crate::app::Engine;
use crate::channel::Pace;
use crate::checks::Proposal;
use crate::problem::Problem;

pub(crate) use line::in_line;

/// When one channel's share of a post would be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) at: Timestamp,
    /// What holds it up until then; `None`: nothing.
    delay: Option<Delay>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Delay {
    limit: LimitKind,
    /// Whose limit it is, the last one to give way; `None`: the channel's as a whole.
    account_id: Option<AccountId>,
}

/// What is known of one channel of a proposal.
struct Way {
    pace: Arc<Pace>,
    gates: Vec<AccountGate>,
}

/// For each channel of `proposal`, when its accounts may all post: one creation serves them together (invariant 1). However many accounts there are,
/// the tables are asked a few times, and not at all where nobody has limits and the channels were used within the last second.
pub(crate) async fn times(engine: &Engine, proposal: &Proposal) -> Result<HashMap<ChannelId, Expected>, Problem> {
    let ways = ways(engine, proposal).await?;
    let gates = || ways.iter().flat_map(|way| &way.gates);
    let mut posts = Posts::new();
    if gates().next().is_some() {
        let counted = gates().map(|one| (one.account_id.clone(), one.limits.look_back(proposal.now)));
        posts = engine.store.posts_since(&counted.collect::<Vec<_>>()).await?;
        let before = gates().map(|one| (one.account_id.clone(), proposal.due()));
        let waiting = engine.store.posts_planned(&before.collect::<Vec<_>>()).await?;
        gates().for_each(|one| queue(one, &waiting, &mut posts, proposal.now));
    }
    let free = |way: &Way| (way.pace.channel_id, way.free(proposal.due(), &posts));
    Ok(ways.iter().map(free).collect())
}

/// What `times` has to say of each account, in the order of the request.
pub(crate) fn delays(accounts: &[Account], times: &HashMap<ChannelId, Expected>) -> Vec<Finding> {
    let delay = |account: &Account| times.get(&account.channel_id)?.finding(&account.account_id);
    accounts.iter().filter_map(delay).collect()
}

async fn ways(engine: &Engine, proposal: &Proposal) -> Result<Vec<Way>, Problem> {
    let mut accounts: HashMap<ChannelId, Vec<&AccountId>> = HashMap::new();
    for account in &proposal.accounts {
        let behind = accounts.entry(account.channel_id).or_default();
        behind.push(&account.account_id);
    }
    let ids: Vec<_> = accounts.keys().copied().collect();
    let paces = engine.paces(&ids, proposal.now).await?;
    let way = |pace: Arc<Pace>| {
        let accounts = accounts.get(&pace.channel_id).into_iter().flatten();
        // The post has no share of the jitter yet: as if it were the smallest.
        let gates = pace.limits.gates(accounts.copied(), 0);
        Way { pace, gates }
    };
    Ok(paces.into_iter().map(way).collect())
}

/// Counts the account's waiting posts as sent, one after the other, each when the limits let it go.
fn queue(one: &AccountGate, waiting: &Posts, posts: &mut Posts, now: Timestamp) {
    let mut planned = waiting.get(&one.account_id).cloned().unwrap_or_default();
    planned.sort_unstable();
    let others = posts.entry(one.account_id.clone()).or_default();
    let mut last = now;
    for plan in planned {
        last = one.earliest(plan.max(last), others).0;
        others.push(last);
    }
}

impl Way {
    /// Every account moves the others on, until nothing stands against the time. The steps are bounded, as each may wait for a month.
    fn free(&self, due: Timestamp, posts: &Posts) -> Expected {
        let paused = (self.pace.pause_until > due).then_some(Delay {
            limit: LimitKind::PlatformPause,
            account_id: None,
        });
        let mut expected = Expected {
            at: due.max(self.pace.pause_until),
            delay: paused,
        };
        for _ in 0..100 {
            match self.later(expected.at, posts) {
                Some(later) => expected = later,
                None => break,
            }
        }
        expected
    }

    /// The account that lets the post go last, when one of them does not at `at`.
    fn later(&self, at: Timestamp, posts: &Posts) -> Option<Expected> {
        let waits = self.gates.iter().filter_map(|one| {
            let others = posts.get(&one.account_id).map_or(&[][..], Vec::as_slice);
            let (later, limit) = one.earliest(at, others);
            Some((later, limit?, one)).filter(|_| later > at)
        });
        let (at, limit, one) = waits.max_by_key(|(later, ..)| *later)?;
        let account_id = Some(one.account_id.clone());
        Some(Expected {
            at,
            delay: Some(Delay { limit, account_id }),
        })
    }
}

impl Expected {
    /// That the post will be late for this account, and for which limit.
    pub(crate) fn finding(&self, account: &AccountId) -> Option<Finding> {
        let delay = self.delay.as_ref()?;
        let limit = label(delay.limit);
        let why = match &delay.account_id {
            Some(other) if other != account => {
                format!("账号 {account} 与账号 {other} 一同发布，受后者的{limit}限制")
            }
            _ => format!("账号 {account} 受{limit}限制"),
        };
        let at = Timestamp::from_secs(self.at.as_secs());
        Some(Finding {
            level: FindingLevel::Warning,
            code: FindingCode::LimitDelays,
            field: "accountIds",
            message: format!("{why}，预计推迟到 {at} 发布"),
            advice: "如需更早发布，请调整限制或已有的任务".to_owned(),
            account_id: Some(account.clone()),
        })
    }
}

const fn label(limit: LimitKind) -> &'static str {
    match limit {
        LimitKind::PostsPerDay => "每日条数",
        LimitKind::PostsPerMonth => "每月条数",
        LimitKind::MinGap => "最小间隔",
        LimitKind::QuietHours => "安静时段",
        LimitKind::WarmUp => "新账号静默期",
        LimitKind::CreationRate => "平台创建频率",
        LimitKind::PlatformPause => "平台要求的暂停",
    }
}
