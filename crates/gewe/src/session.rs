//! Logging in, staying in, and where events go (reference personal-gateway 4.2, 4.3, 4.7).

use moments_domain::DeviceType;
use moments_wire::flexible;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// What a new login code is asked for with.
#[derive(Clone, Debug)]
pub struct QrWish {
    /// Province code near the phone; empty where the gateway has no regions (Gewechat).
    pub region_id: String,
    /// What the device pretends to be.
    pub device_type: DeviceType,
    /// `socks5://user:pass@host:port`, when no region fits.
    pub proxy: Option<SecretString>,
}

/// Answer of `getLoginQrCode`. Whoever sees one of its secrets can log in.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QrCode {
    /// The device: a new one, when none was named. To be kept before anybody scans.
    pub app_id: String,
    /// What `checkLogin` asks after.
    pub uuid: SecretString,
    /// What the code says; empty when not told.
    #[serde(default, deserialize_with = "secret_text")]
    pub qr_data: SecretString,
    /// The code as a data URI; empty when not told. `qrUrl`, a picture at a third party, is not read: it gives the code away.
    #[serde(default, rename = "qrImgBase64", deserialize_with = "secret_text")]
    pub picture: SecretString,
}

/// Answer of `dialogLogin`: the phone shows a dialog instead of scanning.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoginDialog {
    /// What `checkLogin` asks after.
    pub uuid: SecretString,
}

/// Answer of `checkLogin`.
#[derive(Clone, Debug)]
pub enum LoginCheck {
    /// Nothing new.
    Nothing,
    /// WeChat wants a face or slider check at this address.
    Verify(SecretString),
    /// The phone has this to say.
    Progress(LoginProgress),
    /// Somebody is logged in.
    LoggedIn(crate::Profile),
}

/// A log-in under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginProgress {
    /// What the person with the phone has done.
    pub stage: LoginStage,
    /// How long the code still lives; `None`: not told.
    pub seconds_left: Option<u64>,
    /// Who scans; empty when not known yet.
    pub nick_name: String,
    /// The picture of who scans; empty when not known yet.
    pub avatar_url: String,
}

/// What the person with the phone has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginStage {
    /// Nothing yet.
    Waiting,
    /// Scanned, and has not confirmed.
    Scanned,
    /// Scanned, and then said no.
    Cancelled,
}

/// A label of friends (标签).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Label {
    /// Its id, as publishing wants it: a text.
    #[serde(deserialize_with = "flexible::text")]
    pub label_id: String,
    /// As the phone shows it.
    #[serde(default, deserialize_with = "flexible::text")]
    pub label_name: String,
}

/// Which of the two paths a gateway has for `setCallback`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackPath {
    /// `/login/setCallback`, at hosted vendors.
    Hosted,
    /// `/tools/setCallback`, at the self-hosted image.
    SelfHosted,
}

impl CallbackPath {
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Hosted => "/login/setCallback",
            Self::SelfHosted => "/tools/setCallback",
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QrBody<'a> {
    app_id: &'a str,
    region_id: &'a str,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    device_type: Option<&'a str>,
    proxy_ip: &'a str,
}

impl<'a> QrBody<'a> {
    pub(crate) fn new(app_id: &'a str, wish: &'a QrWish) -> Self {
        Self {
            app_id,
            region_id: &wish.region_id,
            device_type: Some(wish.device_type.name()),
            proxy_ip: exposed(wish.proxy.as_ref()),
        }
    }

    /// A dialog on the phone is not for a kind of device: it exists already.
    pub(crate) fn for_dialog(app_id: &'a str, wish: &'a QrWish) -> Self {
        Self {
            device_type: None,
            ..Self::new(app_id, wish)
        }
    }
}

/// `autoSliding` stays off: a check that WeChat asks for is for the person.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CheckBody<'a> {
    app_id: &'a str,
    uuid: &'a str,
    auto_sliding: bool,
    proxy_ip: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    captch_code: Option<&'a str>,
}

impl<'a> CheckBody<'a> {
    pub(crate) fn new(
        app_id: &'a str,
        uuid: &'a SecretString,
        proxy: Option<&'a SecretString>,
        code: Option<&'a SecretString>,
    ) -> Self {
        Self {
            app_id,
            uuid: uuid.expose_secret(),
            auto_sliding: false,
            proxy_ip: exposed(proxy),
            captch_code: code.map(ExposeSecret::expose_secret),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CallbackBody<'a> {
    pub(crate) token: &'a str,
    pub(crate) callback_url: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LabelsAnswer {
    #[serde(default, deserialize_with = "flexible::nullable")]
    pub(crate) label_list: Vec<Label>,
}

/// `data` of `checkLogin`. All of it may be missing; `uin`, `mobile` and `alias` are not read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CheckAnswer {
    #[serde(default, deserialize_with = "flexible::text")]
    url: String,
    #[serde(default, deserialize_with = "flexible::text")]
    status: String,
    #[serde(default, deserialize_with = "flexible::text")]
    expired_time: String,
    #[serde(default, deserialize_with = "flexible::text")]
    nick_name: String,
    #[serde(default, deserialize_with = "flexible::text")]
    head_img_url: String,
    #[serde(default)]
    login_info: Option<LoginInfo>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LoginInfo {
    #[serde(default, deserialize_with = "flexible::text")]
    wxid: String,
    #[serde(default, deserialize_with = "flexible::text")]
    nick_name: String,
}

impl From<Option<CheckAnswer>> for LoginCheck {
    /// Logged in is who has a wxid, whatever the status says.
    fn from(answer: Option<CheckAnswer>) -> Self {
        let Some(answer) = answer else { return Self::Nothing };
        if let Some(info) = answer.login_info.filter(|info| !info.wxid.is_empty()) {
            let nick_name = Some(info.nick_name).filter(|name| !name.is_empty());
            return Self::LoggedIn(crate::Profile {
                wxid: info.wxid,
                nick_name: nick_name.unwrap_or(answer.nick_name),
            });
        }
        if !answer.url.is_empty() {
            return Self::Verify(answer.url.into());
        }
        let stage = match answer.status.as_str() {
            "0" => LoginStage::Waiting,
            "1" => LoginStage::Scanned,
            "4" => LoginStage::Cancelled,
            _ => return Self::Nothing,
        };
        Self::Progress(LoginProgress {
            stage,
            seconds_left: answer.expired_time.parse().ok(),
            nick_name: answer.nick_name,
            avatar_url: answer.head_img_url,
        })
    }
}

fn exposed(secret: Option<&SecretString>) -> &str {
    secret.map(ExposeSecret::expose_secret).unwrap_or_default()
}

fn secret_text<'de, D: serde::Deserializer<'de>>(from: D) -> Result<SecretString, D::Error> {
    flexible::text(from).map(SecretString::from)
}
