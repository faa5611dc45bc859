//! The life of a publication: one SyncTask on one Channel, which is one platform creation.
//!
//! ```text
//!  SCHEDULED ──┐                      intent committed            answer
//!  READY ──────┼──► PREPARING ──────────► SUBMITTING ────────► ACCEPTED ──► CREATED ──► SETTLED
//!    ▲         │        │                   │     │                │           ▲
//!    │         │        │ snooze, retry     │     │ no clear answer│ lost job  │ found
//!    └─────────┼────────┴───────────────────┘     ▼                ▼           │
//!    ▲         │                                UNCERTAIN ◄────────┘           │
//!    │         └─► MISSED, CANCELLED, FAILED      │ ├──────────────────────────┘
//!    └── surely absent ───────────────────────────┘ └──► HELD (a person decides)
//! ```
//!
//! `SUBMITTING` is committed before the create call leaves. A row found there without a live lease may have been
//! sent: it goes to `UNCERTAIN`, never back to a send, until the platform has been asked (invariant 1).

use serde::{Deserialize, Serialize};

use crate::account::named;
use crate::error::{FailReason, Failure};
use crate::ids::{ChannelId, PublicationId, TaskId, UserId};
use crate::limits::LimitKind;
use crate::time::Timestamp;

/// Where a publication stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PublicationState {
    /// Waits for the time that the user set.
    Scheduled,
    /// May be worked on from its next look on.
    Ready,
    /// Its media are being fetched, converted and uploaded.
    Preparing,
    /// The create call may be on its way.
    Submitting,
    /// The platform works on a creation job.
    Accepted,
    /// The Moment exists; members have yet to confirm.
    Created,
    /// The create call had no clear answer: the platform must be asked.
    Uncertain,
    /// Asking did not tell: a person decides. Final until then.
    Held,
    /// Every account has its outcome. Final.
    Settled,
    /// It did not come out. Final.
    Failed,
    /// The user took it back in time. Final.
    Cancelled,
    /// Its time passed while nobody worked. Final.
    Missed,
}
named!(PublicationState {
    Scheduled = "SCHEDULED",
    Ready = "READY",
    Preparing = "PREPARING",
    Submitting = "SUBMITTING",
    Accepted = "ACCEPTED",
    Created = "CREATED",
    Uncertain = "UNCERTAIN",
    Held = "HELD",
    Settled = "SETTLED",
    Failed = "FAILED",
    Cancelled = "CANCELLED",
    Missed = "MISSED",
});

/// What happens to a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Move {
    /// Its media are worked on.
    Prepare,
    /// The intent is committed; the call may leave.
    Submit,
    /// The platform gave a job id.
    Accept,
    /// The Moment's id is known, from the answer or from a listing.
    Create,
    /// Nobody knows what became of the call or of its job.
    LoseTrack,
    /// Later, without spending an attempt: the platform said no because of a limit, or nothing was sent.
    Snooze,
    /// Later, after a clear refusal that may pass.
    Retry,
    /// The platform was asked and surely has no such Moment.
    FoundAbsent,
    /// Asking the platform does not settle it.
    Hold,
    /// It will not come out.
    GiveUp,
    /// Too late by the late policy.
    Miss,
    /// The user takes it back.
    Cancel,
    /// Every account has its outcome.
    Settle,
    /// A person wants a new attempt.
    Revive,
}

/// A move that the machine does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a publication in {from} cannot {by:?}")]
pub struct IllegalMove {
    /// The state it was in.
    pub from: PublicationState,
    /// What was attempted.
    pub by: Move,
}

impl PublicationState {
    /// The only place where a publication changes state.
    pub const fn after(self, by: Move) -> Result<Self, IllegalMove> {
        use Move as M;
        use PublicationState as S;
        Ok(match (self, by) {
            (S::Scheduled | S::Ready | S::Preparing, M::Prepare) => S::Preparing,
            (S::Scheduled | S::Ready | S::Preparing, M::Submit) => S::Submitting,
            (S::Scheduled | S::Ready | S::Preparing, M::Miss) => S::Missed,
            (S::Scheduled | S::Ready | S::Preparing, M::Cancel) => S::Cancelled,
            (S::Scheduled | S::Ready | S::Preparing | S::Submitting | S::Accepted, M::Snooze) => S::Ready,
            (S::Scheduled | S::Ready | S::Preparing | S::Submitting | S::Accepted, M::Retry) => S::Ready,
            (S::Submitting, M::Accept) => S::Accepted,
            (S::Submitting | S::Accepted | S::Uncertain, M::Create) => S::Created,
            (S::Submitting | S::Accepted, M::LoseTrack) => S::Uncertain,
            (S::Uncertain, M::FoundAbsent) => S::Ready,
            (S::Uncertain, M::Hold) => S::Held,
            (S::Created, M::Settle) => S::Settled,
            (S::Failed | S::Held | S::Missed, M::Revive) => S::Ready,
            (S::Scheduled | S::Ready | S::Preparing | S::Submitting | S::Accepted, M::GiveUp) => S::Failed,
            _ => return Err(IllegalMove { from: self, by }),
        })
    }

    /// Nothing more happens by itself.
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Held | Self::Settled | Self::Failed | Self::Cancelled | Self::Missed
        )
    }

    /// No create call of the present attempt can have left.
    pub const fn is_before_submit(self) -> bool {
        matches!(self, Self::Scheduled | Self::Ready | Self::Preparing)
    }

    /// A create call may have left and its Moment is not known by id: an equal post on the same channel must wait.
    pub const fn is_in_flight(self) -> bool {
        matches!(self, Self::Submitting | Self::Accepted | Self::Uncertain)
    }
}

/// Why a publication waits without fault of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum WaitReason {
    /// Creations a minute, running jobs, or the platform's own limit.
    Quota,
    /// An equal post is in flight on the same channel.
    Twin,
    /// After a passing failure.
    Retry,
    /// The account is off line and may come back.
    Offline,
}
named!(WaitReason { Quota = "QUOTA", Twin = "TWIN", Retry = "RETRY", Offline = "OFFLINE" });

/// One row of `t_moment_publication`. Whoever holds its lease is the only one to change it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// Its id, unique in the installation.
    pub id: PublicationId,
    /// The task it serves.
    pub task_id: TaskId,
    /// Whose task it is.
    pub user_id: UserId,
    /// The way to the platform.
    pub channel_id: ChannelId,
    /// When it is wanted: the user's time, or the time of creation.
    pub due_time: Timestamp,
    /// Where it stands.
    pub state: PublicationState,
    /// When it entered `state`.
    pub state_time: Timestamp,
    /// When somebody should look at it next; under a lease, the lease's end; `None` when final.
    pub look_time: Option<Timestamp>,
    /// When the present look was planned, which a claim does not change: lateness is measured against it.
    pub plan_time: Timestamp,
    /// Looks taken in `state` that told nothing new (polls, searches after a lost answer).
    pub looks: u32,
    /// Attempts that failed. Waiting for a limit spends none, and an unclear answer that turns out absent repeats its own.
    pub attempt: u32,
    /// Times that the platform was found to have no such Moment after an unclear answer.
    pub absences: u32,
    /// When the intent of the present attempt was committed.
    pub sent_time: Option<Timestamp>,
    /// See [`crate::fingerprint::fingerprint`].
    pub fingerprint: String,
    /// The platform's creation job, at most 24 h old (reference wecom 7.1).
    pub job_id: Option<String>,
    /// The Moment's id; text, because it does not fit a signed 64-bit number.
    pub moment_id: Option<String>,
    /// When the Moment's id became known.
    pub created_time: Option<Timestamp>,
    /// Why it waits, in `READY`.
    pub wait_reason: Option<WaitReason>,
    /// The limit that it waits for, where [`WaitReason::Quota`] is the reason.
    pub wait_limit: Option<LimitKind>,
    /// Until when a limit last made it wait; `None`: none has yet. That wait is no lateness.
    pub limited_until: Option<Timestamp>,
    /// Why it failed, is held, or was last refused.
    pub failure: Option<Failure>,
}

/// A publication that waits to be worked on, as far as a hand-over needs to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ready {
    /// Which one.
    pub id: PublicationId,
    /// Whose turn it would be; a hint for fairness between channels, nothing rests on it.
    pub channel_id: ChannelId,
}

impl Publication {
    /// Makes `by` happen at `now`: the new state, its time, and a fresh count of looks.
    pub fn apply(&mut self, by: Move, now: Timestamp) -> Result<(), IllegalMove> {
        let next = self.state.after(by)?;
        if next != self.state {
            self.state_time = now;
            self.looks = 0;
        }
        self.state = next;
        if next.is_final() {
            self.look_time = None;
        }
        if !matches!(next, PublicationState::Ready) {
            (self.wait_reason, self.wait_limit) = (None, None);
        }
        Ok(())
    }

    /// The failure that a result of this publication shows, when the publication as a whole did not come out.
    pub fn failure_shown(&self) -> Option<Failure> {
        match self.state {
            PublicationState::Missed => Some(Failure::new(FailReason::Missed, "已超过允许的延迟，未发布")),
            PublicationState::Cancelled => Some(Failure::new(FailReason::Cancelled, "任务已取消")),
            _ => self.failure.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
