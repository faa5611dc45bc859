//! What the installation's provider has at WeCom: a third-party app, a template of provider-developed apps, or both.

use std::sync::Arc;
use std::time::Duration;

use moments_domain::{AppKind, UserId};
use moments_platforms::wecom::Suites;
use moments_wecom::CallbackKeys;

use crate::app::Engine;
use crate::problem::Problem;

/// A suite whose pushes come here.
#[derive(Clone)]
pub struct Suite {
    /// `ww…` or `wx…` for a third-party app, `dk…` for a template.
    pub id: String,
    /// [`AppKind::ThirdParty`] or [`AppKind::ProviderDeveloped`].
    pub app: AppKind,
    /// Opens what is pushed about it.
    pub keys: Arc<CallbackKeys>,
}

/// The provider's part of an installation (settings `wecom.suite_id` and what follows it).
#[derive(Clone)]
pub struct Provider {
    /// Calls in the suites' name.
    pub calls: Arc<Suites>,
    /// The suites; at most one of each kind.
    pub suites: Vec<Suite>,
    /// The provider's own corpid; empty when no template needs it.
    pub corp_id: String,
    /// Where administrators install a third-party app.
    pub open_url: url::Url,
    /// Where they are sent after it; `None`: our own page.
    pub installed_url: Option<url::Url>,
    /// How long they wait for the install to be finished before they are told that it goes on (`wecom.installed_wait_secs`).
    pub installed_wait: Duration,
    /// Who owns installs that nobody began here; `None`: they are kept and wait.
    pub marketplace_user: Option<UserId>,
}

impl Provider {
    pub(crate) fn suite(&self, id: &str) -> Option<&Suite> {
        self.suites.iter().find(|suite| suite.id == id)
    }

    pub(crate) fn suite_of(&self, app: AppKind) -> Option<&Suite> {
        self.suites.iter().find(|suite| suite.app == app)
    }
}

impl Engine {
    pub(crate) fn provider(&self) -> Result<&Provider, Problem> {
        self.provider.as_ref().ok_or(Problem::SwitchedOff(
            "本系统没有配置服务商应用，请管理员设置 wecom.suite_id 或 wecom.template_id 等配置",
        ))
    }
}
