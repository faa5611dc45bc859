//! What posts may not say: lists of words and hosts, and trying a text against them.

use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::{Caller, ComplianceManage};
use crate::envelope::{Envelope, Reply};
use crate::error::{ApiError, Malformed};
use crate::extract::{Body, PathId, PlainText};
use crate::openapi::{ErrorBody, FieldErrorsBody};

mod body;
mod hit;

use body::{PutBody, TextBody, VerdictBody, WordListBody, WordListHead};

use hit::{HitBody, SourceBody};

pub(crate) use hit::ComplianceBody;

/// Largest list as a text file. A hundred thousand words are a bit more than a megabyte.
const MOST_BYTES: usize = 4 << 20;

/// The routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_lists, add_list))
        .routes(routes!(get_list, change_list, remove_list))
        .routes(routes!(check_text))
        .merge(text_router())
}

/// Those that carry a list as a text file: it may be longer than other bodies.
fn text_router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(export_list, import_list))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
}

/// 词库列表
///
/// 当前用户可见的词库（全局词库与自己的词库），不含词条内容。内置词库与文件词库由管理员配置，不在此列。
#[utoipa::path(
    get, path = "/compliance/lists", tag = "compliance",
    responses((status = 200, description = "词库", body = Envelope<Vec<WordListHead>>)),
    security(("bearer" = ["workbench:wechat:moments:compliance:manage"])),
)]
pub(crate) async fn list_lists(
    caller: Caller<ComplianceManage>,
    State(app): State<App>,
) -> Result<Reply<Vec<WordListHead>>, ApiError> {
    let lists = app.engine.word_lists(caller.user).await?;
    Ok(Reply::ok(lists.into_iter().map(WordListHead::from).collect()))
}

/// 新建词库
///
/// 每行一条，`#` 开头为注释。词语与短语：`词语 | 类别 | level=BLOCK | 选项 | 建议`，除词语外均可省略；选项以逗号分隔：
/// `exact` 字间不得有任何间隔，`pinyin` 同时匹配拼音（微xin、weixin），`initials` 同时匹配首字母（微x、wx）。域名：每行一个，含其子域名。
#[utoipa::path(
    post, path = "/compliance/lists", tag = "compliance",
    request_body = PutBody,
    responses(
        (status = 201, description = "已新建，立即生效；其他进程数秒内生效", body = Envelope<WordListBody>),
        (status = 400, description = "请求体不是 JSON、字段类型或格式错误", body = ErrorBody),
        (status = 413, description = "请求体过大", body = ErrorBody),
        (status = 415, description = "请求体不是 application/json", body = ErrorBody),
        (status = 422, description = "违反规则，逐个字段、逐行列出", body = FieldErrorsBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:compliance:manage"])),
)]
pub(crate) async fn add_list(
    caller: Caller<ComplianceManage>,
    State(app): State<App>,
    Body(body): Body<PutBody>,
) -> Result<Reply<WordListBody>, ApiError> {
    let list = app.engine.add_word_list(caller.user, body.into()).await?;
    Ok(Reply::created(list.into()))
}

/// 查询词库
#[utoipa::path(
    get, path = "/compliance/lists/{id}", tag = "compliance",
    params(("id" = i64, Path, description = "词库ID", minimum = 1, maximum = 9_007_199_254_740_991_i64)),
    responses(
        (status = 200, description = "词库及其内容", body = Envelope<WordListBody>),
        (status = 400, description = "路径参数不是整数", body = ErrorBody),
        (status = 404, description = "词库不存在", body = ErrorBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:compliance:manage"])),
)]
pub(crate) async fn get_list(
    caller: Caller<ComplianceManage>,
    State(app): State<App>,
    PathId(id): PathId,
) -> Result<Reply<WordListBody>, ApiError> {
    let list = app.engine.word_list(caller.user, id).await?;
    Ok(Reply::ok(list.into()))
}

/// 修改词库
///
/// 整体替换；`version` 为修改所依据的版本。
#[utoipa::path(
    put, path = "/compliance/lists/{id}", tag = "compliance",
    params(("id" = i64, Path, description = "词库ID", minimum = 1, maximum = 9_007_199_254_740_991_i64)),
    request_body = PutBody,
    responses(
        (status = 200, description = "已修改，立即生效；其他进程数秒内生效", body = Envelope<WordListBody>),
        (status = 400, description = "请求体不是 JSON、字段类型或格式错误", body = ErrorBody),
        (status = 404, description = "词库不存在", body = ErrorBody),
        (status = 409, description = "词库已被他人修改，请重新读取", body = ErrorBody),
        (status = 413, description = "请求体过大", body = ErrorBody),
        (status = 415, description = "请求体不是 application/json", body = ErrorBody),
        (status = 422, description = "违反规则，逐个字段、逐行列出", body = FieldErrorsBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:compliance:manage"])),
)]
pub(crate) async fn change_list(
    caller: Caller<ComplianceManage>,
    State(app): State<App>,
    PathId(id): PathId,
    Body(body): Body<PutBody>,
) -> Result<Reply<WordListBody>, ApiError> {
    let version = body.version()?;
    let list = app
        .engine
        .put_word_list(caller.user, (id, version), body.into())
        .await?;
    Ok(Reply::ok(list.into()))
}

/// 删除词库
///
/// 已创建的任务保留当时的检查结果与词库版本。
#[utoipa::path(
    delete, path = "/compliance/lists/{id}", tag = "compliance",
    params(("id" = i64, Path, description = "词库ID", minimum = 1, maximum = 9_007_199_254_740_991_i64)),
    responses(
        (status = 200, description = "已删除，`data` 为 null"),
        (status = 400, description = "路径参数不是整数", body = ErrorBody),
        (status = 404, description = "词库不存在", body = ErrorBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:compliance:manage"])),
)]
pub(crate) async fn remove_list(
    caller: Caller<ComplianceManage>,
    State(app): State<App>,
    PathId(id): PathId,
) -> Result<Reply<()>, ApiError> {
    app.engine.remove_word_list(caller.user, id).await?;
    Ok(Reply::ok(()))
}

/// 导出词库
#[utoipa::path(
    get, path = "/compliance/lists/{id}/text", tag = "compliance",
    params(("id" = i64, Path, description = "词库ID", minimum = 1, maximum = 9_007_199_254_740_991_i64)),
    responses(
        (status = 200, description = "文本文件，每行一条", body = String, content_type = "text/plain"),
        (status = 400, description = "路径参数不是整数", body = ErrorBody),
        (status = 404, description = "词库不存在", body = ErrorBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:compliance:manage"])),
)]
pub(crate) async fn export_list(
    caller: Caller<ComplianceManage>,
    State(app): State<App>,
    PathId(id): PathId,
) -> Result<Response, ApiError> {
    let list = app.engine.word_list(caller.user, id).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"list-{id}-v{}.txt\"", list.version),
        ),
    ];
    Ok((headers, list.list.content).into_response())
}

/// 导入词库
///
/// 以文本文件替换词库的内容；`version` 为修改所依据的版本。
#[utoipa::path(
    put, path = "/compliance/lists/{id}/text", tag = "compliance",
    params(
        ("id" = i64, Path, description = "词库ID", minimum = 1, maximum = 9_007_199_254_740_991_i64),
        ("version" = i64, Query, description = "修改所依据的版本"),
    ),
    request_body(content = String, content_type = "text/plain", description = "UTF-8 文本，每行一条，最多 4 MiB"),
    responses(
        (status = 200, description = "已导入，立即生效；其他进程数秒内生效", body = Envelope<WordListBody>),
        (status = 400, description = "缺少 version，或内容不是 UTF-8 文本", body = ErrorBody),
        (status = 404, description = "词库不存在", body = ErrorBody),
        (status = 409, description = "词库已被他人修改，请重新读取", body = ErrorBody),
        (status = 413, description = "请求体过大", body = ErrorBody),
        (status = 422, description = "违反规则，逐行列出", body = FieldErrorsBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:compliance:manage"])),
)]
pub(crate) async fn import_list(
    caller: Caller<ComplianceManage>,
    State(app): State<App>,
    PathId(id): PathId,
    RawQuery(query): RawQuery,
    PlainText(content): PlainText<MOST_BYTES>,
) -> Result<Reply<WordListBody>, ApiError> {
    let version = version(query.as_deref().unwrap_or_default())?;
    let list = app.engine.put_words(caller.user, (id, version), content).await?;
    Ok(Reply::ok(list.into()))
}

fn version(query: &str) -> Result<i64, ApiError> {
    let mut named = query.split('&').filter_map(|pair| pair.strip_prefix("version="));
    let wrong = || Malformed {
        field: Some("version".to_owned()),
        message: "请以查询参数 version 给出修改所依据的版本（整数）".to_owned(),
    };
    let version = named.next().and_then(|version| version.parse().ok());
    version.ok_or_else(|| ApiError::Malformed(wrong()))
}

/// 试查文本
///
/// 按当前生效的全部词库检查一段文本与一个链接，不创建任务，也不调用外部审核。
#[utoipa::path(
    post, path = "/compliance/check", tag = "compliance",
    request_body = TextBody,
    responses(
        (status = 200, description = "检查结果", body = Envelope<VerdictBody>),
        (status = 400, description = "请求体不是 JSON、字段类型或格式错误", body = ErrorBody),
        (status = 413, description = "请求体过大", body = ErrorBody),
        (status = 415, description = "请求体不是 application/json", body = ErrorBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:compliance:manage"])),
)]
pub(crate) async fn check_text(
    caller: Caller<ComplianceManage>,
    State(app): State<App>,
    Body(body): Body<TextBody>,
) -> Result<Reply<VerdictBody>, ApiError> {
    let (text, link) = body.parts();
    let judgement = app.engine.judge_text(caller.user, &text, link.as_deref());
    Ok(Reply::ok(judgement.into()))
}
