//! Error answers in WeCom's form.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::wecom::api::Api;

/// A business error: HTTP 200 with `errcode` (reference wecom 1 and 9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) errcode: i64,
    pub(crate) errmsg: String,
}

impl Refusal {
    pub(crate) fn new(errcode: i64, errmsg: &str) -> Self {
        Self {
            errcode,
            errmsg: errmsg.to_owned(),
        }
    }

    /// 40058, the platform's answer to nearly every wrong parameter.
    pub(crate) fn parameter(errmsg: &str) -> Self {
        Self::new(40058, errmsg)
    }

    pub(crate) fn into_answer(self, api: Api, now_ms: i64, caller_ip: &str) -> Answer {
        let errmsg = if wears_a_hint(self.errcode) {
            with_hint(&self, now_ms, caller_ip)
        } else {
            self.errmsg
        };
        let mut body = json!({ "errcode": self.errcode, "errmsg": errmsg });
        if let Value::Object(fields) = &mut body {
            fields.extend(api.lists().iter().map(|name| ((*name).to_owned(), json!([]))));
        }
        Answer::Json {
            body,
            refused: Some((self.errcode, errmsg)),
        }
    }
}

/// An error answer that a fault ordered; the call's lists are not known here.
pub(crate) fn scripted(errcode: i64, errmsg: &str) -> Answer {
    let errmsg = match (errmsg, errcode) {
        ("", -1) => "system busy",
        ("", 45009) => "api freq out of limit",
        ("", _) => "error",
        (given, _) => given,
    };
    Answer::Json {
        body: json!({ "errcode": errcode, "errmsg": errmsg }),
        refused: Some((errcode, errmsg.to_owned())),
    }
}

/// Some errors carry the long tail, others never do: clients must not read anything from it but the hint.
fn wears_a_hint(errcode: i64) -> bool {
    !matches!(errcode, 40014 | 44001 | 41079 | 40007)
}

fn with_hint(refusal: &Refusal, now_ms: i64, caller_ip: &str) -> String {
    let Refusal { errcode, errmsg } = refusal;
    let hint = format!("{}1122334455{errcode:05}", now_ms / 1000);
    format!(
        "{errmsg}, hint: [{hint}], from ip: {caller_ip}, more info at https://open.work.weixin.qq.com/devtool/query?e={errcode}"
    )
}
