//! Who did what: the user's own entries, and, with a permission of its own, everybody's.

use axum::extract::State;
use moments_domain::{AuditAction, AuditEntry, AuditObject, UserId};
use moments_store::AuditFilter;
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::auth::{AuditAll, AuditView, Caller};
use crate::envelope::{Envelope, Reply};
use crate::error::ApiError;
use crate::openapi::ErrorBody;
use crate::paging::{Page, PageParams, Paging};
use crate::params::Params;
use crate::wire::{self, WireTime};

/// 审计记录；只增不改，每条以哈希与前一条相连
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEntry)]
pub(crate) struct AuditBody {
    /// 序号，从 1 起连续
    #[schema(example = 1024)]
    number: i64,
    /// 时间（UTC）
    #[schema(schema_with = wire::date_time)]
    time: WireTime,
    /// 相关用户；0 表示整个安装
    #[schema(example = 1)]
    user_id: i64,
    /// 操作者：USER 该用户，SYSTEM 本服务，PLATFORM 平台一侧，OPERATOR 服务器上的命令
    #[schema(example = "USER")]
    actor: String,
    /// 操作
    #[schema(example = "BIND")]
    action: String,
    /// 对象类型
    #[schema(example = "CHANNEL")]
    object: String,
    /// 对象ID
    #[schema(example = "31")]
    object_id: String,
    /// 详情，因操作而异；不含任何密钥
    #[schema(value_type = Object)]
    detail: Value,
    /// 请求的 X-Request-ID；不来自请求时为 null
    #[schema(required)]
    request_id: Option<String>,
    /// 前一条的哈希
    prev_hash: String,
    /// 本条的哈希（SHA-256）
    hash: String,
}

impl From<AuditEntry> for AuditBody {
    fn from(entry: AuditEntry) -> Self {
        Self {
            number: entry.number,
            time: WireTime(entry.time),
            user_id: entry.user.0,
            actor: entry.actor,
            action: entry.action,
            object: entry.object,
            object_id: entry.object_id,
            detail: serde_json::from_str(&entry.detail).unwrap_or_default(),
            request_id: entry.request_id,
            prev_hash: entry.prev_hash,
            hash: entry.hash,
        }
    }
}

/// What both lists are filtered by, for their document; [`page`] reads it.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "only documented: the values are read by name")]
struct AuditParams {
    /// 操作，如 BIND
    action: Option<String>,
    /// 对象类型：CHANNEL、ACCOUNT、TASK 等
    object: Option<String>,
    /// 对象ID
    object_id: Option<String>,
    /// 不早于该时间（ISO 8601，带时区）
    start_time: Option<String>,
    /// 早于该时间
    end_time: Option<String>,
}

/// 审计记录（当前用户）
///
/// 与当前用户的渠道、账号和任务有关的记录，新的在前；写入后一两秒可见。
#[utoipa::path(
    get, path = "/audit", tag = "audit",
    params(AuditParams, PageParams),
    responses(
        (status = 200, description = "审计记录", body = Envelope<Page<AuditBody>>),
        (status = 400, description = "参数格式错误", body = ErrorBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:audit:view"])),
)]
pub(crate) async fn list_audit(
    caller: Caller<AuditView>,
    State(app): State<App>,
    paging: Paging,
    params: Params,
) -> Result<Reply<Page<AuditBody>>, ApiError> {
    page(&app, &params, paging, Some(caller.user)).await
}

/// 审计记录（整个安装）
///
/// 全部用户的记录，供审计人员使用，需要单独的权限。
#[utoipa::path(
    get, path = "/audit/all", tag = "audit",
    params(("userId" = Option<i64>, Query, description = "相关用户"), AuditParams, PageParams),
    responses(
        (status = 200, description = "审计记录", body = Envelope<Page<AuditBody>>),
        (status = 400, description = "参数格式错误", body = ErrorBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:audit:all"])),
)]
pub(crate) async fn list_all_audit(
    _caller: Caller<AuditAll>,
    State(app): State<App>,
    paging: Paging,
    params: Params,
) -> Result<Reply<Page<AuditBody>>, ApiError> {
    let user = params.number("userId")?.map(UserId);
    page(&app, &params, paging, user).await
}

async fn page(
    app: &App,
    params: &Params,
    paging: Paging,
    user: Option<UserId>,
) -> Result<Reply<Page<AuditBody>>, ApiError> {
    let actions: Vec<_> = AuditAction::ALL.iter().map(|action| action.name()).collect();
    let objects: Vec<_> = AuditObject::ALL.iter().map(|object| object.name()).collect();
    let filter = AuditFilter {
        user,
        action: params.one_of("action", &actions)?.unwrap_or_default().to_owned(),
        object: params.one_of("object", &objects)?.unwrap_or_default().to_owned(),
        object_id: params.text("objectId").unwrap_or_default().to_owned(),
        from: params.time("startTime")?,
        until: params.time("endTime")?,
    };
    let (entries, total) = app.engine.audit(&filter, paging.skip(), paging.size).await?;
    let records = entries.into_iter().map(AuditBody::from).collect();
    Ok(Reply::ok(Page::new(paging, total, records)))
}
