//! What only a log-in itself needs, sealed as one text.

use moments_domain::LoginId;
use moments_store::{LOGIN_SECRETS, Login};
use moments_vault::KeyRing;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// The secrets of one log-in. Whoever has the code can log in with it; whoever has the token owns all of its accounts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LoginSecrets {
    /// The gateway's token; empty when the log-in is over.
    pub(crate) token: SecretString,
    /// `socks5://user:pass@host:port`, kept for the next log-in of the device.
    pub(crate) proxy: Option<SecretString>,
    /// What polls ask after; `None`: no code yet.
    pub(crate) uuid: Option<SecretString>,
    /// What the code says.
    pub(crate) text: Option<SecretString>,
    /// The code's picture as a data URI, where its text is not known.
    pub(crate) picture: Option<SecretString>,
    /// Where WeChat's extra check is done, while it is asked for.
    pub(crate) verify_url: Option<SecretString>,
}

#[derive(Serialize)]
struct Written<'a> {
    token: &'a str,
    proxy: Option<&'a str>,
    uuid: Option<&'a str>,
    text: Option<&'a str>,
    picture: Option<&'a str>,
    verify_url: Option<&'a str>,
}

impl LoginSecrets {
    /// The secrets of a log-in; none when they are forgotten.
    pub(crate) fn open(keys: &KeyRing, login: &Login) -> Result<Self, Problem> {
        let Some(sealed) = &login.secrets else {
            return Ok(Self::default());
        };
        let text = keys.open(&LOGIN_SECRETS.bound_to(login.id), sealed).map_err(internal)?;
        serde_json::from_str(text.expose_secret()).map_err(internal)
    }

    /// The same as one sealed text.
    pub(crate) fn seal(&self, keys: &KeyRing, id: LoginId) -> Result<String, Problem> {
        let written = Written {
            token: self.token.expose_secret(),
            proxy: exposed(self.proxy.as_ref()),
            uuid: exposed(self.uuid.as_ref()),
            text: exposed(self.text.as_ref()),
            picture: exposed(self.picture.as_ref()),
            verify_url: exposed(self.verify_url.as_ref()),
        };
        let text = SecretString::from(serde_json::to_string(&written).map_err(internal)?);
        keys.seal(&LOGIN_SECRETS.bound_to(id), &text).map_err(internal)
    }

    /// What a later log-in of the same device needs.
    pub(crate) fn kept(&self) -> Self {
        Self {
            proxy: self.proxy.clone(),
            ..Self::default()
        }
    }

    /// The same without a code, to ask for a fresh one.
    pub(crate) fn without_code(&self) -> Self {
        Self {
            token: self.token.clone(),
            ..self.kept()
        }
    }
}

fn exposed(secret: Option<&SecretString>) -> Option<&str> {
    secret.map(ExposeSecret::expose_secret)
}

fn internal(error: impl std::error::Error + Send + Sync + 'static) -> Problem {
    Problem::Internal(Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_keeps_its_proxy_and_nothing_else() {
        let secrets = LoginSecrets {
            token: "T".into(),
            proxy: Some("socks5://u:p@h:1".into()),
            uuid: Some("U".into()),
            verify_url: Some("https://v".into()),
            ..LoginSecrets::default()
        };
        let kept = secrets.kept();
        assert!(kept.token.expose_secret().is_empty() && kept.uuid.is_none() && kept.verify_url.is_none());
        assert_eq!(exposed(kept.proxy.as_ref()), Some("socks5://u:p@h:1"));
        let fresh = secrets.without_code();
        assert_eq!((fresh.token.expose_secret(), fresh.uuid.is_none()), ("T", true));
    }
}
