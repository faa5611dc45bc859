//! Reading the parts of a request: what cannot be read is 400, never a plain-text answer of a library.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use moments_domain::AccountId;
use moments_domain::ids::MAX_ID;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::app::App;
use crate::error::{ApiError, Malformed};
use crate::request_id::is_visible;

#[cfg(test)]
mod tests;

/// A body in JSON and what its fields should look like.
pub(crate) trait JsonBody: DeserializeOwned {
    /// How `field` (top level, without an index) should look, in Chinese; it completes the sentence `字段 x 应为…`.
    fn shape(field: &str) -> &'static str;
}

/// The request's body, read as JSON.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T: JsonBody> FromRequest<App> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::NotJson);
        }
        let bytes = received(request, app, app.limits.body_bytes).await?;
        parse(&bytes).map(Self).map_err(ApiError::Malformed)
    }
}

/// The request's body as UTF-8 text of at most `MOST` bytes, whatever type it is declared as.
#[derive(Debug)]
pub(crate) struct PlainText<const MOST: usize>(pub(crate) String);

impl<const MOST: usize> FromRequest<App> for PlainText<MOST> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let bytes = received(request, app, MOST).await?;
        let text = String::from_utf8(bytes.into()).map_err(|_| malformed(None, "请求体应为 UTF-8 文本"))?;
        Ok(Self(text))
    }
}

/// The whole body; `most` is only told.
async fn received(request: Request, app: &App, most: usize) -> Result<Bytes, ApiError> {
    let bytes = Bytes::from_request(request, app).await;
    bytes.map_err(|rejection| match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge(most),
        _ => malformed(None, "请求体未能完整接收"),
    })
}

/// An id in the path: a whole number from 1 to 2^53-1. For routes with one parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PathId(pub(crate) i64);

impl FromRequestParts<App> for PathId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, app).await;
        let params = params.map_err(|_| malformed(None, "路径参数格式错误"))?;
        let (name, text) = params.iter().next().unwrap_or_default();
        let id = text.parse().ok().filter(|id| (1..=MAX_ID).contains(id));
        id.map(Self)
            .ok_or_else(|| malformed(Some(name), format!("路径参数 {name} 应为 1 到 {MAX_ID} 的整数")))
    }
}

/// An account's id in the path: 1 to 100 characters (requirement 3.1). For routes with one parameter.
#[derive(Clone, Debug)]
pub(crate) struct PathAccount(pub(crate) AccountId);

impl FromRequestParts<App> for PathAccount {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, app).await;
        let params = params.map_err(|_| malformed(None, "路径参数格式错误"))?;
        let (name, text) = params.iter().next().unwrap_or_default();
        if (1..=100).contains(&text.chars().count()) {
            return Ok(Self(AccountId(text.to_owned())));
        }
        Err(malformed(Some(name), format!("路径参数 {name} 应为 1 到 100 个字符")))
    }
}

/// The header `Idempotency-Key`: 1 to 200 visible ASCII characters, or absent.
#[derive(Clone, Debug)]
pub(crate) struct OnceKey(pub(crate) Option<String>);

impl OnceKey {
    const HEADER: &'static str = "Idempotency-Key";
    /// The column is `VARCHAR(200)`.
    const MAX_CHARS: usize = 200;
}

impl FromRequestParts<App> for OnceKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, ApiError> {
        let Some(value) = parts.headers.get(Self::HEADER) else {
            return Ok(Self(None));
        };
        let key = value
            .to_str()
            .ok()
            .filter(|key| is_visible(key.as_bytes(), Self::MAX_CHARS));
        let wrong = || {
            let message = format!(
                "请求头 {} 应为 1 到 {} 个可见 ASCII 字符",
                Self::HEADER,
                Self::MAX_CHARS
            );
            malformed(Some(Self::HEADER), message)
        };
        key.map(|key| Self(Some(key.to_owned()))).ok_or_else(wrong)
    }
}

fn malformed(field: Option<&str>, message: impl Into<String>) -> ApiError {
    ApiError::Malformed(Malformed {
        field: field.map(str::to_owned),
        message: message.into(),
    })
}

/// `application/json` or `application/…+json`, with any parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn parse<T: JsonBody>(bytes: &[u8]) -> Result<T, Malformed> {
    // Keeping track of the path costs time, so it is done only for a body that is known to be wrong.
    serde_json::from_slice(bytes).map_err(|error| explain::<T>(bytes, &error))
}

fn explain<T: JsonBody>(bytes: &[u8], error: &serde_json::Error) -> Malformed {
    if error.classify() != Category::Data {
        let message = format!(
            "请求体不是有效的 JSON（第 {} 行第 {} 列）",
            error.line(),
            error.column()
        );
        return Malformed { field: None, message };
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let path = match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Ok(_) => String::new(),
        Err(error) => error.path().to_string(),
    };
    let name = path.split(['.', '[']).next().unwrap_or_default();
    if name.is_empty() {
        return Malformed {
            field: None,
            message: "请求体应为 JSON 对象，且字段不能重复".to_owned(),
        };
    }
    let message = format!("字段 {path} 格式错误：{name} 应为{}", T::shape(name));
    Malformed {
        field: Some(path),
        message,
    }
}
