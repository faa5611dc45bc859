//! One claimed publication in a worker's hands, and the few ways to let it go.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use moments_domain::content::MomentContent;
use moments_domain::publication::IllegalMove;
use moments_domain::{
    AccountId, FailReason, Failure, LimitKind, Move, NewAudit, Outcome, Publication, PublicationState, ResultStatus,
    Timestamp, WaitReason,
};
use moments_platforms::{CallFailure, Platform};
use moments_store::{
    AccountOutcome, AttemptNote, Claimed, Gate, Hold, Lease, NoSubmit, Save, Saved, StoreError, Target, unbound_failure,
};

use crate::app::Engine;
use crate::channel::OpenChannel;
use crate::problem::Problem;
use crate::publisher::beat::Beat;

/// A look always comes a little after its plan: what begins within this is on time under any late policy.
const ON_TIME: Duration = Duration::from_secs(5);

/// Why work on a publication ends before its commit.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Another worker holds the row.
    LeaseLost,
    /// Something that a later look may not meet.
    Problem(Problem),
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Problem(error.into())
    }
}

impl From<IllegalMove> for Stop {
    fn from(error: IllegalMove) -> Self {
        Self::Problem(Problem::Internal(Box::new(error)))
    }
}

/// A publication under a lease.
pub(crate) struct Job<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) publication: Publication,
    pub(crate) content: MomentContent,
    /// The accounts, with what is known of each.
    pub(crate) targets: HashMap<AccountId, Outcome>,
    lease: Lease,
    /// Outcomes found in this look, to be saved with the next commit.
    found: Vec<AccountOutcome>,
    /// What the platform answered in this look.
    note: Option<AttemptNote>,
    /// What to tell the audit with the next commit.
    entry: Option<NewAudit>,
    /// The open results' status as the table has it, where that is known.
    saved_status: Option<ResultStatus>,
}

impl<'a> Job<'a> {
    pub(crate) fn new(engine: &'a Engine, claimed: Claimed) -> Self {
        let Claimed {
            publication,
            lease,
            content,
            targets,
        } = claimed;
        Self {
            engine,
            saved_status: saved_status(&publication),
            publication,
            content,
            targets: targets
                .into_iter()
                .map(|Target { account_id, outcome }| (account_id, outcome))
                .collect(),
            lease,
            found: Vec::new(),
            note: None,
            entry: None,
        }
    }

    /// Tells the audit with the next commit who wanted it.
    pub(crate) fn told(self, entry: Option<NewAudit>) -> Self {
        Self { entry, ..self }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.engine.clock.now()
    }

    /// Whether this look comes later than the late policy allows; waiting at a gate is part of the plan and no lateness.
    pub(crate) fn is_too_late(&self) -> bool {
        self.now().since(self.publication.plan_time) > self.engine.settings.late_policy.max(ON_TIME)
    }

    /// The next look of a post that must be sent again: at `wish`, unless this look is itself too late. Then the post is due since this look was,
    /// and the late policy judges it.
    fn unless_too_late(&self, wish: Timestamp) -> Timestamp {
        if self.is_too_late() {
            self.publication.plan_time
        } else {
            wish
        }
    }

    /// The channel with its credential; a removed one ends the publication.
    pub(crate) async fn channel(&self) -> Result<Option<(Arc<OpenChannel>, Arc<dyn Platform>)>, Stop> {
        let Some(open) = self
            .engine
            .open_channel(self.publication.channel_id, self.now())
            .await?
        else {
            return Ok(None);
        };
        let platform = Arc::clone(self.engine.platform(open.channel.kind)?);
        Ok(Some((open, platform)))
    }

    /// Notes an account's outcome for the next commit; a known outcome stays.
    pub(crate) fn find(&mut self, account_id: &AccountId, outcome: Outcome, failure: Option<Failure>) {
        if self.targets.get(account_id) == Some(&Outcome::Pending) {
            self.targets.insert(account_id.clone(), outcome);
            self.found.push(AccountOutcome {
                account_id: account_id.clone(),
                outcome,
                failure,
            });
        }
    }

    /// Leaves out the accounts that have been unbound since the post was asked for; false when none is left.
    pub(crate) fn leave_out(&mut self, unbound: &HashSet<AccountId>) -> bool {
        for account in self.open_accounts() {
            if unbound.contains(&account) {
                self.find(&account, Outcome::Unbound, Some(unbound_failure()));
            }
        }
        !self.open_accounts().is_empty()
    }

    /// Accounts without an outcome.
    pub(crate) fn open_accounts(&self) -> Vec<AccountId> {
        let open = self.targets.iter().filter(|(_, outcome)| **outcome == Outcome::Pending);
        open.map(|(account, _)| account.clone()).collect()
    }

    /// Notes what the create call was answered: its slot at the gate runs out a window after `processed`, when the platform has surely
    /// finished with it.
    pub(crate) fn note_answer(&mut self, gate: &Gate, processed: Timestamp, answer: String) {
        self.note = Some(AttemptNote {
            busy_until: processed + gate.window,
            answer,
        });
    }

    /// Commits the intent: after this the create call may leave. `Some`: it may not leave now, nothing was written.
    pub(crate) async fn submit(&mut self, gate: Gate) -> Result<Option<NoSubmit>, Stop> {
        let mut next = self.publication.clone();
        next.apply(Move::Submit, self.now())?;
        next.sent_time = Some(self.now());
        next.failure = None;
        self.hold(next, Some(gate)).await
    }

    /// Makes `by` happen and goes on holding the lease.
    pub(crate) async fn keep(&mut self, by: Move) -> Result<(), Stop> {
        let mut next = self.publication.clone();
        next.apply(by, self.now())?;
        self.hold(next, None).await.map(|_| ())
    }

    /// Makes `by` happen and lets go until `look`.
    pub(crate) async fn release(&mut self, by: Move, look: Timestamp) -> Result<(), Stop> {
        let mut next = self.publication.clone();
        next.apply(by, self.now())?;
        next.look_time = Some(look);
        self.commit(next).await
    }

    /// Nothing new: looks again after `wait`.
    pub(crate) async fn look_again(&mut self, wait: Duration) -> Result<(), Stop> {
        let mut next = self.publication.clone();
        next.looks += 1;
        next.look_time = Some(self.now() + self.engine.jitter(wait));
        self.commit(next).await
    }

    /// A final row that was claimed by hand and left so by a process that died: lets go of it.
    pub(crate) async fn rest(&mut self) -> Result<(), Stop> {
        let mut next = self.publication.clone();
        next.look_time = None;
        self.commit(next).await
    }

    /// A person's wish for a new attempt: everything begins anew, at once.
    pub(crate) async fn revive(&mut self) -> Result<(), Stop> {
        let mut next = self.publication.clone();
        next.apply(Move::Revive, self.now())?;
        next.look_time = Some(self.now());
        (next.attempt, next.absences, next.failure) = (0, 0, None);
        (next.job_id, next.moment_id, next.created_time, next.sent_time) = (None, None, None, None);
        self.commit(next).await
    }

    /// Lets go without a change: the next look is when it was planned, even where a message about it was under way.
    pub(crate) async fn put_back(&mut self) -> Result<(), Stop> {
        let mut next = self.publication.clone();
        next.look_time = next.look_time.map(|_| next.plan_time);
        self.commit(next).await
    }

    /// Makes the final move `by`, with the reason.
    pub(crate) async fn end(&mut self, by: Move, failure: Option<Failure>) -> Result<(), Stop> {
        let mut next = self.publication.clone();
        next.apply(by, self.now())?;
        next.failure = failure.or(next.failure);
        self.commit(next).await
    }

    pub(crate) async fn give_up(&mut self, failure: Failure) -> Result<(), Stop> {
        tracing::info!(publication.id = %self.publication.id, task.id = %self.publication.task_id, reason = failure.reason.name(), "a post failed");
        crate::metrics::failed(failure.reason);
        self.end(Move::GiveUp, Some(failure)).await
    }

    /// Waits for a limit.
    pub(crate) async fn wait_for(&mut self, limit: LimitKind, until: Timestamp) -> Result<(), Stop> {
        self.snooze(WaitReason::Quota, Some(limit), until).await
    }

    /// Waits without spending an attempt.
    pub(crate) async fn snooze(
        &mut self,
        reason: WaitReason,
        limit: Option<LimitKind>,
        until: Timestamp,
    ) -> Result<(), Stop> {
        let mut next = self.publication.clone();
        next.apply(Move::Snooze, self.now())?;
        (next.wait_reason, next.wait_limit) = (Some(reason), limit);
        if limit.is_some() {
            next.limited_until = Some(until);
        }
        crate::metrics::waits(reason);
        next.look_time = Some(self.unless_too_late(until));
        self.commit(next).await
    }

    /// Tries again later, unless the attempts are used up.
    pub(crate) async fn retry(&mut self, failure: Failure) -> Result<(), Stop> {
        let wait = self.engine.backoff(self.publication.attempt + 1);
        self.retry_in(wait, failure).await
    }

    /// Tries again after `wait`, unless the attempts are used up.
    pub(crate) async fn retry_in(&mut self, wait: Duration, failure: Failure) -> Result<(), Stop> {
        let mut next = self.publication.clone();
        next.attempt += 1;
        if next.attempt >= self.engine.settings.max_attempts {
            return self.give_up(failure).await;
        }
        next.apply(Move::Retry, self.now())?;
        (next.wait_reason, next.wait_limit) = (Some(WaitReason::Retry), None);
        crate::metrics::waits(WaitReason::Retry);
        next.look_time = Some(self.unless_too_late(self.now() + wait));
        next.failure = Some(failure);
        self.commit(next).await
    }

    /// A read on the way failed: heeds what it says of the credential, and looks again after `wait`.
    pub(crate) async fn look_after_failure(
        &mut self,
        open: &OpenChannel,
        failure: &CallFailure,
        wait: Duration,
    ) -> Result<(), Stop> {
        tracing::warn!(publication.id = %self.publication.id, channel.id = %open.channel.id, %failure, "a look at the platform failed");
        self.engine.heed_failure(&open.access, failure).await?;
        self.look_again(wait.max(Duration::from_secs(5) * (self.publication.looks + 1).min(60)))
            .await
    }

    pub(crate) async fn channel_removed(&mut self) -> Result<(), Stop> {
        let failure = Failure::new(FailReason::ChannelRemoved, "渠道已被解绑");
        match self.publication.state.after(Move::GiveUp) {
            Ok(_) => self.give_up(failure).await,
            Err(_) if self.publication.state.after(Move::Hold).is_ok() => self.end(Move::Hold, Some(failure)).await,
            Err(_) => self.settle(Some(&failure)).await,
        }
    }

    /// Ends with an outcome for every account; the open ones fail with `failure`.
    pub(crate) async fn settle(&mut self, failure: Option<&Failure>) -> Result<(), Stop> {
        for account in self.open_accounts() {
            self.find(&account, Outcome::Expired, failure.cloned());
        }
        self.end(Move::Settle, None).await
    }

    /// What keeps the lease while something takes its time; [`Self::resume`] takes it back.
    pub(crate) fn beat(&self) -> Beat<'a> {
        Beat::new(self.engine, self.saving(self.publication.clone(), Hold::Extend))
    }

    /// Goes on with the lease that was kept meanwhile.
    pub(crate) fn resume(&mut self, beat: Beat<'a>) {
        self.lease = beat.lease();
    }

    /// Saves and goes on holding the lease, extended when half of it is gone.
    async fn hold(&mut self, mut next: Publication, gate: Option<Gate>) -> Result<Option<NoSubmit>, Stop> {
        let lease = self.engine.settings.lease;
        if self.lease.until.since(self.now()) > lease / 2 {
            return self.save(next, Hold::Keep, gate).await;
        }
        next.look_time = Some(self.now() + lease);
        self.save(next, Hold::Extend, gate).await
    }

    /// Saves and gives the lease back.
    async fn commit(&mut self, mut next: Publication) -> Result<(), Stop> {
        next.plan_time = next.look_time.unwrap_or(next.plan_time);
        self.save(next, Hold::Release, None).await.map(|_| ())
    }

    /// The one way to the database.
    async fn save(&mut self, next: Publication, hold: Hold, gate: Option<Gate>) -> Result<Option<NoSubmit>, Stop> {
        let outcomes = if hold == Hold::Release {
            std::mem::take(&mut self.found)
        } else {
            Vec::new()
        };
        let save = Save {
            outcomes,
            gate,
            attempt: self.note.take(),
            entry: self.entry.take(),
            ..self.saving(next.clone(), hold)
        };
        match self.engine.store.save(save).await? {
            Saved::LeaseLost => return Err(Stop::LeaseLost),
            Saved::Refused(reason) => return Ok(Some(reason)),
            Saved::Done => (),
        }
        self.note_move(&next);
        match hold {
            Hold::Keep => (),
            Hold::Extend => self.lease.until = next.look_time.unwrap_or(self.lease.until),
            Hold::Release => self.saved_status = Some(ResultStatus::of(next.state, Outcome::Pending)),
        }
        self.publication = next;
        Ok(None)
    }

    /// A save of the row alone.
    fn saving(&self, publication: Publication, hold: Hold) -> Save {
        Save {
            lease: self.lease,
            publication,
            hold,
            now: self.now(),
            outcomes: Vec::new(),
            gate: None,
            attempt: None,
            status_before: self.saved_status,
            entry: None,
        }
    }

    fn note_move(&self, next: &Publication) {
        if next.state != self.publication.state {
            crate::metrics::moved(next.state);
            tracing::debug!(publication.id = %next.id, task.id = %next.task_id, from = %self.publication.state, to = %next.state, "moved");
        }
    }
}

/// What the table surely says of the open results. A state that is entered under a lease leaves them to the release, which a process that died
/// did not come to.
fn saved_status(publication: &Publication) -> Option<ResultStatus> {
    use PublicationState as S;
    match publication.state {
        S::Preparing | S::Submitting => None,
        S::Accepted if publication.looks == 0 => None,
        state => Some(ResultStatus::of(state, Outcome::Pending)),
    }
}
