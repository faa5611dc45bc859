//! What a test puts into the world of suites, and what it sees of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::wecom::api::{LIST_MOMENTS, POST_MOMENTS, READ_CUSTOMERS};

/// An app of a provider, as the provider's console shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuiteSeed {
    /// `ww…` for a third-party app, `dk…` for a template of provider-developed apps.
    pub suite_id: String,
    /// Which of the two.
    pub kind: SuiteKind,
    /// As corps see the app.
    #[serde(default)]
    pub name: String,
    /// `suite_secret`.
    pub secret: String,
    /// Token of both callback addresses.
    pub token: String,
    /// `EncodingAESKey` of both callback addresses.
    pub aes_key: String,
    /// 指令回调; empty: nothing is pushed, not even tickets.
    #[serde(default)]
    pub instruction_url: String,
    /// 数据回调; empty: nothing is pushed there.
    #[serde(default)]
    pub data_url: String,
    /// The provider's own corp. Several suites may share it, with the same secret.
    pub provider_corpid: String,
    /// `provider_secret`.
    pub provider_secret: String,
}

/// How an app of a provider comes to a corp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuiteKind {
    /// 第三方应用: `get_corp_token`; real names are never told.
    ThirdParty,
    /// 代开发: the permanent code is a secret for `gettoken`.
    ProviderDeveloped,
}

/// Which address of a suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuiteUrl {
    /// 指令回调; its check is sealed for the provider's corpid.
    Instruction,
    /// 数据回调; its check is sealed for the provider's corpid, too.
    Data,
}

/// What a corp allows an installed app. A change is told with `change_auth`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GrantSettings {
    /// Permission strings; without the one it needs a call answers 48002.
    pub permissions: Vec<String>,
    /// Whether a provider-developed app is told the members' names. A third-party app never is.
    pub names: bool,
    /// Switched off by the corp: 50003.
    pub closed: bool,
    /// Installed by members for themselves: `auth_mode` 1.
    pub by_members: bool,
}

impl Default for GrantSettings {
    fn default() -> Self {
        let all = [READ_CUSTOMERS, POST_MOMENTS, LIST_MOMENTS];
        Self {
            permissions: all.map(str::to_owned).into(),
            names: true,
            closed: false,
            by_members: false,
        }
    }
}

/// A suite as the controls show it, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuiteView {
    /// As seeded.
    pub suite_id: String,
    /// As seeded.
    pub kind: SuiteKind,
    /// As seeded.
    pub name: String,
    /// Present 指令回调.
    pub instruction_url: String,
    /// Present 数据回调.
    pub data_url: String,
    /// Tickets made so far.
    pub tickets: u64,
    /// Every corp that has, or had, the app.
    pub grants: Vec<GrantView>,
}

/// An app in a corp.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantView {
    /// The corp as seeded.
    pub corpid: String,
    /// The corp as the provider sees it: `wp…`, case-sensitive.
    pub open_corpid: String,
    /// The app in this corp.
    pub agentid: u64,
    /// False after `cancel_auth`.
    pub alive: bool,
    /// What the corp allows.
    pub settings: GrantSettings,
}

/// How an installation ended for the browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// Where the browser is sent, with `auth_code`, `expires_in` and `state`; `None`: nowhere, `create_auth` is pushed.
    pub redirect: Option<String>,
}

/// Only the names of the suite.
impl fmt::Debug for SuiteSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SuiteSeed")
            .field("suite_id", &self.suite_id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
