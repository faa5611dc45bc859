//! The part that every answer shares.

use moments_wire::{Answer, CallError, flexible};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The only `ret` that means success.
const SUCCESS: i64 = 200;

#[derive(Deserialize)]
struct Head {
    #[serde(deserialize_with = "flexible::number")]
    ret: i64,
    #[serde(default, deserialize_with = "flexible::text")]
    msg: String,
}

#[derive(Deserialize)]
struct Body<T> {
    data: T,
}

/// The inner cause of a refusal: the outer `msg` names the action.
#[derive(Default, Deserialize)]
struct Cause {
    #[serde(default, deserialize_with = "flexible::text")]
    code: String,
    #[serde(default, deserialize_with = "flexible::text")]
    msg: String,
}

/// The answer's `data`, if `ret` is 200. Data of another shape than `T` is no answer: the call may have had its effect.
pub(crate) fn open<T: DeserializeOwned>(answer: &Answer) -> Result<T, CallError> {
    succeeded(answer)?;
    answer.read::<Body<T>>().map(|body| body.data)
}

/// Whether `ret` is 200, whatever `data` holds.
pub(crate) fn succeeded(answer: &Answer) -> Result<(), CallError> {
    let Head { ret, msg } = answer.read()?;
    if ret == SUCCESS {
        return Ok(());
    }
    let cause = answer.read::<Body<Cause>>().map(|body| body.data).unwrap_or_default();
    let code = if cause.code.is_empty() {
        ret.to_string()
    } else {
        cause.code
    };
    let parts: Vec<_> = [msg, cause.msg].into_iter().filter(|part| !part.is_empty()).collect();
    Err(CallError::refused(code, &parts.join("：")))
}
