//! Channels: the ways to the platforms. A secret comes in here once and never goes out.

use axum::extract::State;
use moments_domain::login::RISK;
use moments_domain::{AppKind, ChannelId};
use moments_engine::ChannelView;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{AccountsManage, Caller};
use crate::envelope::{Envelope, Reply};
use crate::error::ApiError;
use crate::extract::{Body, PathId};
use crate::openapi::{ErrorBody, UnprocessableBody};
use crate::wire::{self, WireTime};

pub(super) mod bind;

use bind::{BindGeweBody, BindWecomBody};
pub(crate) use bind::{MAX_ADDRESS, MAX_NAME, Rules};

/// 发布渠道；不含任何密钥
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Channel)]
pub(crate) struct ChannelBody {
    /// 渠道ID
    #[schema(example = 31)]
    id: i64,
    /// 平台：WECOM 企业微信应用，GEWE 个人微信网关设备
    #[schema(schema_with = wire::channel_kind)]
    kind: &'static str,
    /// 企业微信应用类型；其他渠道为 null
    #[schema(schema_with = wire::app_kind_or_null, required)]
    app_kind: Option<&'static str>,
    /// 名称
    #[schema(example = "华东门店")]
    name: String,
    /// 企业ID，或网关设备的 appId
    #[schema(example = "ww1234567890abcdef")]
    handle: String,
    /// 应用ID（企业微信），其他渠道为 null
    #[schema(example = 1_000_002, required)]
    agent_id: Option<i64>,
    /// 凭证失效的原因，正常时为 null
    #[schema(example = json!(null), required)]
    broken_reason: Option<String>,
    /// 影响发布但与账号无关的问题与处理建议，例如出口地址不在企业可信IP中；没有时为 null
    #[schema(example = json!(null), required)]
    notice: Option<String>,
    /// 最近一次检查的时间（UTC）
    #[schema(schema_with = wire::date_time)]
    checked_time: WireTime,
    /// 平台要求暂停发布，到此时间恢复（UTC）；未暂停时为 null
    #[schema(schema_with = wire::date_time_or_null, required)]
    pause_until: Option<WireTime>,
    /// 可发布的账号数量
    #[schema(example = 12)]
    accounts: u64,
    /// 绑定时间（UTC）
    #[schema(schema_with = wire::date_time)]
    create_time: WireTime,
}

impl From<ChannelView> for ChannelBody {
    fn from(channel: ChannelView) -> Self {
        Self {
            id: channel.id.0,
            kind: channel.kind.name(),
            app_kind: channel.app.map(AppKind::name),
            name: channel.name,
            handle: channel.handle,
            agent_id: channel.agent_id,
            broken_reason: channel.broken_reason,
            notice: channel.notice,
            checked_time: WireTime(channel.checked_time),
            pause_until: channel.pause_until.map(WireTime),
            accounts: channel.accounts,
            create_time: WireTime(channel.create_time),
        }
    }
}

/// 绑定的个人微信渠道，附风险提示
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GeweChannel)]
pub(crate) struct GeweChannelBody {
    #[serde(flatten)]
    channel: ChannelBody,
    /// 风险提示，须向使用者展示
    warning: &'static str,
}

/// 渠道列表
#[utoipa::path(
    get, path = "/channels", tag = "channels",
    responses((status = 200, description = "当前用户的渠道", body = Envelope<Vec<ChannelBody>>)),
    security(("bearer" = ["workbench:wechat:moments:accounts:manage"])),
)]
pub(crate) async fn list_channels(
    caller: Caller<AccountsManage>,
    State(app): State<App>,
) -> Result<Reply<Vec<ChannelBody>>, ApiError> {
    let channels = app.engine.channels(caller.user).await?;
    Ok(Reply::ok(channels.into_iter().map(ChannelBody::from).collect()))
}

/// 绑定企业微信自建应用
///
/// 用凭证向企业微信验证并导入可发布的成员；同一企业再次绑定即更换凭证。
#[utoipa::path(
    post, path = "/channels/wecom", tag = "channels",
    request_body = BindWecomBody,
    responses(
        (status = 201, description = "已绑定", body = Envelope<ChannelBody>),
        (status = 400, description = "请求体不是 JSON、字段类型错误", body = ErrorBody),
        (status = 409, description = "该企业已被绑定", body = ErrorBody),
        (status = 413, description = "请求体过大", body = ErrorBody),
        (status = 415, description = "请求体不是 application/json", body = ErrorBody),
        (status = 422, description = "违反规则，或企业微信拒绝了该凭证（`WechatApiException`）", body = UnprocessableBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:accounts:manage"])),
)]
pub(crate) async fn bind_wecom(
    caller: Caller<AccountsManage>,
    State(app): State<App>,
    Body(body): Body<BindWecomBody>,
) -> Result<Reply<ChannelBody>, ApiError> {
    let channel = app.engine.bind_wecom(caller.user, body.check()?).await?;
    Ok(Reply::created(channel.into()))
}

/// 绑定个人微信网关设备
///
/// 仅在管理员已启用网关（`gewe.enabled`）时可用。
#[utoipa::path(
    post, path = "/channels/gewe", tag = "channels",
    request_body = BindGeweBody,
    responses(
        (status = 201, description = "已绑定", body = Envelope<GeweChannelBody>),
        (status = 400, description = "请求体不是 JSON、字段类型错误", body = ErrorBody),
        (status = 409, description = "网关未启用，或该设备已被绑定", body = ErrorBody),
        (status = 413, description = "请求体过大", body = ErrorBody),
        (status = 415, description = "请求体不是 application/json", body = ErrorBody),
        (status = 422, description = "违反规则，或网关拒绝了该凭证（`WechatApiException`）", body = UnprocessableBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:accounts:manage"])),
)]
pub(crate) async fn bind_gewe(
    caller: Caller<AccountsManage>,
    State(app): State<App>,
    Body(body): Body<BindGeweBody>,
) -> Result<Reply<GeweChannelBody>, ApiError> {
    let channel = app.engine.bind_gewe(caller.user, body.check()?).await?;
    Ok(Reply::created(GeweChannelBody {
        channel: channel.into(),
        warning: RISK,
    }))
}

/// 重新检查渠道
///
/// 验证凭证是否有效，并更新可发布的账号。
#[utoipa::path(
    post, path = "/channels/{id}/refresh", tag = "channels",
    params(("id" = i64, Path, minimum = 1, maximum = 9_007_199_254_740_991_i64, description = "渠道ID")),
    responses(
        (status = 200, description = "已更新", body = Envelope<ChannelBody>),
        (status = 400, description = "id 不是有效的整数", body = ErrorBody),
        (status = 404, description = "渠道不存在或不属于当前用户", body = ErrorBody),
        (status = 409, description = "网关未启用", body = ErrorBody),
        (status = 422, description = "平台拒绝或无法调用（`WechatApiException`）", body = UnprocessableBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:accounts:manage"])),
)]
pub(crate) async fn refresh_channel(
    caller: Caller<AccountsManage>,
    State(app): State<App>,
    PathId(id): PathId,
) -> Result<Reply<ChannelBody>, ApiError> {
    let channel = app.engine.refresh_channel(caller.user, ChannelId(id)).await?;
    Ok(Reply::ok(channel.into()))
}
