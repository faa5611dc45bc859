//! What would become of a request (issue of content: "told before the post is due").

use std::collections::{HashMap, HashSet};

use moments_domain::content::MomentContent;
use moments_domain::request::SyncRequest;
use moments_domain::{AccountId, ChannelId, Finding, Timestamp, Verdict};
use moments_store::Account;

use crate::app::Engine;
use crate::checks::{self, Findings, Proposal, duplicates};
use crate::expected::{self, Expected};
use crate::library::Asker;
use crate::problem::Problem;

/// What would become of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preflight {
    /// The worst of everything found: a task with anything that is BLOCKED is refused as a whole.
    pub verdict: Verdict,
    /// The draft that `content` would be frozen from.
    pub content_id: Option<i64>,
    /// That draft's version.
    pub content_version: Option<String>,
    /// What would be published.
    pub content: MomentContent,
    /// What concerns the post as a whole.
    pub findings: Vec<Finding>,
    /// In the order of the request.
    pub accounts: Vec<AccountPreflight>,
    /// In the order in which the request first names them.
    pub calls: Vec<ChannelCalls>,
}

/// What would become of it for one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountPreflight {
    /// The account.
    pub account_id: AccountId,
    /// The worst of what concerns the account and of what concerns the post as a whole.
    pub verdict: Verdict,
    /// What concerns this account only.
    pub findings: Vec<Finding>,
    /// When it would be sent to the platform: an estimate from its channel's pause, the limits of the accounts that are sent together, and what
    /// they have sent and what waits for them. `None`: it would not be sent.
    pub expected_time: Option<Timestamp>,
}

/// The calls that one channel would need. Polls that follow a creation are not counted: how many there are is up to the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelCalls {
    /// The channel.
    pub channel_id: ChannelId,
    /// One for each medium, at most: a medium that the channel has from an earlier post is not uploaded again.
    pub uploads: u64,
    /// Always one, however many accounts there are (invariant 1).
    pub creations: u64,
}

impl Engine {
    /// Judges a request exactly as [`Engine::create_sync`] would, and changes nothing.
    pub async fn preflight(&self, asker: &Asker, request: SyncRequest) -> Result<Preflight, Problem> {
        let proposal = self.proposal(asker, request).await?;
        let Findings { mut all, judged } = checks::findings(self, &proposal).await?;
        let task = self.new_task(proposal.clone(), judged, None);
        all.extend(duplicates::look(self, &task).await?);
        let mut times = expected::times(self, &proposal).await?;
        expected::in_line(self, proposal.now, &mut times).await?;
        Ok(told(proposal, all, &times))
    }
}

fn told(proposal: Proposal, findings: Vec<Finding>, times: &HashMap<ChannelId, Expected>) -> Preflight {
    let mut of_account: HashMap<AccountId, Vec<Finding>> = HashMap::new();
    let mut of_post = Vec::new();
    for finding in findings {
        match finding.account_id.clone() {
            Some(id) => of_account.entry(id).or_default().push(finding),
            None => of_post.push(finding),
        }
    }
    let calls = calls(&proposal);
    let account = |account: Account| {
        let mut findings = of_account.remove(&account.account_id).unwrap_or_default();
        let blocked = Verdict::of(findings.iter().chain(&of_post)) == Verdict::Blocked;
        let expected = times.get(&account.channel_id).filter(|_| !blocked);
        findings.extend(expected.and_then(|expected| expected.finding(&account.account_id)));
        AccountPreflight {
            account_id: account.account_id,
            verdict: Verdict::of(findings.iter().chain(&of_post)),
            findings,
            expected_time: expected.map(|expected| expected.at),
        }
    };
    let accounts: Vec<_> = proposal.accounts.into_iter().map(account).collect();
    let everything = accounts.iter().flat_map(|account| &account.findings);
    Preflight {
        verdict: Verdict::of(everything.chain(&of_post)),
        content_id: proposal.request.content_id,
        content_version: proposal.content_version,
        accounts,
        findings: of_post,
        content: proposal.content,
        calls,
    }
}

fn calls(proposal: &Proposal) -> Vec<ChannelCalls> {
    let uploads = match &proposal.content.link {
        // A link has one cover, its own or the program's.
        Some(_) => 1,
        None => proposal.content.media_urls.len() as u64,
    };
    let mut calls: Vec<ChannelCalls> = Vec::new();
    let mut known = HashSet::new();
    for account in &proposal.accounts {
        if known.insert(account.channel_id) {
            calls.push(ChannelCalls {
                channel_id: account.channel_id,
                uploads,
                creations: 1,
            });
        }
    }
    calls
}
