//! Looking for a post whose publish call had no clear answer (reference personal-gateway 9).

use std::time::Duration;

use moments_domain::Timestamp;
use moments_domain::fingerprint::normalised;
use moments_gewe::{ContentStyle, Device, GeweClient, SnsId, SnsPost, TimelineCursor, TimelineObject};
use moments_wire::CallError;

use crate::{Candidate, Post, SearchWindow};

/// How far the gateway's clock may differ from ours.
const SKEW: Duration = Duration::from_mins(1);
/// Pages of ten that are read at most: a post that has to be looked for is a recent one.
const MAX_PAGES: usize = 20;

/// Posts of the account that match `post`, oldest first.
///
/// None found is an answer only when the list demonstrably works: it shows the last Moment that is surely there, or, when none is
/// known, any earlier one, and everything in the window could be read.
pub(super) async fn find(
    client: &GeweClient,
    device: &Device,
    wxid: &str,
    post: &Post,
    window: &SearchWindow,
) -> Result<Vec<Candidate>, CallError> {
    let horizon = Horizon::of(window);
    let listed = recent(client, device, wxid, &horizon).await?;
    let inside = || listed.iter().filter(|listed| horizon.holds(listed));
    let mut candidates: Vec<_> = inside()
        .filter(|listed| looks_like(listed, post))
        .map(|listed| candidate(listed, wxid))
        .collect();
    if candidates.is_empty() {
        if inside().any(|listed| listed.moment.is_none()) {
            return Err(CallError::no_answer("网关的列表里有无法读取的朋友圈"));
        }
        if !horizon.is_reached(&listed) {
            return Err(CallError::no_answer(
                "网关的列表里没有更早的已知朋友圈，不能据此认为未发布",
            ));
        }
    }
    candidates.sort_by_key(|candidate| candidate.create_time);
    Ok(candidates)
}

/// How far back to read, and what must be seen there.
struct Horizon {
    start: Timestamp,
    end: Timestamp,
    known: Option<(SnsId, Timestamp)>,
}

impl Horizon {
    fn of(window: &SearchWindow) -> Self {
        let known = window.known_moment.as_ref();
        // We may have learned of it late; its id tells when it was posted.
        let known = known.and_then(|(id, learned)| {
            let id: SnsId = id.parse().ok()?;
            Some((id, Timestamp::from_millis(id.millis()).min(*learned)))
        });
        Self {
            start: window.sent_time - SKEW,
            end: window.now + SKEW,
            known,
        }
    }

    fn holds(&self, post: &SnsPost) -> bool {
        (self.start.as_secs()..=self.end.as_secs()).contains(&post.create_time)
    }

    /// Whether the list works, as far as `listed` shows.
    fn is_reached(&self, listed: &[SnsPost]) -> bool {
        match self.known {
            Some((id, _)) => listed.iter().any(|post| post.id == id),
            None => listed.iter().any(|post| self.is_before(post)),
        }
    }

    fn is_before(&self, post: &SnsPost) -> bool {
        post.create_time < self.start.as_secs()
    }

    /// Whether reading on can bring nothing new: everything from here on is older than the window and than the known Moment.
    fn is_passed(&self, listed: &[SnsPost]) -> bool {
        let known_too = |post: &SnsPost| {
            self.is_reached(listed)
                || self
                    .known
                    .is_none_or(|(_, created)| post.create_time < (created - SKEW).as_secs())
        };
        listed
            .last()
            .is_some_and(|last| self.is_before(last) && known_too(last))
    }
}

async fn recent(
    client: &GeweClient,
    device: &Device,
    wxid: &str,
    horizon: &Horizon,
) -> Result<Vec<SnsPost>, CallError> {
    let (mut listed, mut cursor) = (Vec::new(), TimelineCursor::default());
    for _ in 0..MAX_PAGES {
        let page = client.contacts_sns_list(device, wxid, &cursor).await?;
        listed.extend(page.posts);
        match page.next {
            Some(next) if !horizon.is_passed(&listed) => cursor = next,
            _ => return Ok(listed),
        }
    }
    Err(CallError::no_answer("网关的列表过长，未能读到更早的朋友圈"))
}

/// Same text, same kind, same number of media or same link, not private. Checksums of media are no criterion: a server may re-encode.
fn looks_like(listed: &SnsPost, post: &Post) -> bool {
    let style = match (&post.link, post.media.len(), post.is_video) {
        (Some(_), ..) => ContentStyle::Link,
        (None, 0, _) => ContentStyle::Text,
        (None, _, true) => ContentStyle::Video,
        (None, _, false) => ContentStyle::Images,
    };
    let same = |moment: &TimelineObject| {
        let shows_it = match &post.link {
            // A gateway that does not tell the address tells nothing against it.
            Some(link) => moment.link_url.is_empty() || moment.link_url == link.url,
            None => moment.media_md5s.len() == post.media.len(),
        };
        moment.text == normalised(&post.text) && (moment.style, moment.private) == (style, false) && shows_it
    };
    listed.moment.as_ref().is_some_and(same)
}

fn candidate(listed: &SnsPost, wxid: &str) -> Candidate {
    Candidate {
        moment_id: listed.id.to_string(),
        create_time: Timestamp::from_secs(listed.create_time),
        senders: Some(vec![wxid.to_owned()]),
    }
}
