//! The provider's apps, from the settings `wecom.suite_…`, `wecom.template_…` and `wecom.provider_…`.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use moments_domain::{AppKind, Clock, UserId};
use moments_engine::{Provider, SealedShelf, Suite};
use moments_platforms::wecom::{ProviderConfig, SuiteConfig, SuiteConfigs, Suites};
use moments_wecom::{CallbackKeys, WecomClient};
use secrecy::{ExposeSecret, SecretString};

use crate::settings::{Settings, Wecom};

/// One app's four settings.
struct Given<'a> {
    app: AppKind,
    /// What the settings' names begin with.
    prefix: &'static str,
    id: &'a str,
    secret: &'a SecretString,
    token: &'a SecretString,
    aes_key: &'a SecretString,
}

/// The provider's apps; `None`: there are none. Fails when an app is given in part, or with keys of another shape.
pub(super) fn provider(
    settings: &Settings,
    client: &WecomClient,
    shelf: Arc<SealedShelf>,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Option<Provider>> {
    let wecom = &settings.wecom;
    let given: Vec<_> = apps(wecom).into_iter().filter(Given::is_given).collect();
    let suites = given.iter().map(Given::suite).collect::<anyhow::Result<Vec<_>>>()?;
    if suites.is_empty() {
        return Ok(None);
    }
    let config = |app| given.iter().find(|one| one.app == app).map(Given::config);
    let configs = SuiteConfigs {
        third_party: config(AppKind::ThirdParty),
        template: config(AppKind::ProviderDeveloped),
        provider: provider_config(wecom)?,
    };
    Ok(Some(Provider {
        calls: Arc::new(Suites::new(client.clone(), shelf, configs, Arc::clone(clock))),
        suites,
        corp_id: wecom.provider_corp_id.clone(),
        open_url: wecom.open_url.parse().context("wecom.open_url")?,
        installed_url: match wecom.installed_url.as_str() {
            "" => None,
            url => Some(url.parse().context("wecom.installed_url")?),
        },
        installed_wait: match wecom.installed_wait_secs {
            secs @ 0..=20 => Duration::from_secs(secs),
            _ => bail!("wecom.installed_wait_secs must be 0 to 20"),
        },
        marketplace_user: match wecom.marketplace_user {
            0 => None,
            user if user > 0 => Some(UserId(user)),
            _ => bail!("wecom.marketplace_user must be a user's id, or 0"),
        },
    }))
}

fn apps(wecom: &Wecom) -> [Given<'_>; 2] {
    [
        Given {
            app: AppKind::ThirdParty,
            prefix: "suite",
            id: &wecom.suite_id,
            secret: &wecom.suite_secret,
            token: &wecom.suite_token,
            aes_key: &wecom.suite_aes_key,
        },
        Given {
            app: AppKind::ProviderDeveloped,
            prefix: "template",
            id: &wecom.template_id,
            secret: &wecom.template_secret,
            token: &wecom.template_token,
            aes_key: &wecom.template_aes_key,
        },
    ]
}

fn provider_config(wecom: &Wecom) -> anyhow::Result<Option<ProviderConfig>> {
    let (corp_id, secret) = (&wecom.provider_corp_id, &wecom.provider_secret);
    match (corp_id.is_empty(), secret.expose_secret().is_empty()) {
        // A corpid alone is enough for the console's checks of callback addresses.
        (_, true) => Ok(None),
        (true, false) => bail!("wecom.provider_secret is given without wecom.provider_corp_id"),
        (false, false) => Ok(Some(ProviderConfig {
            corp_id: corp_id.clone(),
            secret: secret.clone(),
        })),
    }
}

impl Given<'_> {
    fn parts(&self) -> [&str; 4] {
        let [secret, token, aes_key] = [self.secret, self.token, self.aes_key].map(ExposeSecret::expose_secret);
        [self.id, secret, token, aes_key]
    }

    fn is_given(&self) -> bool {
        self.parts().iter().any(|part| !part.is_empty())
    }

    fn suite(&self) -> anyhow::Result<Suite> {
        let prefix = self.prefix;
        if self.parts().iter().any(|part| part.is_empty()) {
            bail!(
                "wecom.{prefix}_id, {prefix}_secret, {prefix}_token and {prefix}_aes_key belong together: give all four, or none"
            );
        }
        let keys = CallbackKeys::new(self.token.clone(), self.aes_key).map_err(|_| {
            anyhow::anyhow!(
                "wecom.{prefix}_token must have 1 to 32 letters and digits, wecom.{prefix}_aes_key exactly 43 (EncodingAESKey)"
            )
        })?;
        Ok(Suite {
            id: self.id.to_owned(),
            app: self.app,
            keys: Arc::new(keys),
        })
    }

    fn config(&self) -> SuiteConfig {
        SuiteConfig {
            id: self.id.to_owned(),
            secret: self.secret.clone(),
        }
    }
}
