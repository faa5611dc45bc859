//! The part that every answer shares.

use moments_wire::{Answer, CallError, flexible};
use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Deserialize)]
struct Envelope {
    #[serde(default, deserialize_with = "flexible::number")]
    errcode: i64,
    #[serde(default, deserialize_with = "flexible::text")]
    errmsg: String,
}

/// The answer's fields, after its `errcode`: error answers repeat list fields with empty values (reference wecom 1).
/// Some calls leave `errcode` out when they succeed.
pub(crate) fn open<T: DeserializeOwned>(answer: &Answer) -> Result<T, CallError> {
    let Envelope { errcode, errmsg } = answer.read()?;
    if errcode == 0 {
        answer.read()
    } else {
        Err(CallError::refused(errcode.to_string(), &errmsg))
    }
}

/// An answer without fields of its own.
#[derive(Deserialize)]
pub(crate) struct Done {}
