//! Access tokens.

use std::fmt;

use moments_wire::flexible;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

/// An access token of one app of one corp, of a suite or of a provider: opaque, at most 512 bytes. Its `Debug` shows nothing of it.
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

/// Answer of `gettoken` and its kin for suites (reference wecom 2.1, 3.3).
#[derive(Clone, Debug, Deserialize)]
pub struct IssuedToken {
    /// The token; the same one as before while that is valid.
    #[serde(alias = "suite_access_token", alias = "provider_access_token")]
    pub access_token: AccessToken,
    /// Seconds that it is said to stay valid. It may be too much, and the platform may end a token early: refresh on 40014 and 42001 too.
    #[serde(deserialize_with = "flexible::number")]
    pub expires_in: u64,
}
