//! What can be said about a post before it is due: one list of checks, for the pre-flight and for creation.
//!
//! A request that breaks a rule, names unknown accounts or an unfit draft never becomes a [`Proposal`]. Everything else that may stand against a
//! post is a [`Finding`]: whoever has something to say adds a check to [`findings`].

mod accounts;
pub(crate) mod duplicates;
mod media;
mod proposal;
mod visibility;
mod words;

use moments_domain::Finding;
use moments_store::Judged;

use crate::app::Engine;
use crate::problem::Problem;

pub(crate) use proposal::Proposal;

/// What the checks have to say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    /// In the order of the checks.
    pub(crate) all: Vec<Finding>,
    /// What is kept of that with the task.
    pub(crate) judged: Judged,
}

/// Everything that can be said about `proposal` now, in the order of the checks. Reads, and changes nothing.
///
/// # Errors
///
/// Only when a check could not be made; what a check finds is never an error.
pub(crate) async fn findings(engine: &Engine, proposal: &Proposal) -> Result<Findings, Problem> {
    let mut all = accounts::check(proposal);
    all.extend(visibility::check(proposal));
    all.extend(proposal.content_findings.iter().cloned());
    let (words, judged) = words::check(engine, proposal).await?;
    all.extend(words);
    all.extend(media::check(engine, proposal));
    Ok(Findings { all, judged })
}
