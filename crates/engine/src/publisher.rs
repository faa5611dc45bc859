//! The way of a post: claim → media → intent committed → create call → follow up → settle.
//!
//! What is promised when a worker dies, line by line: before the intent is committed nothing has left, and the row comes up
//! again as if nothing had happened. Between that commit and the commit of the answer the row says SUBMITTING; whoever finds
//! it so asks the platform and never sends (`reconcile`). After the answer is committed the job or the Moment is known by id,
//! and looking again is harmless.

mod by_hand;
mod create;
mod follow;
mod gates;
mod job;
mod media;
mod reconcile;

use moments_domain::{Move, PublicationState};
use moments_store::Claimed;
use tracing::Instrument as _;

use crate::app::Engine;
use crate::probe::Step;
use crate::trace;

pub(crate) use by_hand::by_hand;
pub(crate) use gates::GateQueue;
use job::{Job, Stop};

/// Works on a claimed publication until it has to wait or is done. Never fails: what could not be saved comes up again when the lease ends.
pub(crate) async fn work(engine: &Engine, claimed: Claimed) {
    let span = trace::look(&claimed.publication);
    look(engine, claimed).instrument(span).await;
}

async fn look(engine: &Engine, claimed: Claimed) {
    let mut job = Job::new(engine, claimed);
    engine.probe.reached(Step::Claimed, job.publication.id).await;
    match advance(&mut job).await {
        Ok(()) => engine.probe.reached(Step::Committed, job.publication.id).await,
        Err(Stop::LeaseLost) => {
            tracing::warn!(publication.id = %job.publication.id, "the lease was lost: another worker has this publication");
        }
        Err(Stop::Problem(problem)) => {
            let source = std::error::Error::source(&problem).map(ToString::to_string);
            tracing::error!(publication.id = %job.publication.id, %problem, source, "work stopped; it goes on when the lease ends");
        }
    }
}

/// One look: the state says what to do.
async fn advance(job: &mut Job<'_>) -> Result<(), Stop> {
    use PublicationState as S;
    match job.publication.state {
        S::Scheduled | S::Ready | S::Preparing if job.is_too_late() => job.end(Move::Miss, None).await,
        S::Scheduled | S::Ready | S::Preparing => create::publish(job).await,
        S::Submitting => create::lose_track(job, "上一次发布过程被中断").await,
        S::Accepted => follow::job(job).await,
        S::Created => follow::confirmations(job).await,
        S::Uncertain => reconcile::ask(job).await,
        S::Held | S::Settled | S::Failed | S::Cancelled | S::Missed => job.rest().await,
    }
}
