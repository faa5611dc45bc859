//! Tokens that were good a moment ago: checking a signature of RSA or Ed25519 costs far more than a look here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moments_domain::Timestamp;
use sha2::{Digest, Sha256};

use crate::auth::claims::Identity;

/// A key that the login service takes back stops working within this time.
const FRESH: Duration = Duration::from_mins(1);
/// A token is kept by its hash: about a hundred bytes each.
const MOST: usize = 10_000;

type Hash = [u8; 32];

/// Verified tokens by their SHA-256. Holds no token.
#[derive(Debug, Default)]
pub(crate) struct TokenCache(Mutex<HashMap<Hash, (Timestamp, Arc<Identity>)>>);

impl TokenCache {
    pub(crate) fn key(token: &str) -> Hash {
        Sha256::digest(token.as_bytes()).into()
    }

    pub(crate) fn get(&self, key: &Hash, now: Timestamp) -> Option<Arc<Identity>> {
        let tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, identity) = tokens.get(key)?;
        (now < *until).then(|| Arc::clone(identity))
    }

    /// Keeps a token until it ends, a minute at most. When there are too many, those that ended go, or else all.
    pub(crate) fn put(&self, key: Hash, end: Timestamp, identity: &Arc<Identity>, now: Timestamp) {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= MOST {
            tokens.retain(|_, (until, _)| now < *until);
        }
        if tokens.len() >= MOST {
            tokens.clear();
        }
        tokens.insert(key, (end.min(now + FRESH), Arc::clone(identity)));
    }
}
