//! What can be said about a post before it is due: one list of checks, for the pre-flight and for creation.
//!
//! A request that breaks a rule, names unknown accounts or an unfit draft never becomes a [`Proposal`]. Everything else that may stand against a
//! post is a [`Finding`]: whoever has something to say adds a check to [`findings`].

mod accounts;
mod media;
mod proposal;

use moments_domain::Finding;

use crate::app::Engine;
use crate::problem::Problem;

pub(crate) use proposal::Proposal;

/// Everything that can be said about `proposal` now, in the order of the checks. Reads, and changes nothing.
///
/// # Errors
///
/// Only when a check could not be made; what a check finds is never an error.
#[expect(clippy::unused_async, reason = "checks may have to ask the database")]
pub(crate) async fn findings(engine: &Engine, proposal: &Proposal) -> Result<Vec<Finding>, Problem> {
    let mut findings = accounts::check(proposal);
    findings.extend(media::check(engine, proposal));
    Ok(findings)
}
