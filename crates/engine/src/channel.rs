//! Channels as the publisher sees them: the credential opened, for a moment.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moments_domain::{AccountId, ChannelId, ChannelKind, Timestamp};
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

/// What makes the posts of a channel wait. A new post needs no more of it, and no credential is opened for it.
#[derive(Debug)]
pub(crate) struct Pace {
    pub(crate) channel_id: ChannelId,
    pub(crate) kind: ChannelKind,
    /// The gate at which its creations are counted.
    pub(crate) handle: String,
    pub(crate) pause_until: Timestamp,
    pub(crate) limits: ChannelLimits,
}

/// Channels used within the last second, so that a batch of posts reads and opens each only once.
#[derive(Debug, Default)]
pub(crate) struct ChannelCache {
    open: Recent<OpenChannel>,
    paces: Recent<Pace>,
}

impl ChannelCache {
    /// Forgets a channel that this process has changed.
    pub(crate) fn forget(&self, id: ChannelId) {
        self.open.forget(id);
        self.paces.forget(id);
    }
}

#[derive(Debug)]
struct Recent<T>(Mutex<HashMap<ChannelId, (Timestamp, Arc<T>)>>);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Recent<T> {
    fn forget(&self, id: ChannelId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    fn get(&self, id: ChannelId, now: Timestamp) -> Option<Arc<T>> {
        let channels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (read, channel) = channels.get(&id)?;
        (now.since(*read) < FRESH).then(|| Arc::clone(channel))
    }

    fn put(&self, read: impl IntoIterator<Item = (ChannelId, Arc<T>)>, now: Timestamp) {
        let mut channels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        channels.retain(|_, (read, _)| now.since(*read) < FRESH);
        channels.extend(read.into_iter().map(|(id, channel)| (id, (now, channel))));
    }
}

impl Engine {
    /// The channel with its credential; `None` when it was removed.
    pub(crate) async fn open_channel(
        &self,
        id: ChannelId,
        now: Timestamp,
    ) -> Result<Option<Arc<OpenChannel>>, Problem> {
        if let Some(channel) = self.channels_cache.open.get(id, now) {
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
        self.channels_cache.open.put([(id, Arc::clone(&open))], now);
        Ok(Some(open))
    }

    /// The pace of each of `ids`, in no order; a channel that was removed is left out. Those that are not in memory are read together.
    pub(crate) async fn paces(&self, ids: &[ChannelId], now: Timestamp) -> Result<Vec<Arc<Pace>>, Problem> {
        let known = |id: &ChannelId| self.channels_cache.paces.get(*id, now);
        let mut paces: Vec<_> = ids.iter().filter_map(known).collect();
        if paces.len() == ids.len() {
            return Ok(paces);
        }
        let found: HashSet<_> = paces.iter().map(|pace| pace.channel_id).collect();
        let missing: Vec<_> = ids.iter().filter(|id| !found.contains(*id)).copied().collect();
        let read = self.read_paces(&missing).await?;
        let kept = read.iter().map(|pace| (pace.channel_id, Arc::clone(pace)));
        self.channels_cache.paces.put(kept, now);
        paces.extend(read);
        Ok(paces)
    }

    async fn read_paces(&self, ids: &[ChannelId]) -> Result<Vec<Arc<Pace>>, Problem> {
        let channels = self.store.find_channels(ids).await?;
        let limited = channels.iter().filter(|channel| channel.has_limits);
        let limited: Vec<_> = limited.map(|channel| channel.id).collect();
        let mut choices = HashMap::new();
        if !limited.is_empty() {
            choices = self.store.limit_choices_of(&limited).await?;
        }
        let mut pace = |channel: &Channel| Pace {
            channel_id: channel.id,
            kind: channel.kind,
            handle: channel.handle.clone(),
            pause_until: channel.pause_until,
            limits: self.limits_by(channel, &choices.remove(&channel.id).unwrap_or_default()),
        };
        Ok(channels.iter().map(|channel| Arc::new(pace(channel))).collect())
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
