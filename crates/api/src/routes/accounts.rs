//! Accounts that can show a Moment (requirement 2.1).

use axum::extract::State;
use moments_engine::AccountView;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{AccountsView, Caller};
use crate::envelope::{Envelope, Reply};
use crate::error::ApiError;
use crate::wire;

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
}

impl From<AccountView> for AccountBody {
    fn from(account: AccountView) -> Self {
        Self {
            account_id: account.account_id.0,
            account_name: account.account_name,
            account_type: account.account_type.name(),
            status: account.status.name(),
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
