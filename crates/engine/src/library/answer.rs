//! What the content library answers: a draft in the workbench's envelope.

use moments_domain::Timestamp;
use moments_domain::library::Draft;
use moments_wire::Exchanged;
use moments_wire::flexible::{number, text};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// What an answer means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Found(Found),
    /// The library knows no such draft of this user. Only its own envelope says so: a proxy's 404 means a wrong address.
    Missing,
    /// The token is no good, or may not read drafts.
    Refused,
    /// Too many requests, or an error of its own, by this status.
    Trouble(u16),
    /// Not what the conventions say; for the log.
    Strange(String),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) draft: Draft,
    /// The user whose it is, where the library says that.
    pub(super) owner: Option<i64>,
}

/// The envelope; `code` is the status as the library means it, since some gateways answer everything with 200.
#[derive(Deserialize)]
struct Envelope {
    #[serde(deserialize_with = "number")]
    code: u16,
    #[serde(default)]
    data: Value,
}

/// Ids may come as numbers or as texts: JavaScript front ends lose digits of large numbers, so many services write texts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    #[serde(deserialize_with = "number")]
    content_id: i64,
    #[serde(default, deserialize_with = "optional_number")]
    user_id: Option<i64>,
    #[serde(default, deserialize_with = "text")]
    title: String,
    content_type: String,
    #[serde(default)]
    content: Value,
    #[serde(default, deserialize_with = "text")]
    status: String,
    #[serde(default, deserialize_with = "text")]
    update_time: String,
}

fn optional_number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    struct Id(#[serde(deserialize_with = "number")] i64);
    Ok(Option::<Id>::deserialize(from)?.map(|id| id.0))
}

/// Judges an answer to a question for draft `id`.
pub(super) fn read(answer: &Exchanged, id: i64) -> Verdict {
    match answer.status {
        200 | 404 => (),
        401 | 403 => return Verdict::Refused,
        429 | 500.. => return Verdict::Trouble(answer.status),
        status => return Verdict::Strange(format!("HTTP status {status}")),
    }
    let Some(body) = &answer.body else {
        return Verdict::Strange("more bytes than content.max_bytes".to_owned());
    };
    match body.read::<Envelope>() {
        Ok(envelope) => of_envelope(envelope, id),
        Err(error) => Verdict::Strange(format!("HTTP status {}: {error}", answer.status)),
    }
}

fn of_envelope(envelope: Envelope, id: i64) -> Verdict {
    match envelope.code {
        200 => of_data(envelope.data, id),
        404 => Verdict::Missing,
        401 | 403 => Verdict::Refused,
        429 | 500.. => Verdict::Trouble(envelope.code),
        code => Verdict::Strange(format!("code {code}")),
    }
}

fn of_data(data: Value, id: i64) -> Verdict {
    match serde_json::from_value::<Data>(data) {
        Ok(data) if data.content_id == id => Verdict::Found(Found {
            owner: data.user_id,
            draft: Draft {
                title: data.title,
                content_type: data.content_type,
                content_data: content_data(data.content),
                status: data.status,
                version: version(&data.update_time),
            },
        }),
        Ok(_) => Verdict::Strange("another contentId than asked for".to_owned()),
        // What serde says may repeat a value of the draft.
        Err(_) => Verdict::Strange("data lacks a field, or has one of another type".to_owned()),
    }
}

/// Some libraries keep the object as a text and hand it out as it is.
fn content_data(content: Value) -> String {
    match content {
        Value::String(text) => text,
        object => object.to_string(),
    }
}

fn version(update_time: &str) -> String {
    Timestamp::parse(update_time).map_or_else(
        || update_time.chars().take(Draft::MAX_VERSION).collect(),
        |at| at.to_string(),
    )
}
