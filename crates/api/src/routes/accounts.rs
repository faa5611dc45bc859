//! Accounts that can show a Moment (requirement 2.1).

use axum::extract::State;
use moments_domain::{AccountStatus, AccountType, ChannelId, FieldError, StatusCode};
use moments_engine::{AccountFilter, AccountView, Problem};
use moments_store::AccountEvent;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{AccountsManage, AccountsView, Caller};
use crate::envelope::{Envelope, Reply};
use crate::error::ApiError;
use crate::extract::{Body, JsonBody, PathAccount};
use crate::openapi::{ErrorBody, UnprocessableBody};
use crate::paging::{Page, PageParams, Paging};
use crate::params::Params;
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
    /// 备注，未填写时为 null
    #[schema(example = "华东门店店长", max_length = 200, required)]
    remark: Option<String>,
    /// 所属渠道ID
    #[schema(example = 31)]
    channel_id: i64,
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
    /// 成员直接所属部门的ID；未知或个人微信为空
    #[schema(example = json!([2, 5]))]
    departments: Vec<i64>,
}

impl From<AccountView> for AccountBody {
    fn from(account: AccountView) -> Self {
        Self {
            account_id: account.account_id.0,
            account_name: account.account_name,
            remark: account.remark,
            channel_id: account.channel_id.0,
            account_type: account.account_type.name(),
            status: account.status.name(),
            status_code: account.reason.as_ref().map(|reason| reason.code.name()),
            status_reason: account.reason.map(|reason| reason.message),
            status_time: account.status_time.map(WireTime),
            checked_time: account.checked_time.map(WireTime),
            departments: account.departments,
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

/// The requirement's plain list, or, for a request with parameters, one page of what passes them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = Accounts)]
pub(crate) enum AccountsBody {
    /// 不带参数：全部账号
    All(Vec<AccountBody>),
    /// 带参数：分页结果
    Page(Page<AccountBody>),
}

/// Any of these makes a page of the list.
const PARAMETERS: [&str; 10] = [
    "type",
    "status",
    "channelId",
    "departmentId",
    "unbound",
    "keyword",
    "page",
    "size",
    "sort",
    "order",
];

/// 获取可同步朋友圈的微信账号列表
///
/// 不带参数时返回全部账号的数组；带任一参数时返回筛选、排序后的分页结果。
#[utoipa::path(
    get, path = "/accounts", tag = "accounts",
    params(
        ("type" = Option<String>, Query, description = "账号类型：PERSONAL 或 WEWORK"),
        ("status" = Option<String>, Query, description = "账号状态：ACTIVE、OFFLINE 或 EXPIRED"),
        ("channelId" = Option<i64>, Query, description = "所属渠道ID"),
        ("departmentId" = Option<String>, Query, description = "直接所属部门的ID，可用逗号分隔多个，属于其一即可；不含下级部门，部门树见渠道的部门与标签。部门ID只在企业内唯一，宜与 channelId 同用"),
        ("unbound" = Option<bool>, Query, description = "true：只列出已解绑、可恢复的账号；默认 false"),
        ("keyword" = Option<String>, Query, description = "账号ID、名称或备注中包含的文字，不区分大小写"),
        ("sort" = Option<String>, Query, description = "排序字段：accountId、accountName 或 status；默认按加入的先后"),
        ("order" = Option<String>, Query, description = "asc（默认）或 desc"),
        PageParams,
    ),
    responses(
        (status = 200, description = "当前用户的微信账号", body = Envelope<AccountsBody>),
        (status = 400, description = "参数格式错误", body = ErrorBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:accounts:view"])),
)]
pub(crate) async fn list_accounts(
    caller: Caller<AccountsView>,
    State(app): State<App>,
    paging: Paging,
    params: Params,
) -> Result<Reply<AccountsBody>, ApiError> {
    if !params.has_any(&PARAMETERS) {
        let accounts = app.engine.accounts(caller.user).await?;
        return Ok(Reply::ok(AccountsBody::All(bodies(accounts))));
    }
    let (filter, order) = (filter(&params)?, Order::read(&params)?);
    let mut accounts = app.engine.find_accounts(caller.user, &filter).await?;
    order.apply(&mut accounts);
    let total = accounts.len() as u64;
    let (skip, size) = (usize::try_from(paging.skip()), usize::try_from(paging.size));
    let page = accounts
        .into_iter()
        .skip(skip.unwrap_or(usize::MAX))
        .take(size.unwrap_or(usize::MAX));
    Ok(Reply::ok(AccountsBody::Page(Page::new(paging, total, bodies(page)))))
}

fn bodies(accounts: impl IntoIterator<Item = AccountView>) -> Vec<AccountBody> {
    accounts.into_iter().map(AccountBody::from).collect()
}

fn filter(params: &Params) -> Result<AccountFilter, ApiError> {
    Ok(AccountFilter {
        account_type: params.name_of("type", AccountType::ALL, AccountType::name)?,
        status: params.name_of("status", AccountStatus::ALL, AccountStatus::name)?,
        channel: params.number("channelId")?.map(ChannelId),
        departments: params.numbers("departmentId")?,
        keyword: params.text("keyword").map(str::to_owned),
        unbound: params.one_of("unbound", &["true", "false"])? == Some("true"),
    })
}

/// By what the accounts of a page are sorted.
struct Order {
    by: Option<fn(&AccountView) -> String>,
    descending: bool,
}

impl Order {
    fn read(params: &Params) -> Result<Self, ApiError> {
        let by: Option<fn(&AccountView) -> String> =
            match params.one_of("sort", &["accountId", "accountName", "status"])? {
                Some("accountId") => Some(|account| account.account_id.0.clone()),
                Some("accountName") => Some(|account| account.account_name.clone().unwrap_or_default()),
                Some(_) => Some(|account| account.status.name().to_owned()),
                None => None,
            };
        Ok(Self {
            by,
            descending: params.one_of("order", &["asc", "desc"])? == Some("desc"),
        })
    }

    fn apply(&self, accounts: &mut [AccountView]) {
        if let Some(key) = self.by {
            accounts.sort_by_cached_key(key);
        }
        if self.descending {
            accounts.reverse();
        }
    }
}

/// 修改账号
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangeAccount {
    /// 备注，最多 200 个字符；null 清除
    #[schema(example = "华东门店店长", max_length = 200, required)]
    #[serde(deserialize_with = "Option::deserialize")]
    remark: Option<String>,
}

impl ChangeAccount {
    /// The column is `VARCHAR(200)`.
    const MAX_CHARS: usize = 200;

    fn check(self) -> Result<Option<String>, ApiError> {
        let remark = self.remark.filter(|remark| !remark.is_empty());
        match &remark {
            Some(text) if text.chars().count() > Self::MAX_CHARS || text.contains('\0') => {
                let rule = format!("备注最多 {} 个字符", Self::MAX_CHARS);
                Err(Problem::Invalid(vec![FieldError::new("remark", rule)]).into())
            }
            _ => Ok(remark),
        }
    }
}

impl JsonBody for ChangeAccount {
    fn shape(_: &str) -> &'static str {
        "字符串或 null"
    }
}

/// 修改账号备注
#[utoipa::path(
    patch, path = "/accounts/{accountId}", tag = "accounts",
    params(("accountId" = String, Path, min_length = 1, max_length = 100, description = "账号唯一标识")),
    request_body = ChangeAccount,
    responses(
        (status = 200, description = "修改后的账号", body = Envelope<AccountBody>),
        (status = 400, description = "参数或请求体格式错误", body = ErrorBody),
        (status = 404, description = "账号不存在或不属于当前用户", body = ErrorBody),
        (status = 413, description = "请求体过大", body = ErrorBody),
        (status = 415, description = "请求体不是 application/json", body = ErrorBody),
        (status = 422, description = "备注过长", body = UnprocessableBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:accounts:manage"])),
)]
pub(crate) async fn change_account(
    caller: Caller<AccountsManage>,
    State(app): State<App>,
    PathAccount(account): PathAccount,
    Body(body): Body<ChangeAccount>,
) -> Result<Reply<AccountBody>, ApiError> {
    let remark = body.check()?;
    let changed = app.engine.put_remark(caller.user, &account, remark.as_deref()).await?;
    Ok(Reply::ok(changed.into()))
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
