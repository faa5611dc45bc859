//! Asking a platform after a channel, and what follows from its answer.
//!
//! There are three: it works, nobody can tell now, it is refused. Trouble on the way, limits and an address that WeCom does not trust say nothing
//! about an account. A refusal of the credential is cross-checked by one single further call a little later before any status changes, because
//! platforms have bad moments, and too many calls with a wrong secret get the whole address blocked (reference wecom 2.1, rule 6).

use std::collections::HashSet;
use std::time::Duration;

use moments_domain::{AccountId, AccountStatus, ChannelId, ChannelKind, Failure, NoticedBy, StatusCode, Timestamp};
use moments_platforms::{CallFailure, ChannelAccess, ChannelReport};
use moments_store::{Account, Channel, NewAccount, StatusChange};

use crate::app::Engine;
use crate::failure::{failure_of_call, is_broken_credential, is_untrusted_address};
use crate::metrics;
use crate::problem::Problem;

/// How long creations pause when WeCom does not trust our address: what an administrator changes takes effect after a minute (60020).
pub(crate) const UNTRUSTED_PAUSE: Duration = Duration::from_mins(1);

/// What a platform says of a channel.
#[derive(Debug)]
pub(crate) enum Checkup {
    /// The credential works; who may publish, and how those stand who were known.
    Works(ChannelReport),
    /// Trouble that is no verdict on the credential.
    CannotTell(CallFailure),
    /// The credential is no good.
    Refused(CallFailure),
}

impl Checkup {
    pub(crate) const fn label(&self) -> &'static str {
        match self {
            Self::Works(_) => metrics::CHECK_WORKS,
            Self::CannotTell(_) => metrics::CHECK_CANNOT_TELL,
            Self::Refused(_) => metrics::CHECK_REFUSED,
        }
    }
}

impl Engine {
    /// Asks the platform once.
    pub(crate) async fn check_up(&self, channel: &Channel) -> Result<Checkup, Problem> {
        let access = self.access(channel)?;
        let answer = self.report(channel, &access).await?;
        let checkup = match answer {
            Ok(report) => Checkup::Works(report),
            Err(failure) if is_broken_credential(channel.kind, &failure) => Checkup::Refused(failure),
            Err(failure) => Checkup::CannotTell(failure),
        };
        metrics::checked(channel.kind, checkup.label());
        Ok(checkup)
    }

    async fn report(
        &self,
        channel: &Channel,
        access: &ChannelAccess,
    ) -> Result<Result<ChannelReport, CallFailure>, Problem> {
        let platform = self.platform(channel.kind)?;
        let mut report = match platform.check(access).await {
            Ok(report) => report,
            Err(failure) => return Ok(Err(failure)),
        };
        let gone = gone(&self.store.accounts_of(channel.id).await?, &report);
        if !gone.is_empty() {
            match platform.missing(access, &gone).await {
                Ok(missing) => report.members.extend(missing),
                Err(failure) => return Ok(Err(failure)),
            }
        }
        Ok(Ok(report))
    }

    /// Does what follows from a check.
    pub(crate) async fn heed(&self, channel: &Channel, checkup: &Checkup, by: NoticedBy) -> Result<(), Problem> {
        let now = self.clock.now();
        match checkup {
            Checkup::Works(report) => {
                let accounts = reported(&channel.handle, channel.kind, report);
                tell(&self.store.refresh_channel(channel, &accounts, by, now).await?);
            }
            Checkup::CannotTell(failure) => {
                self.store.note_check(channel.id, now).await?;
                self.note_trouble(channel.id, channel.kind, failure, now).await?;
            }
            Checkup::Refused(failure) => {
                self.store.note_check(channel.id, now).await?;
                self.heed_refusal(channel, failure, by, now).await?;
            }
        }
        self.channels_cache.forget(channel.id);
        Ok(())
    }

    /// The first refusal makes a suspicion; the one that comes when the cross-check is due makes it a fact.
    async fn heed_refusal(
        &self,
        channel: &Channel,
        failure: &CallFailure,
        by: NoticedBy,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let version = channel.credential_version;
        match channel.suspect_since {
            None if channel.broken_reason.is_none() => self.suspect(channel.id, version, now).await.map(drop),
            Some(since) if now.since(since) < self.settings.cross_check => Ok(()),
            _ => {
                let why = failure_of_call(channel.kind, failure).message;
                tracing::warn!(channel.id = %channel.id, why, "the credential no longer works");
                tell(&self.store.break_channel(channel.id, version, &why, by, now).await?);
                Ok(())
            }
        }
    }

    /// What a failed call on the way of a post says of its channel. `Some`: until then it is not known whether the credential works.
    pub(crate) async fn heed_failure(
        &self,
        access: &ChannelAccess,
        failure: &CallFailure,
    ) -> Result<Option<Timestamp>, Problem> {
        let now = self.clock.now();
        if is_broken_credential(access.kind, failure) {
            return self.suspect(access.id, access.credential_version, now).await.map(Some);
        }
        if is_untrusted_address(failure) {
            self.note_trouble(access.id, access.kind, failure, now).await?;
            self.store.check_soon(access.id, now + UNTRUSTED_PAUSE).await?;
            self.channels_cache.forget(access.id);
        }
        Ok(None)
    }

    /// Notes that the credential was refused once; when it will be known.
    async fn suspect(&self, id: ChannelId, version: i64, now: Timestamp) -> Result<Timestamp, Problem> {
        let wait = self.settings.cross_check;
        let again = now + wait + self.within(wait / 2);
        if self.store.suspect_channel(id, version, now, again).await? {
            tracing::warn!(channel.id = %id, "a credential was refused: it is asked once more before anything is concluded");
        }
        self.channels_cache.forget(id);
        Ok(again + Duration::from_secs(2))
    }

    /// Lets the owner know what keeps posts from going out although no account is at fault.
    async fn note_trouble(
        &self,
        id: ChannelId,
        kind: ChannelKind,
        failure: &CallFailure,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let Failure { reason, message } = failure_of_call(kind, failure);
        let pause_until = if is_untrusted_address(failure) {
            now + UNTRUSTED_PAUSE
        } else {
            Timestamp(0)
        };
        tracing::warn!(channel.id = %id, %failure, "a channel cannot be used for now");
        self.store.note_channel(id, reason, &message, now, pause_until).await?;
        Ok(())
    }
}

/// Known accounts that a report no longer names and that have no reason of their own to be gone, by the platform's names.
fn gone(known: &[Account], report: &ChannelReport) -> Vec<String> {
    let named: HashSet<_> = report.members.iter().map(|member| member.name.as_str()).collect();
    let expected = |account: &&Account| {
        let code = account.reason.as_ref().map(|reason| reason.code);
        account.status != AccountStatus::Expired || matches!(code, None | Some(StatusCode::CredentialBroken))
    };
    let names = known
        .iter()
        .filter(expected)
        .map(|account| account.account_id.platform_name());
    names.filter(|name| !named.contains(name)).map(str::to_owned).collect()
}

/// The accounts of a report as the table has them.
pub(crate) fn reported(handle: &str, kind: ChannelKind, report: &ChannelReport) -> Vec<NewAccount> {
    let account = |member: &moments_platforms::MemberReport| NewAccount {
        account_id: match kind {
            ChannelKind::Wecom => AccountId::of_member(handle, &member.name),
            ChannelKind::Gewe => AccountId(member.name.clone()),
        },
        account_name: member.display_name.chars().take(100).collect(),
        account_type: kind.account_type(),
        standing: member.standing.clone(),
        departments: member.departments.clone(),
    };
    report.members.iter().map(account).collect()
}

/// Logs and counts what has changed.
pub(crate) fn tell(changes: &[StatusChange]) {
    for change in changes {
        let (to, code) = (change.to.status(), change.to.reason().map(|reason| reason.code.name()));
        tracing::info!(account.id = %change.account_id, from = %change.from, %to, code, by = %change.noticed_by, "an account's status has changed");
        metrics::status_changed(to, change.noticed_by);
    }
}

/// Why a post that waits for its channel is given up in the end.
pub(crate) fn failure_of_notice(channel: &Channel) -> Option<Failure> {
    let notice = channel.notice.as_ref()?;
    Some(Failure {
        reason: notice.reason,
        message: notice.message.clone(),
    })
}
