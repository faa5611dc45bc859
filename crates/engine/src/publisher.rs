//! The way of a post: claim → media → intent committed → create call → follow up → settle.
//!
//! What is promised when a worker dies, line by line: before the intent is committed nothing has left, and the row comes up
//! again as if nothing had happened. Between that commit and the commit of the answer the row says SUBMITTING; whoever finds
//! it so asks the platform and never sends (`reconcile`). After the answer is committed the job or the Moment is known by id,
//! and looking again is harmless.

mod audience;
mod beat;
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
use crate::problem::Problem;
use crate::trace;

pub(crate) use by_hand::{Wish, by_hand};
pub(crate) use create::creation_rate;
pub(crate) use gates::GateQueue;
use job::{Job, Stop};
pub(crate) use media::{mixed as mixed_media, trouble as media_trouble};

/// How work on a publication ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It waits for its next look, is done, or is another worker's.
    LetGo,
    /// The database was away: the row is still this worker's, in the state of its last commit.
    CutOff,
    /// Something is wrong that another look will meet again: it rests until the lease ends.
    Stuck,
}

/// Works on a claimed publication until it has to wait or is done.
pub(crate) fn work(engine: &Engine, claimed: Claimed) -> impl Future<Output = Ended> {
    let span = trace::look(&claimed.publication);
    look(Job::new(engine, claimed)).instrument(span)
}

async fn look(mut job: Job<'_>) -> Ended {
    let engine = job.engine;
    engine.probe.reached(Step::Claimed, job.publication.id).await;
    match advance(&mut job).await {
        Ok(()) => {
            engine.probe.reached(Step::Committed, job.publication.id).await;
            Ended::LetGo
        }
        Err(Stop::LeaseLost) => {
            tracing::warn!(publication.id = %job.publication.id, "the lease was lost: another worker has this publication");
            Ended::LetGo
        }
        Err(Stop::Problem(problem)) => {
            let causes = causes(&problem);
            tracing::error!(publication.id = %job.publication.id, %problem, causes, "work stopped");
            match problem {
                Problem::Unavailable(_) => Ended::CutOff,
                _ => Ended::Stuck,
            }
        }
    }
}

/// What is behind an error, the nearest first.
fn causes(problem: &Problem) -> String {
    let first = std::error::Error::source(problem);
    let chain = std::iter::successors(first, |error| error.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
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
