//! A gateway whose every answer is written in the token, one word for each poll.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use moments_domain::{ErrorClass, Standing};
use moments_platforms::{
    Begun, CallFailure, Gateway, GatewayLine, LoginCode, LoginProgress, LoginReport, LoginStage, MemberReport, Refusal,
};
use secrecy::{ExposeSecret, SecretString};

/// What a code says, before the device's name.
pub(crate) const CODE: &str = "http://weixin.qq.com/x/login-code-";

/// Remembers what it was asked: polls by device, and every other call as text.
#[derive(Default)]
pub(crate) struct Script {
    polls: Mutex<HashMap<String, usize>>,
    heard: Mutex<Vec<String>>,
}

impl Script {
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().expect("not poisoned").clone()
    }

    fn hear(&self, call: &str, line: &GatewayLine) {
        let call = format!("{call} {}", line.app_id.as_deref().unwrap_or("new"));
        self.heard.lock().expect("not poisoned").push(call);
    }
}

fn device(line: &GatewayLine) -> String {
    let known = line.app_id.clone();
    known.unwrap_or_else(|| format!("wx_{}", line.token.expose_secret().replace([' ', ':'], "_")))
}

fn member(wxid: &str) -> MemberReport {
    MemberReport {
        name: wxid.to_owned(),
        display_name: format!("name of {wxid}"),
        standing: Standing::Active,
        departments: Vec::new(),
    }
}

fn refused(message: &str) -> CallFailure {
    CallFailure::Refused(Refusal {
        class: ErrorClass::Request,
        code: "-1".to_owned(),
        message: message.to_owned(),
    })
}

fn progress(stage: LoginStage, seconds_left: u64) -> LoginReport {
    LoginReport::Progress(LoginProgress {
        stage,
        seconds_left: Some(seconds_left),
        nick_name: if stage == LoginStage::Waiting { "" } else { "小禾" }.to_owned(),
        avatar_url: String::new(),
    })
}

#[async_trait]
impl Gateway for Script {
    async fn begin(&self, line: &GatewayLine, reconnect: bool) -> Result<Begun, CallFailure> {
        self.hear(if reconnect { "again" } else { "begin" }, line);
        match line.token.expose_secret().split_once(':') {
            Some(("online", wxid)) => return Ok(Begun::LoggedIn(member(wxid))),
            Some(("no", why)) => return Err(refused(why)),
            Some(("gone", _)) if line.app_id.as_deref() == Some("wx_gone") => return Ok(Begun::DeviceGone),
            _ => (),
        }
        Ok(Begun::Code(LoginCode {
            app_id: device(line),
            uuid: "uuid".into(),
            text: Some(format!("{CODE}{}", device(line)).into()),
            picture: None,
        }))
    }

    async fn poll(
        &self,
        line: &GatewayLine,
        _: &SecretString,
        code: Option<&SecretString>,
    ) -> Result<LoginReport, CallFailure> {
        let n = {
            let mut polls = self.polls.lock().expect("not poisoned");
            let n = polls.entry(device(line)).or_default();
            *n += 1;
            *n - 1
        };
        if let Some(code) = code {
            self.hear(&format!("code {}", code.expose_secret()), line);
        }
        let words: Vec<_> = line.token.expose_secret().split(' ').collect();
        match words.get(n).or(words.last()).expect("a word").split_once(':') {
            Some(("in", wxid)) => Ok(LoginReport::LoggedIn(member(wxid))),
            Some(("no", why)) => Err(refused(why)),
            Some(("verify", path)) => Ok(LoginReport::Verify(format!("https://verify.example/{path}").into())),
            Some(("end", _)) => Ok(progress(LoginStage::Waiting, 0)),
            Some(("scan", _)) => Ok(progress(LoginStage::Scanned, 100)),
            Some(("cancel", _)) => Ok(progress(LoginStage::Cancelled, 100)),
            Some(("lost", _)) => Err(CallFailure::NoAnswer("cut".to_owned())),
            _ => Ok(LoginReport::Nothing),
        }
    }

    async fn log_out(&self, line: &GatewayLine) -> Result<(), CallFailure> {
        self.hear("logout", line);
        Ok(())
    }

    async fn send_events_to(&self, line: &GatewayLine, address: &SecretString) -> Result<(), CallFailure> {
        self.hear(&format!("events {}", address.expose_secret()), line);
        Ok(())
    }
}
