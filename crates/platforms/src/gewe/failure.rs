//! From a failed call to what the engine is told (reference personal-gateway 10).

use moments_domain::ErrorClass;
use moments_gewe::RefusalClass;
use moments_wire::CallError;

use crate::{CallFailure, Refusal};

/// The engine's view of a failed call. Words that nobody knows are a final "no", shown as they are: the reference forbids guessing,
/// and advises that the account rests.
pub(super) fn failure(error: CallError) -> CallFailure {
    classed(error, ErrorClass::Restricted)
}

/// The same for staging media: no post exists yet, so unknown words may be tried again.
pub(super) fn of_staging(error: CallError) -> CallFailure {
    classed(error, ErrorClass::BackOff)
}

/// A refusal that we made ourselves, before anything was sent.
pub(super) fn own_refusal(class: ErrorClass, code: &str, message: &str) -> CallFailure {
    CallFailure::Refused(Refusal {
        class,
        code: code.to_owned(),
        message: message.to_owned(),
    })
}

fn classed(error: CallError, unlisted: ErrorClass) -> CallFailure {
    let class = moments_gewe::class(&error);
    match (error, class) {
        (CallError::Refused { code, message }, Some(class)) => {
            let message = format!(
                "网关拒绝：{}",
                if message.is_empty() {
                    "（未说明原因）"
                } else {
                    &message
                }
            );
            CallFailure::Refused(Refusal {
                class: reaction(class, unlisted),
                code,
                message,
            })
        }
        (error @ CallError::NotSent(_), _) => CallFailure::NotSent(error.to_string()),
        (error, _) => CallFailure::NoAnswer(error.to_string()),
    }
}

const fn reaction(class: RefusalClass, unlisted: ErrorClass) -> ErrorClass {
    match class {
        RefusalClass::Offline => ErrorClass::Offline,
        RefusalClass::Auth | RefusalClass::DeviceGone | RefusalClass::Quota => ErrorClass::Configuration,
        RefusalClass::Invalid | RefusalClass::AlreadyOnline => ErrorClass::Request,
        RefusalClass::Unlisted => unlisted,
    }
}
