//! From waiting to the platform's answer. The one place where a create call leaves.

use std::time::Duration;

use moments_domain::{
    ErrorClass, FailReason, Failure, Move, NoticedBy, Outcome, Standing, StatusCode, Timestamp, WaitReason,
};
use moments_platforms::{Answer, CallFailure, Platform, Post, Refusal};
use moments_store::{Gate, NoSubmit};

use crate::channel::OpenChannel;
use crate::failure::{failure_of_call, failure_of_refusal, is_stale_media};
use crate::probe::Step;
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
/// WeCom blocks for 30 days after the month's limit: looking once a day is enough (41210).
const MONTH_BLOCK: Duration = Duration::from_hours(24);

/// Prepares the media, commits the intent, creates, and follows up.
pub(crate) async fn publish(job: &mut Job<'_>) -> Result<(), Stop> {
    let Some((open, platform)) = job.channel().await? else {
        return job.channel_removed().await;
    };
    if let Some(why) = &open.channel.broken_reason {
        return job.give_up(Failure::new(FailReason::CredentialBroken, why)).await;
    }
    if open.channel.pause_until > job.now() {
        let gate = gate(job, &open, platform.as_ref());
        let turn = job.engine.gates.turn(&gate, open.channel.pause_until, job.now());
        return job.snooze(WaitReason::Quota, turn).await;
    }
    let media = match media::ready(job, &open.access, platform.as_ref()).await {
        Ok(media) => media,
        Err(not_ready) => return postpone(job, &open, not_ready).await,
    };
    let gate = gate(job, &open, platform.as_ref());
    match job.submit(gate.clone()).await? {
        None => send(job, &open, platform.as_ref(), media, &gate).await,
        Some(NoSubmit::Twin) => job.snooze(WaitReason::Twin, job.now() + TWIN_WAIT).await,
        Some(NoSubmit::Full(free)) => {
            let turn = job.engine.gates.turn(&gate, free, job.now());
            job.snooze(WaitReason::Quota, turn).await
        }
    }
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
    let settings = &job.engine.settings;
    let (limit, window) = match platform.write_gap() {
        Some(gap) => (1, gap),
        None => (settings.creates_per_minute, Duration::from_mins(1)),
    };
    let call_ends = job.now() + FRESH_INTENT + settings.call_timeout;
    Gate {
        key: open.channel.handle.clone(),
        limit,
        window,
        call_ends,
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
    let late = job.publication.due_time;
    let now = job.now();
    if post.targets.is_empty() {
        // Invariant 3: an empty target must never become "everyone".
        let refusal = Refusal {
            class: ErrorClass::Request,
            code: "EMPTY_TARGET".to_owned(),
            message: "没有可发布的账号".to_owned(),
        };
        return Err(CallFailure::Refused(refusal));
    }
    if now.since(job.publication.sent_time.unwrap_or(now)) > FRESH_INTENT {
        return Err(CallFailure::NotSent("进程在发送前被挂起".to_owned()));
    }
    crate::metrics::late(open.channel.kind, now.since(late));
    match tokio::time::timeout(job.engine.settings.call_timeout, platform.create(&open.access, post)).await {
        Ok(answer) => answer,
        Err(_) => Err(CallFailure::NoAnswer("接口超时".to_owned())),
    }
}

pub(crate) fn post(job: &Job<'_>, media: &ReadyMedia) -> Post {
    Post {
        text: job.content.text.clone(),
        is_video: media.is_video(),
        media: media.references.clone(),
        targets: job
            .targets
            .keys()
            .map(|account| account.platform_name().to_owned())
            .collect(),
    }
}

/// A personal account's Moment is out as soon as it exists.
pub(crate) async fn published(job: &mut Job<'_>, moment_id: String) -> Result<(), Stop> {
    let now = job.now();
    let (engine, channel) = (job.engine, job.publication.channel_id);
    engine
        .store
        .set_account_status(channel, &Standing::Active, NoticedBy::Publish, now)
        .await?;
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
            job.engine
                .heed_verdict(&open.access, &CallFailure::Refused(refusal))
                .await?;
            job.give_up(failure).await
        }
        ErrorClass::Content | ErrorClass::Target | ErrorClass::Request | ErrorClass::Licence => {
            job.give_up(failure).await
        }
    }
}

/// A limit of the platform: creations on this channel, and only on this, pause.
async fn pause(job: &mut Job<'_>, open: &OpenChannel, code: &str) -> Result<(), Stop> {
    let wait = if code == "41210" { MONTH_BLOCK } else { BLOCK };
    let until = job.now() + wait.max(job.engine.jitter(wait));
    job.engine.store.pause_channel(open.channel.id, until).await?;
    job.engine.channels_cache.forget(open.channel.id);
    job.snooze(WaitReason::Quota, until).await
}

async fn wait_for_account(job: &mut Job<'_>, open: &OpenChannel, failure: Failure) -> Result<(), Stop> {
    let (engine, now): (_, Timestamp) = (job.engine, job.now());
    engine
        .store
        .set_account_status(
            open.channel.id,
            &Standing::of(StatusCode::DeviceOffline),
            NoticedBy::Publish,
            now,
        )
        .await?;
    if now.since(job.publication.due_time) > engine.settings.late_policy {
        return job.give_up(failure).await;
    }
    job.snooze(WaitReason::Offline, now + OFFLINE_WAIT).await
}
