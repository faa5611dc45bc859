//! What would become of a task, before it is created.

use axum::extract::State;
use moments_domain::Finding;
use moments_engine::{AccountPreflight, Asker, ChannelCalls, Preflight};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{Bearer, Caller, SyncCreate};
use crate::envelope::{Envelope, Reply};
use crate::error::ApiError;
use crate::extract::Body;
use crate::openapi::{ErrorBody, FieldErrorsBody};
use crate::routes::content::{LinkBody, VisibilityBody};
use crate::routes::sync::CreateSync;
use crate::wire::{self, WireTime};

/// 发布前检查的结果
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Preflight)]
pub(crate) struct PreflightBody {
    /// 总体结论；为 BLOCKED 时，同样的请求无法创建任务
    #[schema(schema_with = wire::verdict)]
    verdict: &'static str,
    /// 将要发布的内容
    content: ContentBody,
    /// 与整条内容有关的检查结果
    findings: Vec<FindingBody>,
    /// 每个账号的检查结果，顺序与请求一致
    accounts: Vec<AccountBody>,
    /// 预计的平台接口调用
    platform_calls: CallsBody,
}

/// 将要发布的内容；创建任务时固定
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PreflightContent)]
pub(crate) struct ContentBody {
    /// 内容草稿ID，未关联时为 null
    #[schema(example = 4001, required)]
    content_id: Option<i64>,
    /// 内容草稿的版本，未关联时为 null
    #[schema(example = "2023-10-26T15:00:00Z", required)]
    content_version: Option<String>,
    /// 文本
    #[schema(example = "今天分享秋季新品")]
    text: String,
    /// 媒体地址
    #[schema(example = json!(["https://cdn.example.com/autumn/1.jpg"]))]
    media_urls: Vec<String>,
    /// 链接，没有时为 null
    #[schema(required)]
    link: Option<LinkBody>,
    /// 可见范围，不限时为 null
    #[schema(required)]
    visibility: Option<VisibilityBody>,
    /// 视频超过平台允许的时长时是否截取开头部分发布
    #[schema(example = false)]
    video_cut: bool,
}

/// 一条检查结果
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Finding)]
pub(crate) struct FindingBody {
    /// 级别
    #[schema(schema_with = wire::finding_level)]
    level: &'static str,
    /// 检查结果代码
    #[schema(schema_with = wire::finding_code)]
    code: &'static str,
    /// 说明
    #[schema(example = "账号 wxid_abc123 当前离线")]
    message: String,
    /// 建议
    #[schema(example = "请在发布时间前重新登录")]
    advice: String,
}

/// 一个账号的检查结果
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PreflightAccount)]
pub(crate) struct AccountBody {
    /// 账号唯一标识
    #[schema(example = "ww1234567890abcdef:zhangsan")]
    account_id: String,
    /// 结论，已计入与整条内容有关的检查结果
    #[schema(schema_with = wire::verdict)]
    verdict: &'static str,
    /// 只与该账号有关的检查结果
    findings: Vec<FindingBody>,
    /// 预计提交到平台的时间（UTC）：按频率限制、静默时段、渠道暂停和等待中的发布和平台的创建频率估算，不作保证；无法发布时为 null
    #[schema(schema_with = wire::date_time_or_null, required)]
    expected_time: Option<WireTime>,
}

/// 预计的平台接口调用；创建之后的结果查询次数取决于平台，不计入
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PlatformCalls)]
pub(crate) struct CallsBody {
    /// 上传媒体，最多的次数；该渠道已有的媒体不重复上传
    #[schema(example = 1)]
    uploads: u64,
    /// 创建朋友圈
    #[schema(example = 1)]
    creations: u64,
    /// 各渠道的调用次数
    channels: Vec<ChannelCallsBody>,
}

/// 一个渠道的接口调用
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ChannelCalls)]
pub(crate) struct ChannelCallsBody {
    /// 渠道ID
    #[schema(example = 31)]
    channel_id: i64,
    /// 上传媒体，最多的次数
    #[schema(example = 1)]
    uploads: u64,
    /// 创建朋友圈：一个渠道的所有账号合为一次
    #[schema(example = 1)]
    creations: u64,
}

impl From<Preflight> for PreflightBody {
    fn from(told: Preflight) -> Self {
        Self {
            verdict: told.verdict.name(),
            content: ContentBody {
                content_id: told.content_id,
                content_version: told.content_version,
                text: told.content.text,
                media_urls: told.content.media_urls,
                link: told.content.link.map(LinkBody::from),
                visibility: told.content.visibility.map(VisibilityBody::from),
                video_cut: told.content.video_cut,
            },
            findings: told.findings.into_iter().map(FindingBody::from).collect(),
            accounts: told.accounts.into_iter().map(AccountBody::from).collect(),
            platform_calls: told.calls.into(),
        }
    }
}

impl From<Finding> for FindingBody {
    fn from(finding: Finding) -> Self {
        Self {
            level: finding.level.name(),
            code: finding.code.name(),
            message: finding.message,
            advice: finding.advice,
        }
    }
}

impl From<AccountPreflight> for AccountBody {
    fn from(account: AccountPreflight) -> Self {
        Self {
            account_id: account.account_id.0,
            verdict: account.verdict.name(),
            findings: account.findings.into_iter().map(FindingBody::from).collect(),
            expected_time: account.expected_time.map(WireTime),
        }
    }
}

impl From<Vec<ChannelCalls>> for CallsBody {
    fn from(calls: Vec<ChannelCalls>) -> Self {
        let channel = |one: &ChannelCalls| ChannelCallsBody {
            channel_id: one.channel_id.0,
            uploads: one.uploads,
            creations: one.creations,
        };
        Self {
            uploads: calls.iter().map(|one| one.uploads).sum(),
            creations: calls.iter().map(|one| one.creations).sum(),
            channels: calls.iter().map(channel).collect(),
        }
    }
}

/// 发布前检查
///
/// 请求体与 `POST /sync` 相同，执行同样的检查，但不创建任务、不调用平台：说明每个账号能否发布、原因与建议，以及预计的发布时间（按频率限制、静默时段、渠道暂停与等待中的发布估算，不作保证）。
/// 已上传的文件在此检查；以链接填写的媒体不在此下载：定时任务创建后随即下载检查，问题列入任务的 `warnings`，立即发布的任务在发布时检查。
#[utoipa::path(
    post, path = "/preflight", tag = "sync",
    request_body = CreateSync,
    responses(
        (status = 200, description = "检查结果", body = Envelope<PreflightBody>),
        (status = 400, description = "请求体不是 JSON、字段类型或格式错误", body = ErrorBody),
        (status = 404, description = "账号不存在或未授权（`WechatAccountNotFoundException`，附 `accountIds`），或内容不存在", body = ErrorBody),
        (status = 502, description = "内容库的答复不符合约定（`CONTENT_BAD_ANSWER`），或拒绝了本服务的令牌（`CONTENT_TOKEN_REFUSED`）", body = ErrorBody),
        (status = 413, description = "请求体过大", body = ErrorBody),
        (status = 415, description = "请求体不是 application/json", body = ErrorBody),
        (status = 422, description = "请求违反规则，逐个字段列出", body = FieldErrorsBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:sync:create"])),
)]
pub(crate) async fn preflight(
    caller: Caller<SyncCreate>,
    Bearer(token): Bearer,
    State(app): State<App>,
    Body(body): Body<CreateSync>,
) -> Result<Reply<PreflightBody>, ApiError> {
    let asker = Asker {
        user: caller.user,
        token: Some(token),
    };
    let told = app.engine.preflight(&asker, body.into()).await?;
    Ok(Reply::ok(told.into()))
}
