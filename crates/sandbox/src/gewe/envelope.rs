//! `{"ret", "msg", "data"}` (reference personal-gateway 4.1).

use serde_json::{Value, json};

use crate::answer::Answer;

/// A failure; HTTP 200 like a success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Only the outer text.
    Flat(String),
    /// The outer text is the action, this is the cause, with code `"-1"`.
    Cause(String),
}

impl Refusal {
    pub(crate) fn flat(msg: &str) -> Self {
        Self::Flat(msg.to_owned())
    }

    pub(crate) fn cause(msg: &str) -> Self {
        Self::Cause(msg.to_owned())
    }

    pub(crate) fn into_answer(self, action: &str) -> Answer {
        Answer::ok(match self {
            Self::Flat(msg) => json!({ "ret": 500, "msg": msg }),
            Self::Cause(msg) => {
                json!({ "ret": 500, "msg": action, "data": { "code": "-1", "msg": msg } })
            }
        })
    }
}

/// A success; `None` leaves `data` out.
pub(crate) fn success(data: Option<Value>) -> Answer {
    Answer::ok(match data {
        Some(data) => json!({ "ret": 200, "msg": "操作成功", "data": data }),
        None => json!({ "ret": 200, "msg": "操作成功" }),
    })
}

/// An error answer that a fault ordered.
pub(crate) fn scripted(ret: i64, msg: &str) -> Answer {
    Answer::ok(json!({ "ret": ret, "msg": if msg.is_empty() { "系统繁忙" } else { msg } }))
}
