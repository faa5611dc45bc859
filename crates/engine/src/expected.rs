//! When a post that is not stored yet would be sent: an estimate from the limits of its accounts, what they have sent and what waits for them.
//!
//! Nobody can tell more: a platform may say no, and what others create or cancel meanwhile moves everything. The creation rate of a corp is left
//! out, because it delays by minutes at most.

use std::collections::HashMap;

use moments_domain::{AccountId, ChannelId, Timestamp};
use moments_store::{AccountGate, Posts};

use crate::app::Engine;
use crate::checks::Proposal;
use crate::problem::Problem;

/// What is known of one channel of a proposal.
struct Way {
    id: ChannelId,
    /// From when on it would be tried.
    from: Timestamp,
    gates: Vec<AccountGate>,
}

/// For each channel of `proposal`, when its accounts may all post: one creation serves them together (invariant 1).
pub(crate) async fn times(engine: &Engine, proposal: &Proposal) -> Result<HashMap<ChannelId, Timestamp>, Problem> {
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
    Ok(ways.iter().map(|way| (way.id, way.free(&posts))).collect())
}

async fn ways(engine: &Engine, proposal: &Proposal) -> Result<Vec<Way>, Problem> {
    let mut accounts: HashMap<ChannelId, Vec<&AccountId>> = HashMap::new();
    for account in &proposal.accounts {
        accounts
            .entry(account.channel_id)
            .or_default()
            .push(&account.account_id);
    }
    let mut ways = Vec::with_capacity(accounts.len());
    for (id, accounts) in accounts {
        if let Some(open) = engine.open_channel(id, proposal.now).await? {
            ways.push(Way {
                id,
                from: proposal.due().max(open.channel.pause_until),
                // The post has no share of the jitter yet: as if it were the smallest.
                gates: open.limits.gates(accounts.into_iter(), 0),
            });
        }
    }
    Ok(ways)
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
    fn free(&self, posts: &Posts) -> Timestamp {
        let mut at = self.from;
        for _ in 0..100 {
            let later = self.gates.iter().map(|one| {
                let others = posts.get(&one.account_id).map_or(&[][..], Vec::as_slice);
                one.earliest(at, others).0
            });
            match later.max().filter(|later| *later > at) {
                Some(later) => at = later,
                None => break,
            }
        }
        at
    }
}
