//! Reads the body of an upload as narrowly as the vendor's parser does (reference wecom 6.1, "Multipart traps").

use axum::body::Body;
use axum::extract::multipart::{Field, Multipart};
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use axum::http::header;
use bytes::Bytes;

use crate::wecom::call::Call;
use crate::wecom::refusal::Refusal;

/// The one part of an upload.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
}

pub(crate) async fn read(call: &Call) -> Result<File, Refusal> {
    if !call.headers.contains_key(header::CONTENT_LENGTH) {
        return Err(empty());
    }
    let mut form = open(call).await?;
    let field = next(&mut form).await?.ok_or_else(empty)?;
    if field.name() != Some("media") {
        return Err(empty());
    }
    let disposition = disposition(&field);
    let name = plain_file_name(&disposition).ok_or_else(empty)?;
    let bytes = field.bytes().await.map_err(|_| empty())?;
    check_file_length(&disposition, bytes.len())?;
    if next(&mut form).await?.is_some() {
        return Err(Refusal::parameter("only one media part is allowed"));
    }
    Ok(File { name, bytes })
}

async fn open(call: &Call) -> Result<Multipart, Refusal> {
    let mut request = Request::new(Body::from(call.body.clone()));
    *request.headers_mut() = call.headers.clone();
    DefaultBodyLimit::disable().apply(&mut request);
    // Without a boundary in the header there is nothing to read: the platform calls that empty.
    Multipart::from_request(request, &()).await.map_err(|_| empty())
}

async fn next(form: &mut Multipart) -> Result<Option<Field<'_>>, Refusal> {
    form.next_field().await.map_err(|_| empty())
}

fn disposition(field: &Field<'_>) -> String {
    let value = field.headers().get(header::CONTENT_DISPOSITION);
    value
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .unwrap_or_default()
}

/// `filename="…"`; a name given only as `filename*=` is not understood.
fn plain_file_name(disposition: &str) -> Option<String> {
    parameter(disposition, "filename").filter(|name| !name.is_empty())
}

fn check_file_length(disposition: &str, length: usize) -> Result<(), Refusal> {
    match parameter(disposition, "filelength") {
        Some(said) if said.parse() != Ok(length) => Err(Refusal::new(40123, "invalid image data: filelength differs")),
        _ => Ok(()),
    }
}

fn parameter(disposition: &str, name: &str) -> Option<String> {
    disposition.split(';').find_map(|part| {
        let (key, value) = part.trim().split_once('=')?;
        (key.trim() == name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn empty() -> Refusal {
    Refusal::new(44001, "empty media data")
}
