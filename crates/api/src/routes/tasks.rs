//! A task with its results (requirement 2.3), taking it back, and wanting a new attempt.

use axum::extract::State;
use moments_domain::TaskId;
use moments_domain::status::StatusCounts;
use moments_engine::words::Decision;
use moments_store::{ResultView, TaskView, TaskWarning};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{self, Caller};
use crate::envelope::{Envelope, Reply};
use crate::error::ApiError;
use crate::extract::{Body, JsonBody, PathId};
use crate::openapi::ErrorBody;
use crate::routes::compliance::ComplianceBody;
use crate::routes::content::{LinkBody, VisibilityBody};
use crate::wire::{self, WireTime};

/// 同步任务详情
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SyncTask)]
pub(crate) struct TaskBody {
    /// 同步任务ID
    #[schema(example = 6001)]
    sync_task_id: i64,
    /// 关联的内容草稿ID，未关联时为 null
    #[schema(example = 4001, required)]
    content_id: Option<i64>,
    /// 创建任务时固定的内容草稿版本，未关联时为 null
    #[schema(example = "2023-10-26T15:00:00Z", required)]
    content_version: Option<String>,
    /// 任务状态，由各账号结果汇总得出
    #[schema(schema_with = wire::task_status)]
    status: &'static str,
    /// 定时发布时间（UTC），立即发布时为 null
    #[schema(schema_with = wire::date_time_or_null, required)]
    scheduled_time: Option<WireTime>,
    /// 创建时间（UTC）
    #[schema(schema_with = wire::date_time)]
    create_time: WireTime,
    /// 更新时间（UTC）
    #[schema(schema_with = wire::date_time)]
    update_time: WireTime,
    /// 链接，没有时为 null
    #[schema(required)]
    link: Option<LinkBody>,
    /// 可见范围，不限时为 null
    #[schema(required)]
    visibility: Option<VisibilityBody>,
    /// 视频超过平台允许的时长时是否截取开头部分发布
    #[schema(example = false)]
    video_cut: bool,
    /// 各状态的账号数量
    counts: CountsBody,
    /// 每个账号的发布结果，顺序与请求一致
    results: Vec<ResultBody>,
    /// 若现在发布将会失败或等待的问题：定时任务创建后即下载并检查媒体，发布前一小时自动检查账号；问题解决后自动消失
    warnings: Vec<WarningBody>,
    /// 创建时的内容合规检查，未检查时为 null
    #[schema(required)]
    compliance: Option<ComplianceBody>,
}

/// 发布前发现的问题
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TaskWarning)]
pub(crate) struct WarningBody {
    /// 账号唯一标识；媒体问题影响所有账号，为 null
    #[schema(example = "ww1234567890abcdef:zhangsan", required)]
    account_id: Option<String>,
    /// 账号的原因代码（`statusCode`），或渠道、媒体问题对应的失败原因代码（`errorReason`）
    #[schema(example = "MEMBER_LEFT")]
    code: &'static str,
    /// 问题与处理建议
    #[schema(example = "该成员已离职。请改用在职成员发布。")]
    message: String,
    /// 问题出现的时间（UTC）
    #[schema(schema_with = wire::date_time)]
    since: WireTime,
}

impl From<TaskWarning> for WarningBody {
    fn from(warning: TaskWarning) -> Self {
        Self {
            account_id: warning.account_id.map(|account| account.0),
            code: warning.code,
            message: warning.message,
            since: WireTime(warning.since),
        }
    }
}

/// 各状态的账号数量
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatusCounts)]
pub(crate) struct CountsBody {
    /// 总数
    #[schema(example = 2)]
    total: u64,
    /// 未开始
    #[schema(example = 0)]
    pending: u64,
    /// 进行中
    #[schema(example = 0)]
    processing: u64,
    /// 成功
    #[schema(example = 1)]
    success: u64,
    /// 失败
    #[schema(example = 1)]
    failed: u64,
}

/// 单个账号的发布结果
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SyncResult)]
pub(crate) struct ResultBody {
    /// 账号唯一标识
    #[schema(example = "ww1234567890abcdef:zhangsan")]
    account_id: String,
    /// 创建任务时的账号名称
    #[schema(example = "企业微信成员 - 张三", required)]
    account_name: Option<String>,
    /// 发布状态
    #[schema(schema_with = wire::result_status)]
    status: &'static str,
    /// 当前所处的环节，比发布状态更细
    #[schema(schema_with = wire::stage)]
    stage: &'static str,
    /// 等待中的环节最早何时继续（UTC）；不在等待时为 null
    #[schema(schema_with = wire::date_time_or_null, required)]
    waiting_until: Option<WireTime>,
    /// 正在等待的限制；不是因为限制而等待时为 null
    #[schema(schema_with = wire::limit_kind_or_null, required)]
    waiting_limit: Option<&'static str>,
    /// 平台返回的朋友圈ID，尚无时为 null
    #[schema(example = json!(null), required)]
    moment_id: Option<String>,
    /// 失败原因与处理建议，未失败时为 null
    #[schema(example = "企业微信拒绝了该内容。请修改内容后重新发布。", required)]
    error_message: Option<String>,
    /// 失败所属的异常，未失败时为 null
    #[schema(example = "MomentPublishFailedException", required)]
    error_code: Option<&'static str>,
    /// 失败原因代码，未失败时为 null
    #[schema(schema_with = wire::fail_reason, required)]
    error_reason: Option<&'static str>,
    /// 首次确认已发布的时间（UTC），未发布时为 null
    #[schema(schema_with = wire::date_time_or_null, required)]
    publish_time: Option<WireTime>,
}

impl TryFrom<TaskView> for TaskBody {
    type Error = ApiError;

    fn try_from(task: TaskView) -> Result<Self, ApiError> {
        let compliance = Decision::of(&task)?;
        let counts = task.counts().into();
        Ok(Self {
            sync_task_id: task.id.0,
            content_id: task.content_id,
            content_version: task.content_version,
            status: task.status.name(),
            scheduled_time: task.scheduled_time.map(WireTime),
            create_time: WireTime(task.create_time),
            update_time: WireTime(task.update_time),
            counts,
            link: task.link.map(LinkBody::from),
            visibility: task.visibility.map(VisibilityBody::from),
            video_cut: task.video_cut,
            results: task.results.into_iter().map(ResultBody::from).collect(),
            warnings: task.warnings.into_iter().map(WarningBody::from).collect(),
            compliance: compliance.map(ComplianceBody::from),
        })
    }
}

impl From<StatusCounts> for CountsBody {
    fn from(counts: StatusCounts) -> Self {
        Self {
            total: counts.total(),
            pending: counts.pending,
            processing: counts.processing,
            success: counts.success,
            failed: counts.failed,
        }
    }
}

impl From<ResultView> for ResultBody {
    fn from(result: ResultView) -> Self {
        Self {
            account_id: result.account_id.0,
            account_name: result.account_name,
            status: result.status.name(),
            stage: result.stage.name(),
            waiting_until: result.waiting_until.map(WireTime),
            waiting_limit: result.waiting_limit.map(moments_domain::LimitKind::name),
            moment_id: result.moment_id,
            error_message: result.error_message,
            error_code: result.error_reason.map(moments_domain::FailReason::error_code),
            error_reason: result.error_reason.map(moments_domain::FailReason::name),
            publish_time: result.publish_time.map(WireTime),
        }
    }
}

/// 查询朋友圈同步任务状态及结果
#[utoipa::path(
    get, path = "/tasks/{taskId}", tag = "sync",
    params(("taskId" = i64, Path, minimum = 1, maximum = 9_007_199_254_740_991_i64, description = "同步任务ID")),
    responses(
        (status = 200, description = "任务及每个账号的结果", body = Envelope<TaskBody>),
        (status = 400, description = "taskId 不是有效的整数", body = ErrorBody),
        (status = 404, description = "任务不存在或不属于当前用户", body = ErrorBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:task:view"])),
)]
pub(crate) async fn get_task(
    caller: Caller<auth::TaskView>,
    State(app): State<App>,
    PathId(id): PathId,
) -> Result<Reply<TaskBody>, ApiError> {
    let task = app.engine.task(caller.user, TaskId(id)).await?;
    Ok(Reply::ok(task.try_into()?))
}

/// 取消尚未提交到平台的部分；已提交的部分继续执行
#[utoipa::path(
    post, path = "/tasks/{taskId}/cancel", tag = "sync",
    params(("taskId" = i64, Path, minimum = 1, maximum = 9_007_199_254_740_991_i64, description = "同步任务ID")),
    responses(
        (status = 200, description = "取消后的任务", body = Envelope<TaskBody>),
        (status = 400, description = "taskId 不是有效的整数", body = ErrorBody),
        (status = 404, description = "任务不存在或不属于当前用户", body = ErrorBody),
        (status = 409, description = "任务已提交到平台或已结束", body = ErrorBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:sync:create"])),
)]
pub(crate) async fn cancel_task(
    caller: Caller<auth::SyncCreate>,
    State(app): State<App>,
    PathId(id): PathId,
) -> Result<Reply<TaskBody>, ApiError> {
    let task = app.engine.cancel_task(caller.user, TaskId(id)).await?;
    Ok(Reply::ok(task.try_into()?))
}

/// 重试请求
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RetryTask {
    /// 已人工核对，确认朋友圈中没有该内容：待人工核对（HELD）的部分也重新发布
    #[schema(example = false)]
    confirm_not_published: bool,
}

impl JsonBody for RetryTask {
    fn shape(_: &str) -> &'static str {
        "true 或 false"
    }
}

/// 重新发布任务中失败、已错过的部分；已成功的账号不受影响
#[utoipa::path(
    post, path = "/tasks/{taskId}/retry", tag = "sync",
    params(("taskId" = i64, Path, minimum = 1, maximum = 9_007_199_254_740_991_i64, description = "同步任务ID")),
    request_body = RetryTask,
    responses(
        (status = 200, description = "重试后的任务", body = Envelope<TaskBody>),
        (status = 400, description = "taskId 或请求体格式不正确", body = ErrorBody),
        (status = 404, description = "任务不存在或不属于当前用户", body = ErrorBody),
        (status = 409, description = "没有可以重试的内容", body = ErrorBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:sync:create"])),
)]
pub(crate) async fn retry_task(
    caller: Caller<auth::SyncCreate>,
    State(app): State<App>,
    PathId(id): PathId,
    Body(retry): Body<RetryTask>,
) -> Result<Reply<TaskBody>, ApiError> {
    let task = app
        .engine
        .retry_task(caller.user, TaskId(id), retry.confirm_not_published)
        .await?;
    Ok(Reply::ok(task.try_into()?))
}
