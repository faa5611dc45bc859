//! Answers about installed apps (reference wecom 3.3).

use moments_wire::flexible;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

/// Where an administrator installs a third-party app: the page at `open_url` (the platform's is <https://open.work.weixin.qq.com>), from which
/// the browser returns to `redirect_uri` with an `auth_code` and the `state`, letters and digits only (reference wecom 3.2).
pub fn install_url(open_url: &Url, suite_id: &str, pre_auth_code: &str, redirect_uri: &str, state: &str) -> String {
    let mut url = open_url.clone();
    url.set_path("/3rdapp/install");
    url.query_pairs_mut().clear().extend_pairs([
        ("suite_id", suite_id),
        ("pre_auth_code", pre_auth_code),
        ("redirect_uri", redirect_uri),
        ("state", state),
    ]);
    url.into()
}

/// Answer of `get_pre_auth_code`: where an install from our own site begins.
#[derive(Clone, Debug, Deserialize)]
pub struct PreAuthCode {
    /// Goes into the install link; good for one install.
    pub pre_auth_code: SecretString,
    /// Seconds that it lives: 1200.
    #[serde(deserialize_with = "flexible::number")]
    pub expires_in: u64,
}

/// `auth_type` of `set_session_info`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstallKind {
    /// 0: what customers do.
    Real,
    /// 1: only while the app is not published.
    Test,
}

/// Answer of `v2/get_permanent_code`.
#[derive(Clone, Debug, Deserialize)]
pub struct Authorization {
    /// The corp's credential until it cancels; the app's secret where the app is provider-developed.
    pub permanent_code: SecretString,
    /// The corp.
    pub auth_corp_info: AuthCorp,
    /// The administrator, where the platform tells.
    #[serde(default, deserialize_with = "flexible::nullable")]
    pub auth_user_info: AuthUser,
    /// What the install was started with; only for installs by QR code.
    #[serde(default, deserialize_with = "flexible::text")]
    pub state: String,
}

/// A corp as a suite sees it.
#[derive(Clone, Debug, Deserialize)]
pub struct AuthCorp {
    /// Its id, encrypted for the provider. Case-sensitive.
    pub corpid: String,
    /// Its short name; may be empty.
    #[serde(default, deserialize_with = "flexible::text")]
    pub corp_name: String,
}

/// Who installed the app.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct AuthUser {
    /// The administrator's userid as the suite sees it; may be empty.
    #[serde(default, deserialize_with = "flexible::text")]
    pub userid: String,
}

/// Answer of `v2/get_auth_info`.
#[derive(Clone, Debug, Deserialize)]
pub struct AuthInfo {
    /// The corp.
    pub auth_corp_info: AuthCorp,
    #[serde(default, deserialize_with = "flexible::nullable")]
    auth_info: Agents,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Agents {
    #[serde(default, deserialize_with = "flexible::nullable")]
    agent: Vec<AuthAgent>,
}

impl AuthInfo {
    /// The installed app; `None` when the corp has taken it away. Modern suites have one.
    pub fn agent(&self) -> Option<&AuthAgent> {
        self.auth_info.agent.first()
    }
}

/// An app as it is installed at a corp.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AuthAgent {
    /// Its id at this corp.
    #[serde(deserialize_with = "flexible::number")]
    pub agentid: i64,
    /// Its name.
    #[serde(default, deserialize_with = "flexible::text")]
    pub name: String,
    #[serde(default, deserialize_with = "flexible::number")]
    auth_mode: i64,
    /// Whom it may see.
    #[serde(default, deserialize_with = "flexible::nullable")]
    pub privilege: Privilege,
}

impl AuthAgent {
    /// Whether members installed it for themselves (成员授权): then only they can be used.
    pub const fn is_by_members(&self) -> bool {
        self.auth_mode == 1
    }
}

/// An app's visible range (应用可见范围).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Privilege {
    /// Departments, with all below them.
    #[serde(default, deserialize_with = "flexible::nullable")]
    pub allow_party: Vec<i64>,
    /// Members.
    #[serde(default, deserialize_with = "flexible::nullable")]
    pub allow_user: Vec<String>,
    /// Contact tags.
    #[serde(default, deserialize_with = "flexible::nullable")]
    pub allow_tag: Vec<i64>,
}

/// Answer of `get_customized_auth_url`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CustomizedAuthUrl {
    /// The address behind the QR code that an administrator scans.
    pub qrcode_url: String,
    /// Seconds that it lives: ten days.
    #[serde(deserialize_with = "flexible::number")]
    pub expires_in: u64,
}

/// Answer of `agent/get_permissions`.
#[derive(Deserialize)]
pub(crate) struct Permissions {
    #[serde(default, deserialize_with = "flexible::nullable")]
    pub(crate) app_permissions: Vec<String>,
}
