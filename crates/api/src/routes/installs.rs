//! Installs of a provider's app, and the callback of a self-built one.

use axum::extract::{Path, State};
use moments_domain::{AppKind, ChannelId, FieldError};
use moments_engine::{InstallView, Problem};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::channels::ChannelBody;
use super::channels::bind::{MAX_NAME, Rules};
use crate::app::App;
use crate::auth::{AccountsManage, Caller};
use crate::envelope::{Envelope, Reply};
use crate::error::ApiError;
use crate::extract::{Body, JsonBody, PathId};
use crate::openapi::{ErrorBody, UnprocessableBody};
use crate::wire::{self, WireTime};

/// 发起安装
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BeginInstall)]
pub(crate) struct BeginInstallBody {
    /// 应用类型：THIRD_PARTY 第三方应用，PROVIDER_DEVELOPED 服务商代开发应用
    #[schema(schema_with = wire::installed_app_kind, required)]
    app_kind: Option<String>,
    /// 渠道名称；不传则使用企业名称
    #[schema(example = "示例连锁", max_length = 100)]
    name: Option<String>,
}

impl JsonBody for BeginInstallBody {
    fn shape(_field: &str) -> &'static str {
        "字符串"
    }
}

impl BeginInstallBody {
    fn check(self) -> Result<(AppKind, String), Problem> {
        let mut rules = Rules::default();
        let name = rules.optional("name", self.name.as_deref(), MAX_NAME);
        let app = self.app_kind.as_deref().and_then(|name| name.parse().ok());
        let app = app.filter(|app| *app != AppKind::SelfBuilt);
        if app.is_none() {
            let message = "必填，应为 THIRD_PARTY 或 PROVIDER_DEVELOPED";
            rules.0.push(FieldError::new("appKind", message));
        }
        rules.judge((app.unwrap_or(AppKind::ThirdParty), name.unwrap_or_default()))
    }
}

/// 已发起的安装
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InstallLink)]
pub(crate) struct InstallLinkBody {
    /// 安装标识，用于查询结果
    #[schema(example = "0f6a1c2b3d4e5f60718293a4b5c6d7e8")]
    state: String,
    /// 交给企业管理员打开的安装链接，只能使用一次
    #[schema(example = "https://open.work.weixin.qq.com/3rdapp/install?suite_id=ww5f0a91c27d3be648")]
    url: String,
    /// 链接失效时间（UTC）
    #[schema(schema_with = wire::date_time)]
    expires_at: WireTime,
}

/// 安装进度
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Install)]
pub(crate) struct InstallBody {
    /// 安装标识
    #[schema(example = "0f6a1c2b3d4e5f60718293a4b5c6d7e8")]
    state: String,
    /// 应用类型
    #[schema(schema_with = wire::installed_app_kind)]
    app_kind: &'static str,
    /// 渠道名称；为空则使用企业名称
    name: String,
    /// 进度
    #[schema(schema_with = wire::install_status)]
    status: &'static str,
    /// 链接失效时间（UTC）
    #[schema(schema_with = wire::date_time)]
    expires_at: WireTime,
    /// 失败原因，未失败时为 null
    #[schema(example = json!(null), required)]
    message: Option<String>,
    /// 绑定的渠道，未完成或已解绑时为 null
    #[schema(required)]
    channel: Option<ChannelBody>,
}

impl From<InstallView> for InstallBody {
    fn from(install: InstallView) -> Self {
        Self {
            state: install.state,
            app_kind: install.app.name(),
            name: install.name,
            status: install.status.name(),
            expires_at: WireTime(install.expires),
            message: install.message,
            channel: install.channel.map(ChannelBody::from),
        }
    }
}

/// 自建应用的回调密钥
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SetCallback)]
pub(crate) struct SetCallbackBody {
    /// 管理后台“接收消息”中的 Token；加密保存，不再返回
    #[schema(required, value_type = String, format = Password, min_length = 1, max_length = 32, write_only)]
    token: Option<SecretString>,
    /// 同一处的 EncodingAESKey，43 位；加密保存，不再返回
    #[schema(required, value_type = String, format = Password, min_length = 43, max_length = 43, write_only)]
    encoding_aes_key: Option<SecretString>,
}

impl JsonBody for SetCallbackBody {
    fn shape(_field: &str) -> &'static str {
        "字符串"
    }
}

/// 自建应用的回调地址
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CallbackAddress)]
pub(crate) struct CallbackBody {
    /// 填入管理后台的回调 URL
    #[schema(example = "https://moments.example.com/callbacks/wecom/channels/31")]
    url: String,
}

/// 发起服务商应用的安装
///
/// 返回一次性的安装链接。第三方应用的链接 20 分钟内有效，管理员同意后浏览器回到本系统；代开发应用的链接 10 天内有效，由管理员扫码。
#[utoipa::path(
    post, path = "/channels/wecom/installs", tag = "channels",
    request_body = BeginInstallBody,
    responses(
        (status = 201, description = "已发起", body = Envelope<InstallLinkBody>),
        (status = 400, description = "请求体不是 JSON、字段类型错误", body = ErrorBody),
        (status = 409, description = "本系统没有配置这一类型的服务商应用", body = ErrorBody),
        (status = 413, description = "请求体过大", body = ErrorBody),
        (status = 415, description = "请求体不是 application/json", body = ErrorBody),
        (status = 422, description = "违反规则，或企业微信拒绝（`WechatApiException`），例如尚未收到 suite_ticket", body = UnprocessableBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:accounts:manage"])),
)]
pub(crate) async fn begin_install(
    caller: Caller<AccountsManage>,
    State(app): State<App>,
    Body(body): Body<BeginInstallBody>,
) -> Result<Reply<InstallLinkBody>, ApiError> {
    let (kind, name) = body.check()?;
    let (install, url) = app.engine.begin_install(caller.user, kind, name).await?;
    Ok(Reply::created(InstallLinkBody {
        state: install.state,
        url: url.expose_secret().to_owned(),
        expires_at: WireTime(install.expires),
    }))
}

/// 查询安装进度
#[utoipa::path(
    get, path = "/channels/wecom/installs/{state}", tag = "channels",
    params(("state" = String, Path, description = "安装标识")),
    responses(
        (status = 200, description = "安装进度", body = Envelope<InstallBody>),
        (status = 404, description = "安装不存在或不属于当前用户", body = ErrorBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:accounts:manage"])),
)]
pub(crate) async fn get_install(
    caller: Caller<AccountsManage>,
    State(app): State<App>,
    Path(state): Path<String>,
) -> Result<Reply<InstallBody>, ApiError> {
    Ok(Reply::ok(app.engine.install(caller.user, &state).await?.into()))
}

/// 设置自建应用的回调
///
/// 保存后把返回的地址填入管理后台。成员变动会因此立即反映到账号状态，而不必等到下一次检查。
#[utoipa::path(
    put, path = "/channels/{id}/callback", tag = "channels",
    params(("id" = i64, Path, minimum = 1, maximum = 9_007_199_254_740_991_i64, description = "渠道ID")),
    request_body = SetCallbackBody,
    responses(
        (status = 200, description = "已保存", body = Envelope<CallbackBody>),
        (status = 400, description = "id 不是有效的整数，请求体不是 JSON、字段类型错误", body = ErrorBody),
        (status = 404, description = "渠道不存在或不属于当前用户", body = ErrorBody),
        (status = 409, description = "不是企业微信自建应用", body = ErrorBody),
        (status = 413, description = "请求体过大", body = ErrorBody),
        (status = 415, description = "请求体不是 application/json", body = ErrorBody),
        (status = 422, description = "违反规则", body = UnprocessableBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:accounts:manage"])),
)]
pub(crate) async fn set_callback(
    caller: Caller<AccountsManage>,
    State(app): State<App>,
    PathId(id): PathId,
    Body(body): Body<SetCallbackBody>,
) -> Result<Reply<CallbackBody>, ApiError> {
    let (token, aes_key) = (
        body.token.unwrap_or_default(),
        body.encoding_aes_key.unwrap_or_default(),
    );
    let url = app
        .engine
        .set_callback(caller.user, ChannelId(id), &token, &aes_key)
        .await?;
    Ok(Reply::ok(CallbackBody { url }))
}
