//! After a create call without a clear answer: ask the platform what it has, and never send before that is known.

use std::collections::HashSet;
use std::time::Duration;

use moments_domain::{ChannelKind, FailReason, Failure, Move};
use moments_platforms::{Candidate, SearchWindow};

use crate::channel::OpenChannel;
use crate::probe::Step;
use crate::publisher::create::{self, published};
use crate::publisher::follow;
use crate::publisher::job::{Job, Stop};
use crate::publisher::media::{self, ReadyMedia};

/// When asking has told nothing for so long, a person decides.
const PATIENCE: Duration = Duration::from_hours(24);
/// Looks that must agree before a Moment counts as absent.
const LOOKS_FOR_ABSENCE: u32 = 2;

/// Searches the platform's list for the Moment that the call may have made.
pub(crate) async fn ask(job: &mut Job<'_>) -> Result<(), Stop> {
    let Some((open, platform)) = job.channel().await? else {
        return job.channel_removed().await;
    };
    let sent_time = job.publication.sent_time.unwrap_or(job.publication.state_time);
    let kept = media::kept(job).await?;
    let references = vec![String::new(); job.content.media_urls.len()];
    let post = create::post(job, &ReadyMedia { kept, references });
    let window = SearchWindow {
        sent_time,
        now: job.now(),
        known_moment: job.engine.store.newest_moment(open.channel.id).await?,
    };
    let found = platform.find(&open.access, &post, &window).await;
    job.engine.probe.reached(Step::Searched, job.publication.id).await;
    // From the end of the call, as far as anybody knows: before that the platform may not even have got it.
    let age = job.now().since(job.publication.state_time);
    match found {
        Ok(candidates) => {
            let ours = unclaimed(job, candidates).await?;
            conclude(job, &open, ours, &post.targets, age).await
        }
        Err(_) if age >= PATIENCE => hold(job, "长时间无法向平台核实是否已发布").await,
        Err(failure) => job.look_after_failure(&open, &failure, pace(age)).await,
    }
}

/// Candidates that no other publication has adopted.
async fn unclaimed(job: &Job<'_>, candidates: Vec<Candidate>) -> Result<Vec<Candidate>, Stop> {
    let ids: Vec<_> = candidates.iter().map(|candidate| candidate.moment_id.clone()).collect();
    let Some(oldest) = candidates.iter().map(|candidate| candidate.create_time).min() else {
        return Ok(candidates);
    };
    // Adopted means known to us, which comes after the creation; the clocks may differ a little.
    let since = oldest - Duration::from_mins(5);
    let taken = job.engine.store.moments_taken(&job.publication, &ids, since).await?;
    Ok(candidates
        .into_iter()
        .filter(|candidate| !taken.contains(&candidate.moment_id))
        .collect())
}

async fn conclude(
    job: &mut Job<'_>,
    open: &OpenChannel,
    found: Vec<Candidate>,
    targets: &[String],
    age: Duration,
) -> Result<(), Stop> {
    let personal = open.channel.kind == ChannelKind::Gewe;
    // While the platform hands out the tasks, nobody can tell whose Moment it is.
    let settling = age < job.engine.settings.absent_after + job.engine.settings.dispatch_grace;
    if settling && found.iter().any(|candidate| candidate.senders.is_none()) {
        return job.look_again(pace(age)).await;
    }
    let mut ours: Vec<_> = found
        .into_iter()
        .filter(|candidate| sent_by(candidate, targets))
        .collect();
    match ours.len() {
        0 => absent(job, personal, age).await,
        1 => adopt(job, ours.remove(0), personal).await,
        // Two equal posts of one personal account: the earlier is the earlier call's (personal-gateway 9.4).
        _ if personal => adopt(job, ours.remove(0), personal).await,
        n => hold(job, &format!("平台上有 {n} 条相同的朋友圈，无法确定哪一条属于本任务")).await,
    }
}

/// No sender is a stranger. Members whom the platform left out are no contradiction, not even all of them.
fn sent_by(candidate: &Candidate, targets: &[String]) -> bool {
    let targets: HashSet<_> = targets.iter().map(|name| name.to_ascii_lowercase()).collect();
    let senders = candidate.senders.as_deref().unwrap_or_default();
    senders.iter().all(|name| targets.contains(&name.to_ascii_lowercase()))
}

async fn adopt(job: &mut Job<'_>, candidate: Candidate, personal: bool) -> Result<(), Stop> {
    tracing::info!(publication.id = %job.publication.id, moment.id = candidate.moment_id, "found the Moment of a call without answer");
    if personal {
        return published(job, candidate.moment_id).await;
    }
    follow::created(job, candidate.moment_id, &[])?;
    follow::confirmations(job).await
}

/// Not there: once that is sure, the attempt is repeated, once.
async fn absent(job: &mut Job<'_>, personal: bool, age: Duration) -> Result<(), Stop> {
    let settings = &job.engine.settings;
    if age < settings.absent_after || job.publication.looks + 1 < LOOKS_FOR_ABSENCE {
        return job.look_again(pace(age).min(settings.absent_after)).await;
    }
    if job.publication.absences > 0 || (personal && !settings.gewe_resend_when_absent) {
        return hold(job, "平台上没有找到这条朋友圈，但无法确定它没有发布").await;
    }
    tracing::info!(publication.id = %job.publication.id, "the platform surely has no such Moment: it is sent again");
    job.publication.absences += 1;
    // Due since it was sent: after a long downtime it is too late now, and the late policy says so.
    let sent = job.publication.sent_time.unwrap_or(job.now());
    job.release(Move::FoundAbsent, sent).await
}

async fn hold(job: &mut Job<'_>, why: &str) -> Result<(), Stop> {
    tracing::warn!(publication.id = %job.publication.id, task.id = %job.publication.task_id, why, "a person must decide");
    job.end(Move::Hold, Some(Failure::new(FailReason::Unverifiable, why)))
        .await
}

/// 15 s, a minute, three minutes, then slower (personal-gateway 9.4).
fn pace(age: Duration) -> Duration {
    Duration::from_secs(match age.as_secs() {
        0..10 => 1,
        10..60 => 15,
        60..600 => 60,
        _ => 600,
    })
}
