//! Suites: a provider's third-party app and its template of provider-developed apps (reference wecom 3).
//!
//! A suite's token is kept like a corp's: one refresh at a time over all processes, ahead of its expiry, never again with a secret that
//! the platform called wrong. It needs the newest ticket, which the platform pushes every ten minutes; without one nothing can be
//! asked, which says nothing about any channel.

use std::sync::Arc;
use std::time::Duration;

use moments_domain::{Clock, ErrorClass, Timestamp};
use moments_wecom::{AccessToken, IssuedToken, WecomClient};
use moments_wire::CallError;
use secrecy::SecretString;

use crate::{CallFailure, Refusal, SuiteShelf};

use super::failure::failure;
use super::keeper::refresher::{FetchError, Refresher, Source, TokenCallError};
use super::keeper::slot::Slot;

mod source;

use source::{ProviderSource, SuiteSource};

/// A suite of this installation, as the provider console shows it.
#[derive(Clone, Debug)]
pub struct SuiteConfig {
    /// `ww…` or `wx…` for a third-party app, `dk…` for a template.
    pub id: String,
    /// Its secret.
    pub secret: SecretString,
}

/// The provider's own access, needed to make install links for templates.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// The provider's corpid.
    pub corp_id: String,
    /// Its `provider_secret`.
    pub secret: SecretString,
}

/// What an installation has been given; each part may be missing.
#[derive(Clone, Debug, Default)]
pub struct SuiteConfigs {
    /// The third-party app.
    pub third_party: Option<SuiteConfig>,
    /// The template of provider-developed apps.
    pub template: Option<SuiteConfig>,
    /// The provider.
    pub provider: Option<ProviderConfig>,
}

/// A link that begins an install, or the code in it.
#[derive(Clone, Debug)]
pub struct InstallStart {
    /// The pre-auth code, or the whole address to scan.
    pub value: SecretString,
    /// From then on it is useless.
    pub expires: Timestamp,
}

/// A corp that has just authorised an app.
#[derive(Clone, Debug)]
pub struct NewAuth {
    /// The corp as the suite sees it; case-sensitive.
    pub corp_id: String,
    /// Its name; may be empty.
    pub corp_name: String,
    /// The credential of the new channel.
    pub permanent_code: SecretString,
    /// Who installed the app, if told.
    pub admin_userid: Option<String>,
    /// The state that the install was begun with; told only for installs by QR code.
    pub state: Option<String>,
}

/// What an authorisation covers now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthInfo {
    /// The corp's name; may be empty.
    pub corp_name: String,
    /// The app's id at this corp.
    pub agent_id: i64,
    /// The app's name at this corp.
    pub agent_name: String,
    /// Installed by members for themselves: only they can be used.
    pub is_by_members: bool,
}

/// The suites of this process. One for all, shared with [`WecomPlatform`](super::WecomPlatform).
pub struct Suites {
    client: WecomClient,
    shelf: Arc<dyn SuiteShelf>,
    clock: Arc<dyn Clock>,
    third_party: Option<Held<SuiteConfig>>,
    template: Option<Held<SuiteConfig>>,
    provider: Option<Held<ProviderConfig>>,
}

struct Held<T> {
    config: T,
    slot: Slot,
}

impl<T> Held<T> {
    fn new(config: T) -> Self {
        Self {
            config,
            slot: Slot::default(),
        }
    }
}

impl Suites {
    /// `shelf` keeps tickets and tokens for all processes.
    pub fn new(client: WecomClient, shelf: Arc<dyn SuiteShelf>, configs: SuiteConfigs, clock: Arc<dyn Clock>) -> Self {
        Self {
            client,
            shelf,
            clock,
            third_party: configs.third_party.map(Held::new),
            template: configs.template.map(Held::new),
            provider: configs.provider.map(Held::new),
        }
    }

    /// A `pre_auth_code` for an install of the third-party app from our own site; lives twenty minutes.
    pub async fn install_code(&self) -> Result<InstallStart, CallFailure> {
        let held = self.third_party.as_ref().ok_or_else(no_suite)?;
        let client = &self.client;
        let code = self
            .with_suite_token(held, |token| async move { client.get_pre_auth_code(&token).await })
            .await
            .map_err(flat)?;
        Ok(InstallStart {
            value: code.pre_auth_code,
            expires: self.clock.now() + Duration::from_secs(code.expires_in),
        })
    }

    /// The address where an administrator installs an app from the template; lives ten days. `state` has at most 32 bytes.
    pub async fn customized_auth_url(&self, state: &str) -> Result<InstallStart, CallFailure> {
        let template = self.template.as_ref().ok_or_else(no_suite)?.config.id.as_str();
        let held = self.provider.as_ref().ok_or_else(no_provider)?;
        let source = ProviderSource {
            client: &self.client,
            config: &held.config,
        };
        let client = &self.client;
        let url = self
            .with_token(&held.slot, &source, |token| async move {
                client.get_customized_auth_url(&token, state, &[template]).await
            })
            .await
            .map_err(flat)?;
        Ok(InstallStart {
            value: url.qrcode_url.into(),
            expires: self.clock.now() + Duration::from_secs(url.expires_in),
        })
    }

    /// Exchanges an `auth_code`. It is good once: after [`CallFailure::NoAnswer`] it may be spent.
    pub async fn exchange(&self, suite_id: &str, auth_code: &SecretString) -> Result<NewAuth, CallFailure> {
        let client = &self.client;
        let new = self
            .with_suite_token(self.suite(suite_id)?, |token| async move {
                client.get_permanent_code(&token, auth_code).await
            })
            .await
            .map_err(flat)?;
        let told = |text: String| Some(text).filter(|text| !text.is_empty());
        Ok(NewAuth {
            corp_id: new.auth_corp_info.corpid,
            corp_name: new.auth_corp_info.corp_name,
            permanent_code: new.permanent_code,
            admin_userid: told(new.auth_user_info.userid),
            state: told(new.state),
        })
    }

    /// What a corp's authorisation covers now. A refusal with code `APP_REMOVED` when no app is left in it.
    pub async fn auth_info(
        &self,
        suite_id: &str,
        corp_id: &str,
        permanent_code: &SecretString,
    ) -> Result<AuthInfo, CallFailure> {
        let client = &self.client;
        let info = self
            .with_suite_token(self.suite(suite_id)?, |token| async move {
                client.get_auth_info(&token, corp_id, permanent_code).await
            })
            .await
            .map_err(flat)?;
        let agent = info.agent().ok_or_else(|| {
            configuration(
                "APP_REMOVED",
                "企业的授权里已没有本应用：请管理员在企业微信管理后台重新安装",
            )
        })?;
        Ok(AuthInfo {
            corp_name: info.auth_corp_info.corp_name.clone(),
            agent_id: agent.agentid,
            agent_name: agent.name.clone(),
            is_by_members: agent.is_by_members(),
        })
    }

    /// A corp's access token for the third-party app.
    pub(super) async fn corp_token(
        &self,
        corp_id: &str,
        permanent_code: &SecretString,
    ) -> Result<IssuedToken, FetchError> {
        let held = self.third_party.as_ref().ok_or_else(|| FetchError::Below(no_suite()))?;
        let client = &self.client;
        self.with_suite_token(held, |token| async move {
            client.get_corp_token(&token, corp_id, permanent_code).await
        })
        .await
        .map_err(|error| match error {
            TokenCallError::NoToken(failure) => FetchError::Below(failure),
            TokenCallError::Call(error) => FetchError::Asked(error),
        })
    }

    fn suite(&self, suite_id: &str) -> Result<&Held<SuiteConfig>, CallFailure> {
        [&self.third_party, &self.template]
            .into_iter()
            .flatten()
            .find(|held| held.config.id == suite_id)
            .ok_or_else(no_suite)
    }

    async fn with_suite_token<T, F, Fut>(&self, held: &Held<SuiteConfig>, call: F) -> Result<T, TokenCallError>
    where
        F: Fn(AccessToken) -> Fut,
        Fut: Future<Output = Result<T, CallError>>,
    {
        let source = SuiteSource {
            client: &self.client,
            shelf: &*self.shelf,
            clock: &*self.clock,
            config: &held.config,
        };
        self.with_token(&held.slot, &source, call).await
    }

    async fn with_token<T, F, Fut>(&self, slot: &Slot, source: &dyn Source, call: F) -> Result<T, TokenCallError>
    where
        F: Fn(AccessToken) -> Fut,
        Fut: Future<Output = Result<T, CallError>>,
    {
        slot.lapse(self.clock.now());
        let clock = &*self.clock;
        Refresher { slot, source, clock }.with_token(call).await
    }
}

fn flat(error: TokenCallError) -> CallFailure {
    match error {
        TokenCallError::NoToken(failure) => failure,
        TokenCallError::Call(error) => failure(error),
    }
}

/// The installation lacks the suite that this is about.
pub(super) fn no_suite() -> CallFailure {
    configuration(
        "SUITE_NOT_CONFIGURED",
        "本系统没有配置对应的服务商应用：请检查设置 wecom.suite_id 或 wecom.template_id",
    )
}

fn no_provider() -> CallFailure {
    configuration(
        "PROVIDER_NOT_CONFIGURED",
        "本系统没有配置服务商凭证：请检查设置 wecom.provider_corp_id 与 wecom.provider_secret",
    )
}

pub(super) fn configuration(code: &str, message: &str) -> CallFailure {
    CallFailure::Refused(Refusal {
        class: ErrorClass::Configuration,
        code: code.to_owned(),
        message: message.to_owned(),
    })
}

#[cfg(test)]
mod tests;
