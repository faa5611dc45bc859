//! Named steps of a publication's work, so that a test can stop the world at each of them.

use async_trait::async_trait;
use moments_domain::PublicationId;

/// A place in the way of a post where a crash must do no harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The lease is committed.
    Claimed,
    /// The media are fetched and kept.
    MediaFetched,
    /// The platform knows the media.
    MediaUploaded,
    /// The intent is committed; the create call has not left.
    IntentCommitted,
    /// The create call was answered; the answer is not committed.
    CreateAnswered,
    /// The job's id is committed.
    JobCommitted,
    /// The job's result is read; it is not committed.
    JobRead,
    /// The confirmations are read; they are not committed.
    ConfirmationsRead,
    /// The platform was asked after a call without answer; the finding is not committed.
    Searched,
    /// The last commit of this look is done.
    Committed,
}

impl Step {
    /// Every step, in the order of a post's way.
    pub const ALL: &'static [Self] = &[
        Self::Claimed,
        Self::MediaFetched,
        Self::MediaUploaded,
        Self::IntentCommitted,
        Self::CreateAnswered,
        Self::JobCommitted,
        Self::JobRead,
        Self::ConfirmationsRead,
        Self::Searched,
        Self::Committed,
    ];
}

/// Is told when a step is reached, and may hold it there for ever.
#[async_trait]
pub trait Probe: Send + Sync {
    /// `publication` has reached `step`.
    async fn reached(&self, step: Step, publication: PublicationId);
}

/// Nobody watches.
#[derive(Clone, Copy, Debug)]
pub struct NoProbe;

#[async_trait]
impl Probe for NoProbe {
    async fn reached(&self, _step: Step, _publication: PublicationId) {}
}
