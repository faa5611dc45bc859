//! The login service's key set, fetched and kept.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use moments_domain::Timestamp;
use tokio::sync::{Mutex, MutexGuard};
use url::Url;

use crate::auth::TokenProblem;
use crate::auth::keys::{Key, KeyError};

/// Time between two fetches that the same trouble asks for; a caller with invented key names cannot make us hammer the login service.
const GAP: Duration = Duration::from_mins(1);
/// The same after a failed fetch without any keys, when nobody can call at all.
const RETRY_GAP: Duration = Duration::from_secs(5);
/// Keys older than this are fetched again, so that one that was taken back stops working.
const FRESH: Duration = Duration::from_mins(10);

/// The key set at an address.
#[derive(Debug)]
pub(crate) struct KeySet {
    url: Url,
    client: reqwest::Client,
    known: RwLock<Known>,
    /// Held by the one that fetches; has the time of the last fetch.
    fetching: Mutex<Option<Timestamp>>,
}

#[derive(Clone, Debug, Default)]
struct Known {
    keys: Arc<HashMap<Option<String>, Key>>,
    /// When these keys were fetched; `None`: never.
    fetched: Option<Timestamp>,
}

impl Known {
    /// The key of this name. A token may leave the name out when there is only one key.
    fn find(&self, kid: Option<&String>) -> Option<Key> {
        match kid {
            Some(kid) => self.keys.get(&Some(kid.clone())).cloned(),
            None if self.keys.len() == 1 => self.keys.values().next().cloned(),
            None => None,
        }
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        self.fetched.is_some_and(|at| now.since(at) < FRESH)
    }
}

impl KeySet {
    pub(crate) fn new(url: Url) -> Result<Self, KeyError> {
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(3))
            .timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(KeyError::Client)?;
        Ok(Self {
            url,
            client,
            known: RwLock::default(),
            fetching: Mutex::default(),
        })
    }

    /// The key that a token says it was signed with. Fetches the set when the key is unknown or the set is old.
    pub(crate) async fn key_of(&self, token: &str, now: Timestamp) -> Result<Key, TokenProblem> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenProblem::Invalid)?;
        let known = self.known();
        match known.find(header.kid.as_ref()) {
            Some(key) if known.is_fresh(now) => return Ok(key),
            // One caller fetches; the others go on with the key they have.
            Some(_) => {
                if let Ok(last) = self.fetching.try_lock() {
                    self.refresh(last, now).await;
                }
            }
            None => self.refresh(self.fetching.lock().await, now).await,
        }
        let known = self.known();
        match known.find(header.kid.as_ref()) {
            Some(key) => Ok(key),
            None if known.fetched.is_none() => Err(TokenProblem::NoKeys),
            None => Err(TokenProblem::Invalid),
        }
    }

    /// Fetches the set unless that was tried a moment ago.
    async fn refresh(&self, mut last: MutexGuard<'_, Option<Timestamp>>, now: Timestamp) {
        let gap = if self.known().fetched.is_some() { GAP } else { RETRY_GAP };
        if last.is_some_and(|at| now.since(at) < gap) {
            return;
        }
        *last = Some(now);
        match self.fetch().await {
            Ok(keys) => {
                let known = Known {
                    keys: Arc::new(keys),
                    fetched: Some(now),
                };
                *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
            }
            Err(error) => {
                let error = error.without_url();
                tracing::error!(%error, source = ?std::error::Error::source(&error), "auth.jwks_url could not be read");
            }
        }
    }

    async fn fetch(&self) -> reqwest::Result<HashMap<Option<String>, Key>> {
        let answer = self.client.get(self.url.clone()).send().await?.error_for_status()?;
        let set: JwkSet = answer.json().await?;
        let keys = set
            .keys
            .iter()
            .filter_map(|jwk| Some((jwk.common.key_id.clone(), Key::of_jwk(jwk)?)));
        Ok(keys.collect())
    }

    fn known(&self) -> Known {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
