//! Verifies the workbench's tokens.

use std::sync::Arc;
use std::time::Duration;

use moments_domain::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::auth::TokenProblem;
use crate::auth::claims::{self, ClaimNames, Claims, Identity};
use crate::auth::jwks::KeySet;
use crate::auth::keys::{Key, KeyError};
use crate::auth::token_cache::TokenCache;

#[cfg(test)]
mod tests;

/// How far the clocks of the login service and of this machine may differ.
const LEEWAY: Duration = Duration::from_secs(30);

/// Knows which tokens are good. One for each process.
#[derive(Debug)]
pub struct Verifier {
    keys: Keys,
    names: ClaimNames,
    cache: TokenCache,
}

#[derive(Debug)]
enum Keys {
    One(Key),
    Set(KeySet),
}

impl Verifier {
    /// Tokens signed with a shared secret, HS256 only (`auth.hs256_secret`).
    pub fn hs256(secret: &SecretString, names: ClaimNames) -> Result<Self, KeyError> {
        Ok(Self::new(
            Keys::One(Key::hs256(secret.expose_secret().as_bytes())?),
            names,
        ))
    }

    /// Tokens signed with the private half of a public key in PEM, the text of `auth.public_key_file`.
    ///
    /// The key decides the algorithm: RSA means RS256, EC P-256 means ES256, Ed25519 means EdDSA.
    pub fn public_key(pem: &[u8], names: ClaimNames) -> Result<Self, KeyError> {
        Ok(Self::new(Keys::One(Key::public_pem(pem)?), names))
    }

    /// Tokens signed with a key of the set at this address (`auth.jwks_url`), fetched when first needed.
    ///
    /// A token with an unknown `kid` fetches the set again, at most once a minute.
    pub fn jwks(url: Url, names: ClaimNames) -> Result<Self, KeyError> {
        Ok(Self::new(Keys::Set(KeySet::new(url)?), names))
    }

    /// The caller, if the token is good at `now`.
    pub(crate) async fn verify(&self, token: &str, now: Timestamp) -> Result<Arc<Identity>, TokenProblem> {
        let key = TokenCache::key(token);
        if let Some(identity) = self.cache.get(&key, now) {
            return Ok(identity);
        }
        let claims = match &self.keys {
            Keys::One(key) => key.claims(token)?,
            Keys::Set(set) => set.key_of(token, now).await?.claims(token)?,
        };
        let end = end(&claims, now)?;
        let identity = Arc::new(self.names.identity(&claims).ok_or_else(|| self.nobody())?);
        self.cache.put(key, end, &identity, now);
        Ok(identity)
    }

    fn new(keys: Keys, names: ClaimNames) -> Self {
        Self {
            keys,
            names,
            cache: TokenCache::default(),
        }
    }

    /// The signature is good, so the configuration is the likely culprit.
    fn nobody(&self) -> TokenProblem {
        tracing::warn!(
            claim = self.names.user,
            "a good token names no user by number: check auth.user_claim"
        );
        TokenProblem::Invalid
    }
}

/// When the token ends, leeway included. A token without `exp` is not accepted, nor one that is not yet good.
fn end(claims: &Claims, now: Timestamp) -> Result<Timestamp, TokenProblem> {
    let end = claims::time(claims, "exp").ok_or(TokenProblem::Invalid)? + LEEWAY;
    if claims.contains_key("nbf") {
        let begin = claims::time(claims, "nbf").ok_or(TokenProblem::Invalid)?;
        if now + LEEWAY < begin {
            return Err(TokenProblem::Invalid);
        }
    }
    if now < end { Ok(end) } else { Err(TokenProblem::Expired) }
}
