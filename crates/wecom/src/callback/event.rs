//! What a push says (reference wecom 4.7).

use secrecy::SecretString;

use super::CallbackError;
use super::xml::{self, Fields};

/// A decrypted push.
#[derive(Clone, Debug)]
pub struct Push {
    /// The suite that it is about; `None` for the events of a self-built app.
    pub suite_id: Option<String>,
    /// When the platform made it, Unix seconds. With the event it tells a repeated push from a new one (reference wecom 4.6).
    pub time_secs: i64,
    /// What happened.
    pub event: Event,
}

/// What happened, by the vendor's `InfoType` (suites) or `Event` (apps). Tickets and codes are secrets.
#[derive(Clone, Debug)]
pub enum Event {
    /// `suite_ticket`: good for half an hour; the newest counts.
    SuiteTicket {
        /// The ticket.
        ticket: SecretString,
    },
    /// `create_auth`: a corp installed the app. The code says which; it is good once, for ten minutes.
    CreateAuth {
        /// To be exchanged for the permanent code.
        auth_code: SecretString,
        /// What the install was started with, if it was ours.
        state: Option<String>,
    },
    /// `change_auth`: visible range, permissions or enabled state changed.
    ChangeAuth {
        /// The corp, as the suite sees it.
        corp_id: String,
    },
    /// `cancel_auth`: the corp removed the app. All work for it stops and its data are deleted.
    CancelAuth {
        /// The corp, as the suite sees it.
        corp_id: String,
    },
    /// `reset_permanent_code`: somebody had the secret of a provider-developed app renewed.
    ResetPermanentCode {
        /// To be exchanged for the new permanent code.
        auth_code: SecretString,
        /// The corp, where the platform tells.
        corp_id: Option<String>,
    },
    /// `change_contact`: a member or a department changed.
    ChangeContact {
        /// The corp: as the suite sees it, or the app's own.
        corp_id: String,
        /// `create_user`, `update_user`, `delete_user`, `create_party`, …
        change_type: String,
        /// The member, if it is about one.
        user_id: Option<String>,
        /// The new name of the member, if it was renamed.
        new_user_id: Option<String>,
    },
    /// Anything else; of no interest here, but genuine.
    Other {
        /// The vendor's name for it.
        info_type: String,
    },
}

impl Push {
    /// Reads a decrypted message, as [`CallbackKeys::open_push`](super::CallbackKeys::open_push) returns it.
    ///
    /// Elements may come in any order, unknown ones are passed over. [`CallbackError::Malformed`] when one that the event needs is missing.
    pub fn parse(message: &str) -> Result<Self, CallbackError> {
        let fields = xml::fields(message)?;
        let of_suite = fields.find("InfoType").is_some();
        Ok(Self {
            suite_id: fields.find("SuiteId").map(str::to_owned),
            time_secs: fields.number(if of_suite { "TimeStamp" } else { "CreateTime" })?,
            event: if of_suite {
                of_suites(&fields)?
            } else {
                of_app(&fields)?
            },
        })
    }
}

fn of_suites(fields: &Fields) -> Result<Event, CallbackError> {
    let corp_id = || fields.get("AuthCorpId").map(str::to_owned);
    Ok(match fields.get("InfoType")? {
        "suite_ticket" => Event::SuiteTicket {
            ticket: fields.take("SuiteTicket")?,
        },
        "create_auth" => Event::CreateAuth {
            auth_code: fields.take("AuthCode")?,
            state: fields.find("State").map(str::to_owned),
        },
        "change_auth" => Event::ChangeAuth { corp_id: corp_id()? },
        "cancel_auth" => Event::CancelAuth { corp_id: corp_id()? },
        "reset_permanent_code" => Event::ResetPermanentCode {
            auth_code: fields.take("AuthCode")?,
            corp_id: fields.find("AuthCorpId").map(str::to_owned),
        },
        "change_contact" => contact(fields, corp_id()?)?,
        other => Event::Other {
            info_type: other.to_owned(),
        },
    })
}

/// Messages and events of an app's own address: `MsgType`, and `Event` where that is `event`. `ToUserName` is the corp.
fn of_app(fields: &Fields) -> Result<Event, CallbackError> {
    match (fields.get("MsgType")?, fields.find("Event")) {
        ("event", Some("change_contact")) => contact(fields, fields.get("ToUserName")?.to_owned()),
        ("event", Some(name)) | (name, _) => Ok(Event::Other {
            info_type: name.to_owned(),
        }),
    }
}

fn contact(fields: &Fields, corp_id: String) -> Result<Event, CallbackError> {
    Ok(Event::ChangeContact {
        corp_id,
        change_type: fields.get("ChangeType")?.to_owned(),
        user_id: fields.find("UserID").map(str::to_owned),
        new_user_id: fields.find("NewUserID").map(str::to_owned),
    })
}
