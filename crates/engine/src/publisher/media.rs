//! A post's media: fetched once for the task, fitted to the platform, made known to the channel once.

use std::time::Duration;

use moments_domain::content::MomentContent;
use moments_domain::{FailReason, Failure, Move, PublicationState};
use moments_media::{KeptMedia, MediaError, MediaKind};
use moments_platforms::{CallFailure, ChannelAccess, Platform, Prepared, SourceMedia};
use moments_store::MediaRow;

use crate::early;
use crate::probe::Step;
use crate::problem::Problem;
use crate::publisher::job::{Job, Stop};
use crate::use_cases::FileProblem;

/// A reference must outlive the create call and its reconciliation.
const MARGIN: Duration = Duration::from_mins(1);

/// What keeps media from being ready.
pub(crate) enum NotReady {
    /// It will not get better.
    Fatal(Failure),
    /// It may.
    Passing(Failure),
    /// The platform said no, or could not be asked.
    Call(CallFailure),
    /// Work on the publication stops.
    Stop(Stop),
}

impl From<Stop> for NotReady {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<moments_store::StoreError> for NotReady {
    fn from(error: moments_store::StoreError) -> Self {
        Self::Stop(error.into())
    }
}

/// The media of a post, known to the platform.
#[derive(Debug, Default)]
pub(crate) struct ReadyMedia {
    pub(crate) kept: Vec<KeptMedia>,
    pub(crate) references: Vec<String>,
}

impl ReadyMedia {
    pub(crate) fn is_video(&self) -> bool {
        self.kept.iter().any(|media| media.kind() == MediaKind::Video)
    }
}

/// Makes all media of the post known to its channel, in order. All or nothing (invariant 5). However long that takes, the lease is kept.
pub(crate) async fn ready(
    job: &mut Job<'_>,
    access: &ChannelAccess,
    platform: &dyn Platform,
) -> Result<ReadyMedia, NotReady> {
    if job.content.media_urls.is_empty() && job.content.link.is_none() {
        return Ok(ReadyMedia::default());
    }
    if job.publication.state != PublicationState::Preparing {
        job.keep(Move::Prepare).await?;
    }
    let mut beat = job.beat();
    // Media need much room for their way; in a box, posts without any are spared it.
    let ready = beat.during(Box::pin(all_known(job, access, platform))).await?;
    job.resume(beat);
    ready
}

async fn all_known(job: &Job<'_>, access: &ChannelAccess, platform: &dyn Platform) -> Result<ReadyMedia, NotReady> {
    let kept = fetched(job).await?;
    job.engine.probe.reached(Step::MediaFetched, job.publication.id).await;
    check_mix(&job.content, &kept)?;
    let mut references = Vec::with_capacity(kept.len());
    for (n, media) in kept.iter().enumerate() {
        references.push(known(job, access, platform, media, n + 1).await?);
    }
    job.engine.probe.reached(Step::MediaUploaded, job.publication.id).await;
    Ok(ReadyMedia { kept, references })
}

/// The task's media as kept, without fetching anything: for a look at a post whose create call had no answer.
pub(crate) async fn kept(job: &Job<'_>) -> Result<Vec<KeptMedia>, Stop> {
    let task = job.publication.task_id;
    let rows = job.engine.store.media(task).await?;
    let read = |json: &String| serde_json::from_str(json).map_err(|e| Stop::Problem(Problem::Internal(Box::new(e))));
    rows.iter().map(read).collect()
}

/// Fetches each address of the task once, whichever of its publications comes first. What a look ahead has found good is what is published.
async fn fetched(job: &Job<'_>) -> Result<Vec<KeptMedia>, NotReady> {
    let task = job.publication.task_id;
    let _alone = job.engine.locks.lock(format!("task:{task}")).await;
    let known = kept(job).await?;
    if !known.is_empty() {
        return Ok(known);
    }
    let mut early = early::known(job.engine, task).await.map_err(Stop::from)?;
    let mut media = Vec::with_capacity(job.content.media_urls.len());
    for n in 1..=job.content.file_urls().len() {
        media.push(match early.remove(&(n - 1)) {
            Some(known) if is_at_hand(job, &known, n).await? => known,
            // Where machines do not share their media, another one may have it.
            _ => taken(job, n).await?,
        });
    }
    if job.content.link.is_some() && media.is_empty() {
        media.push(own_cover(job).await?);
    }
    let row = |media: &KeptMedia| {
        Ok(MediaRow {
            sha256: media.sha256.clone(),
            media: serde_json::to_string(media)?,
        })
    };
    let rows: Result<Vec<_>, serde_json::Error> = media.iter().map(row).collect();
    let rows = rows.map_err(|e| NotReady::Stop(Stop::Problem(Problem::Internal(Box::new(e)))))?;
    job.engine.store.put_media(task, &rows).await?;
    Ok(media)
}

/// The `n`th medium, from its address or from its owner's files.
async fn taken(job: &Job<'_>, n: usize) -> Result<KeptMedia, NotReady> {
    let Some(url) = job.content.file_urls().get(n - 1) else {
        return Err(unfit(job, n, &MediaError::NotKept));
    };
    match job.engine.take_media(job.publication.user_id, url).await {
        Ok(kept) => Ok(kept),
        Err(FileProblem::Unfit(error)) => Err(unfit(job, n, &error)),
        Err(FileProblem::Problem(problem)) => Err(NotReady::Stop(Stop::Problem(problem))),
    }
}

/// The cover of a link that names none.
async fn own_cover(job: &Job<'_>) -> Result<KeptMedia, NotReady> {
    let cover = job.engine.media.link_cover().await;
    cover.map_err(|error| unfit(job, 1, &error))
}

/// What the platform calls a medium: from an earlier upload to the same channel, or from a new one.
async fn known(
    job: &Job<'_>,
    access: &ChannelAccess,
    platform: &dyn Platform,
    media: &KeptMedia,
    n: usize,
) -> Result<String, NotReady> {
    let (engine, limits) = (job.engine, platform.media_limits());
    if limits.is_too_long(media) && !job.content.video_cut {
        // The channel may have it from a post whose owner wanted it cut.
        let judged = engine.media.judge(media, &limits, false);
        judged.map_err(|error| unfit(job, n, &error))?;
    }
    let _alone = engine
        .locks
        .lock(format!("upload:{}:{}", access.id, media.sha256))
        .await;
    if let Some(reference) = engine
        .store
        .find_upload(access.id, &media.sha256, job.now() + MARGIN)
        .await?
    {
        return Ok(reference);
    }
    at_hand(job, media, n).await?;
    let source = source(job, platform, media)
        .await
        .map_err(|error| unfit(job, n, &error))?;
    let Prepared {
        reference,
        usable_until,
    } = platform.prepare(access, &source).await.map_err(NotReady::Call)?;
    if let Some(until) = usable_until {
        engine
            .store
            .put_upload(access.id, &media.sha256, &reference, until)
            .await?;
    }
    Ok(reference)
}

/// Fetches a medium again that this machine does not have: another process fetched it, or its folder was lost.
async fn at_hand(job: &Job<'_>, media: &KeptMedia, n: usize) -> Result<(), NotReady> {
    if is_at_hand(job, media, n).await? {
        return Ok(());
    }
    let again = match &job.content.link {
        Some(link) if link.cover_url.is_none() => own_cover(job).await?,
        _ => taken(job, n).await?,
    };
    if again.sha256 == media.sha256 {
        return Ok(());
    }
    // Some of the task's accounts may already show what was there before.
    let what = format!("{}：地址的内容在发布期间变了，请重新发起任务", job.content.file_name(n));
    Err(NotReady::Fatal(Failure::new(FailReason::MediaRejected, what)))
}

async fn is_at_hand(job: &Job<'_>, media: &KeptMedia, n: usize) -> Result<bool, NotReady> {
    match job.engine.media.at_hand(&media.sha256).await {
        Ok(_) => Ok(true),
        Err(MediaError::NotKept) => Ok(false),
        Err(error) => Err(unfit(job, n, &error)),
    }
}

async fn source(job: &Job<'_>, platform: &dyn Platform, media: &KeptMedia) -> Result<SourceMedia, MediaError> {
    let engine = job.engine;
    let cut = job.content.video_cut;
    let fitted = engine.media.fitted(media, &platform.media_limits(), cut).await?;
    let mut source = SourceMedia {
        media: media.clone(),
        file_name: fitted.file_name(),
        mime: fitted.format.mime().to_owned(),
        url: None,
        cover_url: None,
        file: fitted.path.clone(),
    };
    if platform.fetches_media() {
        source.url = Some(engine.media_link(&fitted));
        if media.kind() == MediaKind::Video {
            source.cover_url = Some(engine.media_link(&engine.media.cover(media).await?));
        }
    }
    Ok(source)
}

fn check_mix(content: &MomentContent, media: &[KeptMedia]) -> Result<(), NotReady> {
    match mixed(content, media) {
        None => Ok(()),
        Some(problem) => Err(NotReady::Fatal(Failure::new(FailReason::MediaRejected, problem))),
    }
}

/// By their bytes the media may differ from what their addresses promised: what is wrong with having them in one post.
pub(crate) fn mixed(content: &MomentContent, media: &[KeptMedia]) -> Option<&'static str> {
    let videos = media.iter().filter(|media| media.kind() == MediaKind::Video).count();
    match videos {
        0 => None,
        _ if content.link.is_some() => Some("链接封面须为图片"),
        1 if media.len() == 1 => None,
        1 => Some("图片和视频不能同时发布"),
        _ => Some("一条朋友圈只能有 1 个视频"),
    }
}

fn unfit(job: &Job<'_>, n: usize, error: &MediaError) -> NotReady {
    let (reason, what) = trouble(&job.content, n, error);
    let failure = Failure::new(reason, what);
    if error.retryable() {
        NotReady::Passing(failure)
    } else {
        NotReady::Fatal(failure)
    }
}

/// What a post fails with whose `n`th medium cannot be had, and why, in Chinese without a full stop.
pub(crate) fn trouble(content: &MomentContent, n: usize, error: &MediaError) -> (FailReason, String) {
    tracing::info!(medium = n, %error, code = error.reason_code(), "a medium is not usable");
    let reason = if error.retryable() {
        FailReason::MediaUnavailable
    } else {
        FailReason::MediaRejected
    };
    (
        reason,
        format!("{}：{}", content.file_name(n), error.operator_message()),
    )
}
