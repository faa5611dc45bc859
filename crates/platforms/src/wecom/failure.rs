//! From a failed call to what the engine is told.

use moments_domain::ErrorClass;
use moments_wire::CallError;

use crate::{CallFailure, Refusal};

/// The engine's view of a failed call.
pub(super) fn failure(error: CallError) -> CallFailure {
    match error {
        CallError::Refused { code, message } => CallFailure::Refused(refusal(code, &message)),
        CallError::NotSent(_) => CallFailure::NotSent(error.to_string()),
        CallError::NoAnswer(_) => CallFailure::NoAnswer(error.to_string()),
    }
}

/// A refusal with its class. `message` is redacted already.
pub(super) fn refusal(code: String, message: &str) -> Refusal {
    let class = code.parse().map_or(ErrorClass::Request, moments_wecom::class);
    let message = format!(
        "企业微信拒绝：{}",
        if message.is_empty() {
            "（未说明原因）"
        } else {
            message
        }
    );
    Refusal { class, code, message }
}
