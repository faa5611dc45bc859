//! Who may use a worker's slots: nobody all of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use moments_domain::ChannelId;
use tokio::sync::Notify;

/// The slots of a worker, each for one publication.
///
/// A channel gets another slot while it holds less than a third of what is still free: alone it comes to a quarter of all slots, and channels
/// whose calls hang share what is left by the same rule, so that it takes dozens of them to leave nothing for the others.
#[derive(Debug)]
pub(crate) struct Shares {
    taken: Mutex<Taken>,
    freed: Notify,
}

#[derive(Debug)]
struct Taken {
    free: usize,
    by: HashMap<ChannelId, usize>,
}

/// A publication's place among those that are worked on.
#[derive(Debug)]
pub(crate) struct Slot {
    shares: Arc<Shares>,
    channel: ChannelId,
}

impl Shares {
    pub(crate) fn new(slots: usize) -> Arc<Self> {
        let taken = Taken {
            free: slots,
            by: HashMap::new(),
        };
        Arc::new(Self {
            taken: Mutex::new(taken),
            freed: Notify::new(),
        })
    }

    /// `None`: the channel has its share for now.
    pub(crate) fn take(self: &Arc<Self>, channel: ChannelId) -> Option<Slot> {
        let mut taken = self.lock();
        if !taken.has_room_for(channel) {
            return None;
        }
        taken.free -= 1;
        *taken.by.entry(channel).or_default() += 1;
        Some(Slot {
            shares: Arc::clone(self),
            channel,
        })
    }

    pub(crate) fn free(&self) -> usize {
        self.lock().free
    }

    /// Channels that have their share for now.
    pub(crate) fn served(&self) -> Vec<ChannelId> {
        let taken = self.lock();
        let channels = taken.by.keys().copied();
        channels.filter(|channel| !taken.has_room_for(*channel)).collect()
    }

    /// Waits until a slot comes free; one that came free before the wait counts.
    pub(crate) async fn freed(&self) {
        self.freed.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn has_room_for(&self, channel: ChannelId) -> bool {
        match self.by.get(&channel) {
            None => self.free > 0,
            Some(own) => 3 * own < self.free,
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.shares.lock();
        taken.free += 1;
        if let Some(own) = taken.by.get_mut(&self.channel) {
            *own -= 1;
            if *own == 0 {
                taken.by.remove(&self.channel);
            }
        }
        self.shares.freed.notify_one();
    }
}

#[cfg(test)]
mod tests;
