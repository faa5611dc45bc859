//! From an auth code to a grant, and what the provider is told about it (reference wecom 3.3).

use std::sync::Arc;

use serde_json::{Value, json};

use crate::sync::{lock, read, write};
use crate::wecom::api::Api;
use crate::wecom::call::text_field;
use crate::wecom::corp::Corp;
use crate::wecom::refusal::Refusal;
use crate::wecom::suite::calls::Service;
use crate::wecom::suite::{AuthCode, Grant, ScanCode, Suite, SuiteKind, fresh};
use crate::wecom::token::TokenState;

const AUTH_CODE_LIFE_MS: i64 = 600 * 1000;
const SCAN_LIFE_SECS: i64 = 864_000;
const AUTH_CODE_CHARS: usize = 64;
const PERMANENT_CODE_CHARS: usize = 43;
const SCAN_CHARS: usize = 32;
const MAX_STATE: usize = 32;
const MAX_TEMPLATES: usize = 9;
/// 2026-12-31: until then the corp is verified.
const VERIFIED_UNTIL: i64 = 1_798_675_200;

impl Suite {
    /// A code that may be exchanged once within ten minutes.
    pub(super) fn new_auth_code(&self, corp: &Arc<Corp>, state: Option<String>, now_ms: i64) -> String {
        let code = fresh(AUTH_CODE_CHARS);
        let entry = AuthCode {
            corp: Arc::clone(corp),
            until_ms: now_ms + AUTH_CODE_LIFE_MS,
            used: false,
            state,
        };
        self.state().auth_codes.insert(code.clone(), entry);
        code
    }

    /// Marks the code as used and makes, or renews, the corp's grant. Answers the grant, its new code and the state.
    fn exchange(&self, code: &str, now_ms: i64) -> Result<(Arc<Grant>, String, Option<String>), Used> {
        let (corp, auth_state) = {
            let mut state = self.state();
            let entry = state.auth_codes.get_mut(code).ok_or(Used::No)?;
            if now_ms >= entry.until_ms {
                return Err(Used::No);
            }
            if std::mem::replace(&mut entry.used, true) {
                return Err(Used::Before);
            }
            (Arc::clone(&entry.corp), entry.state.clone())
        };
        let permanent = fresh(PERMANENT_CODE_CHARS);
        let grant = match self.grant_of(&corp).filter(|grant| grant.is_alive()) {
            Some(grant) => {
                lock(&grant.keys).reset(permanent.clone());
                grant
            }
            None => self.add_grant(corp, &permanent),
        };
        Ok((grant, permanent, auth_state))
    }

    fn add_grant(&self, corp: Arc<Corp>, permanent: &str) -> Arc<Grant> {
        let mut state = self.state();
        let number = state.grants.len();
        let grant = Arc::new(Grant::new(self, corp, number, permanent.to_owned()));
        state.grants.push(Arc::clone(&grant));
        grant
    }
}

/// Why a code cannot be exchanged.
enum Used {
    /// Unknown or expired.
    No,
    /// Exchanged already.
    Before,
}

impl Service<'_> {
    pub(super) fn permanent_code(&self, suite: &Arc<Suite>) -> Result<Value, Refusal> {
        let body = self.call.json()?;
        let code = text_field(&body, "auth_code", 40078)?;
        let (grant, permanent, state) = suite.exchange(code, self.call.now_ms).map_err(|used| {
            if matches!(used, Used::Before) {
                self.blame(&suite.id, "exchanged an auth_code a second time".to_owned());
            }
            Refusal::new(40078, "invalid auth_code")
        })?;
        let admin = grant.open_userid("admin");
        let mut answer = json!({
            "permanent_code": permanent,
            "auth_corp_info": { "corpid": grant.open_corpid, "corp_name": grant.corp.name },
            "auth_user_info": { "userid": admin, "open_userid": admin, "name": "", "avatar": "" },
        });
        if let (Some(state), SuiteKind::ProviderDeveloped) = (state, suite.kind) {
            answer["state"] = json!(state);
        }
        if self.call.api == Api::PermanentCode {
            answer["errcode"] = json!(0);
            answer["errmsg"] = json!("ok");
        } else {
            self.add_v1_fields(&mut answer, suite, &grant);
        }
        Ok(answer)
    }

    /// The old call answers without `errcode`, but with a token and everything about the corp.
    fn add_v1_fields(&self, answer: &mut Value, suite: &Suite, grant: &Arc<Grant>) {
        if suite.kind == SuiteKind::ThirdParty {
            answer["access_token"] = json!(self.sandbox.wecom().tokens.issue_for(grant, self.call.now_ms));
            answer["expires_in"] = json!(7200);
        }
        answer["auth_corp_info"] = grant.corp_info(true);
        answer["auth_info"] = grant.agent_info(suite);
    }

    pub(super) fn auth_info(&self, suite: &Arc<Suite>) -> Result<Value, Refusal> {
        let grant = self.grant(suite)?;
        Ok(json!({
            "errcode": 0, "errmsg": "ok",
            "auth_corp_info": grant.corp_info(self.call.api == Api::AuthInfoV1),
            "auth_info": grant.agent_info(suite),
        }))
    }

    pub(super) fn customized_auth_url(&self) -> Result<Value, Refusal> {
        let token = self
            .call
            .query("provider_access_token")
            .ok_or_else(|| Refusal::new(41001, "provider_access_token missing"))?;
        self.check_provider(token)?;
        let body = self.call.json()?;
        let state = body["state"].as_str().unwrap_or_default();
        let templates = body["templateid_list"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        if state.len() > MAX_STATE || templates.is_empty() || templates.len() > MAX_TEMPLATES {
            return Err(Refusal::parameter("invalid state or templateid_list"));
        }
        let mut suites = write(&self.sandbox.wecom().suites);
        let wanted = templates.iter().map(|id| {
            let found = suites.find(id.as_str().unwrap_or_default());
            found.filter(|suite| suite.kind == SuiteKind::ProviderDeveloped)
        });
        let wanted: Option<Vec<Arc<Suite>>> = wanted.collect();
        let scan = ScanCode {
            suites: wanted.ok_or_else(|| Refusal::new(40083, "invalid suite_id"))?,
            state: state.to_owned(),
            until_ms: self.call.now_ms + SCAN_LIFE_SECS * 1000,
        };
        let code = fresh(SCAN_CHARS);
        suites.scans.insert(code.clone(), scan);
        let host = self.call.headers.get("host").and_then(|host| host.to_str().ok());
        let url = format!("http://{}/3rdapp/scan?code={code}", host.unwrap_or("127.0.0.1"));
        Ok(json!({ "errcode": 0, "errmsg": "ok", "qrcode_url": url, "expires_in": SCAN_LIFE_SECS }))
    }

    fn check_provider(&self, token: &str) -> Result<(), Refusal> {
        let suites = read(&self.sandbox.wecom().suites);
        let mut found = Err(Refusal::new(40014, "invalid access_token"));
        for provider in &suites.providers {
            match lock(&provider.keys).look(token, self.call.now_ms) {
                TokenState::Valid => return Ok(()),
                TokenState::Expired => found = Err(Refusal::new(42001, "access_token expired")),
                TokenState::Retired | TokenState::Unknown => (),
            }
        }
        found
    }
}

impl Grant {
    fn corp_info(&self, v1: bool) -> Value {
        let members = self.corp.members().iter().count();
        let mut info = json!({
            "corpid": self.open_corpid, "corp_name": self.corp.name, "corp_full_name": self.corp.name,
            "corp_type": "verified", "corp_square_logo_url": "https://p.qpic.cn/pic_wework/demo/0",
            "corp_user_max": members.max(500), "verified_end_time": VERIFIED_UNTIL, "subject_type": 1,
            "corp_scale": "101-500人", "corp_industry": "零售", "corp_sub_industry": "百货",
        });
        if v1 {
            info["corp_wxqrcode"] = json!("https://p.qpic.cn/pic_wework/demo/qr");
        }
        info
    }

    fn agent_info(&self, suite: &Suite) -> Value {
        let (by_members, parties) = {
            let parties = self.corp.state().settings.visible_parties.clone();
            (self.state().settings.by_members, parties)
        };
        let members = self.corp.members();
        let tree = members.departments();
        let users: Vec<String> = members
            .iter()
            .filter(|(_, member)| member.visible && !parties.iter().any(|party| tree.holds(member, *party)))
            .map(|(_, member)| self.open_userid(&member.userid))
            .collect();
        json!({ "agent": [{
            "agentid": self.agentid, "name": suite.name, "auth_mode": u8::from(by_members),
            "square_logo_url": "https://p.qpic.cn/pic_wework/demo/0", "round_logo_url": "https://p.qpic.cn/pic_wework/demo/1",
            "is_customized_app": suite.kind == SuiteKind::ProviderDeveloped, "auth_from_thirdapp": false,
            "privilege": {
                "level": 1, "allow_party": parties, "allow_user": users, "allow_tag": [],
                "extra_party": [], "extra_user": [], "extra_tag": [],
            },
        }] })
    }
}
