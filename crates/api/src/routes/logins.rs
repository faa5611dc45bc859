//! Logging personal accounts in. Answers hold codes that let whoever sees them log in: no cache keeps them.

use axum::extract::State;
use axum::http::{HeaderName, header};
use moments_domain::{ChannelId, LoginId};
use moments_engine::LoginView;

use crate::app::App;
use crate::auth::{AccountsManage, Caller};
use crate::envelope::{Envelope, Reply};
use crate::error::ApiError;
use crate::extract::{Body, PathId};
use crate::openapi::{ErrorBody, UnprocessableBody};

mod body;

use body::{LoginAgainBody, LoginBody, NumberBody, StartLoginBody};

/// An answer for the caller's eyes alone.
type Private = ([(HeaderName, &'static str); 1], Reply<LoginBody>);

fn private(reply: fn(LoginBody) -> Reply<LoginBody>, login: LoginView) -> Private {
    ([(header::CACHE_CONTROL, "no-store")], reply(login.into()))
}

/// 登录新的个人微信
///
/// 在网关创建一个虚拟设备并返回登录二维码；同一令牌下尚未有人登录过的设备会被再次使用。仅在管理员已启用网关（`gewe.enabled`）时可用。
#[utoipa::path(
    post, path = "/channels/gewe/logins", tag = "logins",
    request_body = StartLoginBody,
    responses(
        (status = 201, description = "请用手机微信扫码；设备原本在线时 `status` 直接为 DONE", body = Envelope<LoginBody>),
        (status = 400, description = "请求体不是 JSON、字段类型错误", body = ErrorBody),
        (status = 409, description = "网关未启用，该设备已被绑定，或同一令牌的另一次登录正在获取二维码", body = ErrorBody),
        (status = 413, description = "请求体过大", body = ErrorBody),
        (status = 415, description = "请求体不是 application/json", body = ErrorBody),
        (status = 422, description = "违反规则，或网关拒绝（`WechatApiException`）", body = UnprocessableBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:accounts:manage"])),
)]
pub(crate) async fn start_login(
    caller: Caller<AccountsManage>,
    State(app): State<App>,
    Body(body): Body<StartLoginBody>,
) -> Result<Private, ApiError> {
    let login = app.engine.start_login(caller.user, body.check()?).await?;
    Ok(private(Reply::created, login))
}

/// 登录进度
///
/// 每隔几秒查询一次即可；服务端自行轮询网关，查询不会改变任何状态。
#[utoipa::path(
    get, path = "/channels/gewe/logins/{id}", tag = "logins",
    params(("id" = i64, Path, minimum = 1, maximum = 9_007_199_254_740_991_i64, description = "登录ID")),
    responses(
        (status = 200, description = "当前进度", body = Envelope<LoginBody>),
        (status = 400, description = "id 不是有效的整数", body = ErrorBody),
        (status = 404, description = "登录不存在或不属于当前用户", body = ErrorBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:accounts:manage"])),
)]
pub(crate) async fn get_login(
    caller: Caller<AccountsManage>,
    State(app): State<App>,
    PathId(id): PathId,
) -> Result<Private, ApiError> {
    let login = app.engine.login(caller.user, LoginId(id)).await?;
    Ok(private(Reply::ok, login))
}

/// 填写手机上显示的数字
///
/// 微信要求确认数字时使用；数字随下一次轮询交给网关，不会保存。
#[utoipa::path(
    post, path = "/channels/gewe/logins/{id}/code", tag = "logins",
    params(("id" = i64, Path, minimum = 1, maximum = 9_007_199_254_740_991_i64, description = "登录ID")),
    request_body = NumberBody,
    responses(
        (status = 202, description = "已收到", body = Envelope<LoginBody>),
        (status = 400, description = "id 不是有效的整数，请求体不是 JSON、字段类型错误", body = ErrorBody),
        (status = 404, description = "登录不存在或不属于当前用户", body = ErrorBody),
        (status = 409, description = "登录已结束", body = ErrorBody),
        (status = 413, description = "请求体过大", body = ErrorBody),
        (status = 415, description = "请求体不是 application/json", body = ErrorBody),
        (status = 422, description = "违反规则", body = UnprocessableBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:accounts:manage"])),
)]
pub(crate) async fn enter_number(
    caller: Caller<AccountsManage>,
    State(app): State<App>,
    PathId(id): PathId,
    Body(body): Body<NumberBody>,
) -> Result<Private, ApiError> {
    let id = LoginId(id);
    app.engine.enter_login_number(caller.user, id, &body.check()?).await?;
    let login = app.engine.login(caller.user, id).await?;
    Ok(private(Reply::accepted, login))
}

/// 刷新二维码
///
/// 同一设备的新二维码；二维码过期或在手机上取消后，也可由此继续。
#[utoipa::path(
    post, path = "/channels/gewe/logins/{id}/qr", tag = "logins",
    params(("id" = i64, Path, minimum = 1, maximum = 9_007_199_254_740_991_i64, description = "登录ID")),
    responses(
        (status = 200, description = "新的二维码", body = Envelope<LoginBody>),
        (status = 400, description = "id 不是有效的整数", body = ErrorBody),
        (status = 404, description = "登录不存在或不属于当前用户", body = ErrorBody),
        (status = 409, description = "网关未启用，或登录已结束", body = ErrorBody),
        (status = 422, description = "网关拒绝（`WechatApiException`）", body = UnprocessableBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:accounts:manage"])),
)]
pub(crate) async fn refresh_code(
    caller: Caller<AccountsManage>,
    State(app): State<App>,
    PathId(id): PathId,
) -> Result<Private, ApiError> {
    let login = app.engine.refresh_login(caller.user, LoginId(id)).await?;
    Ok(private(Reply::ok, login))
}

/// 取消登录
///
/// 设备会保留，供下一次登录使用；已结束的登录保持原状。
#[utoipa::path(
    delete, path = "/channels/gewe/logins/{id}", tag = "logins",
    params(("id" = i64, Path, minimum = 1, maximum = 9_007_199_254_740_991_i64, description = "登录ID")),
    responses(
        (status = 200, description = "已结束", body = Envelope<LoginBody>),
        (status = 400, description = "id 不是有效的整数", body = ErrorBody),
        (status = 404, description = "登录不存在或不属于当前用户", body = ErrorBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:accounts:manage"])),
)]
pub(crate) async fn cancel_login(
    caller: Caller<AccountsManage>,
    State(app): State<App>,
    PathId(id): PathId,
) -> Result<Private, ApiError> {
    let login = app.engine.cancel_login(caller.user, LoginId(id)).await?;
    Ok(private(Reply::ok, login))
}

/// 重新登录渠道的设备
///
/// 先尝试恢复会话，成功则 `status` 直接为 DONE；否则返回同一设备的二维码，须由原微信号扫码。
#[utoipa::path(
    post, path = "/channels/{id}/login", tag = "logins",
    params(("id" = i64, Path, minimum = 1, maximum = 9_007_199_254_740_991_i64, description = "渠道ID")),
    request_body = LoginAgainBody,
    responses(
        (status = 201, description = "请用原微信号扫码，或已恢复在线", body = Envelope<LoginBody>),
        (status = 400, description = "id 不是有效的整数，请求体不是 JSON、字段类型错误", body = ErrorBody),
        (status = 404, description = "渠道不存在或不属于当前用户", body = ErrorBody),
        (status = 409, description = "网关未启用，不是个人微信渠道，或网关已不认识该设备", body = ErrorBody),
        (status = 413, description = "请求体过大", body = ErrorBody),
        (status = 415, description = "请求体不是 application/json", body = ErrorBody),
        (status = 422, description = "违反规则，或网关拒绝（`WechatApiException`）", body = UnprocessableBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:accounts:manage"])),
)]
pub(crate) async fn login_again(
    caller: Caller<AccountsManage>,
    State(app): State<App>,
    PathId(id): PathId,
    Body(body): Body<LoginAgainBody>,
) -> Result<Private, ApiError> {
    let login = app
        .engine
        .login_again(caller.user, ChannelId(id), body.check()?)
        .await?;
    Ok(private(Reply::created, login))
}
