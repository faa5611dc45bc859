//! From waiting to the platform's answer. The one place where a create call leaves.

use std::time::Duration;

use moments_domain::limits::next_quota_month;
use moments_domain::{
    ErrorClass, FailReason, Failure, LimitKind, Move, NoticedBy, Outcome, Standing, Timestamp, WaitReason,
};
use moments_platforms::{Answer, CallFailure, Platform, Post, Refusal};
use moments_store::{Gate, NoSubmit, unbound_failure};

use crate::app::Engine;
use crate::channel::OpenChannel;
use crate::checkup::{Checkup, UNTRUSTED_PAUSE, failure_of_notice, tell};
use crate::failure::{failure_of_call, failure_of_refusal, is_stale_media, is_untrusted_address};
use crate::limits;
use crate::probe::Step;
use crate::publisher::audience;
use crate::publisher::follow;
use crate::publisher::job::{Job, Stop};
use crate::publisher::media::{self, NotReady, ReadyMedia};

/// An intent older than this is not sent: the process may have been stopped between its commit and its call.
const FRESH_INTENT: Duration = Duration::from_secs(5);
/// How long an equal post waits for its twin.
const TWIN_WAIT: Duration = Duration::from_secs(3);
/// How long to wait for an account to come back on line.
const OFFLINE_WAIT: Duration = Duration::from_mins(2);
/// WeCom blocks for a minute after a minute's limit (reference wecom 8).
const BLOCK: Duration = Duration::from_secs(61);
const DAY: Duration = Duration::from_hours(24);

/// Prepares the media, commits the intent, creates, and follows up.
pub(crate) async fn publish(job: &mut Job<'_>) -> Result<(), Stop> {
    let Some((open, platform)) = job.channel().await? else {
        return job.channel_removed().await;
    };
    if !job.leave_out(&open.unbound) {
        return job.give_up(unbound_failure()).await;
    }
    if let Some(why) = &open.channel.broken_reason {
        return job.give_up(Failure::new(FailReason::CredentialBroken, why)).await;
    }
    if open.channel.suspect_since.is_some() {
        let until = job.now() + job.engine.jitter(job.engine.settings.cross_check);
        return job.snooze(WaitReason::Offline, None, until).await;
    }
    if let Some(failure) = failure_of_notice(&open.channel)
        && open.channel.pause_until > job.now()
    {
        return wait_for_channel(job, failure, open.channel.pause_until).await;
    }
    let gate = gate(job, &open, platform.as_ref());
    if open.channel.pause_until > job.now() {
        let turn = job.engine.gates.turn(&gate, open.channel.pause_until, job.now());
        return job.wait_for(LimitKind::PlatformPause, turn).await;
    }
    if let Some((until, limit)) = limited(job, &gate).await? {
        return job.wait_for(limit, until).await;
    }
    if let Err(not_ready) = audience::known(job, &open, platform.as_ref()).await {
        return postpone(job, &open, not_ready).await;
    }
    let media = match media::ready(job, &open.access, platform.as_ref()).await {
        Ok(media) => media,
        Err(not_ready) => return postpone(job, &open, not_ready).await,
    };
    // Media take their time: the call ends later than it seemed before.
    let gate = Gate {
        call_ends: call_ends(job),
        ..gate
    };
    match job.submit(gate.clone()).await? {
        None => send(job, &open, platform.as_ref(), media, &gate).await,
        Some(NoSubmit::Twin) => job.snooze(WaitReason::Twin, None, job.now() + TWIN_WAIT).await,
        Some(NoSubmit::Limited(until, limit)) => job.wait_for(limit, until).await,
        Some(NoSubmit::Full(free)) => {
            let turn = job.engine.gates.turn(&gate, free, job.now());
            job.wait_for(LimitKind::CreationRate, turn).await
        }
    }
}

/// The limit that an account of the post waits for, asked before any medium is fetched; the gate asks again when the intent is committed.
/// One creation serves all accounts of a channel (invariant 1), so it waits until the last of them may post.
async fn limited(job: &Job<'_>, gate: &Gate) -> Result<Option<(Timestamp, LimitKind)>, Stop> {
    if gate.accounts.is_empty() {
        return Ok(None);
    }
    let now = job.now();
    let posts = job.engine.store.posts_since(&gate.counted(now)).await?;
    Ok(gate.limited(&posts, now))
}

fn call_ends(job: &Job<'_>) -> Timestamp {
    job.now() + FRESH_INTENT + job.engine.settings.call_timeout
}

/// Nobody knows what became of the create call: the platform will be asked.
pub(crate) async fn lose_track(job: &mut Job<'_>, why: &str) -> Result<(), Stop> {
    let sent = job.publication.sent_time.unwrap_or(job.publication.state_time);
    tracing::warn!(publication.id = %job.publication.id, task.id = %job.publication.task_id, why, "a create call has no clear answer");
    let look = (sent + job.engine.settings.reconcile_after).max(job.now());
    job.release(Move::LoseTrack, look).await
}

/// What the platform counts creations by, and how many it allows.
fn gate(job: &Job<'_>, open: &OpenChannel, platform: &dyn Platform) -> Gate {
    let (limit, window) = creation_rate(job.engine, platform);
    Gate {
        key: open.channel.handle.clone(),
        limit,
        window,
        call_ends: call_ends(job),
        accounts: open
            .limits
            .gates(job.open_accounts().iter(), limits::share(job.publication.id)),
    }
}

/// How many creations a gate of the platform lets through in which sliding window; 0: no limit of ours.
pub(crate) fn creation_rate(engine: &Engine, platform: &dyn Platform) -> (u32, Duration) {
    match platform.write_gap() {
        Some(gap) => (1, gap),
        None => (engine.settings.creates_per_minute, Duration::from_mins(1)),
    }
}

async fn postpone(job: &mut Job<'_>, open: &OpenChannel, not_ready: NotReady) -> Result<(), Stop> {
    match not_ready {
        NotReady::Stop(stop) => Err(stop),
        NotReady::Fatal(failure) => job.give_up(failure).await,
        NotReady::Passing(failure) => job.retry(failure).await,
        // Nothing was created: even an upload without an answer may be repeated.
        NotReady::Call(CallFailure::Refused(refusal)) => refused(job, open, refusal).await,
        NotReady::Call(failure) => job.retry(failure_of_call(open.channel.kind, &failure)).await,
    }
}

/// The create call, once.
async fn send(
    job: &mut Job<'_>,
    open: &OpenChannel,
    platform: &dyn Platform,
    media: ReadyMedia,
    gate: &Gate,
) -> Result<(), Stop> {
    let (engine, id) = (job.engine, job.publication.id);
    engine.probe.reached(Step::IntentCommitted, id).await;
    let post = post(job, &media);
    let answer = create(job, open, platform, &post).await;
    engine.probe.reached(Step::CreateAnswered, id).await;
    match answer {
        Ok(Answer::Accepted { job_id }) => {
            job.note_answer(gate, job.now(), format!("job {job_id}"));
            job.publication.job_id = Some(job_id);
            job.keep(Move::Accept).await?;
            engine.probe.reached(Step::JobCommitted, id).await;
            follow::job(job).await
        }
        Ok(Answer::Published { moment_id }) => {
            job.note_answer(gate, job.now(), format!("moment {moment_id}"));
            published(job, moment_id).await
        }
        Err(CallFailure::NotSent(why)) => {
            job.note_answer(gate, job.now(), format!("not sent: {why}"));
            job.retry(failure_of_call(open.channel.kind, &CallFailure::NotSent(why)))
                .await
        }
        Err(CallFailure::NoAnswer(why)) => {
            job.note_answer(gate, gate.call_ends, format!("no answer: {why}"));
            lose_track(job, &why).await
        }
        Err(CallFailure::Refused(refusal)) => {
            job.note_answer(gate, job.now(), format!("refused: {}", refusal.code));
            if is_stale_media(&refusal) && job.publication.attempt == 0 {
                let hashes: Vec<_> = media.kept.iter().map(|media| media.sha256.clone()).collect();
                engine.store.forget_uploads(open.channel.id, &hashes).await?;
                return job
                    .retry_in(Duration::ZERO, failure_of_refusal(open.channel.kind, &refusal))
                    .await;
            }
            refused(job, open, refusal).await
        }
    }
}

async fn create(
    job: &Job<'_>,
    open: &OpenChannel,
    platform: &dyn Platform,
    post: &Post,
) -> Result<Answer, CallFailure> {
    if post.targets.is_empty() {
        // Invariant 3: an empty target must never become "everyone".
        let refusal = Refusal {
            class: ErrorClass::Request,
            code: "EMPTY_TARGET".to_owned(),
            message: "没有可发布的账号".to_owned(),
        };
        return Err(CallFailure::Refused(refusal));
    }
    // The intent is judged when the turn has come: nothing may be waited for between that and the call.
    let call = job.engine.turns.take(async {
        let now = job.now();
        if now.since(job.publication.sent_time.unwrap_or(now)) > FRESH_INTENT {
            return Err(CallFailure::NotSent("进程在发送前被挂起".to_owned()));
        }
        crate::metrics::late(open.channel.kind, now.since(job.publication.due_time));
        platform.create(&open.access, post).await
    });
    match tokio::time::timeout(job.engine.settings.call_timeout, call).await {
        Ok(answer) => answer,
        Err(_) => Err(CallFailure::NoAnswer("接口超时".to_owned())),
    }
}

pub(crate) fn post(job: &Job<'_>, media: &ReadyMedia) -> Post {
    Post {
        text: job.content.text.clone(),
        is_video: media.is_video(),
        link: job.content.link.clone(),
        media: media.references.clone(),
        visibility: job.content.visibility.clone(),
        targets: job
            .open_accounts()
            .iter()
            .map(|account| account.platform_name().to_owned())
            .collect(),
    }
}

/// A personal account's Moment is out as soon as it exists.
pub(crate) async fn published(job: &mut Job<'_>, moment_id: String) -> Result<(), Stop> {
    let now = job.now();
    let (engine, channel) = (job.engine, job.publication.channel_id);
    let set = engine
        .store
        .set_account_status(channel, &Standing::Active, NoticedBy::Publish, now);
    tell(&set.await?);
    job.publication.moment_id = Some(moment_id);
    job.publication.created_time = Some(now);
    job.publication.apply(Move::Create, now)?;
    for account in job.open_accounts() {
        job.find(&account, Outcome::Published, None);
    }
    job.end(Move::Settle, None).await
}

/// A clear no: how to react is the class's matter (reference wecom 9, personal-gateway 10).
pub(crate) async fn refused(job: &mut Job<'_>, open: &OpenChannel, refusal: Refusal) -> Result<(), Stop> {
    tracing::warn!(publication.id = %job.publication.id, channel.id = %open.channel.id, code = refusal.code, "the platform refused");
    let failure = failure_of_refusal(open.channel.kind, &refusal);
    match refusal.class {
        ErrorClass::Token | ErrorClass::BackOff => job.retry(failure).await,
        ErrorClass::Window => pause(job, open, &refusal.code).await,
        ErrorClass::Offline => wait_for_account(job, open, failure).await,
        ErrorClass::Configuration => {
            let refused = CallFailure::Refused(refusal);
            match job.engine.heed_failure(&open.access, &refused).await? {
                Some(until) => job.retry_in(until.since(job.now()), failure).await,
                None if is_untrusted_address(&refused) => {
                    let until = job.now() + UNTRUSTED_PAUSE;
                    wait_for_channel(job, failure, until).await
                }
                None => job.give_up(failure).await,
            }
        }
        ErrorClass::Restricted => cool_down(job, open, failure).await,
        ErrorClass::Content | ErrorClass::Target | ErrorClass::Request | ErrorClass::Licence => {
            job.give_up(failure).await
        }
    }
}

/// A limit of the platform: creations on this channel, and only on this, pause.
async fn pause(job: &mut Job<'_>, open: &OpenChannel, code: &str) -> Result<(), Stop> {
    let now = job.now();
    let until = match code {
        "41210" => until_next_month(now, open.channel.pause_until),
        _ => now + BLOCK,
    };
    let until = until.max(now + job.engine.jitter(until.since(now)));
    pause_until(job, open, until).await?;
    job.wait_for(LimitKind::PlatformPause, until).await
}

/// A month's quota comes back with the next month. A block may outlast that (reference wecom 8: 30 days): whoever is refused again right after such
/// a wait looks once a day.
fn until_next_month(now: Timestamp, last_pause: Timestamp) -> Timestamp {
    if last_pause <= now && now.since(last_pause) < DAY + DAY {
        now + DAY
    } else {
        next_quota_month(now)
    }
}

async fn pause_until(job: &Job<'_>, open: &OpenChannel, until: Timestamp) -> Result<(), Stop> {
    job.engine.store.pause_channel(open.channel.id, until).await?;
    job.engine.channels_cache.forget(open.channel.id);
    Ok(())
}

/// The platform does not want posts of this account: this one fails, and the account rests (reference personal-gateway 11).
async fn cool_down(job: &mut Job<'_>, open: &OpenChannel, failure: Failure) -> Result<(), Stop> {
    let rest = open.limits.usual.cool_down;
    if !rest.is_zero() {
        pause_until(job, open, job.now() + rest).await?;
    }
    job.give_up(failure).await
}

/// The refusal of one call does not put an account off line: the platform is asked once more, which may bring the account back.
async fn wait_for_account(job: &mut Job<'_>, open: &OpenChannel, failure: Failure) -> Result<(), Stop> {
    let checkup = job.engine.check_up(&open.channel).await?;
    job.engine.heed(&open.channel, &checkup, NoticedBy::Publish).await?;
    if let Checkup::Works(report) = &checkup
        && report.members.iter().all(|member| member.standing == Standing::Active)
    {
        return job.retry(failure).await;
    }
    let until = job.now() + OFFLINE_WAIT;
    wait_for_channel(job, failure, until).await
}

/// Waits for somebody to put the channel or its account right, as long as the late policy allows: from when the post could have been out.
async fn wait_for_channel(job: &mut Job<'_>, failure: Failure, until: Timestamp) -> Result<(), Stop> {
    let wanted = job.publication.limited_until.unwrap_or(job.publication.due_time);
    if job.now().since(wanted) > job.engine.settings.late_policy {
        return job.give_up(failure).await;
    }
    job.snooze(WaitReason::Offline, None, until).await
}
