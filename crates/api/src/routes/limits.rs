//! How often and when accounts may post.

use axum::extract::{Path, State};
use moments_domain::{AccountId, ChannelId, LimitChoice};
use moments_engine::LimitsView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{AccountsManage, AccountsView, Caller};
use crate::envelope::{Envelope, Reply};
use crate::error::ApiError;
use crate::extract::{Body, JsonBody, PathId};
use crate::openapi::{ErrorBody, FieldErrorsBody};

/// 发布限制；null 表示采用上一级的设置：账号采用渠道的，渠道采用系统的
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[schema(as = LimitChoice)]
pub(crate) struct ChoiceBody {
    /// 每个自然日最多发布条数，0 不限制
    #[schema(example = 3, maximum = 100_000, required)]
    posts_per_day: Option<u32>,
    /// 每个自然月最多发布条数，0 不限制
    #[schema(example = 0, maximum = 100_000, required)]
    posts_per_month: Option<u32>,
    /// 两条之间的最小间隔（分钟），0 不限制
    #[schema(example = 30, maximum = 1440, required)]
    min_gap_minutes: Option<u32>,
    /// 在间隔与安静时段结束之后最多再随机延后的时间（分钟）
    #[schema(example = 5, maximum = 1440, required)]
    gap_jitter_minutes: Option<u32>,
    /// 安静时段开始，账号所在时区的 HH:MM，可跨午夜
    #[schema(example = "22:00", required)]
    quiet_from: Option<String>,
    /// 安静时段结束；与开始相同表示没有安静时段
    #[schema(example = "08:00", required)]
    quiet_until: Option<String>,
    /// 账号所在时区，IANA 名称
    #[schema(example = "Asia/Shanghai", required)]
    time_zone: Option<String>,
    /// 账号首次登录后多少小时内不发布，0 不限制
    #[schema(example = 72, maximum = 2160, required)]
    warm_up_hours: Option<u32>,
    /// 平台限制账号之后多少小时内不发布，0 只按平台要求暂停
    #[schema(example = 24, maximum = 2160, required)]
    cool_down_hours: Option<u32>,
}

impl JsonBody for ChoiceBody {
    fn shape(field: &str) -> &'static str {
        match field {
            "quietFrom" | "quietUntil" => "HH:MM 格式的时间或 null",
            "timeZone" => "IANA 时区名称或 null",
            _ => "不小于 0 的整数或 null",
        }
    }
}

/// 发布限制
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Limits)]
pub(crate) struct LimitsBody {
    /// 在此处设置的限制
    own: ChoiceBody,
    /// 实际生效的限制；仍为 null 的项不限制
    effective: ChoiceBody,
}

impl From<LimitChoice> for ChoiceBody {
    fn from(choice: LimitChoice) -> Self {
        Self {
            posts_per_day: choice.posts_per_day,
            posts_per_month: choice.posts_per_month,
            min_gap_minutes: choice.min_gap_minutes,
            gap_jitter_minutes: choice.gap_jitter_minutes,
            quiet_from: choice.quiet_from,
            quiet_until: choice.quiet_until,
            time_zone: choice.time_zone,
            warm_up_hours: choice.warm_up_hours,
            cool_down_hours: choice.cool_down_hours,
        }
    }
}

impl From<ChoiceBody> for LimitChoice {
    fn from(body: ChoiceBody) -> Self {
        Self {
            posts_per_day: body.posts_per_day,
            posts_per_month: body.posts_per_month,
            min_gap_minutes: body.min_gap_minutes,
            gap_jitter_minutes: body.gap_jitter_minutes,
            quiet_from: body.quiet_from,
            quiet_until: body.quiet_until,
            time_zone: body.time_zone,
            warm_up_hours: body.warm_up_hours,
            cool_down_hours: body.cool_down_hours,
        }
    }
}

impl From<LimitsView> for LimitsBody {
    fn from(view: LimitsView) -> Self {
        Self {
            own: view.own.into(),
            effective: view.effective.into(),
        }
    }
}

/// 查看渠道的发布限制
#[utoipa::path(
    get, path = "/channels/{id}/limits", tag = "limits",
    params(("id" = i64, Path, minimum = 1, maximum = 9_007_199_254_740_991_i64, description = "渠道ID")),
    responses(
        (status = 200, description = "渠道的发布限制", body = Envelope<LimitsBody>),
        (status = 400, description = "id 不是有效的整数", body = ErrorBody),
        (status = 404, description = "渠道不存在或不属于当前用户", body = ErrorBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:accounts:view"])),
)]
pub(crate) async fn channel_limits(
    caller: Caller<AccountsView>,
    State(app): State<App>,
    PathId(id): PathId,
) -> Result<Reply<LimitsBody>, ApiError> {
    let limits = app.engine.limits_of_channel(caller.user, ChannelId(id)).await?;
    Ok(Reply::ok(limits.into()))
}

/// 设置渠道的发布限制
///
/// 整体替换。对该渠道没有单独设置的所有账号生效；超出限制的内容不会失败，而是推迟到允许的时间（`WAITING_QUOTA`）。
#[utoipa::path(
    put, path = "/channels/{id}/limits", tag = "limits",
    params(("id" = i64, Path, minimum = 1, maximum = 9_007_199_254_740_991_i64, description = "渠道ID")),
    request_body = ChoiceBody,
    responses(
        (status = 200, description = "渠道的发布限制", body = Envelope<LimitsBody>),
        (status = 400, description = "id 或请求体格式不正确", body = ErrorBody),
        (status = 404, description = "渠道不存在或不属于当前用户", body = ErrorBody),
        (status = 413, description = "请求体过大", body = ErrorBody),
        (status = 415, description = "请求体不是 application/json", body = ErrorBody),
        (status = 422, description = "违反规则，逐个字段列出", body = FieldErrorsBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:accounts:manage"])),
)]
pub(crate) async fn choose_channel_limits(
    caller: Caller<AccountsManage>,
    State(app): State<App>,
    PathId(id): PathId,
    Body(body): Body<ChoiceBody>,
) -> Result<Reply<LimitsBody>, ApiError> {
    let limits = app
        .engine
        .choose_channel_limits(caller.user, ChannelId(id), &body.into())
        .await?;
    Ok(Reply::ok(limits.into()))
}

/// 查看账号的发布限制
#[utoipa::path(
    get, path = "/accounts/{accountId}/limits", tag = "limits",
    params(("accountId" = String, Path, description = "账号唯一标识")),
    responses(
        (status = 200, description = "账号的发布限制", body = Envelope<LimitsBody>),
        (status = 404, description = "账号不存在或不属于当前用户", body = ErrorBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:accounts:view"])),
)]
pub(crate) async fn account_limits(
    caller: Caller<AccountsView>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Reply<LimitsBody>, ApiError> {
    let limits = app.engine.limits_of_account(caller.user, &AccountId(id)).await?;
    Ok(Reply::ok(limits.into()))
}

/// 设置账号的发布限制
///
/// 整体替换。一个渠道的所有账号由一次平台调用发布，因此该任务在此渠道上等到其中最晚的账号可以发布为止。
#[utoipa::path(
    put, path = "/accounts/{accountId}/limits", tag = "limits",
    params(("accountId" = String, Path, description = "账号唯一标识")),
    request_body = ChoiceBody,
    responses(
        (status = 200, description = "账号的发布限制", body = Envelope<LimitsBody>),
        (status = 400, description = "请求体格式不正确", body = ErrorBody),
        (status = 404, description = "账号不存在或不属于当前用户", body = ErrorBody),
        (status = 413, description = "请求体过大", body = ErrorBody),
        (status = 415, description = "请求体不是 application/json", body = ErrorBody),
        (status = 422, description = "违反规则，逐个字段列出", body = FieldErrorsBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:accounts:manage"])),
)]
pub(crate) async fn choose_account_limits(
    caller: Caller<AccountsManage>,
    State(app): State<App>,
    Path(id): Path<String>,
    Body(body): Body<ChoiceBody>,
) -> Result<Reply<LimitsBody>, ApiError> {
    let limits = app
        .engine
        .choose_account_limits(caller.user, &AccountId(id), &body.into())
        .await?;
    Ok(Reply::ok(limits.into()))
}
