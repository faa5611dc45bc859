//! The calls of a suite and its provider (reference wecom 3.3).

use std::collections::BTreeMap;

use moments_wire::{Call, CallError};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::envelope::Done;
use crate::suites::{AuthInfo, Authorization, CustomizedAuthUrl, InstallKind, PreAuthCode};
use crate::token::{AccessToken, IssuedToken};

use super::WecomClient;

const SUITE: &str = "suite_access_token";

/// Calls with a suite's or a provider's own token; `suite_token` is what [`get_suite_token`](Self::get_suite_token) issued. A token
/// of the wrong family is refused.
impl WecomClient {
    /// `get_suite_token`: the token of a suite. 40085 when the ticket is not the newest one, or older than half an hour.
    pub async fn get_suite_token(
        &self,
        suite_id: &str,
        suite_secret: &SecretString,
        suite_ticket: &SecretString,
    ) -> Result<IssuedToken, CallError> {
        let body = BTreeMap::from([
            ("suite_id", suite_id),
            ("suite_secret", suite_secret.expose_secret()),
            ("suite_ticket", suite_ticket.expose_secret()),
        ]);
        self.of_service("get_suite_token", None, &body).await
    }

    /// `get_provider_token`: the token of the provider itself; the same one while it is valid.
    pub async fn get_provider_token(&self, corpid: &str, secret: &SecretString) -> Result<IssuedToken, CallError> {
        let body = BTreeMap::from([("corpid", corpid), ("provider_secret", secret.expose_secret())]);
        self.of_service("get_provider_token", None, &body).await
    }

    /// `get_corp_token`: a corp's access token for a third-party app. For a provider-developed app it is
    /// [`gettoken`](Self::gettoken) instead.
    pub async fn get_corp_token(
        &self,
        suite_token: &AccessToken,
        auth_corpid: &str,
        permanent_code: &SecretString,
    ) -> Result<IssuedToken, CallError> {
        let body = authorization(auth_corpid, permanent_code);
        self.of_service("get_corp_token", Some((SUITE, suite_token)), &body)
            .await
    }

    /// `get_pre_auth_code`: begins an install from our own site.
    pub async fn get_pre_auth_code(&self, suite_token: &AccessToken) -> Result<PreAuthCode, CallError> {
        let call = Call::get(&self.base_url, "/cgi-bin/service/get_pre_auth_code");
        self.send(call.secret_query(SUITE, suite_token.secret())).await
    }

    /// `set_session_info`: says of which kind the install with this code is.
    pub async fn set_session_info(
        &self,
        suite_token: &AccessToken,
        pre_auth_code: &SecretString,
        kind: InstallKind,
    ) -> Result<(), CallError> {
        let body = SessionBody {
            pre_auth_code: pre_auth_code.expose_secret(),
            session_info: SessionInfo {
                auth_type: u8::from(kind == InstallKind::Test),
            },
        };
        self.of_service("set_session_info", Some((SUITE, suite_token)), &body)
            .await
            .map(|Done {}| ())
    }

    /// `v2/get_permanent_code`: exchanges an `auth_code`, which is good once and for ten minutes. After [`CallError::NoAnswer`] the code
    /// may be spent; 40078 says that it is.
    pub async fn get_permanent_code(
        &self,
        suite_token: &AccessToken,
        auth_code: &SecretString,
    ) -> Result<Authorization, CallError> {
        let body = BTreeMap::from([("auth_code", auth_code.expose_secret())]);
        self.of_service("v2/get_permanent_code", Some((SUITE, suite_token)), &body)
            .await
    }

    /// `v2/get_auth_info`: what a corp's authorisation covers now.
    pub async fn get_auth_info(
        &self,
        suite_token: &AccessToken,
        auth_corpid: &str,
        permanent_code: &SecretString,
    ) -> Result<AuthInfo, CallError> {
        let body = authorization(auth_corpid, permanent_code);
        self.of_service("v2/get_auth_info", Some((SUITE, suite_token)), &body)
            .await
    }

    /// `get_customized_auth_url`: the address where an administrator installs a provider-developed app.
    ///
    /// `state` has at most 32 bytes and comes back with the install; `templates` are one to nine suite ids.
    pub async fn get_customized_auth_url(
        &self,
        provider_token: &AccessToken,
        state: &str,
        templates: &[&str],
    ) -> Result<CustomizedAuthUrl, CallError> {
        let body = TemplatesBody {
            state,
            templateid_list: templates,
        };
        let token = Some(("provider_access_token", provider_token));
        self.of_service("get_customized_auth_url", token, &body).await
    }

    async fn of_service<T: DeserializeOwned>(
        &self,
        api: &str,
        token: Option<(&str, &AccessToken)>,
        body: &impl Serialize,
    ) -> Result<T, CallError> {
        let mut call = Call::post(&self.base_url, &format!("/cgi-bin/service/{api}"));
        if let Some((name, token)) = token {
            call = call.secret_query(name, token.secret());
        }
        self.send(call.json(body)).await
    }
}

fn authorization<'a>(auth_corpid: &'a str, permanent_code: &'a SecretString) -> BTreeMap<&'static str, &'a str> {
    BTreeMap::from([
        ("auth_corpid", auth_corpid),
        ("permanent_code", permanent_code.expose_secret()),
    ])
}

#[derive(Serialize)]
struct SessionBody<'a> {
    pre_auth_code: &'a str,
    session_info: SessionInfo,
}

#[derive(Serialize)]
struct SessionInfo {
    auth_type: u8,
}

#[derive(Serialize)]
struct TemplatesBody<'a> {
    state: &'a str,
    templateid_list: &'a [&'a str],
}
