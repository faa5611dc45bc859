//! What a user reads: derived from a publication's state and the account's own outcome, never set by itself.

use serde::{Deserialize, Serialize};

use crate::account::named;
use crate::publication::{PublicationState, WaitReason};

/// What became of a publication for one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Open.
    Pending,
    /// The Moment is out for this account: the member confirmed, or the personal account posted.
    Published,
    /// The task reached the member, which is all that `wecom.success_at = "created"` asks for.
    Delivered,
    /// The platform names the member as invalid.
    Invalid,
    /// The platform gave the member no task.
    NotDispatched,
    /// The member did not confirm before the deadline.
    Expired,
    /// The account was unbound before its post was submitted.
    Unbound,
}
named!(Outcome {
    Pending = "PENDING",
    Published = "PUBLISHED",
    Delivered = "DELIVERED",
    Invalid = "INVALID",
    NotDispatched = "NOT_DISPATCHED",
    Expired = "EXPIRED",
    Unbound = "UNBOUND",
});

/// The status of a SyncResult (requirement 2.3, 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ResultStatus {
    /// Not begun.
    Pending,
    /// Under way.
    Processing,
    /// Published. Final.
    Success,
    /// Not published, or nobody can tell. Final.
    Failed,
}
named!(ResultStatus { Pending = "PENDING", Processing = "PROCESSING", Success = "SUCCESS", Failed = "FAILED" });

/// The truth between `PENDING` and the end, beside a result's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// Waits for its time.
    Scheduled,
    /// Waits for its turn.
    Queued,
    /// Waits for a limit, or for an equal post in flight.
    WaitingQuota,
    /// Waits after a passing failure.
    WaitingRetry,
    /// Waits for the account to come back.
    WaitingOnline,
    /// Media are prepared.
    Uploading,
    /// The create call is under way.
    Submitting,
    /// The platform works on the creation.
    Creating,
    /// Nobody knows yet whether the call got through.
    Uncertain,
    /// The member has yet to confirm on the phone.
    AwaitingMember,
    /// Out.
    Published,
    /// A person must decide.
    Held,
    /// It did not come out.
    Failed,
    /// The user took it back.
    Cancelled,
    /// Too late by the late policy.
    Missed,
}
named!(Stage {
    Scheduled = "SCHEDULED",
    Queued = "QUEUED",
    WaitingQuota = "WAITING_QUOTA",
    WaitingRetry = "WAITING_RETRY",
    WaitingOnline = "WAITING_ONLINE",
    Uploading = "UPLOADING",
    Submitting = "SUBMITTING",
    Creating = "CREATING",
    Uncertain = "UNCERTAIN",
    AwaitingMember = "AWAITING_MEMBER",
    Published = "PUBLISHED",
    Held = "HELD",
    Failed = "FAILED",
    Cancelled = "CANCELLED",
    Missed = "MISSED",
});

impl Stage {
    /// The stage of one account's result.
    pub const fn of(state: PublicationState, wait: Option<WaitReason>, outcome: Outcome) -> Self {
        use PublicationState as S;
        match outcome {
            Outcome::Published => return Self::Published,
            Outcome::Delivered => return Self::AwaitingMember,
            Outcome::Invalid | Outcome::NotDispatched | Outcome::Expired | Outcome::Unbound => return Self::Failed,
            Outcome::Pending => (),
        }
        match state {
            S::Scheduled => Self::Scheduled,
            S::Ready => match wait {
                None => Self::Queued,
                Some(WaitReason::Quota | WaitReason::Twin) => Self::WaitingQuota,
                Some(WaitReason::Retry) => Self::WaitingRetry,
                Some(WaitReason::Offline) => Self::WaitingOnline,
            },
            S::Preparing => Self::Uploading,
            S::Submitting => Self::Submitting,
            S::Accepted => Self::Creating,
            S::Created => Self::AwaitingMember,
            S::Uncertain => Self::Uncertain,
            S::Held => Self::Held,
            S::Settled | S::Failed => Self::Failed,
            S::Cancelled => Self::Cancelled,
            S::Missed => Self::Missed,
        }
    }
}

impl ResultStatus {
    /// The status of one account's result.
    pub const fn of(state: PublicationState, outcome: Outcome) -> Self {
        use PublicationState as S;
        match outcome {
            Outcome::Published | Outcome::Delivered => return Self::Success,
            Outcome::Invalid | Outcome::NotDispatched | Outcome::Expired | Outcome::Unbound => return Self::Failed,
            Outcome::Pending => (),
        }
        match state {
            S::Scheduled | S::Ready => Self::Pending,
            S::Preparing | S::Submitting | S::Accepted | S::Created | S::Uncertain => Self::Processing,
            S::Held | S::Settled | S::Failed | S::Cancelled | S::Missed => Self::Failed,
        }
    }

    /// Success or failure, for good.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Success | Self::Failed)
    }
}

/// The status of a SyncTask (requirement 2.2, 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskStatus {
    /// No account has begun.
    Pending,
    /// Some account is under way, or some are done and others are not.
    Processing,
    /// Every account succeeded.
    Completed,
    /// Some accounts succeeded, the others failed.
    PartialSuccess,
    /// No account succeeded.
    Failed,
}
named!(TaskStatus {
    Pending = "PENDING",
    Processing = "PROCESSING",
    Completed = "COMPLETED",
    PartialSuccess = "PARTIAL_SUCCESS",
    Failed = "FAILED",
});

/// How many results of a task have each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatusCounts {
    /// Results that have not begun.
    pub pending: u64,
    /// Results under way.
    pub processing: u64,
    /// Results that succeeded.
    pub success: u64,
    /// Results that failed.
    pub failed: u64,
}

impl StatusCounts {
    /// Counts `n` more results of `status`.
    pub const fn add(&mut self, status: ResultStatus, n: u64) {
        match status {
            ResultStatus::Pending => self.pending += n,
            ResultStatus::Processing => self.processing += n,
            ResultStatus::Success => self.success += n,
            ResultStatus::Failed => self.failed += n,
        }
    }

    /// All results of the task.
    pub const fn total(self) -> u64 {
        self.pending + self.processing + self.success + self.failed
    }
}

impl TaskStatus {
    /// A task has no status of its own: it is computed from its results.
    pub const fn of(counts: StatusCounts) -> Self {
        match counts {
            StatusCounts {
                processing: 0,
                success: 0,
                failed: 0,
                ..
            } => Self::Pending,
            StatusCounts { pending: 1.., .. } | StatusCounts { processing: 1.., .. } => Self::Processing,
            StatusCounts { success: 0, .. } => Self::Failed,
            StatusCounts { failed: 0, .. } => Self::Completed,
            StatusCounts { .. } => Self::PartialSuccess,
        }
    }
}

#[cfg(test)]
mod tests;
