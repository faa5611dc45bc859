//! What a test puts into the gewe world, and the switches of a device.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A virtual device with the account that is logged in on it. JSON names as on the gateway (`appId`, `nickName`).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceSeed {
    /// `X-GEWE-TOKEN` of the gateway's customer; several devices may share one.
    pub token: String,
    /// `wx_` and 21 characters; invented when missing.
    #[serde(default)]
    pub app_id: Option<String>,
    /// The account; empty: nobody has logged in yet.
    #[serde(default)]
    pub wxid: String,
    /// Its name.
    #[serde(default)]
    pub nick_name: String,
    /// Its phone number, in clear text as on the gateway.
    #[serde(default)]
    pub mobile: String,
    /// WeChat number (微信号).
    #[serde(default)]
    pub alias: String,
    /// Labels for `label/list`.
    #[serde(default)]
    pub labels: Vec<FriendLabel>,
    /// Friends who may see posts.
    #[serde(default)]
    pub friends: Vec<FriendSeed>,
}

/// A friend of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FriendSeed {
    /// `wxid_…`
    pub wxid: String,
    /// Label ids of the account that this friend has.
    #[serde(default)]
    pub labels: Vec<i64>,
}

/// A label of friends (标签).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FriendLabel {
    /// A number here, a text when publishing.
    pub label_id: i64,
    /// As the phone shows it.
    pub label_name: String,
}

/// A device as the controls show it, without its token and phone number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceView {
    /// The device handle.
    pub app_id: String,
    /// The account; empty while nobody is logged in.
    pub wxid: String,
    /// Its name.
    pub nick_name: String,
    /// Whether business calls work.
    pub online: bool,
    /// Number of posts remembered, deleted ones included.
    pub moments: usize,
    /// Present switches.
    pub switches: Switches,
}

/// Fault switches of a device; they stay until changed (reference personal-gateway 14). Times: sandbox milliseconds,
/// but `slow_media_ms` is real time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// Offline for business calls while `checkOnline` says true.
    pub stale_online: bool,
    /// Publishes, then closes the connection.
    pub lose_response: bool,
    /// Closes the connection of a publish call without doing anything.
    pub drop_request: bool,
    /// Answers publish calls with an HTML 502.
    pub http_5xx: Option<Http5xx>,
    /// Publish calls are refused until the device is `warmup_ms` old.
    pub new_device: bool,
    /// Age from which a `new_device` may publish.
    pub warmup_ms: u32,
    /// Drops at the next 04:00 (UTC+8) with an `Offline` event; then only a QR login helps.
    pub next_day_drop: bool,
    /// Sends each event this many extra times.
    pub duplicate_callbacks: u8,
    /// Posts younger than this are missing from lists.
    pub list_lag_ms: u32,
    /// Delay of each upload.
    pub slow_media_ms: u32,
    /// Uploads fail.
    pub media_fail: bool,
    /// The gateway does not know the device any more.
    pub forget_device: bool,
    /// The token counts as expired for calls that name this device.
    pub bad_token: bool,
    /// Lists print ids as if they had passed through a double; the XML keeps them exact.
    pub rounded_ids: bool,
    /// Ids are printed as signed numbers.
    pub signed_ids: bool,
    /// Every second `checkLogin` answers `data: null`.
    pub null_data: bool,
}

/// When the 502 comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Http5xx {
    /// Nothing was published.
    Before,
    /// It was published.
    After,
}

/// What a person does in front of the login code. JSON: `{"step":"scan"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum LoginStep {
    /// Points the phone at the code.
    Scan,
    /// Presses the button, which is there only after a `checkLogin`. Without a wxid: the device's own account.
    Confirm {
        /// The account that scans.
        #[serde(default)]
        wxid: Option<String>,
        /// Its name.
        #[serde(default)]
        nick_name: Option<String>,
    },
    /// Scans and then refuses.
    Cancel,
    /// WeChat wants a face or slider check; `checkLogin` answers with an address only.
    Verify {
        /// Where the check would be done.
        url: String,
    },
    /// The check was passed.
    Verified,
    /// WeChat shows a number after the scan: there is no button until a `checkLogin` has said it as `captchCode`.
    Number {
        /// What the phone shows.
        number: String,
    },
}

/// Without token and phone number.
impl fmt::Debug for DeviceSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("DeviceSeed");
        shown.field("app_id", &self.app_id).field("wxid", &self.wxid);
        shown.finish_non_exhaustive()
    }
}
