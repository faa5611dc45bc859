//! Who makes a business call: the corp's own app, or an installed one that sees encrypted ids.

use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::answer::Answer;
use crate::wecom::api::Api;
use crate::wecom::call::Call;
use crate::wecom::corp::Corp;
use crate::wecom::refusal::Refusal;
use crate::wecom::suite::Grant;
use crate::wecom::token::Keys;

#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) corp: Arc<Corp>,
    /// `None`: the corp's own app.
    pub(crate) grant: Option<Arc<Grant>>,
}

impl Caller {
    pub(crate) fn own_app(corp: Arc<Corp>) -> Self {
        Self { corp, grant: None }
    }

    pub(crate) fn installed(grant: Arc<Grant>) -> Self {
        Self {
            corp: Arc::clone(&grant.corp),
            grant: Some(grant),
        }
    }

    pub(crate) fn keys(&self) -> &Mutex<Keys> {
        match &self.grant {
            Some(grant) => &grant.keys,
            None => &self.corp.keys,
        }
    }

    pub(crate) fn agentid(&self) -> u64 {
        self.grant.as_ref().map_or(self.corp.agentid, |grant| grant.agentid)
    }

    /// What the corp lets this app do (reference wecom 3.5 and 9).
    pub(crate) fn check_right(&self, api: Api) -> Result<(), Refusal> {
        let closed = match &self.grant {
            Some(grant) => grant.state().settings.closed,
            None => self.corp.state().settings.closed,
        };
        if closed && api != Api::AgentGet {
            return Err(Refusal::new(50003, "app disabled"));
        }
        match api.permission() {
            Some(needed) if !self.permissions().iter().any(|name| name == needed) => {
                Err(Refusal::new(48002, "api forbidden"))
            }
            _ => Ok(()),
        }
    }

    /// `agent/get_permissions`: by their strings (reference wecom 3.5).
    pub(crate) fn permissions(&self) -> Vec<String> {
        if let Some(grant) = &self.grant {
            return grant.state().settings.permissions.clone();
        }
        let settings = &self.corp.state().settings;
        settings.permissions().into_iter().map(str::to_owned).collect()
    }

    /// The call with the members' names as the corp knows them.
    pub(crate) fn inward(&self, mut call: Call) -> Call {
        let Some(grant) = &self.grant else { return call };
        if let Some(userid) = call.query.get_mut("userid") {
            *userid = grant.inward(userid);
        }
        if let Ok(mut body @ Value::Object(_)) = serde_json::from_slice(&call.body) {
            grant.inward_body(&mut body);
            call.body = body.to_string().into();
        }
        call
    }

    /// The answer with the members' names as the app knows them.
    pub(crate) fn outward(&self, answer: Answer) -> Answer {
        match (&self.grant, answer) {
            (Some(grant), Answer::Json { mut body, refused }) => {
                grant.outward_body(&mut body);
                Answer::Json { body, refused }
            }
            (_, answer) => answer,
        }
    }
}
