//! Files that users send by themselves (requirement 5.3), to be named in `mediaUrls` afterwards.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::multipart::{Field, MultipartRejection};
use axum::extract::{DefaultBodyLimit, Multipart, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use moments_domain::FieldError;
use moments_engine::{FileProblem, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::{Caller, SyncCreate};
use crate::envelope::{Envelope, Reply};
use crate::error::{ApiError, Malformed};
use crate::openapi::{ErrorBody, FieldErrorsBody};
use crate::request_id::is_visible;
use crate::routes::media::stream;
use crate::uploads::Running;

mod body;

use body::{FileBody, ProgressBody, RefusedBody, UploadBody, UploadForm};

/// Files in one request.
const MOST_FILES: usize = 20;
/// Bytes of one request: as many files of the largest size, and a little for what stands between them.
const MOST_BYTES: usize = MOST_FILES * (51 << 20);
/// A client that sends nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(30);
/// What the client calls its upload, to ask how far it has come.
const UPLOAD_ID: &str = "X-Upload-Id";
/// Most characters of that, and of a file's name as it is told back.
const MAX_CHARS: usize = 100;

/// The routes, with room for large bodies.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(upload_files))
        .routes(routes!(open_file))
        .routes(routes!(upload_progress))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
}

/// 上传图片或视频
///
/// 一次最多 20 个文件，每个最大 50 MB；按内容去重保存，返回的 `url` 可直接用于 `mediaUrls`，仅上传者本人可用。
/// 无法使用的文件列在 `refused` 中，不影响其他文件；全部无法使用时返回 422。
/// 请求头 `X-Upload-Id`（1 到 100 个可见 ASCII 字符，自定）可用于查询进度。
#[utoipa::path(
    post, path = "/media", tag = "media",
    params(("X-Upload-Id" = Option<String>, Header, description = "自定的上传编号，用于查询进度")),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "已保存", body = Envelope<UploadBody>),
        (status = 400, description = "请求体不完整，或请求头格式错误", body = ErrorBody),
        (status = 409, description = "上传的文件已占满空间", body = ErrorBody),
        (status = 413, description = "请求体过大", body = ErrorBody),
        (status = 415, description = "请求体不是 multipart/form-data", body = ErrorBody),
        (status = 422, description = "没有文件，或全部文件无法使用", body = FieldErrorsBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:sync:create"])),
)]
pub(crate) async fn upload_files(
    caller: Caller<SyncCreate>,
    State(app): State<App>,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Reply<UploadBody>, ApiError> {
    let mut form = form.map_err(|_| ApiError::NotMultipart)?;
    let running = app.uploads.begin(caller.user, upload_id(&headers)?, length(&headers));
    let mut answer = UploadBody::default();
    let mut place = 0;
    while let Some(field) = in_time(form.next_field()).await? {
        let Some(name) = field.file_name().map(shown) else {
            continue;
        };
        match receive(&app, &caller, field, &running, place).await? {
            Ok(file) => answer.files.push(FileBody::new(name, file)),
            Err((error, message)) => answer.refused.push(RefusedBody {
                index: place,
                name,
                error,
                message,
            }),
        }
        running.judged();
        place += 1;
    }
    if answer.files.is_empty() {
        return Err(nothing_kept(answer.refused));
    }
    Ok(Reply::created(answer))
}

/// 上传进度
///
/// 由处理该上传的进程回答：多个 API 进程时，请让同一用户的请求落在同一进程，或使用浏览器自身的上传进度。
#[utoipa::path(
    get, path = "/media/uploads/{uploadId}", tag = "media",
    params(("uploadId" = String, Path, description = "上传时请求头 X-Upload-Id 的值")),
    responses(
        (status = 200, description = "进度", body = Envelope<ProgressBody>),
        (status = 404, description = "没有这个上传，或不属于当前用户", body = ErrorBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:sync:create"])),
)]
pub(crate) async fn upload_progress(
    caller: Caller<SyncCreate>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Reply<ProgressBody>, ApiError> {
    let progress = app.uploads.find(caller.user, &id).ok_or(Problem::NotFound("上传"))?;
    Ok(Reply::ok(ProgressBody {
        received_bytes: progress.received.load(Ordering::Relaxed),
        total_bytes: progress.total,
        files: progress.files.load(Ordering::Relaxed),
        ended: progress.ended.load(Ordering::Relaxed),
    }))
}

/// 读取自己上传的文件
#[utoipa::path(
    get, path = "/media/{name}", tag = "media",
    params(("name" = String, Path, description = "上传返回的 `url` 的最后一段")),
    responses(
        (status = 200, description = "文件内容", content_type = "application/octet-stream", body = Vec<u8>),
        (status = 404, description = "文件不存在、已清理或不属于当前用户", body = ErrorBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:sync:create"])),
)]
pub(crate) async fn open_file(
    caller: Caller<SyncCreate>,
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let file = app.engine.open_file(caller.user, &name).await?;
    stream(file).await
}

/// Takes one file in: kept, or refused with a code and a sentence. What fails the whole request is the outer error.
async fn receive(
    app: &App,
    caller: &Caller<SyncCreate>,
    mut field: Field<'_>,
    running: &Running,
    place: usize,
) -> Result<Result<moments_engine::FileView, (&'static str, String)>, ApiError> {
    if place >= MOST_FILES {
        return Ok(Err(("TOO_MANY_FILES", format!("一次最多上传 {MOST_FILES} 个文件"))));
    }
    let mut incoming = match app.engine.receive_file(caller.user).await {
        Ok(incoming) => incoming,
        Err(problem) => return refused(problem),
    };
    while let Some(chunk) = in_time(field.chunk()).await? {
        running.received(chunk.len());
        if let Err(error) = incoming.write(&chunk).await {
            return refused(error.into());
        }
    }
    match app.engine.keep_file(caller.user, incoming).await {
        Ok(file) => Ok(Ok(file)),
        Err(problem) => refused(problem),
    }
}

/// An unfit file is told beside its neighbours; anything else ends the request.
fn refused<T>(problem: FileProblem) -> Result<Result<T, (&'static str, String)>, ApiError> {
    match problem {
        FileProblem::Unfit(error) => Ok(Err((error.reason_code(), error.operator_message()))),
        FileProblem::Problem(problem) => Err(problem.into()),
    }
}

fn nothing_kept(refused: Vec<RefusedBody>) -> ApiError {
    let one = |refused: RefusedBody| FieldError::new(format!("files[{}]", refused.index), refused.message);
    let mut errors: Vec<_> = refused.into_iter().map(one).collect();
    if errors.is_empty() {
        errors.push(FieldError::new("files", "请至少选择一个文件"));
    }
    Problem::Invalid(errors).into()
}

/// The next part of the body, unless the client falls silent or sends what is no form.
async fn in_time<T>(
    part: impl Future<Output = Result<T, axum::extract::multipart::MultipartError>>,
) -> Result<T, ApiError> {
    let broken = |message: &str| {
        ApiError::Malformed(Malformed {
            field: None,
            message: message.to_owned(),
        })
    };
    match tokio::time::timeout(SILENCE, part).await {
        Ok(Ok(part)) => Ok(part),
        Ok(Err(error)) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(ApiError::TooLarge(MOST_BYTES)),
        Ok(Err(_)) => Err(broken("上传的内容不完整或格式错误")),
        Err(_) => Err(broken("上传中断，请检查网络后重试")),
    }
}

fn upload_id(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(UPLOAD_ID) else {
        return Ok(None);
    };
    let id = value.to_str().ok().filter(|id| is_visible(id.as_bytes(), MAX_CHARS));
    id.map(|id| Some(id.to_owned())).ok_or_else(|| {
        ApiError::Malformed(Malformed {
            field: Some(UPLOAD_ID.to_owned()),
            message: format!("请求头 {UPLOAD_ID} 应为 1 到 {MAX_CHARS} 个可见 ASCII 字符"),
        })
    })
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A file's name as it is told back: it is nothing but a label.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(MAX_CHARS).collect()
}
