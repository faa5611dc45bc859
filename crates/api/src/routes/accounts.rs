//! Accounts that can show a Moment (requirement 2.1).

use axum::extract::State;
use moments_domain::{AccountStatus, StatusCode};
use moments_engine::AccountView;
use moments_store::AccountEvent;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{AccountsView, Caller};
use crate::envelope::{Envelope, Reply};
use crate::error::ApiError;
use crate::extract::PathAccount;
use crate::openapi::ErrorBody;
use crate::paging::{Page, PageParams, Paging};
use crate::wire::{self, WireTime};

/// 微信账号
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Account)]
pub(crate) struct AccountBody {
    /// 账号唯一标识：企业微信成员为 `{corpid}:{userid}`，个人微信为 wxid
    #[schema(example = "ww1234567890abcdef:zhangsan", max_length = 100)]
    account_id: String,
    /// 账号名称
    #[schema(example = "企业微信成员 - 张三", required)]
    account_name: Option<String>,
    /// 账号类型
    #[schema(schema_with = wire::account_type)]
    account_type: &'static str,
    /// 账号状态
    #[schema(schema_with = wire::account_status)]
    status: &'static str,
    /// 不能发布的原因代码
    #[schema(schema_with = wire::status_code, required)]
    status_code: Option<&'static str>,
    /// 不能发布的原因与处理建议，状态为 ACTIVE 时为 null
    #[schema(example = json!(null), required)]
    status_reason: Option<String>,
    /// 进入当前状态的时间（UTC），未记录时为 null
    #[schema(schema_with = wire::date_time_or_null, required)]
    status_time: Option<WireTime>,
    /// 最近一次得到平台答复的检查时间（UTC），未检查过时为 null
    #[schema(schema_with = wire::date_time_or_null, required)]
    checked_time: Option<WireTime>,
}

impl From<AccountView> for AccountBody {
    fn from(account: AccountView) -> Self {
        Self {
            account_id: account.account_id.0,
            account_name: account.account_name,
            account_type: account.account_type.name(),
            status: account.status.name(),
            status_code: account.reason.as_ref().map(|reason| reason.code.name()),
            status_reason: account.reason.map(|reason| reason.message),
            status_time: account.status_time.map(WireTime),
            checked_time: account.checked_time.map(WireTime),
        }
    }
}

/// 账号状态的一次变化
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AccountEvent)]
pub(crate) struct AccountEventBody {
    /// 原状态
    #[schema(schema_with = wire::account_status_or_null, required)]
    from: Option<&'static str>,
    /// 新状态
    #[schema(schema_with = wire::account_status)]
    to: &'static str,
    /// 原因代码
    #[schema(schema_with = wire::status_code, required)]
    code: Option<&'static str>,
    /// 原因与处理建议，新状态为 ACTIVE 时为 null
    #[schema(example = "该成员已离职。请改用在职成员发布。", required)]
    reason: Option<String>,
    /// 发现的时间（UTC）
    #[schema(schema_with = wire::date_time)]
    time: WireTime,
    /// 由谁发现
    #[schema(schema_with = wire::noticed_by)]
    noticed_by: &'static str,
}

impl From<AccountEvent> for AccountEventBody {
    fn from(event: AccountEvent) -> Self {
        Self {
            from: event.from.map(AccountStatus::name),
            to: event.to.name(),
            code: event.code.map(StatusCode::name),
            reason: event.reason,
            time: WireTime(event.time),
            noticed_by: event.noticed_by.name(),
        }
    }
}

/// 获取可同步朋友圈的微信账号列表
#[utoipa::path(
    get, path = "/accounts", tag = "accounts",
    responses((status = 200, description = "当前用户的微信账号", body = Envelope<Vec<AccountBody>>)),
    security(("bearer" = ["workbench:wechat:moments:accounts:view"])),
)]
pub(crate) async fn list_accounts(
    caller: Caller<AccountsView>,
    State(app): State<App>,
) -> Result<Reply<Vec<AccountBody>>, ApiError> {
    let accounts = app.engine.accounts(caller.user).await?;
    Ok(Reply::ok(accounts.into_iter().map(AccountBody::from).collect()))
}

/// 账号状态的变化记录
///
/// 每次变化的时间、原因与发现途径，最新的在前。
#[utoipa::path(
    get, path = "/accounts/{accountId}/history", tag = "accounts",
    params(("accountId" = String, Path, min_length = 1, max_length = 100, description = "账号唯一标识"), PageParams),
    responses(
        (status = 200, description = "状态变化，按时间倒序", body = Envelope<Page<AccountEventBody>>),
        (status = 400, description = "参数格式错误", body = ErrorBody),
        (status = 404, description = "账号不存在或不属于当前用户", body = ErrorBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:accounts:view"])),
)]
pub(crate) async fn account_history(
    caller: Caller<AccountsView>,
    State(app): State<App>,
    PathAccount(account): PathAccount,
    paging: Paging,
) -> Result<Reply<Page<AccountEventBody>>, ApiError> {
    let history = app
        .engine
        .account_history(caller.user, &account, paging.skip(), paging.size)
        .await?;
    let records = history.events.into_iter().map(AccountEventBody::from).collect();
    Ok(Reply::ok(Page::new(paging, history.total, records)))
}
