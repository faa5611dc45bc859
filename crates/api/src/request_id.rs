//! `X-Request-ID`: echoed, made when absent (workbench conventions, "Who calls").

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const MAX_CHARS: usize = 128;

/// The caller's id for this request, if it is 1 to 128 visible ASCII characters; else a new UUID.
pub(crate) fn request_id(headers: &HeaderMap) -> HeaderValue {
    match headers.get(X_REQUEST_ID) {
        Some(id) if is_visible(id.as_bytes(), MAX_CHARS) => id.clone(),
        _ => made(),
    }
}

/// Whether a header's value is 1 to `max` visible ASCII characters, so that it can be kept and logged as it is.
pub(crate) fn is_visible(value: &[u8], max: usize) -> bool {
    (1..=max).contains(&value.len()) && value.iter().all(u8::is_ascii_graphic)
}

fn made() -> HeaderValue {
    let mut buffer = Uuid::encode_buffer();
    let id = Uuid::new_v4().hyphenated().encode_lower(&mut buffer);
    HeaderValue::from_str(id).unwrap_or(HeaderValue::from_static("unknown"))
}

#[cfg(test)]
mod tests;
