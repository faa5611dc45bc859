//! What a test puts into the WeCom world, and the knobs of a corp.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::wecom::api::{LIST_MOMENTS, POST_MOMENTS, READ_CUSTOMERS};

/// A corp with one self-built app. Posting it again under the same corpid replaces nothing: it is refused.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct CorpSeed {
    /// `ww…`; case-insensitive.
    pub corpid: String,
    /// Shown on the page only.
    #[serde(default)]
    pub name: String,
    /// The app that publishes.
    pub agentid: u64,
    /// Its secret.
    pub secret: String,
    /// Everybody in the corp.
    pub members: Vec<MemberSeed>,
    /// Customer tags of the corp.
    #[serde(default)]
    pub tags: Vec<TagSeed>,
    /// Limits, delays, permissions.
    #[serde(default)]
    pub settings: CorpSettings,
}

/// One member. The defaults make a good sender; each `false` spoils one condition of reference wecom 5.4.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberSeed {
    /// 1-64 characters; case-insensitive.
    pub userid: String,
    /// Real name; the userid when missing.
    #[serde(default)]
    pub name: String,
    /// 1 activated, 2 disabled, 4 not activated, 5 left. Anything but 1 never publishes.
    #[serde(default = "activated")]
    pub status: u8,
    /// Departments, the first is the main one.
    #[serde(default = "root")]
    pub department: Vec<u32>,
    /// Inside the app's visible range; otherwise an invalid sender.
    #[serde(default = "yes")]
    pub visible: bool,
    /// In 客户联系 使用范围; otherwise silently without a task.
    #[serde(default = "yes")]
    pub follow: bool,
    /// In 客户朋友圈 使用范围; otherwise silently without a task.
    #[serde(default = "yes")]
    pub moments: bool,
    /// `None`: three invented customers without tags. An empty list: silently without a task.
    #[serde(default)]
    pub customers: Option<Vec<Customer>>,
}

/// A customer of one member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// `wm…`
    pub external_userid: String,
    /// Tag ids of the corp.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// A customer tag of the corp.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagSeed {
    /// `et…`
    pub id: String,
    /// As the console shows it.
    pub name: String,
}

/// Limits, delays and permissions of one corp. All times are milliseconds of the sandbox clock; 0 in a limit: none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CorpSettings {
    /// Creations in any sliding minute; the next one gets 45009 and 60 s of it. Default 10.
    pub creates_per_minute: u32,
    /// Creations in a calendar month of Asia/Shanghai, then 41210. Default 100 000.
    pub creates_per_month: u32,
    /// Creation jobs running at once, then 41078. Default 100.
    pub running_jobs: u32,
    /// Calls of one API in a minute, then 45009 for 60 s. Default 10 000.
    pub calls_per_minute: u32,
    /// Calls of one API in an hour, then 45009 for 60 min. Default 150 000.
    pub calls_per_hour: u32,
    /// From creation until the job has status 3; half of it status 1, the rest status 2. Default 200.
    pub job_delay_ms: u32,
    /// From status 3 until the members have the task; 41079 meanwhile. Default 200.
    pub dispatch_delay_ms: u32,
    /// How members confirm.
    pub confirm: Confirm,
    /// Members (userids) who silently get no task.
    pub undispatched: Vec<String>,
    /// Share (0 to 1) of the other members who silently get no task.
    pub undispatched_share: f64,
    /// `result.errcode` when every sender is invalid; 0: a moment without senders is created. Default 81013.
    pub all_invalid_errcode: i64,
    /// Permission to create and cancel moments; otherwise 48002.
    pub can_publish: bool,
    /// Permission to read moments; otherwise 48002.
    pub can_read: bool,
    /// Permission to read members with customers, customers and tags; otherwise 48002.
    pub can_read_customers: bool,
    /// Whether the corp has the moments feature; otherwise 41211.
    pub has_moments: bool,
    /// The app is switched off: `agent/get` says `close` 1, every other call answers 50003.
    pub closed: bool,
    /// Departments that `agent/get` names as the app's visible range, instead of naming their members one by one.
    pub visible_parties: Vec<u32>,
}

impl Default for CorpSettings {
    fn default() -> Self {
        Self {
            creates_per_minute: 10,
            creates_per_month: 100_000,
            running_jobs: 100,
            calls_per_minute: 10_000,
            calls_per_hour: 150_000,
            job_delay_ms: 200,
            dispatch_delay_ms: 200,
            confirm: Confirm::Immediately,
            undispatched: Vec::new(),
            undispatched_share: 0.0,
            all_invalid_errcode: 81013,
            can_publish: true,
            can_read: true,
            can_read_customers: true,
            has_moments: true,
            closed: false,
            visible_parties: Vec::new(),
        }
    }
}

/// When a member publishes the task on the phone. Fixed at creation. JSON: `{"policy":"after","ms":60000}`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "policy", rename_all = "snake_case")]
pub enum Confirm {
    /// As soon as the task is there.
    Immediately,
    /// This long after the task is there.
    After {
        /// Milliseconds of the sandbox clock.
        ms: u32,
    },
    /// A human mixture, different for each member and moment but repeatable.
    Random {
        /// Earliest, milliseconds after the task is there.
        min_ms: u32,
        /// Latest.
        max_ms: u32,
        /// Share (0 to 1) of members who never do.
        never_share: f64,
    },
    /// Only when a test says so (`/sandbox/corps/{corpid}/confirm`).
    Script,
    /// Like `script`, for those who mean it.
    Never,
}

/// Trouble with a corp's credentials (reference wecom 12, "tokens").
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum TokenEvent {
    /// The present token is dead at once: 40014. `gettoken` gives a new one.
    Invalidate,
    /// The present token has expired: 42001. `gettoken` gives a new one.
    Expire,
    /// The app is disabled: 40001 everywhere.
    DisableApp,
    /// The app works again.
    EnableApp,
    /// The caller's address is not trusted: 60020 everywhere.
    UntrustIp,
    /// It is again.
    TrustIp,
    /// The secret was reset: 40001 for the old one, the present token is dead.
    ResetSecret {
        /// The new secret.
        secret: String,
    },
}

/// A corp as the controls show it, without its secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CorpView {
    /// corpid as seeded.
    pub corpid: String,
    /// Name for the page.
    pub name: String,
    /// The app.
    pub agentid: u64,
    /// Number of members.
    pub members: usize,
    /// Number of moments and running creations remembered.
    pub moments: usize,
    /// Present settings.
    pub settings: CorpSettings,
}

/// Without the secret, which could be a real one in a careless test.
impl fmt::Debug for CorpSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("CorpSeed");
        shown
            .field("corpid", &self.corpid)
            .field("members", &self.members.len());
        shown.finish_non_exhaustive()
    }
}

/// Only what happens, never the new secret.
impl fmt::Debug for TokenEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalidate => "Invalidate",
            Self::Expire => "Expire",
            Self::DisableApp => "DisableApp",
            Self::EnableApp => "EnableApp",
            Self::UntrustIp => "UntrustIp",
            Self::TrustIp => "TrustIp",
            Self::ResetSecret { .. } => "ResetSecret",
        })
    }
}

impl CorpSettings {
    /// What `agent/get_permissions` lists for the corp's own app.
    pub(crate) fn permissions(&self) -> Vec<&'static str> {
        [
            (self.can_read_customers, READ_CUSTOMERS),
            (self.can_publish, POST_MOMENTS),
            (self.can_read, LIST_MOMENTS),
        ]
        .into_iter()
        .filter_map(|(granted, name)| granted.then_some(name))
        .collect()
    }
}

impl MemberSeed {
    /// A good sender: activated, visible, with customers.
    pub fn new(userid: &str, name: &str) -> Self {
        Self {
            userid: userid.to_owned(),
            name: name.to_owned(),
            status: activated(),
            department: root(),
            visible: true,
            follow: true,
            moments: true,
            customers: None,
        }
    }
}

fn activated() -> u8 {
    1
}

fn root() -> Vec<u32> {
    vec![1]
}

fn yes() -> bool {
    true
}
