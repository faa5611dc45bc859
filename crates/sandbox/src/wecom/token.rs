//! `gettoken`, and the check that every other call starts with.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use rand::distr::{Alphanumeric, SampleString};
use serde_json::{Value, json};

use crate::sync::{lock, read, write};
use crate::wecom::call::Call;
use crate::wecom::corp::Corp;
use crate::wecom::refusal::Refusal;
use crate::wecom::seed::TokenEvent;

const LIFE_MS: i64 = 7200 * 1000;
const TOKEN_CHARS: usize = 128;
/// Dead tokens whose reason is still told; older ones are simply unknown.
const PAST_KEPT: usize = 16;
/// Wrong secrets until the caller's address is blocked for an hour. The platform publishes no figure.
const WRONG_SECRETS: u64 = 20;
const BLOCK_MS: i64 = 3600 * 1000;

/// Secret and tokens of one corp's app.
pub(crate) struct Keys {
    secret: String,
    current: Option<(String, i64)>,
    /// Tokens that were valid once, with the errcode they get now.
    past: VecDeque<(String, i64)>,
    disabled: bool,
    untrusted: bool,
}

/// All tokens of the world, and the patience with wrong secrets.
#[derive(Default)]
pub(crate) struct Tokens {
    owners: RwLock<HashMap<String, Arc<Corp>>>,
    wrong_secrets: AtomicU64,
    blocked_until_ms: AtomicI64,
}

impl Keys {
    pub(crate) fn new(secret: String) -> Self {
        Self {
            secret,
            current: None,
            past: VecDeque::new(),
            disabled: false,
            untrusted: false,
        }
    }

    pub(crate) fn owns(&self, secret: &str) -> bool {
        self.secret == secret
    }

    fn expired(&self, now_ms: i64) -> bool {
        self.current.as_ref().is_some_and(|(_, until)| now_ms >= *until)
    }

    /// The code for a token that is not the present one.
    fn past_code(&self, token: &str) -> i64 {
        self.past
            .iter()
            .find(|(past, _)| past == token)
            .map_or(40014, |(_, code)| *code)
    }
}

impl Tokens {
    /// The corp whose token this once was, valid or not.
    pub(crate) fn owner(&self, token: &str) -> Option<Arc<Corp>> {
        read(&self.owners).get(token).cloned()
    }

    /// `GET /cgi-bin/gettoken`: the same token while it is valid (reference wecom 2.1).
    pub(crate) fn gettoken(
        &self,
        find: impl Fn(&str) -> Option<Arc<Corp>>,
        stranger: impl Fn(&str) -> bool,
        call: &Call,
    ) -> Result<Value, Refusal> {
        let secret = call
            .query("corpsecret")
            .ok_or_else(|| Refusal::new(41004, "corpsecret missing"))?;
        let corpid = call
            .query("corpid")
            .ok_or_else(|| Refusal::new(41002, "corpid missing"))?;
        if call.now_ms < self.blocked_until_ms.load(Ordering::Acquire) {
            return Err(Refusal::new(45009, "api freq out of limit"));
        }
        let corp = find(corpid).ok_or_else(|| Refusal::new(40013, "invalid corpid"))?;
        let mut keys = lock(&corp.keys);
        check_app(&keys)?;
        if !keys.owns(secret) {
            self.count_wrong_secret(call.now_ms);
            drop(keys);
            let code = if stranger(secret) { 40091 } else { 40001 };
            return Err(Refusal::new(code, "invalid credential"));
        }
        Ok(
            json!({ "errcode": 0, "errmsg": "ok", "access_token": self.issue(&corp, &mut keys, call.now_ms), "expires_in": 7200 }),
        )
    }

    /// The caller of a business call. The token counts first, and only in the query (reference wecom 1).
    pub(crate) fn check(&self, call: &Call) -> Result<Arc<Corp>, Refusal> {
        let token = call
            .query("access_token")
            .ok_or_else(|| Refusal::new(41001, "access_token missing"))?;
        let corp = self
            .owner(token)
            .ok_or_else(|| Refusal::new(40014, "invalid access_token"))?;
        {
            let mut keys = lock(&corp.keys);
            check_app(&keys)?;
            if keys.expired(call.now_ms) {
                self.retire(&mut keys, 42001);
            }
            if keys.current.as_ref().is_none_or(|(current, _)| current != token) {
                return Err(dead(keys.past_code(token)));
            }
        }
        Ok(corp)
    }

    pub(crate) fn happen(&self, corp: &Corp, event: TokenEvent) {
        let mut keys = lock(&corp.keys);
        match event {
            TokenEvent::Invalidate => self.retire(&mut keys, 40014),
            TokenEvent::Expire => self.retire(&mut keys, 42001),
            TokenEvent::DisableApp => keys.disabled = true,
            TokenEvent::EnableApp => keys.disabled = false,
            TokenEvent::UntrustIp => keys.untrusted = true,
            TokenEvent::TrustIp => keys.untrusted = false,
            TokenEvent::ResetSecret { secret } => {
                keys.secret = secret;
                self.retire(&mut keys, 40014);
            }
        }
    }

    fn issue(&self, corp: &Arc<Corp>, keys: &mut Keys, now_ms: i64) -> String {
        if keys.expired(now_ms) {
            self.retire(keys, 42001);
        }
        if let Some((token, _)) = &keys.current {
            return token.clone();
        }
        let token = Alphanumeric.sample_string(&mut rand::rng(), TOKEN_CHARS);
        write(&self.owners).insert(token.clone(), Arc::clone(corp));
        keys.current = Some((token.clone(), now_ms + LIFE_MS));
        token
    }

    /// Ends the present token; later calls with it get `code`.
    fn retire(&self, keys: &mut Keys, code: i64) {
        let Some((token, _)) = keys.current.take() else {
            return;
        };
        keys.past.push_back((token, code));
        if keys.past.len() > PAST_KEPT
            && let Some((forgotten, _)) = keys.past.pop_front()
        {
            write(&self.owners).remove(&forgotten);
        }
    }

    fn count_wrong_secret(&self, now_ms: i64) {
        if self.wrong_secrets.fetch_add(1, Ordering::AcqRel) + 1 >= WRONG_SECRETS {
            self.wrong_secrets.store(0, Ordering::Release);
            self.blocked_until_ms.store(now_ms + BLOCK_MS, Ordering::Release);
        }
    }
}

fn check_app(keys: &Keys) -> Result<(), Refusal> {
    if keys.untrusted {
        return Err(Refusal::new(60020, "not allow to access from your ip"));
    }
    if keys.disabled {
        return Err(Refusal::new(40001, "invalid credential"));
    }
    Ok(())
}

fn dead(code: i64) -> Refusal {
    Refusal::new(
        code,
        if code == 42001 {
            "access_token expired"
        } else {
            "invalid access_token"
        },
    )
}
