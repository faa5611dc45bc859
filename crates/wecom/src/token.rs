//! Access tokens.

use std::fmt;

use moments_wire::flexible;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

/// An access token of one app of one corp: opaque, at most 512 bytes. Its `Debug` shows nothing of it.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct AccessToken(SecretString);

impl AccessToken {
    /// The secret itself, to be sealed and kept.
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

impl From<SecretString> for AccessToken {
    fn from(token: SecretString) -> Self {
        Self(token)
    }
}

impl PartialEq for AccessToken {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(…)")
    }
}

/// Answer of `gettoken` (reference wecom 2.1).
#[derive(Clone, Debug, Deserialize)]
pub struct IssuedToken {
    /// The token; the same one as before while that is valid.
    pub access_token: AccessToken,
    /// Seconds that it is said to stay valid. It may be too much, and the platform may end a token early: refresh on 40014 and 42001 too.
    #[serde(deserialize_with = "flexible::number")]
    pub expires_in: u64,
}
