//! One request as the handlers see it.

use std::collections::HashMap;

use axum::http::{HeaderMap, Method};
use bytes::Bytes;
use serde_json::Value;

use crate::wecom::api::Api;
use crate::wecom::refusal::Refusal;

pub(crate) struct Call {
    pub(crate) api: Api,
    pub(crate) method: Method,
    pub(crate) query: HashMap<String, String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// When the request line arrived.
    pub(crate) arrival_ms: i64,
    /// When it is being worked on; later than the arrival under a fault.
    pub(crate) now_ms: i64,
}

impl Call {
    /// A query parameter; empty counts as missing.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The JSON body of a POST call (reference wecom 12: method mismatch 40058, no body 40063).
    pub(crate) fn json(&self) -> Result<Value, Refusal> {
        if self.body.is_empty() {
            return Err(Refusal::new(40063, "some parameters are empty"));
        }
        match serde_json::from_slice(&self.body) {
            Ok(value @ Value::Object(_)) => Ok(value),
            _ => Err(Refusal::parameter(
                "invalid Request Parameter. Warning: wrong json format.",
            )),
        }
    }
}

/// A required text field.
pub(crate) fn text_field<'a>(body: &'a Value, name: &str, missing: i64) -> Result<&'a str, Refusal> {
    match body.get(name) {
        None | Some(Value::Null) => Err(Refusal::new(missing, &format!("{name} missing"))),
        Some(Value::String(text)) if text.is_empty() => Err(Refusal::new(missing, &format!("{name} missing"))),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(wrong_type()),
    }
}

/// A list of texts; missing and null are `None`, an empty list too: that is how the platform reads it.
pub(crate) fn text_list<'a>(object: Option<&'a Value>, name: &str) -> Result<Option<Vec<&'a str>>, Refusal> {
    let Some(list) = list_field(object, name)? else {
        return Ok(None);
    };
    list.iter()
        .map(|item| item.as_str().ok_or_else(wrong_type))
        .collect::<Result<_, _>>()
        .map(Some)
}

/// A list of numbers, read as [`text_list`].
pub(crate) fn number_list(object: Option<&Value>, name: &str) -> Result<Option<Vec<u64>>, Refusal> {
    let Some(list) = list_field(object, name)? else {
        return Ok(None);
    };
    list.iter()
        .map(|item| item.as_u64().ok_or_else(wrong_type))
        .collect::<Result<_, _>>()
        .map(Some)
}

/// The page size: too much, zero and missing all mean the default (reference wecom 1, "Oversized `limit`").
pub(crate) fn limit(body: &Value, default: usize, max: usize) -> usize {
    let asked = body
        .get("limit")
        .and_then(Value::as_u64)
        .and_then(|limit| usize::try_from(limit).ok());
    asked.filter(|limit| (1..=max).contains(limit)).unwrap_or(default)
}

pub(crate) fn wrong_type() -> Refusal {
    Refusal::parameter("invalid Request Parameter. Warning: wrong json format.")
}

fn list_field<'a>(object: Option<&'a Value>, name: &str) -> Result<Option<&'a [Value]>, Refusal> {
    match object.and_then(|object| object.get(name)) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(list)) if list.is_empty() => Ok(None),
        Some(Value::Array(list)) => Ok(Some(list)),
        Some(_) => Err(wrong_type()),
    }
}
