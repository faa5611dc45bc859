//! Every "no" of the edge, and the one place that turns it into an answer.
//!
//! `data.error` is a stable code for programs: for the four exceptions of requirement 4 their own names, else UPPER_SNAKE.
//! Broken rules (422) are a list of `{field, message}` instead, as the workbench's conventions ask.

use std::borrow::Cow;
use std::error::Error;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use moments_domain::{Finding, FindingLevel, MomentError};
use moments_engine::{LibraryProblem, Problem};
use serde_json::{Value, json};

use crate::auth::TokenProblem;
use crate::envelope;
use crate::routes::CheckBody;

/// When to try again what failed because something of ours was busy.
const BUSY_SECS: u64 = 5;

/// How many tasks an answer lists.
const SHOWN_TASKS: usize = 100;

/// Why a request gets no success.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// A use case says no.
    Problem(Problem),
    /// 401, or 503 when the keys cannot be had.
    Token(TokenProblem),
    /// The token lacks this permission (403).
    Forbidden(&'static str),
    /// A part of the request cannot be read (400).
    Malformed(Malformed),
    /// The body is not declared as JSON (415).
    NotJson,
    /// The body is not declared as a form with files (415).
    NotMultipart,
    /// The body is larger than this many bytes (413).
    TooLarge(usize),
    /// The user's requests come too fast; the next one may come after this (429).
    TooMany(Duration),
    /// No such route (404).
    NoRoute,
    /// The route does not know the method (405).
    NoMethod,
    /// A part of this process does not do its work (503): every check, with its reason.
    NotReady(Vec<CheckBody>),
    /// The request took too long; nobody knows how far it came (503).
    TimedOut,
    /// A defect of this program (500). Logged by whoever noticed.
    Defect,
}

/// What cannot be read, and how it should look.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// The field, path parameter or header; `None`: the body as a whole.
    pub(crate) field: Option<String>,
    /// For people. Never repeats what was sent: that may be a secret.
    pub(crate) message: String,
}

struct Answer {
    status: StatusCode,
    message: Cow<'static, str>,
    data: Value,
    retry_after_secs: Option<u64>,
}

impl Answer {
    fn new(status: StatusCode, message: impl Into<Cow<'static, str>>, data: Value) -> Self {
        Self {
            status,
            message: message.into(),
            data,
            retry_after_secs: None,
        }
    }

    fn code(status: StatusCode, message: impl Into<Cow<'static, str>>, code: &'static str) -> Self {
        Self::new(status, message, json!({ "error": code }))
    }

    fn retry_after(self, secs: u64) -> Self {
        Self {
            retry_after_secs: Some(secs),
            ..self
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Answer {
            status,
            message,
            data,
            retry_after_secs,
        } = answer(self);
        let mut response = envelope::open(status, &message, &data);
        if let Some(secs) = retry_after_secs {
            response.headers_mut().insert(header::RETRY_AFTER, secs.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<TokenProblem> for ApiError {
    fn from(problem: TokenProblem) -> Self {
        Self::Token(problem)
    }
}

fn answer(error: ApiError) -> Answer {
    match error {
        ApiError::Problem(problem) => of_problem(problem),
        ApiError::Token(problem) => of_token(problem),
        ApiError::Forbidden(permission) => {
            let data = json!({ "error": "PERMISSION_MISSING", "permission": permission });
            Answer::new(StatusCode::FORBIDDEN, format!("没有权限：{permission}"), data)
        }
        ApiError::Malformed(Malformed { field, message }) => {
            let data = json!({ "error": "MALFORMED", "field": field });
            Answer::new(StatusCode::BAD_REQUEST, message, data)
        }
        ApiError::NotJson => {
            let message = "请求体须为 JSON，请设置请求头 Content-Type: application/json";
            Answer::code(StatusCode::UNSUPPORTED_MEDIA_TYPE, message, "UNSUPPORTED_MEDIA_TYPE")
        }
        ApiError::NotMultipart => {
            let message = "请求体须为表单，请设置请求头 Content-Type: multipart/form-data 及其 boundary";
            Answer::code(StatusCode::UNSUPPORTED_MEDIA_TYPE, message, "UNSUPPORTED_MEDIA_TYPE")
        }
        ApiError::TooLarge(bytes) => {
            let data = json!({ "error": "BODY_TOO_LARGE", "maxBytes": bytes });
            Answer::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("请求体过大，最多 {bytes} 字节"),
                data,
            )
        }
        ApiError::TooMany(wait) => {
            let secs = wait.as_secs() + 1;
            let message = format!("请求过于频繁，请在 {secs} 秒后重试");
            Answer::code(StatusCode::TOO_MANY_REQUESTS, message, "RATE_LIMITED").retry_after(secs)
        }
        ApiError::NoRoute => Answer::code(StatusCode::NOT_FOUND, "接口不存在", "NOT_FOUND"),
        ApiError::NoMethod => Answer::code(
            StatusCode::METHOD_NOT_ALLOWED,
            "接口不支持该请求方法",
            "METHOD_NOT_ALLOWED",
        ),
        ApiError::NotReady(checks) => not_ready(&checks),
        ApiError::TimedOut => {
            let message = "处理超时，结果未知；请查询后再决定，或使用相同的 Idempotency-Key 重试";
            Answer::code(StatusCode::SERVICE_UNAVAILABLE, message, "TIMED_OUT").retry_after(BUSY_SECS)
        }
        ApiError::Defect => defect(),
    }
}

fn not_ready(checks: &[CheckBody]) -> Answer {
    let reasons: Vec<_> = checks.iter().filter_map(|check| check.reason.as_deref()).collect();
    let message = format!("服务未就绪：{}", reasons.join("；"));
    tracing::warn!(message, "not ready");
    let data = json!({ "error": "NOT_READY", "status": "DOWN", "checks": checks });
    Answer::new(StatusCode::SERVICE_UNAVAILABLE, message, data).retry_after(BUSY_SECS)
}

fn of_problem(problem: Problem) -> Answer {
    let message = problem.to_string();
    match problem {
        Problem::Invalid(errors) => Answer::new(StatusCode::UNPROCESSABLE_ENTITY, message, json!(errors)),
        Problem::Moment(error) => of_moment(error),
        Problem::Blocked(findings) => Answer::new(StatusCode::UNPROCESSABLE_ENTITY, message, blocked(&findings)),
        Problem::NotFound(_) => Answer::code(StatusCode::NOT_FOUND, message, "NOT_FOUND"),
        Problem::TasksWait(tasks) => {
            let shown: Vec<_> = tasks.iter().take(SHOWN_TASKS).collect();
            let data = json!({ "error": "TASKS_WAITING", "total": tasks.len(), "taskIds": shown });
            Answer::new(StatusCode::CONFLICT, message, data)
        }
        Problem::Conflict(_) => Answer::code(StatusCode::CONFLICT, message, "CONFLICT"),
        Problem::Unfit(why) => {
            let data = json!([{ "field": "contentId", "message": why }]);
            Answer::new(StatusCode::UNPROCESSABLE_ENTITY, message, data)
        }
        Problem::Library(problem) => of_library(problem),
        Problem::SwitchedOff(_) => Answer::code(StatusCode::CONFLICT, message, "SWITCHED_OFF"),
        Problem::Unavailable(error) => {
            tracing::error!(error = causes(&error), "the database is not available");
            Answer::code(StatusCode::SERVICE_UNAVAILABLE, message, "UNAVAILABLE").retry_after(BUSY_SECS)
        }
        Problem::Internal(error) => {
            tracing::error!(error = causes(error.as_ref()), "a request failed by a defect");
            defect()
        }
    }
}

fn of_library(problem: LibraryProblem) -> Answer {
    let (message, code) = (problem.to_string(), problem.code());
    match problem {
        LibraryProblem::Denied => Answer::code(StatusCode::FORBIDDEN, message, code),
        LibraryProblem::TokenRefused | LibraryProblem::BadAnswer => {
            Answer::code(StatusCode::BAD_GATEWAY, message, code)
        }
        LibraryProblem::Unavailable => {
            Answer::code(StatusCode::SERVICE_UNAVAILABLE, message, code).retry_after(BUSY_SECS)
        }
    }
}

fn of_moment(error: MomentError) -> Answer {
    let (code, message) = (error.code(), error.to_string());
    match error {
        MomentError::WechatAccountNotFound(accounts) => Answer::new(
            StatusCode::NOT_FOUND,
            message,
            json!({ "error": code, "accountIds": accounts }),
        ),
        MomentError::MomentSyncCreation(_) => {
            Answer::code(StatusCode::SERVICE_UNAVAILABLE, message, code).retry_after(BUSY_SECS)
        }
        MomentError::WechatApi(failure) | MomentError::MomentPublishFailed(failure) => {
            let data = json!({ "error": code, "reason": failure.reason.name() });
            Answer::new(StatusCode::UNPROCESSABLE_ENTITY, message, data)
        }
    }
}

fn of_token(problem: TokenProblem) -> Answer {
    match problem {
        TokenProblem::Missing => Answer::code(StatusCode::UNAUTHORIZED, "缺少访问令牌，请先登录", "TOKEN_MISSING"),
        TokenProblem::Invalid => Answer::code(StatusCode::UNAUTHORIZED, "访问令牌无效，请重新登录", "TOKEN_INVALID"),
        TokenProblem::Expired => Answer::code(StatusCode::UNAUTHORIZED, "访问令牌已过期，请重新登录", "TOKEN_EXPIRED"),
        TokenProblem::NoKeys => {
            let message = "暂时无法验证访问令牌，请稍后重试";
            Answer::code(StatusCode::SERVICE_UNAVAILABLE, message, "UNAVAILABLE").retry_after(BUSY_SECS)
        }
    }
}

/// One broken rule for each finding that blocks: beside the usual two fields its code, and the account with its status where it concerns one.
fn blocked(findings: &[Finding]) -> Value {
    let blocking = findings.iter().filter(|finding| finding.level == FindingLevel::Blocked);
    let one = |finding: &Finding| {
        let mut error = json!({ "field": finding.field, "message": finding.sentence(), "code": finding.code });
        if let Some(account) = &finding.account_id {
            error["accountId"] = json!(account);
        }
        if let Some(status) = finding.code.account_status() {
            error["status"] = json!(status);
        }
        error
    };
    blocking.map(one).collect()
}

fn defect() -> Answer {
    Answer::code(StatusCode::INTERNAL_SERVER_ERROR, "服务内部错误", "INTERNAL")
}

/// The error and what caused it, outermost first.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
