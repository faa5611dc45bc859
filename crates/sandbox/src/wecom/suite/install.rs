//! Installing, changing and cancelling: what an administrator of a corp does.

use std::sync::Arc;

use crate::Sandbox;
use crate::error::SandboxError;
use crate::sync::{lock, read};
use crate::wecom::corp::Corp;
use crate::wecom::push::{PushRecord, event};
use crate::wecom::refusal::Refusal;
use crate::wecom::suite::{Grant, GrantSettings, GrantView, Installed, Suite, SuiteKind, fresh};

/// `state` of an install link: `a-zA-Z0-9`, at most this long (reference wecom 3.2).
const MAX_STATE: usize = 128;

/// An install link as the page and the controls understand it.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default)]
pub(crate) struct InstallLink {
    pub(crate) suite_id: String,
    pub(crate) pre_auth_code: String,
    pub(crate) redirect_uri: String,
    pub(crate) state: String,
}

impl Suite {
    pub(super) fn check_pre_auth(&self, code: &str, now_ms: i64) -> Result<(), Refusal> {
        match self.state().pre_auth_codes.get(code) {
            None => Err(Refusal::new(40077, "invalid pre_auth_code")),
            Some(until) if now_ms >= *until => Err(Refusal::new(42007, "pre_auth_code expired")),
            Some(_) => Ok(()),
        }
    }
}

impl Sandbox {
    /// An administrator of the corp follows an install link, or scans the code of one, and agrees.
    ///
    /// `url` is the link as the client made it: the install page of a third-party app, or the `qrcode_url` of
    /// templates. Refused when the page would show an error instead of its button.
    pub async fn install(&self, url: &str, corpid: &str) -> Result<Installed, SandboxError> {
        let url = reqwest::Url::parse(url).map_err(|error| SandboxError::Malformed(format!("{url}: {error}")))?;
        let query = |name: &str| {
            let mut pairs = url.query_pairs();
            pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        if let Some(code) = query("code") {
            self.scan(&code, corpid).await?;
            return Ok(Installed { redirect: None });
        }
        let link = InstallLink {
            suite_id: query("suite_id").unwrap_or_default(),
            pre_auth_code: query("pre_auth_code").unwrap_or_default(),
            redirect_uri: query("redirect_uri").unwrap_or_default(),
            state: query("state").unwrap_or_default(),
        };
        let redirect = self.agree(&link, corpid)?;
        Ok(Installed {
            redirect: Some(redirect),
        })
    }

    /// The corp takes a third-party app from the marketplace: `create_auth` is pushed.
    pub async fn install_from_market(&self, suite_id: &str, corpid: &str) -> Result<PushRecord, SandboxError> {
        let suite = self.suite(suite_id)?;
        let corp = self.wecom().get(corpid)?;
        self.push_auth_code(&suite, &corp, "create_auth", None).await
    }

    /// Changes what a corp allows an installed app and tells so with `change_auth`.
    pub async fn change_grant(
        &self,
        suite_id: &str,
        corpid: &str,
        change: impl FnOnce(&mut GrantSettings) + Send,
    ) -> Result<PushRecord, SandboxError> {
        let (suite, grant) = self.living_grant(suite_id, corpid)?;
        change(&mut grant.state().settings);
        self.push_about(&suite, &grant, "change_auth").await
    }

    /// The corp removes the app: code and tokens die, `cancel_auth` is pushed.
    pub async fn cancel_grant(&self, suite_id: &str, corpid: &str) -> Result<PushRecord, SandboxError> {
        let (suite, grant) = self.living_grant(suite_id, corpid)?;
        grant.state().cancelled_ms = Some(self.clock().now_ms());
        let record = self.push_about(&suite, &grant, "cancel_auth").await?;
        if record.is_taken() {
            grant.state().told_ms = Some(self.clock().now_ms());
        }
        Ok(record)
    }

    /// Somebody presses 重新获取secret: the old permanent code stops at once, `reset_permanent_code` is pushed.
    pub async fn reset_grant(&self, suite_id: &str, corpid: &str) -> Result<PushRecord, SandboxError> {
        let (suite, grant) = self.living_grant(suite_id, corpid)?;
        lock(&grant.keys).reset(fresh(64));
        self.push_auth_code(&suite, &grant.corp, "reset_permanent_code", None)
            .await
    }

    /// The latest grant of a corp to a suite, alive or not.
    pub fn grant(&self, suite_id: &str, corpid: &str) -> Result<GrantView, SandboxError> {
        Ok(self.any_grant(suite_id, corpid)?.view())
    }

    /// The member as the provider of the suite sees it, `wo…`.
    pub fn open_userid(&self, suite_id: &str, corpid: &str, userid: &str) -> Result<String, SandboxError> {
        let grant = self.any_grant(suite_id, corpid)?;
        Ok(grant.open_userid(userid))
    }

    /// The button of the install page. Answers where the browser goes.
    pub(crate) fn agree(&self, link: &InstallLink, corpid: &str) -> Result<String, SandboxError> {
        let (suite, mut target) = self.check_link(link)?;
        let corp = self.wecom().get(corpid)?;
        suite.state().pre_auth_codes.remove(&link.pre_auth_code);
        let code = suite.new_auth_code(&corp, None, self.clock().now_ms());
        target
            .query_pairs_mut()
            .append_pair("auth_code", &code)
            .append_pair("expires_in", "600")
            .append_pair("state", &link.state);
        Ok(target.into())
    }

    /// Everything that would make the page show an error.
    pub(crate) fn check_link(&self, link: &InstallLink) -> Result<(Arc<Suite>, reqwest::Url), SandboxError> {
        let suite = self.suite(&link.suite_id)?;
        if suite.kind != SuiteKind::ThirdParty {
            return Err(SandboxError::NotNow("a template is installed by scanning its code"));
        }
        if suite
            .check_pre_auth(&link.pre_auth_code, self.clock().now_ms())
            .is_err()
        {
            return Err(SandboxError::NotNow("the pre_auth_code is unknown, used or expired"));
        }
        if link.state.len() > MAX_STATE || !link.state.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(SandboxError::Malformed(
                "state: letters and digits, at most 128".to_owned(),
            ));
        }
        match reqwest::Url::parse(&link.redirect_uri) {
            Ok(target) if matches!(target.scheme(), "http" | "https") => Ok((suite, target)),
            _ => Err(SandboxError::Malformed(
                "redirect_uri: an absolute address, encoded once".to_owned(),
            )),
        }
    }

    /// The button behind a template's code: every template is installed, `create_auth` is pushed for each.
    pub(crate) async fn scan(&self, code: &str, corpid: &str) -> Result<(), SandboxError> {
        let corp = self.wecom().get(corpid)?;
        let (suites, state) = self.scanned(code)?;
        for suite in suites {
            self.push_auth_code(&suite, &corp, "create_auth", Some(state.clone()))
                .await?;
        }
        Ok(())
    }

    /// What a scan code stands for while it is valid.
    pub(crate) fn scanned(&self, code: &str) -> Result<(Vec<Arc<Suite>>, String), SandboxError> {
        let suites = read(&self.wecom().suites);
        let scan = suites.scans.get(code);
        let scan = scan.filter(|scan| self.clock().now_ms() < scan.until_ms);
        scan.map(|scan| (scan.suites.clone(), scan.state.clone()))
            .ok_or(SandboxError::NotNow("the scan code is unknown or expired"))
    }

    pub(crate) fn suite(&self, suite_id: &str) -> Result<Arc<Suite>, SandboxError> {
        read(&self.wecom().suites)
            .find(suite_id)
            .ok_or_else(|| SandboxError::UnknownSuite(suite_id.to_owned()))
    }

    fn any_grant(&self, suite_id: &str, corpid: &str) -> Result<Arc<Grant>, SandboxError> {
        let corp = self.wecom().get(corpid)?;
        self.suite(suite_id)?
            .grant_of(&corp)
            .ok_or(SandboxError::NotNow("the corp never installed this app"))
    }

    fn living_grant(&self, suite_id: &str, corpid: &str) -> Result<(Arc<Suite>, Arc<Grant>), SandboxError> {
        let grant = self.any_grant(suite_id, corpid)?;
        if !grant.is_alive() {
            return Err(SandboxError::NotNow("the corp has cancelled this app"));
        }
        Ok((self.suite(suite_id)?, grant))
    }

    async fn push_auth_code(
        &self,
        suite: &Suite,
        corp: &Arc<Corp>,
        kind: &str,
        state: Option<String>,
    ) -> Result<PushRecord, SandboxError> {
        let code = suite.new_auth_code(corp, state.clone(), self.clock().now_ms());
        let mut fields = vec![("AuthCode", code)];
        fields.extend(state.map(|state| ("State", state)));
        self.instruct(suite, kind, &fields).await
    }

    async fn push_about(&self, suite: &Suite, grant: &Grant, kind: &str) -> Result<PushRecord, SandboxError> {
        let fields = [("AuthCorpId", grant.open_corpid.clone())];
        self.instruct(suite, kind, &fields).await
    }

    pub(super) async fn instruct(
        &self,
        suite: &Suite,
        kind: &str,
        fields: &[(&str, String)],
    ) -> Result<PushRecord, SandboxError> {
        let to = suite
            .instructions()
            .ok_or(SandboxError::NotNow("the suite has no instruction address"))?;
        let event = event::instruction(&suite.id, kind, self.clock().now_ms() / 1000, fields);
        Ok(self.push(to, event).await)
    }
}
