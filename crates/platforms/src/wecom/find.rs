//! Looking for a post whose create call had no clear answer (reference wecom 11.5).
//!
//! The list is taken at its word: unlike a gateway's, nothing is known of it being late.

use std::collections::HashSet;
use std::time::Duration;

use moments_domain::fingerprint::normalised;
use moments_domain::{MomentLink, Timestamp};
use moments_wecom::{AccessToken, ListWindow, Moment, WecomClient, printable};
use moments_wire::CallError;

use crate::{Candidate, Post, SearchWindow};

use super::{confirm, pages};

/// How far the platform's clock may differ from ours.
const SKEW: Duration = Duration::from_mins(1);
/// A creation job lives at most this long, so no later Moment can be its fruit.
const JOB_LIFE: Duration = Duration::from_hours(24);

/// Moments that match `post`, oldest first.
pub(super) async fn find(
    client: &WecomClient,
    token: &AccessToken,
    post: &Post,
    window: &SearchWindow,
) -> Result<Vec<Candidate>, CallError> {
    let span = list_window(window);
    let listed =
        pages::all(|cursor| async move { client.get_moment_list(token, span, cursor.as_deref()).await }).await?;
    let mut candidates = Vec::new();
    for moment in listed.iter().filter(|moment| looks_like(moment, post)) {
        let senders = senders(client, token, &moment.moment_id).await?;
        if senders
            .as_ref()
            .is_none_or(|senders| can_be_ours(senders, &post.targets))
        {
            let create_time = Timestamp::from_secs(moment.create_time);
            candidates.push(Candidate {
                moment_id: moment.moment_id.clone(),
                create_time,
                senders,
            });
        }
    }
    candidates.sort_by_key(|candidate| candidate.create_time);
    Ok(candidates)
}

/// `None` while nobody has the task yet: that the list is empty tells nothing about whose Moment it is.
async fn senders(client: &WecomClient, token: &AccessToken, moment_id: &str) -> Result<Option<Vec<String>>, CallError> {
    let tasks = confirm::member_tasks(client, token, moment_id).await?;
    let tasks = tasks.filter(|tasks| !tasks.is_empty());
    Ok(tasks.map(|tasks| tasks.into_iter().map(|task| task.userid).collect()))
}

/// The narrow window, both ends exclusive, in which our creation can lie.
fn list_window(window: &SearchWindow) -> ListWindow {
    let start = window.sent_time - SKEW;
    let end = (window.now + SKEW).min(window.sent_time + JOB_LIFE);
    ListWindow {
        start_time: start.as_secs() - 1,
        end_time: end.as_secs() + 1,
    }
}

/// Same text, same kind, same number of pictures or same link, shown to all customers or to some. Media ids are new ones and tell nothing, and
/// which customers see it is not told.
fn looks_like(moment: &Moment, post: &Post) -> bool {
    let (images, video) = match (&post.link, post.is_video) {
        (Some(_), _) => (0, false),
        (None, true) => (0, true),
        (None, false) => (post.media.len(), false),
    };
    normalised(moment.text()) == normalised(&printable(&post.text))
        && (moment.images(), moment.has_video()) == (images, video)
        && same_link(moment.link(), post.link.as_ref())
        && moment.is_public() == post.visibility.is_none()
}

fn same_link(listed: Option<(&str, &str)>, sent: Option<&MomentLink>) -> bool {
    match (listed, sent) {
        (None, None) => true,
        (Some((title, url)), Some(link)) => normalised(title) == normalised(&printable(&link.title)) && url == link.url,
        _ => false,
    }
}

/// Whether a Moment with these senders can come from a call for `targets`: the platform may leave members out, but adds none.
/// Userids are compared without regard to case, as the platform does.
fn can_be_ours(senders: &[String], targets: &[String]) -> bool {
    let targets: HashSet<_> = targets.iter().map(|target| target.to_ascii_lowercase()).collect();
    senders
        .iter()
        .all(|sender| targets.contains(&sender.to_ascii_lowercase()))
}
