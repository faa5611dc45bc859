//! Channels as the publisher sees them: the credential opened, for a moment.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moments_domain::{AccountId, ChannelId, Timestamp};
use moments_platforms::ChannelAccess;
use moments_store::{CHANNEL_CREDENTIAL, Channel};

use crate::app::Engine;
use crate::limits::ChannelLimits;
use crate::problem::Problem;

/// How old a channel in memory may be. Another process's pause or new credential is seen after this.
const FRESH: Duration = Duration::from_secs(1);

/// A channel with its credential opened.
#[derive(Debug)]
pub(crate) struct OpenChannel {
    pub(crate) channel: Channel,
    pub(crate) access: ChannelAccess,
    pub(crate) limits: ChannelLimits,
    /// Accounts that their owner has unbound: no post goes out for them.
    pub(crate) unbound: HashSet<AccountId>,
}

/// Channels used within the last second, so that a batch of posts reads and opens each only once.
#[derive(Debug, Default)]
pub(crate) struct ChannelCache(Mutex<HashMap<ChannelId, (Timestamp, Arc<OpenChannel>)>>);

impl ChannelCache {
    /// Forgets a channel that this process has changed.
    pub(crate) fn forget(&self, id: ChannelId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    fn get(&self, id: ChannelId, now: Timestamp) -> Option<Arc<OpenChannel>> {
        let channels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (read, channel) = channels.get(&id)?;
        (now.since(*read) < FRESH).then(|| Arc::clone(channel))
    }

    fn put(&self, channel: &Arc<OpenChannel>, now: Timestamp) {
        let mut channels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        channels.retain(|_, (read, _)| now.since(*read) < FRESH);
        channels.insert(channel.channel.id, (now, Arc::clone(channel)));
    }
}

impl Engine {
    /// The channel with its credential; `None` when it was removed.
    pub(crate) async fn open_channel(
        &self,
        id: ChannelId,
        now: Timestamp,
    ) -> Result<Option<Arc<OpenChannel>>, Problem> {
        if let Some(channel) = self.channels_cache.get(id, now) {
            return Ok(Some(channel));
        }
        let Some(channel) = self.store.find_channel(id).await? else {
            return Ok(None);
        };
        let access = self.access(&channel)?;
        let limits = self.channel_limits(&channel).await?;
        let open = Arc::new(OpenChannel {
            channel,
            access,
            limits,
            unbound: self.store.unbound_of(id).await?,
        });
        self.channels_cache.put(&open, now);
        Ok(Some(open))
    }

    pub(crate) fn access(&self, channel: &Channel) -> Result<ChannelAccess, Problem> {
        let credential = self
            .keys
            .open(&CHANNEL_CREDENTIAL.bound_to(channel.id), &channel.credential)
            .map_err(|e| Problem::Internal(Box::new(e)))?;
        Ok(ChannelAccess {
            id: channel.id,
            kind: channel.kind,
            app: channel.app,
            handle: channel.handle.clone(),
            agent_id: channel.agent_id,
            wxid: channel.wxid.clone(),
            base_url: channel.base_url.clone(),
            credential,
            credential_version: channel.credential_version,
        })
    }
}
