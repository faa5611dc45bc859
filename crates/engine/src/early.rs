//! Looks at the media of scheduled posts soon after creation, so that their owner hears of a bad address while there is time.
//!
//! What is found good is kept until the post is over, and is what is published: a post shows what was checked, whatever its address offers when
//! it is due. What is found bad does not fail the post. The task warns of it, it is asked for again now and then, and once more when the post is
//! due; only then the post fails. Any number of processes may look: each task is claimed by its row, and a look that is cut short comes up again
//! when its claim ends.

use std::collections::HashMap;
use std::time::Duration;

use moments_domain::{FailReason, TaskId, Timestamp};
use moments_media::{KeptMedia, MediaError};
use moments_store::{EarlyFound, EarlyLook, EarlyTrouble, MediaRow, StoreError};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::Engine;
use crate::checks::Proposal;
use crate::problem::Problem;
use crate::publisher::{media_trouble, mixed_media};
use crate::use_cases::{FileProblem, sent_file};
use crate::wake::{SWEEP, rest};

/// What is due sooner is fetched when it is due.
const SOON: Duration = Duration::from_mins(1);
/// Tasks looked at at once in a process. Few: they have time, and what is due now shares the line.
const AT_ONCE: usize = 4;
/// How long a look may take: nine media, each with the fetcher's whole patience.
const LEASE: Duration = Duration::from_mins(20);
/// Between looks at bad media, at most.
const AGAIN: Duration = Duration::from_hours(6);

/// Looks until `stop`.
pub async fn run(engine: Engine, stop: CancellationToken) {
    let mut under_way = JoinSet::new();
    while !stop.is_cancelled() {
        if let Err(error) = round(&engine, &mut under_way).await {
            tracing::warn!(%error, source = ?std::error::Error::source(&error), "no media could be looked at ahead");
        }
        tokio::select! {
            () = rest(SWEEP, &stop) => (),
            Some(_) = under_way.join_next() => (),
        }
    }
}

/// Makes every look that is due now; how many there were. For tests that bring their own clock.
pub async fn run_due(engine: &Engine) -> Result<usize, StoreError> {
    let mut under_way = JoinSet::new();
    let mut count = 0;
    loop {
        let claimed = round(engine, &mut under_way).await?;
        while under_way.join_next().await.is_some() {}
        if claimed == 0 {
            return Ok(count);
        }
        count += claimed;
    }
}

/// Whether there is something to look at, and time for it. The owner's own files were judged when they came.
pub(crate) fn is_wanted(proposal: &Proposal) -> bool {
    proposal.due().since(proposal.now) > SOON && proposal.known_media.iter().any(Option::is_none)
}

/// What was found good, by its place in the post.
pub(crate) async fn known(engine: &Engine, task: TaskId) -> Result<HashMap<usize, KeptMedia>, Problem> {
    let rows = engine.store.early_media(task).await?;
    let read = |(place, json): (usize, String)| match serde_json::from_str(&json) {
        Ok(media) => Ok((place, media)),
        Err(error) => Err(Problem::Internal(Box::new(error))),
    };
    rows.into_iter().map(read).collect()
}

/// Begins as many looks as there is room for.
async fn round(engine: &Engine, under_way: &mut JoinSet<()>) -> Result<usize, StoreError> {
    while under_way.try_join_next().is_some() {}
    let now = engine.clock.now();
    let free = AT_ONCE.saturating_sub(under_way.len());
    if free == 0 || engine.store.next_early().await?.is_none_or(|due| due > now) {
        return Ok(0);
    }
    let most = u32::try_from(free).unwrap_or(u32::MAX);
    let claimed = engine.store.claim_early(now, now + LEASE, most).await?;
    let count = claimed.len();
    for look in claimed {
        under_way.spawn(make(engine.clone(), look));
    }
    Ok(count)
}

async fn make(engine: Engine, look: EarlyLook) {
    let made = async {
        let found = found(&engine, &look).await?;
        Ok::<_, FileProblem>(engine.store.finish_early(&look, &found, engine.clock.now()).await?)
    };
    if let Err(error) = made.await {
        tracing::warn!(task.id = %look.task, %error, "a look at media came to nothing and will come up again");
    }
}

async fn found(engine: &Engine, look: &EarlyLook) -> Result<EarlyFound, FileProblem> {
    if look.kinds.is_empty() {
        return Ok(EarlyFound::default());
    }
    let mut known = known(engine, look.task).await?;
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for (place, url) in look.content.file_urls().iter().enumerate() {
        if known.contains_key(&place) || sent_file(url).is_some() {
            continue;
        }
        match taken(engine, look, url).await? {
            Ok(media) => {
                good.push((place, row(&media)?));
                known.insert(place, media);
            }
            Err(error) => bad.push((told(media_trouble(&look.content, place + 1, &error)), error.retryable())),
        }
    }
    let known: Vec<_> = known.into_values().collect();
    if let Some(problem) = mixed_media(&look.content, &known) {
        // None of them is kept: whichever the owner puts right, the post can still come out.
        good.clear();
        bad.push((told((FailReason::MediaRejected, problem.to_owned())), false));
    }
    Ok(EarlyFound {
        good,
        next: next_look(engine, look, &bad),
        trouble: bad.into_iter().map(|(trouble, _)| trouble).collect(),
    })
}

/// A medium that every platform of the post takes, or what is wrong with it. What one platform refuses is not kept either: its address can still be
/// put right. Trouble of our own storage is nobody's to hear.
async fn taken(engine: &Engine, look: &EarlyLook, url: &str) -> Result<Result<KeptMedia, MediaError>, FileProblem> {
    let media = match engine.media.take(url).await {
        Err(error @ (MediaError::Storage(_) | MediaError::Bucket(_))) => return Err(error.into()),
        Err(error) => return Ok(Err(error)),
        Ok(media) => media,
    };
    let limits = look.kinds.iter().filter_map(|kind| engine.platforms.of(*kind));
    let judged = limits.map(|platform| {
        engine
            .media
            .judge(&media, &platform.media_limits(), look.content.video_cut)
    });
    Ok(match judged.collect::<Result<(), _>>() {
        Ok(()) => Ok(media),
        Err(error) => Err(error),
    })
}

fn row(media: &KeptMedia) -> Result<MediaRow, Problem> {
    Ok(MediaRow {
        sha256: media.sha256.clone(),
        media: serde_json::to_string(media).map_err(|e| Problem::Internal(Box::new(e)))?,
    })
}

fn told((reason, what): (FailReason, String)) -> EarlyTrouble {
    EarlyTrouble {
        reason,
        message: format!("{what}。发布前会自动重新检查，到时仍有问题则发布失败"),
    }
}

/// When to ask again for what is bad, which may pass by itself or not: after half of what time is left, so that a post far ahead is not asked for all
/// the time and a near one not too late; what may pass sooner. `None`: nothing is bad, or the next to ask is the post itself.
fn next_look(engine: &Engine, look: &EarlyLook, bad: &[(EarlyTrouble, bool)]) -> Option<Timestamp> {
    let now = engine.clock.now();
    let half = look.due.since(now) / 2;
    if bad.is_empty() || half < SOON / 2 {
        return None;
    }
    let longest = if bad.iter().any(|(_, may_pass)| *may_pass) {
        engine.backoff(look.tries + 1)
    } else {
        AGAIN
    };
    Some(now + half.min(longest))
}
