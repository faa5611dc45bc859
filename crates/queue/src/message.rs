//! What stands in a message.

use moments_domain::{ChannelId, PublicationId, Ready};

/// Two numbers of at most 20 characters, and what is between them.
const LONGEST: usize = 41;

/// `publication channel`, in decimal.
pub(crate) fn write(ready: &Ready) -> String {
    format!("{} {}", ready.id.0, ready.channel_id.0)
}

/// `None`: nobody of ours wrote this.
pub(crate) fn read(body: &[u8]) -> Option<Ready> {
    if body.len() > LONGEST {
        return None;
    }
    let (id, channel_id) = std::str::from_utf8(body).ok()?.split_once(' ')?;
    Some(Ready {
        id: PublicationId(id.parse().ok()?),
        channel_id: ChannelId(channel_id.parse().ok()?),
    })
}

#[cfg(test)]
mod tests;
