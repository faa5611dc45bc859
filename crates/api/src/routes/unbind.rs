//! Unbinding channels and accounts, and taking an account back.

use axum::extract::State;
use moments_domain::ChannelId;
use moments_store::{Removal, Waiting};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{AccountsManage, Caller};
use crate::envelope::{Envelope, Reply};
use crate::error::ApiError;
use crate::extract::{PathAccount, PathId};
use crate::openapi::ErrorBody;
use crate::params::Params;

use super::accounts::AccountBody;

/// 解绑结果
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Removal)]
pub(crate) struct RemovalBody {
    /// 因解绑而失败的待发布数量
    #[schema(example = 0)]
    failed_publications: u64,
    /// 已提交到平台、因解绑而无法再核实的发布数量，须人工核对
    #[schema(example = 0)]
    unfollowed_publications: u64,
}

impl From<Removal> for RemovalBody {
    fn from(removal: Removal) -> Self {
        Self {
            failed_publications: removal.failed_publications,
            unfollowed_publications: removal.unfollowed_publications,
        }
    }
}

/// What the query says of posts that wait, or else what is usual.
fn waiting(params: &Params, usual: Waiting) -> Result<Waiting, ApiError> {
    Ok(match params.one_of("waiting", &["fail", "refuse"])? {
        Some("fail") => Waiting::Fail,
        Some(_) => Waiting::Refuse,
        None => usual,
    })
}

/// 解绑渠道
///
/// 渠道及其账号被移除。等待发布的内容以失败结束并注明原因；已提交到平台的内容无法再跟踪，须人工核对。
#[utoipa::path(
    delete, path = "/channels/{id}", tag = "channels",
    params(
        ("id" = i64, Path, minimum = 1, maximum = 9_007_199_254_740_991_i64, description = "渠道ID"),
        ("waiting" = Option<String>, Query, description = "有未完成的任务时：fail（默认）解绑并结束这些任务，refuse 不解绑"),
    ),
    responses(
        (status = 200, description = "已解绑", body = Envelope<RemovalBody>),
        (status = 400, description = "参数格式错误", body = ErrorBody),
        (status = 404, description = "渠道不存在或不属于当前用户", body = ErrorBody),
        (status = 409, description = "有未完成的任务，未解绑（`TASKS_WAITING`）", body = ErrorBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:accounts:manage"])),
)]
pub(crate) async fn remove_channel(
    caller: Caller<AccountsManage>,
    State(app): State<App>,
    PathId(id): PathId,
    params: Params,
) -> Result<Reply<RemovalBody>, ApiError> {
    let waiting = waiting(&params, Waiting::Fail)?;
    let removal = app.engine.remove_channel(caller.user, ChannelId(id), waiting).await?;
    Ok(Reply::ok(removal.into()))
}

/// 解绑账号
///
/// 企业微信成员：不再出现在列表中，也不能被选择，重新检查或重新绑定渠道都不会使其恢复，须用恢复接口；同一任务的其他成员照常发布，已提交到平台的内容继续跟踪。
/// 个人微信：解绑其渠道。
#[utoipa::path(
    delete, path = "/accounts/{accountId}", tag = "accounts",
    params(
        ("accountId" = String, Path, min_length = 1, max_length = 100, description = "账号唯一标识"),
        ("waiting" = Option<String>, Query, description = "有尚未提交的任务时：refuse（默认）不解绑，fail 解绑并使该账号的结果失败"),
    ),
    responses(
        (status = 200, description = "已解绑", body = Envelope<RemovalBody>),
        (status = 400, description = "参数格式错误", body = ErrorBody),
        (status = 404, description = "账号不存在或不属于当前用户", body = ErrorBody),
        (status = 409, description = "有尚未提交的任务，未解绑（`TASKS_WAITING`）", body = ErrorBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:accounts:manage"])),
)]
pub(crate) async fn unbind_account(
    caller: Caller<AccountsManage>,
    State(app): State<App>,
    PathAccount(account): PathAccount,
    params: Params,
) -> Result<Reply<RemovalBody>, ApiError> {
    let waiting = waiting(&params, Waiting::Refuse)?;
    let removal = app.engine.unbind_account(caller.user, &account, waiting).await?;
    Ok(Reply::ok(removal.into()))
}

/// 恢复已解绑的账号
///
/// 恢复后立即检查其渠道；平台暂时无法答复时，账号先以 EXPIRED 恢复，待下一次检查更新。账号未被解绑时不作改动，返回其现状。
#[utoipa::path(
    post, path = "/accounts/{accountId}/restore", tag = "accounts",
    params(("accountId" = String, Path, min_length = 1, max_length = 100, description = "账号唯一标识")),
    responses(
        (status = 200, description = "恢复后的账号", body = Envelope<AccountBody>),
        (status = 400, description = "参数格式错误", body = ErrorBody),
        (status = 404, description = "账号不存在", body = ErrorBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:accounts:manage"])),
)]
pub(crate) async fn restore_account(
    caller: Caller<AccountsManage>,
    State(app): State<App>,
    PathAccount(account): PathAccount,
) -> Result<Reply<AccountBody>, ApiError> {
    let restored = app.engine.restore_account(caller.user, &account).await?;
    Ok(Reply::ok(restored.into()))
}
