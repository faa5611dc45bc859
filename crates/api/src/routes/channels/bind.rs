//! What binding a channel asks for. All missing and wrong fields are named at once.

use moments_domain::FieldError;
use moments_engine::{BindGewe, BindWecom, Problem};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::extract::JsonBody;

/// `name`, `handle` are `VARCHAR(100)`; the base address is `VARCHAR(255)`.
pub(crate) const MAX_NAME: usize = 100;
pub(crate) const MAX_ADDRESS: usize = 255;
/// Far above any platform's secret.
const MAX_SECRET: usize = 512;

/// 绑定企业微信自建应用
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BindWecom)]
pub(crate) struct BindWecomBody {
    /// 企业ID
    #[schema(example = "ww1234567890abcdef", required, value_type = String, min_length = 1, max_length = 100)]
    corp_id: Option<String>,
    /// 自建应用的 AgentId
    #[schema(example = 1_000_002, required, value_type = i64, minimum = 1)]
    agent_id: Option<i64>,
    /// 自建应用的 Secret；加密保存，不再返回
    #[schema(required, value_type = String, format = Password, min_length = 1, max_length = 512, write_only)]
    secret: Option<SecretString>,
    /// 渠道名称
    #[schema(example = "华东门店", required, value_type = String, min_length = 1, max_length = 100)]
    name: Option<String>,
}

/// 绑定个人微信网关设备
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BindGewe)]
pub(crate) struct BindGeweBody {
    /// 网关设备的 appId
    #[schema(example = "wx_device_01", required, value_type = String, min_length = 1, max_length = 100)]
    app_id: Option<String>,
    /// 网关令牌；加密保存，不再返回
    #[schema(required, value_type = String, format = Password, min_length = 1, max_length = 512, write_only)]
    token: Option<SecretString>,
    /// 网关地址；不传则使用系统配置
    #[schema(example = "https://gateway.example.com", max_length = 255)]
    base_url: Option<String>,
    /// 渠道名称；不传则使用微信昵称
    #[schema(example = "张三的手机", max_length = 100)]
    name: Option<String>,
}

impl JsonBody for BindWecomBody {
    fn shape(field: &str) -> &'static str {
        if field == "agentId" { "整数" } else { "字符串" }
    }
}

impl JsonBody for BindGeweBody {
    fn shape(_field: &str) -> &'static str {
        "字符串"
    }
}

impl BindWecomBody {
    pub(crate) fn check(self) -> Result<BindWecom, Problem> {
        let mut rules = Rules::default();
        let bind = BindWecom {
            corp_id: rules.text("corpId", self.corp_id.as_deref(), MAX_NAME),
            agent_id: rules.positive("agentId", self.agent_id),
            secret: rules.secret("secret", self.secret),
            name: rules.text("name", self.name.as_deref(), MAX_NAME),
        };
        rules.judge(bind)
    }
}

impl BindGeweBody {
    pub(crate) fn check(self) -> Result<BindGewe, Problem> {
        let mut rules = Rules::default();
        let bind = BindGewe {
            app_id: rules.text("appId", self.app_id.as_deref(), MAX_NAME),
            token: rules.secret("token", self.token),
            base_url: rules.optional("baseUrl", self.base_url.as_deref(), MAX_ADDRESS),
            name: rules.optional("name", self.name.as_deref(), MAX_NAME),
        };
        rules.judge(bind)
    }
}

/// Collects what is wrong. Spaces around a value are a slip of copying and are dropped.
#[derive(Default)]
pub(crate) struct Rules(pub(crate) Vec<FieldError>);

impl Rules {
    pub(crate) fn text(&mut self, field: &str, value: Option<&str>, max: usize) -> String {
        let value = value.map(str::trim).unwrap_or_default();
        if !(1..=max).contains(&value.chars().count()) {
            self.0.push(FieldError::new(field, format!("必填，1 到 {max} 个字符")));
        }
        value.to_owned()
    }

    /// Blank is absent.
    pub(crate) fn optional(&mut self, field: &str, value: Option<&str>, max: usize) -> Option<String> {
        let value = value.map(str::trim).filter(|value| !value.is_empty())?;
        if value.chars().count() > max {
            self.0.push(FieldError::new(field, format!("最多 {max} 个字符")));
        }
        Some(value.to_owned())
    }

    pub(crate) fn secret(&mut self, field: &str, value: Option<SecretString>) -> SecretString {
        let value = value.unwrap_or_default();
        let trimmed = value.expose_secret().trim();
        if !(1..=MAX_SECRET).contains(&trimmed.len()) {
            self.0
                .push(FieldError::new(field, format!("必填，1 到 {MAX_SECRET} 个字符")));
        }
        SecretString::from(trimmed)
    }

    /// One more broken rule.
    pub(crate) fn wrong(&mut self, field: &str, message: &str) {
        self.0.push(FieldError::new(field, message));
    }

    fn positive(&mut self, field: &str, value: Option<i64>) -> i64 {
        let value = value.unwrap_or_default();
        if value < 1 {
            self.0.push(FieldError::new(field, "必填，应为大于 0 的整数"));
        }
        value
    }

    pub(crate) fn judge<T>(self, value: T) -> Result<T, Problem> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(Problem::Invalid(self.0))
        }
    }
}
