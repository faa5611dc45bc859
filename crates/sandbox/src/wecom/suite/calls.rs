//! The calls below `/cgi-bin/service/`, and `gettoken` with a permanent code (reference wecom 3.3, 3.4).

use std::sync::Arc;

use serde_json::{Value, json};

use crate::Sandbox;
use crate::answer::Answer;
use crate::fault::World;
use crate::record::{Violation, ViolationKind};
use crate::sync::{lock, read};
use crate::wecom::api::Api;
use crate::wecom::call::{Call, text_field};
use crate::wecom::refusal::Refusal;
use crate::wecom::suite::{Grant, Suite, SuiteKind, TICKET_LIFE_MS, Ticket, fresh};
use crate::wecom::token::TokenState;

const PRE_AUTH_LIFE_MS: i64 = 1200 * 1000;
const PRE_AUTH_CHARS: usize = 64;
/// How long after it took a newer ticket, or a cancellation, a client may still be busy with the old state.
const GRACE_MS: i64 = 60 * 1000;

/// One call of a provider.
pub(super) struct Service<'a> {
    pub(super) sandbox: &'a Sandbox,
    pub(super) call: &'a Call,
}

/// Answers a call of a provider; successes without `errcode` are as on the platform (reference wecom 1).
pub(crate) fn answer(sandbox: &Sandbox, call: &Call) -> Result<Answer, Refusal> {
    if !call.api.accepts(&call.method) {
        return Err(Refusal::parameter("invalid Request Parameter: POST expected"));
    }
    let service = Service { sandbox, call };
    match call.api {
        Api::SuiteToken => service.suite_token(),
        Api::ProviderToken => service.provider_token(),
        Api::CustomizedAuthUrl => service.customized_auth_url(),
        _ => service.with_suite(),
    }
    .map(Answer::ok)
}

impl Service<'_> {
    fn with_suite(&self) -> Result<Value, Refusal> {
        let suite = self.suite()?;
        match self.call.api {
            Api::PreAuthCode => Ok(self.pre_auth_code(&suite)),
            Api::SessionInfo => self.session_info(&suite),
            Api::PermanentCode | Api::PermanentCodeV1 => self.permanent_code(&suite),
            Api::AuthInfo | Api::AuthInfoV1 => self.auth_info(&suite),
            _ => self.corp_token(&suite),
        }
    }

    fn suite_token(&self) -> Result<Value, Refusal> {
        let body = self.call.json()?;
        let suite_id = text_field(&body, "suite_id", 41021)?;
        let secret = text_field(&body, "suite_secret", 41024)?;
        let ticket = text_field(&body, "suite_ticket", 41023)?;
        let unknown = || Refusal::new(40083, "invalid suite_id");
        let suite = read(&self.sandbox.wecom().suites).find(suite_id).ok_or_else(unknown)?;
        if !lock(&suite.keys).owns(secret) {
            return Err(Refusal::new(40080, "invalid suite_secret"));
        }
        self.check_ticket(&suite, ticket)?;
        let token = lock(&suite.keys).issue(self.call.now_ms).token;
        Ok(json!({ "suite_access_token": token, "expires_in": 7200 }))
    }

    fn check_ticket(&self, suite: &Suite, text: &str) -> Result<(), Refusal> {
        let invalid = || Refusal::new(40085, "invalid suite_ticket");
        let now_ms = self.call.now_ms;
        let state = suite.state();
        let Some((place, ticket)) = state.tickets.iter().find(|(_, ticket)| ticket.text == text) else {
            self.blame(&suite.id, "used a suite_ticket that was never pushed".to_owned());
            return Err(invalid());
        };
        let settled = |newer: &Ticket| newer.taken_ms.is_some_and(|taken| now_ms - taken > GRACE_MS);
        if state.tickets.iter().any(|(at, newer)| at > place && settled(newer)) {
            self.blame(
                &suite.id,
                "used an old suite_ticket although it took a newer one".to_owned(),
            );
        }
        if now_ms - ticket.made_ms >= TICKET_LIFE_MS {
            return Err(invalid());
        }
        Ok(())
    }

    fn provider_token(&self) -> Result<Value, Refusal> {
        let body = self.call.json()?;
        let corpid = text_field(&body, "corpid", 41002)?;
        let secret = text_field(&body, "provider_secret", 41004)?;
        let suites = read(&self.sandbox.wecom().suites);
        let provider = suites
            .providers
            .iter()
            .find(|provider| provider.corpid.eq_ignore_ascii_case(corpid))
            .ok_or_else(|| Refusal::new(40013, "invalid corpid"))?;
        let mut keys = lock(&provider.keys);
        if !keys.owns(secret) {
            return Err(Refusal::new(40001, "invalid credential"));
        }
        let token = keys.issue(self.call.now_ms).token;
        Ok(json!({ "provider_access_token": token, "expires_in": 7200 }))
    }

    fn pre_auth_code(&self, suite: &Suite) -> Value {
        let code = fresh(PRE_AUTH_CHARS);
        let until = self.call.now_ms + PRE_AUTH_LIFE_MS;
        suite.state().pre_auth_codes.insert(code.clone(), until);
        json!({ "errcode": 0, "errmsg": "ok", "pre_auth_code": code, "expires_in": 1200 })
    }

    fn session_info(&self, suite: &Suite) -> Result<Value, Refusal> {
        let body = self.call.json()?;
        let code = text_field(&body, "pre_auth_code", 40077)?;
        suite.check_pre_auth(code, self.call.now_ms)?;
        match &body["session_info"]["auth_type"] {
            Value::Null => Ok(()),
            kind if kind == 0 || kind == 1 => Ok(()),
            _ => Err(Refusal::parameter("invalid auth_type")),
        }?;
        Ok(json!({ "errcode": 0, "errmsg": "ok" }))
    }

    fn corp_token(&self, suite: &Arc<Suite>) -> Result<Value, Refusal> {
        let grant = self.grant(suite)?;
        if suite.kind == SuiteKind::ProviderDeveloped {
            self.blame(
                &suite.id,
                "get_corp_token for a provider-developed app, whose permanent_code is a secret for gettoken".to_owned(),
            );
            return Err(Refusal::new(48002, "api forbidden"));
        }
        let token = self.sandbox.wecom().tokens.issue_for(&grant, self.call.now_ms);
        Ok(json!({ "access_token": token, "expires_in": 7200 }))
    }

    /// The suite whose token the query carries.
    fn suite(&self) -> Result<Arc<Suite>, Refusal> {
        let token = self
            .call
            .query("suite_access_token")
            .ok_or_else(|| Refusal::new(41022, "suite_access_token missing"))?;
        for suite in read(&self.sandbox.wecom().suites).all() {
            match lock(&suite.keys).look(token, self.call.now_ms) {
                TokenState::Valid => return Ok(Arc::clone(suite)),
                TokenState::Expired => return Err(Refusal::new(42009, "suite_access_token expired")),
                TokenState::Retired => return Err(Refusal::new(40082, "invalid suite_access_token")),
                TokenState::Unknown => (),
            }
        }
        Err(Refusal::new(40082, "invalid suite_access_token"))
    }

    /// The grant that `auth_corpid` and `permanent_code` of the body name together.
    pub(super) fn grant(&self, suite: &Arc<Suite>) -> Result<Arc<Grant>, Refusal> {
        let body = self.call.json()?;
        let corpid = text_field(&body, "auth_corpid", 41002)?;
        let code = text_field(&body, "permanent_code", 41025)?;
        let grant = suite.grant_named(corpid).ok_or_else(|| {
            self.blame_corpid(suite, corpid);
            Refusal::new(40013, "invalid corpid")
        })?;
        if !grant.is_alive() {
            blame_after_cancel(self.sandbox, &grant, self.call);
            return Err(Refusal::new(40084, "invalid permanent_code"));
        }
        if !lock(&grant.keys).owns(code) {
            return Err(Refusal::new(40084, "invalid permanent_code"));
        }
        Ok(grant)
    }

    fn blame_corpid(&self, suite: &Suite, corpid: &str) {
        let state = suite.state();
        let near = |grant: &&Arc<Grant>| {
            grant.open_corpid.eq_ignore_ascii_case(corpid) || grant.corp.corpid.eq_ignore_ascii_case(corpid)
        };
        if state.grants.iter().any(|grant| near(&grant)) {
            self.blame(
                &suite.id,
                format!("used {corpid}, which is not the corp's id as this provider sees it"),
            );
        }
    }

    pub(super) fn blame(&self, owner: &str, detail: String) {
        blame(self.sandbox, ViolationKind::SuiteRule, owner, detail, self.call);
    }
}

/// `gettoken` for a corp that is not known by its own corpid: a provider-developed app.
pub(crate) fn gettoken(sandbox: &Sandbox, corpid: &str, secret: &str, call: &Call) -> Option<Result<Value, Refusal>> {
    let service = Service { sandbox, call };
    let suites = read(&sandbox.wecom().suites);
    let all = suites.all().iter().flat_map(|suite| suite.state().grants.clone());
    let mut named: Vec<Arc<Grant>> = all
        .filter(|grant| grant.open_corpid.eq_ignore_ascii_case(corpid))
        .collect();
    let some = named.first().map(Arc::clone)?;
    named.retain(|grant| grant.open_corpid == corpid);
    if named.is_empty() {
        service.blame(&some.suite_id, format!("changed the case of a corpid: {corpid}"));
        return Some(Err(Refusal::new(40013, "invalid corpid")));
    }
    let owner = named.iter().rev().find(|grant| lock(&grant.keys).owns(secret));
    Some(match owner {
        Some(grant) => service.token_of(grant),
        None if named.iter().all(|grant| !grant.is_alive()) => Err(Refusal::new(40084, "invalid permanent_code")),
        None => Err(Refusal::new(40001, "invalid credential")),
    })
}

impl Service<'_> {
    fn token_of(&self, grant: &Arc<Grant>) -> Result<Value, Refusal> {
        if grant.kind == SuiteKind::ThirdParty {
            self.blame(
                &grant.suite_id,
                "gettoken with the permanent_code of a third-party app, which is for get_corp_token".to_owned(),
            );
            return Err(Refusal::new(48002, "api forbidden"));
        }
        if !grant.is_alive() {
            blame_after_cancel(self.sandbox, grant, self.call);
            return Err(Refusal::new(40084, "invalid permanent_code"));
        }
        let token = self.sandbox.wecom().tokens.issue_for(grant, self.call.now_ms);
        Ok(json!({ "errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": 7200 }))
    }
}

/// After the client took `cancel_auth` it must leave the corp alone (reference wecom 12, "Invariants").
pub(crate) fn blame_after_cancel(sandbox: &Sandbox, grant: &Grant, call: &Call) {
    let told_ms = grant.state().told_ms;
    if told_ms.is_some_and(|told| call.arrival_ms - told > GRACE_MS) {
        let detail = format!(
            "{} for {} after it took cancel_auth",
            call.api.name(),
            grant.open_corpid
        );
        blame(sandbox, ViolationKind::AfterCancel, &grant.suite_id, detail, call);
    }
}

fn blame(sandbox: &Sandbox, kind: ViolationKind, owner: &str, detail: String, call: &Call) {
    sandbox.ledger().add(Violation {
        kind,
        world: World::Wecom,
        owner: owner.to_owned(),
        detail,
        at_ms: call.arrival_ms,
    });
}
