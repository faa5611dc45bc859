//! Whether the platform still knows what narrows a post's audience. Asked before anything is sent, because what a platform makes of a tag that
//! it does not know is not documented: it might leave the tag out, and a post for some would be one for all.

use std::collections::HashSet;

use moments_domain::{FailReason, Failure};
use moments_platforms::Platform;

use crate::channel::OpenChannel;
use crate::publisher::job::Job;
use crate::publisher::media::NotReady;

/// One call for a post that is narrowed by tags or labels, none for any other.
pub(crate) async fn known(job: &Job<'_>, open: &OpenChannel, platform: &dyn Platform) -> Result<(), NotReady> {
    let kind = open.channel.kind;
    let Some(visibility) = &job.content.visibility else {
        return Ok(());
    };
    let wanted = visibility.listed_ids(kind);
    if wanted.is_empty() {
        return Ok(());
    }
    let directory = platform.directory(&open.access).await.map_err(NotReady::Call)?;
    let tags = directory.tag_groups.iter().flat_map(|group| &group.tags);
    let known: HashSet<_> = tags.map(|tag| tag.id.as_str()).collect();
    let gone: Vec<_> = wanted.iter().filter(|id| !known.contains(id.as_str())).collect();
    if gone.is_empty() {
        return Ok(());
    }
    let gone = gone.into_iter().map(String::as_str).collect::<Vec<_>>().join("、");
    let what = format!("{}里没有可见范围所选的标签：{gone}", kind.label());
    Err(NotReady::Fatal(Failure::new(FailReason::AudienceGone, what)))
}
