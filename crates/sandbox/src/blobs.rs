//! The bytes of uploaded media, by SHA-256, for `media/get` and for the page. The oldest are forgotten first.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::sync::lock;

/// SHA-256 of a medium's bytes.
pub(crate) type Sha = [u8; 32];

const CAP_BYTES: usize = 128 * 1024 * 1024;

#[derive(Debug, Default)]
pub(crate) struct Blobs(Mutex<Shelf>);

#[derive(Debug, Default)]
struct Shelf {
    by_sha: HashMap<Sha, (Bytes, &'static str)>,
    order: VecDeque<Sha>,
    bytes: usize,
}

impl Blobs {
    pub(crate) fn keep(&self, bytes: &Bytes, mime: &'static str) -> Sha {
        let sha: Sha = Sha256::digest(bytes).into();
        let mut shelf = lock(&self.0);
        if shelf.by_sha.insert(sha, (bytes.clone(), mime)).is_none() {
            shelf.order.push_back(sha);
            shelf.bytes += bytes.len();
        }
        while shelf.bytes > CAP_BYTES {
            let Some(oldest) = shelf.order.pop_front() else {
                break;
            };
            if let Some((gone, _)) = shelf.by_sha.remove(&oldest) {
                shelf.bytes -= gone.len();
            }
        }
        sha
    }

    /// Bytes and media type; `None` when never kept or already forgotten.
    pub(crate) fn get(&self, sha: &Sha) -> Option<(Bytes, &'static str)> {
        lock(&self.0).by_sha.get(sha).cloned()
    }
}
