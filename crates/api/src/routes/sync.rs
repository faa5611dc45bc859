//! A new sync task (requirement 2.2).

use axum::extract::State;
use moments_domain::request::SyncRequest;
use moments_domain::{AccountId, Finding, FindingCode, Timestamp};
use moments_engine::{Accepted, AccountWarning, Asker};
use moments_store::Idempotency;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{Bearer, Caller, SyncCreate};
use crate::envelope::{Envelope, Reply};
use crate::error::ApiError;
use crate::extract::{Body, JsonBody, OnceKey};
use crate::openapi::{ErrorBody, FieldErrorsBody};
use crate::routes::content::{LinkBody, VisibilityBody};
use crate::wire::{self, WireTime};

/// 朋友圈同步请求。`contentId` 与 `text`、`mediaUrls`、`link` 二选一；`link` 与 `mediaUrls` 互斥；null 等同于不传，未知字段忽略。
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateSync {
    /// 关联的内容草稿ID；创建任务时读取并固定其内容。ARTICLE 发布标题、正文与图片，IMAGE 发布正文与图片，VIDEO 发布正文与视频（不发布标题与封面）；
    /// 正文含 HTML 时只发布其中的文字，ARTICLE 未列出图片时取正文中的图片，Markdown 按原文发布
    #[serde(default, deserialize_with = "wire::id")]
    #[schema(example = json!(null), minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    content_id: Option<i64>,
    /// 内容草稿超出限制时是否截取：文本截断并以“…”结尾，图片取前 9 张。默认 false，即拒绝；只能与 contentId 同时使用
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = false)]
    content_cut: Option<bool>,
    /// 朋友圈文本，最多 2000 字
    #[schema(example = "今天分享秋季新品", max_length = 2000)]
    text: Option<String>,
    /// 媒体地址（http 或 https）：最多 9 张图片，或 1 个视频
    #[schema(example = json!(["https://cdn.example.com/autumn/1.jpg"]), max_items = 9)]
    media_urls: Option<Vec<String>>,
    /// 链接
    // What is not there is not written: the hash of a request that an older program has kept stays the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<LinkBody>,
    /// 可见范围，不传表示不限
    #[serde(skip_serializing_if = "Option::is_none")]
    visibility: Option<VisibilityBody>,
    /// 视频超过平台允许的时长时是否截取开头部分发布（需服务器安装 ffmpeg）。默认 false，即拒绝；未超过时不改动
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = false)]
    video_cut: Option<bool>,
    /// 目标微信账号ID，不可重复
    #[schema(
        value_type = Vec<String>, required, min_items = 1, max_items = 10_000,
        example = json!(["wxid_abc123", "ww1234567890abcdef:zhangsan"])
    )]
    account_ids: Option<Vec<AccountId>>,
    /// 定时发布时间，须带时区；立即发布则不传。最早为当前时间，最晚一年以内
    #[serde(default, deserialize_with = "wire::time")]
    #[schema(schema_with = wire::wanted_time)]
    scheduled_time: Option<Timestamp>,
}

impl JsonBody for CreateSync {
    fn shape(field: &str) -> &'static str {
        match field {
            "contentId" => "1 到 9007199254740991 的整数",
            "contentCut" | "videoCut" => "布尔值",
            "text" => "字符串",
            "mediaUrls" | "accountIds" => "字符串数组",
            "link" => "含 title、url、coverUrl 的对象，各为字符串",
            "visibility" => "对象，各字段为字符串数组",
            "scheduledTime" => "带时区的 ISO 8601 时间，例如 2023-10-26T16:30:00Z",
            _ => "其他类型",
        }
    }
}

impl CreateSync {
    /// Same fields, same hash: spaces and the order of fields do not make a retry another request.
    fn hash(&self) -> Result<String, ApiError> {
        let text = serde_json::to_vec(self).map_err(|error| {
            tracing::error!(%error, "a request could not be written as JSON");
            ApiError::Defect
        })?;
        Ok(hex::encode(Sha256::digest(text)))
    }

    fn once(&self, key: OnceKey) -> Result<Option<Idempotency>, ApiError> {
        key.0
            .map(|key| {
                Ok(Idempotency {
                    key,
                    body_hash: self.hash()?,
                })
            })
            .transpose()
    }
}

impl From<CreateSync> for SyncRequest {
    fn from(body: CreateSync) -> Self {
        Self {
            content_id: body.content_id,
            content_cut: body.content_cut.unwrap_or_default(),
            text: body.text,
            media_urls: body.media_urls.unwrap_or_default(),
            link: body.link.map(Into::into),
            visibility: body.visibility.map(Into::into),
            video_cut: body.video_cut.unwrap_or_default(),
            account_ids: body.account_ids.unwrap_or_default(),
            scheduled_time: body.scheduled_time,
        }
    }
}

/// 已接受的同步任务
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AcceptedSync)]
pub(crate) struct AcceptedBody {
    /// 同步任务ID
    #[schema(example = 6001)]
    sync_task_id: i64,
    /// 关联的内容草稿ID，未关联时为 null
    #[schema(example = 4001, required)]
    content_id: Option<i64>,
    /// 任务状态，创建后为 PENDING
    #[schema(schema_with = wire::task_status)]
    status: &'static str,
    /// 创建时间（UTC）
    #[schema(schema_with = wire::date_time)]
    create_time: WireTime,
    /// 定时发布时间（UTC），立即发布时为 null
    #[schema(schema_with = wire::date_time_or_null, required)]
    scheduled_time: Option<WireTime>,
    /// 目标账号数量
    #[schema(example = 2)]
    account_count: u64,
    /// 已接受，但可能影响发布的问题
    warnings: Vec<WarningBody>,
}

/// 提醒：任务已接受，但可能影响发布
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SyncWarning)]
pub(crate) struct WarningBody {
    /// 账号唯一标识；与具体账号无关时为 null
    #[schema(example = "wxid_abc123", required)]
    account_id: Option<String>,
    /// 账号当前状态；提醒与账号状态无关时为 null
    #[schema(schema_with = wire::account_status_or_null, required)]
    status: Option<&'static str>,
    /// 提醒代码
    #[schema(schema_with = wire::finding_code)]
    code: &'static str,
    /// 说明与建议
    #[schema(example = "账号 wxid_abc123 当前离线，请在发布时间前重新登录")]
    message: String,
}

impl From<Accepted> for AcceptedBody {
    fn from(accepted: Accepted) -> Self {
        let accounts = accepted.warnings.into_iter().map(WarningBody::from);
        let others = accepted.findings.into_iter().map(WarningBody::from);
        Self {
            sync_task_id: accepted.task_id.0,
            content_id: accepted.content_id,
            status: accepted.status.name(),
            create_time: WireTime(accepted.create_time),
            scheduled_time: accepted.scheduled_time.map(WireTime),
            account_count: accepted.accounts,
            warnings: accounts.chain(others).collect(),
        }
    }
}

impl From<AccountWarning> for WarningBody {
    fn from(warning: AccountWarning) -> Self {
        Self {
            account_id: Some(warning.account_id.0),
            status: Some(warning.status.name()),
            code: FindingCode::of_status(warning.status).map_or("", FindingCode::name),
            message: warning.message,
        }
    }
}

impl From<Finding> for WarningBody {
    fn from(finding: Finding) -> Self {
        Self {
            message: finding.sentence(),
            code: finding.code.name(),
            status: None,
            account_id: finding.account_id.map(|account| account.0),
        }
    }
}

/// 发起朋友圈同步任务
///
/// 只创建任务，发布异步进行。网络中断后请使用相同的 `Idempotency-Key` 重试：相同请求返回首次的结果，不会重复发布。
#[utoipa::path(
    post, path = "/sync", tag = "sync",
    params((
        "Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 200,
        description = "调用方为本次请求生成的唯一键，1 到 200 个可见 ASCII 字符",
    )),
    request_body = CreateSync,
    responses(
        (status = 202, description = "任务已接受", body = Envelope<AcceptedBody>),
        (status = 400, description = "请求体不是 JSON、字段类型或格式错误", body = ErrorBody),
        (status = 404, description = "账号不存在或未授权（`WechatAccountNotFoundException`，附 `accountIds`），或内容不存在", body = ErrorBody),
        (status = 502, description = "内容库的答复不符合约定（`CONTENT_BAD_ANSWER`），或拒绝了本服务的令牌（`CONTENT_TOKEN_REFUSED`）", body = ErrorBody),
        (status = 409, description = "该 Idempotency-Key 已用于另一个请求", body = ErrorBody),
        (status = 413, description = "请求体过大", body = ErrorBody),
        (status = 415, description = "请求体不是 application/json", body = ErrorBody),
        (status = 422, description = "违反规则，逐个字段列出；发布前检查未通过时另附 `code`，与账号有关时附 `accountId`、`status`", body = FieldErrorsBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:sync:create"])),
)]
pub(crate) async fn create_sync(
    caller: Caller<SyncCreate>,
    Bearer(token): Bearer,
    State(app): State<App>,
    key: OnceKey,
    Body(body): Body<CreateSync>,
) -> Result<Reply<AcceptedBody>, ApiError> {
    let once = body.once(key)?;
    let asker = Asker {
        user: caller.user,
        token: Some(token),
    };
    let accepted = app.engine.create_sync(asker, body.into(), once).await?;
    Ok(Reply::accepted(accepted.into()))
}
