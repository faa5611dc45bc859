//! `message/send`: the nudge a publisher may give to members (reference wecom 7.11).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::wecom::caller::Caller;
use crate::wecom::refusal::Refusal;

const MAX_USERS: usize = 1000;
const MAX_TEXT_BYTES: usize = 2048;

/// An app message that was sent. The last thousand of a corp are remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppMessage {
    /// Userids who got it.
    pub to: Vec<String>,
    /// Text, cut to 2048 bytes as the platform does.
    pub text: String,
    /// Unix milliseconds of the sandbox clock.
    pub at_ms: i64,
}

pub(crate) fn send(caller: &Caller, body: &Value, now_ms: i64) -> Result<Value, Refusal> {
    let corp = &caller.corp;
    let users = body["touser"]
        .as_str()
        .filter(|users| !users.is_empty())
        .ok_or_else(|| Refusal::new(82001, "no target given"))?;
    if body["agentid"].as_u64() != Some(caller.agentid()) {
        return Err(Refusal::new(301_002, "no right on this app"));
    }
    if body["msgtype"].as_str() != Some("text") {
        return Err(Refusal::new(40008, "invalid message type"));
    }
    let text = body["text"]["content"]
        .as_str()
        .filter(|text| !text.is_empty())
        .ok_or_else(|| Refusal::parameter("content missing"))?;
    let users: Vec<&str> = users.split('|').collect();
    if users.len() > MAX_USERS {
        return Err(Refusal::new(40032, "invalid user list length"));
    }
    let (known, unknown): (Vec<&str>, Vec<&str>) = users
        .iter()
        .partition(|userid| corp.members().visible(userid).is_some());
    if known.is_empty() {
        return Err(Refusal::new(81013, "all users, departments and tags are invalid"));
    }
    let to = known.into_iter().map(str::to_owned).collect();
    let mut state = corp.state();
    let msgid = format!("msg{}-{}", corp.no, state.messages.next());
    state.messages.push(AppMessage {
        to,
        text: cut(text).to_owned(),
        at_ms: now_ms,
    });
    Ok(
        json!({ "errcode": 0, "errmsg": "ok", "msgid": msgid, "invaliduser": unknown.join("|").to_lowercase(), "unlicenseduser": "" }),
    )
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT_BYTES)]
}
