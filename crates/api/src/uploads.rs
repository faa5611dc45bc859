//! How far the uploads of this process have come, for pages that show it. A restart forgets them; nothing depends on them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use moments_domain::UserId;

/// Uploads remembered at most; the oldest that has ended goes first.
const MOST: usize = 4096;

/// How far one upload has come.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Bytes of files that have arrived.
    pub(crate) received: AtomicU64,
    /// Files that have been judged.
    pub(crate) files: AtomicU64,
    /// Nothing more will come, for good or ill.
    pub(crate) ended: AtomicBool,
    /// Length of the request; `None`: the client did not say.
    pub(crate) total: Option<u64>,
}

/// The uploads of this process, by user and by the id that the client chose.
#[derive(Debug, Default)]
pub(crate) struct Uploads(Mutex<HashMap<(UserId, String), Entry>>);

#[derive(Debug)]
struct Entry {
    progress: Arc<Progress>,
    /// The order in which they began.
    number: u64,
}

/// An upload under way; it has ended when this value goes.
#[derive(Debug)]
pub(crate) struct Running(Arc<Progress>);

impl Uploads {
    /// Begins to follow an upload; the same id again replaces the earlier one. Without an id nobody will ask, but counting costs nothing.
    pub(crate) fn begin(&self, user: UserId, id: Option<String>, total: Option<u64>) -> Running {
        let progress = Arc::new(Progress {
            total,
            ..Progress::default()
        });
        if let Some(id) = id {
            let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            make_room(&mut entries);
            let number = entries.values().map(|entry| entry.number + 1).max().unwrap_or_default();
            let entry = Entry {
                progress: Arc::clone(&progress),
                number,
            };
            entries.insert((user, id), entry);
        }
        Running(progress)
    }

    /// The user's upload of this id.
    pub(crate) fn find(&self, user: UserId, id: &str) -> Option<Arc<Progress>> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(&(user, id.to_owned()))?;
        Some(Arc::clone(&entry.progress))
    }
}

fn make_room(entries: &mut HashMap<(UserId, String), Entry>) {
    if entries.len() < MOST {
        return;
    }
    let ended = entries
        .iter()
        .filter(|(_, entry)| entry.progress.ended.load(Ordering::Relaxed));
    let oldest = ended
        .min_by_key(|(_, entry)| entry.number)
        .or_else(|| entries.iter().min_by_key(|(_, entry)| entry.number))
        .map(|(key, _)| key.clone());
    if let Some(oldest) = oldest {
        entries.remove(&oldest);
    }
}

impl Running {
    pub(crate) fn received(&self, bytes: usize) {
        self.0.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn judged(&self) {
        self.0.files.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_is_its_users_and_ends_with_its_request() {
        let uploads = Uploads::default();
        let running = uploads.begin(UserId(1), Some("a".to_owned()), Some(10));
        running.received(7);
        let seen = uploads.find(UserId(1), "a").expect("an upload");
        assert_eq!((seen.received.load(Ordering::Relaxed), seen.total), (7, Some(10)));
        assert!(!seen.ended.load(Ordering::Relaxed));
        assert!(uploads.find(UserId(2), "a").is_none());
        drop(running);
        assert!(seen.ended.load(Ordering::Relaxed));
    }

    #[test]
    fn memory_is_bounded_and_what_runs_stays() {
        let uploads = Uploads::default();
        let running = uploads.begin(UserId(1), Some("running".to_owned()), None);
        for n in 0..MOST + 10 {
            uploads.begin(UserId(2), Some(n.to_string()), None);
        }
        assert_eq!(uploads.0.lock().expect("a lock").len(), MOST);
        assert!(uploads.find(UserId(1), "running").is_some());
        assert!(uploads.find(UserId(2), "0").is_none());
        drop(running);
    }
}
