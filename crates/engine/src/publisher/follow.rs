//! After the platform accepted: the job's result, then who has confirmed.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use moments_domain::cadence::{confirmation_poll, job_poll};
use moments_domain::{AccountId, FailReason, Failure, Move, Outcome};
use moments_platforms::{Confirmations, JobReport};

use crate::probe::Step;
use crate::publisher::create;
use crate::publisher::job::{Job, Stop};
use crate::settings::SuccessAt;

/// The platform forgets a job after 24 h (reference wecom 11.7).
const JOB_LIFETIME: Duration = Duration::from_hours(24);

/// Asks after the creation job; once it is done, goes on to the confirmations at once.
pub(crate) async fn job(job: &mut Job<'_>) -> Result<(), Stop> {
    let Some((open, platform)) = job.channel().await? else {
        return job.channel_removed().await;
    };
    let job_id = job.publication.job_id.clone().unwrap_or_default();
    let age = job.now().since(job.publication.state_time);
    let report = platform.job(&open.access, &job_id).await;
    job.engine.probe.reached(Step::JobRead, job.publication.id).await;
    match report {
        Ok(JobReport::Running) if age < JOB_LIFETIME => job.look_again(job_poll(age)).await,
        Ok(JobReport::Running | JobReport::Gone) => create::lose_track(job, "创建任务已失效").await,
        Ok(JobReport::Done {
            moment_id,
            invalid,
            unknown_tags,
        }) => {
            tell_unknown(job, &unknown_tags);
            created(job, moment_id, &invalid)?;
            confirmations(job).await
        }
        Ok(JobReport::Refused(refusal)) => create::refused(job, &open, refusal).await,
        Err(_) if age >= JOB_LIFETIME => create::lose_track(job, "创建任务长时间无法查询").await,
        Err(failure) => job.look_after_failure(&open, &failure, job_poll(age)).await,
    }
}

/// They were there when the post was sent (see `audience`): somebody removed them in that very moment, and it is out by now.
fn tell_unknown(job: &Job<'_>, tags: &[String]) {
    if !tags.is_empty() {
        tracing::warn!(publication.id = %job.publication.id, ?tags, "the platform made a post without tags that it did not know any more");
    }
}

/// The Moment exists. Not committed yet: the job still tells it, and the confirmations may settle everything in one commit.
pub(crate) fn created(job: &mut Job<'_>, moment_id: String, invalid: &[String]) -> Result<(), Stop> {
    let now = job.now();
    job.publication.moment_id = Some(moment_id);
    job.publication.created_time = Some(now);
    job.publication.apply(Move::Create, now)?;
    let invalid: HashSet<_> = invalid.iter().map(|name| name.to_ascii_lowercase()).collect();
    for account in job.open_accounts() {
        if invalid.contains(&name_of(&account)) {
            let failure = Failure::new(
                FailReason::MemberInvalid,
                "企业微信指出该成员不可用（不存在或不在应用可见范围内）",
            );
            job.find(&account, Outcome::Invalid, Some(failure));
        }
    }
    Ok(())
}

/// Asks who has confirmed, until every account has its outcome or the deadline passes.
pub(crate) async fn confirmations(job: &mut Job<'_>) -> Result<(), Stop> {
    if job.open_accounts().is_empty() {
        return job.settle(None).await;
    }
    let Some((open, platform)) = job.channel().await? else {
        return job.channel_removed().await;
    };
    let moment_id = job.publication.moment_id.clone().unwrap_or_default();
    let answer = platform.confirmations(&open.access, &moment_id).await;
    job.engine
        .probe
        .reached(Step::ConfirmationsRead, job.publication.id)
        .await;
    let age = age(job);
    match answer {
        Ok(Confirmations::Listed(members)) => heed(job, &members),
        Ok(Confirmations::Dispatching) => (),
        Err(failure) if age < job.engine.settings.confirm_within => {
            return job.look_after_failure(&open, &failure, confirmation_poll(age)).await;
        }
        Err(_) => (),
    }
    if job.open_accounts().is_empty() {
        job.settle(None).await
    } else if age >= job.engine.settings.confirm_within {
        let hours = job.engine.settings.confirm_within.as_secs() / 3600;
        job.settle(Some(&Failure::new(
            FailReason::NotConfirmed,
            format!("成员在 {hours} 小时内未确认发表"),
        )))
        .await
    } else {
        job.look_again(confirmation_poll(age)).await
    }
}

fn age(job: &Job<'_>) -> Duration {
    job.now()
        .since(job.publication.created_time.unwrap_or(job.publication.state_time))
}

/// Draws each open account's outcome from the platform's list.
fn heed(job: &mut Job<'_>, members: &HashMap<String, bool>) {
    let grace_is_over = age(job) >= job.engine.settings.dispatch_grace;
    let success_at = job.engine.settings.success_at;
    let members: HashMap<_, _> = members
        .iter()
        .map(|(name, done)| (name.to_ascii_lowercase(), *done))
        .collect();
    let silent = if job.content.visibility.is_some() {
        "企业微信没有把该任务派发给此成员，可能没有带所选标签的客户"
    } else {
        "企业微信没有把该任务派发给此成员"
    };
    for account in job.open_accounts() {
        match members.get(&name_of(&account)) {
            Some(true) => job.find(&account, Outcome::Published, None),
            Some(false) if success_at == SuccessAt::Created => job.find(&account, Outcome::Delivered, None),
            Some(false) => (),
            None if grace_is_over => {
                let failure = Failure::new(FailReason::NotDispatched, silent);
                job.find(&account, Outcome::NotDispatched, Some(failure));
            }
            None => (),
        }
    }
}

/// Userids are case-insensitive (reference wecom 1).
fn name_of(account: &AccountId) -> String {
    account.platform_name().to_ascii_lowercase()
}
