//! Turns what a world wants to say into what the client gets: normally the same, under a fault something worse.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{Stream, stream};
use serde_json::{Map, Value};

use crate::fault::FaultKind;

/// What a world wants to say.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A JSON body; `refused` repeats code and text for the error headers of WeCom.
    Json {
        body: Value,
        refused: Option<(i64, String)>,
    },
    /// The bytes of a medium.
    File { mime: &'static str, bytes: Bytes },
}

impl Answer {
    pub(crate) fn ok(body: Value) -> Self {
        Self::Json { body, refused: None }
    }

    fn change(self, change: impl FnOnce(&mut Value)) -> Self {
        match self {
            Self::Json { mut body, refused } => {
                change(&mut body);
                Self::Json { body, refused }
            }
            file @ Self::File { .. } => file,
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self {
            Self::File { mime, bytes } => ([(header::CONTENT_TYPE, mime)], bytes).into_response(),
            Self::Json { body, refused } => {
                let json = [(header::CONTENT_TYPE, "application/json; charset=UTF-8")];
                let mut response = (json, body.to_string()).into_response();
                if let Some((code, text)) = refused {
                    response.headers_mut().insert("error-code", HeaderValue::from(code));
                    if let Ok(text) = HeaderValue::from_bytes(text.as_bytes()) {
                        response.headers_mut().insert("error-msg", text);
                    }
                }
                response
            }
        }
    }
}

/// Does the work as far as the fault lets it, and answers as the fault wants.
///
/// `refuse` builds an error answer in the world's own form. The request's body has been read before, so a cut
/// connection never looks like a request that could not be sent.
pub(crate) async fn deliver<W>(fault: Option<FaultKind>, refuse: fn(i64, &str) -> Answer, work: W) -> Response
where
    W: Future<Output = Answer> + Send + 'static,
{
    let Some(fault) = fault else {
        return work.await.into_response();
    };
    match fault {
        FaultKind::Errcode { errcode, errmsg } => refuse(errcode, &errmsg).into_response(),
        FaultKind::CutBefore => cut(),
        FaultKind::Html502Before => html(StatusCode::BAD_GATEWAY),
        FaultKind::Html200 => html(StatusCode::OK),
        FaultKind::Late { ms } => late(Duration::from_millis(ms), work).await,
        after => spoil(after, work.await).await,
    }
}

/// The faults that strike when the work is done.
async fn spoil(fault: FaultKind, answer: Answer) -> Response {
    match fault {
        FaultKind::CutAfter => cut(),
        FaultKind::Html502After => html(StatusCode::BAD_GATEWAY),
        FaultKind::HalfBody => half(answer.into_response()).await,
        FaultKind::Drift => answer.change(drift).into_response(),
        FaultKind::MissingErrcode => answer.change(drop_code).into_response(),
        FaultKind::ExtraFields => answer.change(add_fields).into_response(),
        FaultKind::Slow { ms } => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            answer.into_response()
        }
        _ => answer.into_response(),
    }
}

/// A body that breaks before its first byte. The server has not flushed the head by then, so the client sees a
/// closed connection and no answer at all.
pub(crate) fn cut() -> Response {
    Body::from_stream(stream::once(async { Err::<Bytes, _>(broken()) })).into_response()
}

/// Sends the head and the first half of `bytes`, then breaks the connection.
pub(crate) fn half_of(mut bytes: Bytes) -> Body {
    let first = bytes.split_to(bytes.len() / 2);
    Body::from_stream(flushed_then_broken(first))
}

fn flushed_then_broken(first: Bytes) -> impl Stream<Item = io::Result<Bytes>> {
    stream::unfold(Some(Some(first)), |state| async {
        if let Some(first) = state? {
            return Some((Ok(first), Some(None)));
        }
        // Without a pause the error would come before the first half was written.
        tokio::time::sleep(Duration::from_millis(20)).await;
        Some((Err(broken()), None))
    })
}

async fn half(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts
        .headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    Response::from_parts(parts, half_of(bytes))
}

/// A task of its own goes on when the client hangs up.
async fn late<W>(wait: Duration, work: W) -> Response
where
    W: Future<Output = Answer> + Send + 'static,
{
    let task = tokio::spawn(async move {
        tokio::time::sleep(wait).await;
        work.await
    });
    task.await.map_or_else(|_| cut(), IntoResponse::into_response)
}

fn html(status: StatusCode) -> Response {
    let page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center></body>\r\n</html>\r\n";
    (status, [(header::CONTENT_TYPE, "text/html")], page).into_response()
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "cut by the sandbox")
}

fn drift(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut().filter(|(name, _)| !is_code(name)) {
                drift_field(name, field);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(drift),
        _ => (),
    }
}

fn drift_field(name: &str, field: &mut Value) {
    match field {
        Value::Number(number) => *field = Value::String(number.to_string()),
        Value::String(text) if is_time(name) => {
            if let Ok(number) = text.parse::<u64>() {
                *field = Value::from(number);
            }
        }
        inner => drift(inner),
    }
}

fn is_time(name: &str) -> bool {
    name.ends_with("_at") || name.ends_with("_time") || name.ends_with("Time")
}

fn is_code(name: &str) -> bool {
    matches!(name, "errcode" | "ret")
}

fn drop_code(value: &mut Value) {
    let Some(fields) = value.as_object_mut() else {
        return;
    };
    if matches!(
        fields.get("errcode").or(fields.get("ret")).and_then(Value::as_i64),
        Some(0 | 200)
    ) {
        for name in ["errcode", "errmsg", "ret", "msg"] {
            fields.remove(name);
        }
    }
}

fn add_fields(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(add_fields);
            fields.insert("x_added_later".to_owned(), Value::from("unknown"));
            fields.insert(
                "ext_info".to_owned(),
                Value::Object(Map::from_iter([("v".to_owned(), Value::from(2))])),
            );
        }
        Value::Array(items) => items.iter_mut().for_each(add_fields),
        _ => (),
    }
}
