//! What log-ins ask for and answer.

use moments_domain::login::{CODE_DIGITS, RISK, is_region};
use moments_domain::{DeviceType, FieldError};
use moments_engine::{LoginAgain, LoginView, Problem, StartLogin};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use crate::extract::JsonBody;
use crate::qr;
use crate::routes::channels::{ChannelBody, MAX_ADDRESS, MAX_NAME, Rules};
use crate::wire::{self, WireTime};

/// Far above any proxy's address.
const MAX_PROXY: usize = 300;

/// 登录新的个人微信
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StartLogin)]
pub(crate) struct StartLoginBody {
    /// 网关令牌；加密保存，不再返回
    #[schema(required, value_type = String, format = Password, min_length = 1, max_length = 512, write_only)]
    token: Option<SecretString>,
    /// 网关地址；不传则使用系统配置
    #[schema(example = "https://gateway.example.com", max_length = 255)]
    base_url: Option<String>,
    /// 已有设备的 appId；不传则使用尚未登录过的设备，没有时新建
    #[schema(example = json!(null), max_length = 100)]
    app_id: Option<String>,
    /// 手机所在省级行政区代码，如 330000 浙江
    #[schema(example = "330000", required, value_type = String)]
    region_id: Option<String>,
    /// 设备类型：ipad（默认）或 mac
    #[schema(example = "ipad")]
    device_type: Option<String>,
    /// 代理，`socks5://用户:密码@主机:端口`；加密保存，不再返回
    #[schema(value_type = Option<String>, format = Password, max_length = 300, write_only)]
    proxy: Option<SecretString>,
    /// 渠道名称；不传则使用微信昵称
    #[schema(example = "张三的手机", max_length = 100)]
    name: Option<String>,
}

/// 重新登录；不传的项沿用上次登录
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LoginAgain)]
pub(crate) struct LoginAgainBody {
    /// 手机所在省级行政区代码；设备此前未在此登录过时必填
    #[schema(example = "330000")]
    region_id: Option<String>,
    /// 设备类型：ipad 或 mac
    #[schema(example = "ipad")]
    device_type: Option<String>,
    /// 代理，`socks5://用户:密码@主机:端口`；加密保存，不再返回
    #[schema(value_type = Option<String>, format = Password, max_length = 300, write_only)]
    proxy: Option<SecretString>,
}

/// 手机上显示的数字
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LoginNumber)]
pub(crate) struct NumberBody {
    /// 2 到 8 位数字
    #[schema(required, value_type = String, format = Password, min_length = 2, max_length = 8, write_only)]
    code: Option<SecretString>,
}

/// 一次登录；二维码等同于登录凭证，请勿转发或保存
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Login)]
pub(crate) struct LoginBody {
    /// 登录ID
    #[schema(example = 7)]
    id: i64,
    /// 进度
    #[schema(schema_with = wire::login_status)]
    status: &'static str,
    /// 风险提示，须向使用者展示
    warning: &'static str,
    /// 二维码图片（data URI），可直接作为图片地址；不在等待扫码时为 null
    #[schema(required)]
    qr_image: Option<String>,
    /// 供终端显示的二维码（半角方块字符，深色背景），不在等待扫码时为 null
    #[schema(required)]
    qr_text: Option<String>,
    /// 二维码的内容，可自行绘制；网关未提供或不在等待扫码时为 null
    #[schema(required)]
    qr_data: Option<String>,
    /// 微信要求额外验证时的地址，请在手机上打开；否则为 null
    #[schema(required)]
    verify_url: Option<String>,
    /// 额外验证地址的二维码图片（data URI）
    #[schema(required)]
    verify_image: Option<String>,
    /// 二维码或验证的截止时间（UTC）；登录已结束时为 null
    #[schema(schema_with = wire::date_time_or_null, required)]
    expires_at: Option<WireTime>,
    /// 距截止的秒数；登录已结束时为 null
    #[schema(example = 171, required)]
    seconds_left: Option<u64>,
    /// 扫码者的昵称，扫码后可知
    #[schema(example = "小禾咖啡", required)]
    nick_name: Option<String>,
    /// 扫码者的头像地址，扫码后可知
    #[schema(required)]
    avatar_url: Option<String>,
    /// 结束的原因；进行中或成功时为 null
    #[schema(example = json!(null), required)]
    message: Option<String>,
    /// 登录成功后的渠道；此前为 null
    #[schema(required)]
    channel: Option<ChannelBody>,
}

impl JsonBody for StartLoginBody {
    fn shape(_field: &str) -> &'static str {
        "字符串"
    }
}

impl JsonBody for LoginAgainBody {
    fn shape(_field: &str) -> &'static str {
        "字符串"
    }
}

impl JsonBody for NumberBody {
    fn shape(_field: &str) -> &'static str {
        "字符串"
    }
}

impl StartLoginBody {
    pub(crate) fn check(self) -> Result<StartLogin, Problem> {
        let mut rules = Rules::default();
        let start = StartLogin {
            token: rules.secret("token", self.token),
            base_url: rules.optional("baseUrl", self.base_url.as_deref(), MAX_ADDRESS),
            app_id: rules.optional("appId", self.app_id.as_deref(), MAX_NAME),
            region_id: region(&mut rules, self.region_id.as_deref().unwrap_or_default()),
            device_type: device_type(&mut rules, self.device_type.as_deref()).unwrap_or_default(),
            proxy: proxy(&mut rules, self.proxy),
            name: rules.optional("name", self.name.as_deref(), MAX_NAME),
        };
        rules.judge(start)
    }
}

impl LoginAgainBody {
    pub(crate) fn check(self) -> Result<LoginAgain, Problem> {
        let mut rules = Rules::default();
        let again = LoginAgain {
            region_id: self.region_id.map(|id| region(&mut rules, &id)),
            device_type: device_type(&mut rules, self.device_type.as_deref()),
            proxy: proxy(&mut rules, self.proxy),
        };
        rules.judge(again)
    }
}

impl NumberBody {
    pub(crate) fn check(self) -> Result<SecretString, Problem> {
        let code = self.code.unwrap_or_default();
        let digits = code.expose_secret();
        if CODE_DIGITS.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(code);
        }
        Err(Problem::Invalid(vec![FieldError::new("code", "必填，2 到 8 位数字")]))
    }
}

fn region(rules: &mut Rules, id: &str) -> String {
    let id = id.trim();
    if !is_region(id) {
        rules.wrong("regionId", "必填，应为手机所在省级行政区的六位代码，如 330000");
    }
    id.to_owned()
}

fn device_type(rules: &mut Rules, name: Option<&str>) -> Option<DeviceType> {
    let name = name?;
    let known = name.parse().ok();
    if known.is_none() {
        rules.wrong("deviceType", "应为 ipad 或 mac");
    }
    known
}

/// Blank is absent.
fn proxy(rules: &mut Rules, address: Option<SecretString>) -> Option<SecretString> {
    let address = address.filter(|address| !address.expose_secret().trim().is_empty())?;
    let parsed = Url::parse(address.expose_secret().trim()).ok();
    let good = parsed.is_some_and(|url| url.scheme() == "socks5" && url.has_host() && url.port().is_some());
    if !good || address.expose_secret().len() > MAX_PROXY {
        rules.wrong("proxy", "应为 socks5://用户:密码@主机:端口");
    }
    Some(SecretString::from(address.expose_secret().trim()))
}

impl From<LoginView> for LoginBody {
    fn from(login: LoginView) -> Self {
        let code = login.code.as_ref().and_then(qr::draw);
        let picture = login.picture.as_ref().map(|picture| picture.expose_secret().to_owned());
        let (qr_image, qr_text) = match code {
            Some(drawn) => (Some(drawn.image), Some(drawn.text)),
            None => (picture, None),
        };
        let shown = |secret: &SecretString| secret.expose_secret().to_owned();
        Self {
            id: login.id.0,
            status: login.status.name(),
            warning: RISK,
            qr_image,
            qr_text,
            qr_data: login.code.as_ref().map(shown),
            verify_image: login.verify_url.as_ref().and_then(qr::draw).map(|drawn| drawn.image),
            verify_url: login.verify_url.as_ref().map(shown),
            expires_at: login.expires.map(WireTime),
            seconds_left: login.expires.map(|end| end.since(login.now).as_secs()),
            nick_name: login.nick_name,
            avatar_url: login.avatar_url,
            message: login.message,
            channel: login.channel.map(ChannelBody::from),
        }
    }
}
