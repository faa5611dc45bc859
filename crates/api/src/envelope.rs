//! The unified response of the workbench: `{"code","message","data","timestamp"}`, for success and error alike.
//!
//! A handler or an error writes everything but the time; the [edge](crate::edge) adds that and closes the object, so that
//! the time has one source and nothing leaves without an envelope.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use moments_domain::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;

/// The sentence of every success.
const SUCCESS: &str = "操作成功";

/// The unified response as a client reads it (workbench conventions, "The unified response").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Envelope<T> {
    /// Equal to the HTTP status.
    #[schema(example = 200)]
    pub code: u16,
    /// A sentence in Chinese for people.
    #[schema(example = "操作成功")]
    pub message: String,
    /// The payload; for an error, its details, or null.
    pub data: T,
    /// Server time in milliseconds since the epoch.
    #[schema(example = 1_698_336_000_000_i64)]
    pub timestamp: i64,
}

/// An envelope that lacks its time and its closing brace. Travels in the extensions of a response.
#[derive(Clone)]
struct OpenEnvelope(Vec<u8>);

/// A success with its payload.
pub(crate) struct Reply<T>(StatusCode, T);

impl<T> Reply<T> {
    /// 200.
    pub(crate) fn ok(data: T) -> Self {
        Self(StatusCode::OK, data)
    }

    /// 201.
    pub(crate) fn created(data: T) -> Self {
        Self(StatusCode::CREATED, data)
    }

    /// 202: the work is asynchronous.
    pub(crate) fn accepted(data: T) -> Self {
        Self(StatusCode::ACCEPTED, data)
    }
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        open(self.0, SUCCESS, &self.1)
    }
}

/// A response with an open envelope.
pub(crate) fn open(status: StatusCode, message: &str, data: &impl Serialize) -> Response {
    match write(status, message, data) {
        Ok(text) => {
            let mut response = status.into_response();
            response.extensions_mut().insert(OpenEnvelope(text));
            response
        }
        Err(error) => {
            tracing::error!(%error, "an answer could not be written as JSON");
            ApiError::Defect.into_response()
        }
    }
}

/// Marks an error that leaves without an envelope.
#[derive(Clone, Copy)]
struct AsItIs;

/// A response for those who do not read envelopes: platforms and people. It leaves as it is, even when it is an error.
pub(crate) fn as_it_is(mut response: Response) -> Response {
    response.extensions_mut().insert(AsItIs);
    response
}

/// The response with its envelope closed. An error that somebody else wrote gets an envelope by its status; any other
/// foreign answer, such as a page or metrics, stays as it is.
pub(crate) fn close(mut response: Response, now: Timestamp) -> Response {
    if let Some(OpenEnvelope(text)) = response.extensions_mut().remove() {
        return closed(response, text, now);
    }
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    if !is_error || response.extensions_mut().remove::<AsItIs>().is_some() {
        return response;
    }
    match write(status, status.canonical_reason().unwrap_or("请求失败"), &()) {
        Ok(text) => closed(response, text, now),
        Err(_) => response,
    }
}

fn write(status: StatusCode, message: &str, data: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut text = Vec::with_capacity(256);
    text.extend_from_slice(b"{\"code\":");
    text.extend_from_slice(status.as_str().as_bytes());
    text.extend_from_slice(b",\"message\":");
    serde_json::to_writer(&mut text, message)?;
    text.extend_from_slice(b",\"data\":");
    serde_json::to_writer(&mut text, data)?;
    Ok(text)
}

fn closed(mut response: Response, mut text: Vec<u8>, now: Timestamp) -> Response {
    text.extend_from_slice(b",\"timestamp\":");
    text.extend_from_slice(now.as_millis().to_string().as_bytes());
    text.push(b'}');
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.remove(header::CONTENT_LENGTH);
    *response.body_mut() = Body::from(text);
    response
}
