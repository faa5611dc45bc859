//! What a person may do to a task: take it back in time, or want a new attempt.

use moments_domain::{Move, NewAudit, PublicationState};
use moments_store::Claimed;

use crate::app::Engine;
use crate::problem::Problem;
use crate::publisher::job::{Job, Stop};

/// A person's wish.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    /// What shall happen.
    pub(crate) by: Move,
    /// Also to a publication that is held.
    pub(crate) even_held: bool,
}

/// Makes the wish come true for a claimed publication where its state has that arrow, and puts it back where not; whether it happened. The audit
/// is told with the commit that makes it happen.
pub(crate) async fn by_hand(
    engine: &Engine,
    claimed: Claimed,
    Wish { by, even_held }: Wish,
    entry: Option<NewAudit>,
) -> Result<bool, Problem> {
    let job = Job::new(engine, claimed);
    let held = job.publication.state == PublicationState::Held;
    // Accounts that were unbound have their outcome: without any other there is nothing to begin anew.
    let is_for_somebody = by != Move::Revive || !job.open_accounts().is_empty();
    let happens = job.publication.state.after(by).is_ok() && (even_held || !held) && is_for_somebody;
    let mut job = job.told(entry.filter(|_| happens));
    let done = match by {
        _ if !happens => job.put_back().await,
        Move::Revive => job.revive().await,
        _ => job.end(by, None).await,
    };
    match done {
        Ok(()) => Ok(happens),
        Err(Stop::LeaseLost) => Ok(false),
        Err(Stop::Problem(problem)) => Err(problem),
    }
}
