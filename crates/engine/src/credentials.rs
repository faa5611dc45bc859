//! Every channel's credential tried at once, for an operator.

use futures::StreamExt as _;
use moments_domain::{ChannelId, ChannelKind};
use moments_platforms::CallFailure;

use crate::app::Engine;
use crate::problem::Problem;

/// Calls under way at once.
const AT_ONCE: usize = 8;

/// What a platform says of a channel's credential.
#[derive(Clone, Debug)]
pub struct ChannelCheck {
    /// The channel.
    pub id: ChannelId,
    /// Its platform.
    pub kind: ChannelKind,
    /// What its owner calls it.
    pub name: String,
    /// How many may publish through it, or why it does not work.
    pub outcome: Result<usize, CallFailure>,
}

/// Asks every channel's platform once whether the credential works from here. Changes nothing in the database but a cached access token.
/// Channels of a platform that is switched off are left out.
pub async fn check_channels(engine: &Engine) -> Result<Vec<ChannelCheck>, Problem> {
    let ids = engine.store.channel_ids().await?;
    let checks = futures::stream::iter(ids).map(|id| check(engine, id)).buffered(AT_ONCE);
    let checks: Vec<_> = checks.collect().await;
    checks.into_iter().filter_map(Result::transpose).collect()
}

async fn check(engine: &Engine, id: ChannelId) -> Result<Option<ChannelCheck>, Problem> {
    let Some(channel) = engine.store.find_channel(id).await? else {
        return Ok(None);
    };
    let Some(platform) = engine.platforms.of(channel.kind) else {
        return Ok(None);
    };
    let report = platform.check(&engine.access(&channel)?).await;
    Ok(Some(ChannelCheck {
        id,
        kind: channel.kind,
        name: channel.name,
        outcome: report.map(|report| report.members.len()),
    }))
}
