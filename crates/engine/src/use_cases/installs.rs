//! Installs of a provider's app that begin here (reference wecom 3.2): a link goes out, an administrator comes back with a code.

use std::time::Duration;

use moments_domain::{AppKind, AuditAction, AuditObject, InstallStatus, PushKind, Timestamp, UserId};
use moments_platforms::CallFailure;
use moments_store::Install;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::channels::{ChannelView, refused};
use crate::app::Engine;
use crate::callbacks::{CallbackRefusal, Work};
use crate::problem::Problem;
use crate::use_cases::AccountView;

/// An administrator who consents in the last minute of a link still comes back in time.
pub(crate) const STATE_GRACE: Duration = Duration::from_mins(5);
/// How often the outcome is looked for while a returning administrator waits.
const GLANCE: Duration = Duration::from_millis(100);

/// An install as whoever began it sees it.
#[derive(Clone, Debug)]
pub struct InstallView {
    /// Names the install.
    pub state: String,
    /// Whose app it is.
    pub app: AppKind,
    /// What the channel will be called; empty: as the corp is.
    pub name: String,
    /// How far it is.
    pub status: InstallStatus,
    /// After this the link is useless.
    pub expires: Timestamp,
    /// Why it failed, in Chinese.
    pub message: Option<String>,
    /// The channel that it became, while there is one.
    pub channel: Option<ChannelView>,
}

/// What an administrator who comes back finds.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The install.
    pub install: InstallView,
    /// The accounts that it brought.
    pub accounts: Vec<AccountView>,
    /// Where to go on, with the channel's id; `None`: here.
    pub go_to: Option<String>,
}

impl Engine {
    /// Begins an install: the link for the corp's administrator, good once and only until `expires`.
    ///
    /// [`Problem::SwitchedOff`] where the installation has no such app; a refusal of the platform is [`moments_domain::MomentError::WechatApi`].
    pub async fn begin_install(
        &self,
        user: UserId,
        app: AppKind,
        name: String,
    ) -> Result<(InstallView, SecretString), Problem> {
        let provider = self.provider()?;
        let suite = provider.suite_of(app).ok_or(Problem::SwitchedOff(
            "本系统没有配置这一类型的服务商应用，请管理员检查 wecom.suite_id 与 wecom.template_id",
        ))?;
        let state = format!("{:032x}", rand::random::<u128>());
        let (url, expires) = match app {
            AppKind::ThirdParty => {
                let start = provider
                    .calls
                    .install_code()
                    .await
                    .map_err(|failure| refusal(&failure))?;
                let back = format!("{}/callbacks/wecom/installed", self.settings.public_url);
                let code = start.value.expose_secret();
                let url = moments_wecom::install_url(&provider.open_url, &suite.id, code, &back, &state);
                (SecretString::from(url), start.expires)
            }
            AppKind::ProviderDeveloped | AppKind::SelfBuilt => {
                let start = provider
                    .calls
                    .customized_auth_url(&state)
                    .await
                    .map_err(|failure| refusal(&failure))?;
                (start.value, start.expires)
            }
        };
        let install = Install {
            state,
            user_id: Some(user),
            app,
            suite_id: suite.id.clone(),
            name,
            status: InstallStatus::Waiting,
            expires,
            channel_id: None,
            message: None,
            corp_id: None,
            credential: None,
            create_time: self.clock.now(),
        };
        let detail = json!({ "appKind": app.name(), "name": install.name });
        let entry = self.entry(user, AuditAction::Install, (AuditObject::Suite, &suite.id), detail);
        self.store.add_install(&install, Some(&entry)).await?;
        Ok((self.install_view(install).await?, url))
    }

    /// How far the user's install is.
    pub async fn install(&self, user: UserId, state: &str) -> Result<InstallView, Problem> {
        let found = self.store.find_install(state).await?;
        let own = found.filter(|install| install.user_id == Some(user));
        self.install_view(own.ok_or(Problem::NotFound("安装"))?).await
    }

    /// An administrator came back from the platform with a code: the outcome, or how far it is when that takes long.
    ///
    /// [`Problem::NotFound`] for a state that was not given out here.
    pub async fn install_arrived(&self, state: &str, code: SecretString) -> Result<Arrival, Problem> {
        let began = tokio::time::Instant::now();
        let mut install = self.begun_install(state).await?;
        let patience = self.provider()?.installed_wait;
        let is_void = self.clock.now() > install.expires + STATE_GRACE;
        if install.status == InstallStatus::Waiting && !is_void {
            let mut create = Work::new(PushKind::CreateAuth, &install.suite_id, self.clock.now()).with(code);
            create.state = Some(state.to_owned());
            self.add_work(create).await.map_err(not_kept)?;
            while install.status == InstallStatus::Waiting && began.elapsed() < patience {
                tokio::time::sleep(GLANCE).await;
                install = self.begun_install(state).await?;
            }
        }
        self.arrival(install).await
    }

    async fn begun_install(&self, state: &str) -> Result<Install, Problem> {
        let found = self.store.find_install(state).await?;
        let begun = found.filter(|install| install.user_id.is_some());
        begun.ok_or(Problem::NotFound("安装链接"))
    }

    async fn arrival(&self, install: Install) -> Result<Arrival, Problem> {
        let install = self.install_view(install).await?;
        let Some(channel) = &install.channel else {
            return Ok(Arrival {
                install,
                accounts: Vec::new(),
                go_to: None,
            });
        };
        let accounts = self.store.accounts_of(channel.id).await?;
        let go_to = self.provider()?.installed_url.clone().map(|mut url| {
            url.query_pairs_mut().append_pair("channelId", &channel.id.to_string());
            url.to_string()
        });
        Ok(Arrival {
            accounts: accounts.into_iter().map(AccountView::from).collect(),
            install,
            go_to,
        })
    }

    async fn install_view(&self, install: Install) -> Result<InstallView, Problem> {
        let now = self.clock.now();
        let status = match install.status {
            InstallStatus::Waiting if now > install.expires + STATE_GRACE => InstallStatus::Expired,
            other => other,
        };
        let channel = match (install.channel_id, install.user_id) {
            (Some(id), Some(user)) => self.channels(user).await?.into_iter().find(|channel| channel.id == id),
            _ => None,
        };
        Ok(InstallView {
            state: install.state,
            app: install.app,
            name: install.name,
            status,
            expires: install.expires,
            message: install.message,
            channel,
        })
    }
}

fn refusal(failure: &CallFailure) -> Problem {
    refused(moments_domain::ChannelKind::Wecom, failure)
}

fn not_kept(refusal: CallbackRefusal) -> Problem {
    Problem::Internal(Box::new(refusal))
}
