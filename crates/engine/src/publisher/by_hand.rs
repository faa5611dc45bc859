//! What a person may do to a task: take it back in time, or want a new attempt.

use moments_domain::{Move, PublicationState};
use moments_store::Claimed;

use crate::app::Engine;
use crate::problem::Problem;
use crate::publisher::job::{Job, Stop};

/// Makes `by` happen to a claimed publication where its state has that arrow, and puts it back where not; whether it happened.
pub(crate) async fn by_hand(engine: &Engine, claimed: Claimed, by: Move, even_held: bool) -> Result<bool, Problem> {
    let mut job = Job::new(engine, claimed);
    let held = job.publication.state == PublicationState::Held;
    let happens = job.publication.state.after(by).is_ok() && (even_held || !held);
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
