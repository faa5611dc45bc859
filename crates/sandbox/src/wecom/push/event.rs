//! The texts of events and of their envelope (reference wecom 4.6, 4.7).

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::wecom::push::Event;

/// What happened in a corp, as its apps are told. JSON: `{"event":"contact","change":"delete_user","userid":"li.na"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum CorpEvent {
    /// `change_contact`: to a suite's instruction address and to the corp's own app.
    Contact {
        /// `ChangeType`: `create_user`, `update_user`, `delete_user`.
        change: String,
        /// The member, as the corp itself names it.
        userid: String,
    },
    /// `change_external_contact`: to a suite's data address and to the corp's own app.
    Customer {
        /// `ChangeType`: `add_external_contact`, `del_external_contact`, `del_follow_user`.
        change: String,
        /// The member, as the corp itself names it.
        userid: String,
        /// The customer.
        external_userid: String,
    },
}

impl CorpEvent {
    pub(crate) fn userid(&self) -> &str {
        match self {
            Self::Contact { userid, .. } | Self::Customer { userid, .. } => userid,
        }
    }

    /// The fields that both forms of the event share; `userid` is the member as the receiver names it.
    pub(crate) fn fields(&self, userid: &str) -> Vec<(&'static str, String)> {
        match self {
            Self::Contact { change, .. } => {
                vec![("ChangeType", change.clone()), ("UserID", userid.to_owned())]
            }
            Self::Customer {
                change,
                external_userid,
                ..
            } => vec![
                ("ChangeType", change.clone()),
                ("UserID", userid.to_owned()),
                ("ExternalUserID", external_userid.clone()),
            ],
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Contact { .. } => "change_contact",
            Self::Customer { .. } => "change_external_contact",
        }
    }
}

/// An instruction to a suite.
pub(crate) fn instruction(suite_id: &str, kind: &str, seconds: i64, fields: &[(&str, String)]) -> Event {
    let mut xml = format!(
        "<xml><SuiteId>{}</SuiteId><InfoType>{}</InfoType><TimeStamp>{seconds}</TimeStamp>",
        cdata(suite_id),
        cdata(kind)
    );
    push_fields(&mut xml, fields);
    Event {
        kind: kind.to_owned(),
        xml,
    }
}

/// An event to one app of a corp.
pub(crate) fn of_corp(corpid: &str, name: &str, seconds: i64, fields: &[(&str, String)]) -> Event {
    let mut xml = format!(
        "<xml><ToUserName>{}</ToUserName><FromUserName>{}</FromUserName><CreateTime>{seconds}</CreateTime>\
         <MsgType>{}</MsgType><Event>{}</Event>",
        cdata(corpid),
        cdata("sys"),
        cdata("event"),
        cdata(name)
    );
    push_fields(&mut xml, fields);
    Event {
        kind: name.to_owned(),
        xml,
    }
}

pub(super) fn envelope(receiver: &str, agentid: Option<u64>, sealed: &str) -> String {
    let agentid = agentid.map(|id| id.to_string()).unwrap_or_default();
    // White space around CDATA is what the platform sends, too.
    format!(
        "<xml>\n  <ToUserName> {} </ToUserName>\n  <AgentID>{}</AgentID>\n  <Encrypt>\n{}\n</Encrypt>\n</xml>",
        cdata(receiver),
        cdata(&agentid),
        cdata(sealed)
    )
}

fn push_fields(xml: &mut String, fields: &[(&str, String)]) {
    for (name, value) in fields {
        // Writing into a String cannot fail.
        let _ = write!(xml, "<{name}>{}</{name}>", cdata(value));
    }
    xml.push_str("</xml>");
}

fn cdata(text: &str) -> String {
    format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"))
}
