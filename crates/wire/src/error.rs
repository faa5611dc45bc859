//! How an exchange can fail.

use crate::redact::redacted;

/// A call without a good answer. Its texts are redacted: no query string, token or phone number is in them.
///
/// Build it with the functions below, which redact.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Nothing left this machine: no connection came about. The call may be repeated freely.
    #[error("请求未发出：{0}")]
    NotSent(String),
    /// The request may have been processed: time-out, cut connection, a status other than 200, or an answer that is
    /// not the JSON expected. A call that creates something must not be repeated before the platform has been asked.
    #[error("没有得到明确的答复：{0}")]
    NoAnswer(String),
    /// The platform answered, and said no.
    #[error("平台拒绝（{code}）：{message}")]
    Refused {
        /// The platform's own code, as text: digits at WeCom, `ret` or the inner code at a gateway.
        code: String,
        /// The platform's own words, redacted; for people only.
        message: String,
    },
}

impl CallError {
    /// Nothing was sent.
    pub fn not_sent(why: &str) -> Self {
        Self::NotSent(redacted(why))
    }

    /// Perhaps processed.
    pub fn no_answer(why: &str) -> Self {
        Self::NoAnswer(redacted(why))
    }

    /// A clear no.
    pub fn refused(code: impl Into<String>, message: &str) -> Self {
        Self::Refused {
            code: code.into(),
            message: redacted(message),
        }
    }

    /// The platform's own code, if it said no.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            Self::NotSent(_) | Self::NoAnswer(_) => None,
        }
    }
}
