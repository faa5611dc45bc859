//! `gettoken`, and the check that every other call starts with.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use rand::distr::{Alphanumeric, SampleString};
use serde_json::{Value, json};

use crate::Sandbox;
use crate::sync::{lock, read, write};
use crate::wecom::call::Call;
use crate::wecom::caller::Caller;
use crate::wecom::corp::Corp;
use crate::wecom::refusal::Refusal;
use crate::wecom::seed::TokenEvent;
use crate::wecom::suite::{self, Grant};

const LIFE_MS: i64 = 7200 * 1000;
const TOKEN_CHARS: usize = 128;
/// Dead tokens whose reason is still told; older ones are simply unknown.
const PAST_KEPT: usize = 16;
/// Wrong secrets until the caller's address is blocked for an hour. The platform publishes no figure.
const WRONG_SECRETS: u64 = 20;
const BLOCK_MS: i64 = 3600 * 1000;

/// Secret and tokens of one app, of a suite or of a provider.
pub(crate) struct Keys {
    secret: String,
    current: Option<(String, i64)>,
    /// Tokens that were valid once, and whether they ended by their time.
    past: VecDeque<(String, TokenState)>,
    disabled: bool,
    untrusted: bool,
}

/// What a token is at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenState {
    Valid,
    /// Ended by its time, or as if.
    Expired,
    /// Ended early.
    Retired,
    /// Never issued, or long forgotten.
    Unknown,
}

/// A token that was asked for.
pub(crate) struct Issued {
    pub(crate) token: String,
    /// Whether it was made just now.
    fresh: bool,
    /// A token whose end nobody remembers any more.
    forgotten: Option<String>,
}

/// All tokens of the world, and the patience with wrong secrets.
#[derive(Default)]
pub(crate) struct Tokens {
    owners: RwLock<HashMap<String, Caller>>,
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

    /// The present token, or a new one when it has expired.
    pub(crate) fn issue(&mut self, now_ms: i64) -> Issued {
        let forgotten = self.expire(now_ms);
        if let Some((token, _)) = &self.current {
            return Issued {
                token: token.clone(),
                fresh: false,
                forgotten,
            };
        }
        let token = Alphanumeric.sample_string(&mut rand::rng(), TOKEN_CHARS);
        self.current = Some((token.clone(), now_ms + LIFE_MS));
        Issued {
            token,
            fresh: true,
            forgotten,
        }
    }

    pub(crate) fn look(&mut self, token: &str, now_ms: i64) -> TokenState {
        self.expire(now_ms);
        if self.current.as_ref().is_some_and(|(current, _)| current == token) {
            return TokenState::Valid;
        }
        let mut past = self.past.iter();
        past.find(|(past, _)| past == token)
            .map_or(TokenState::Unknown, |(_, state)| *state)
    }

    /// A new secret; the old one and the present token are dead.
    pub(crate) fn reset(&mut self, secret: String) {
        self.secret = secret;
        self.retire(TokenState::Retired);
    }

    pub(crate) fn happen(&mut self, event: TokenEvent) {
        match event {
            TokenEvent::Invalidate => drop(self.retire(TokenState::Retired)),
            TokenEvent::Expire => drop(self.retire(TokenState::Expired)),
            TokenEvent::DisableApp => self.disabled = true,
            TokenEvent::EnableApp => self.disabled = false,
            TokenEvent::UntrustIp => self.untrusted = true,
            TokenEvent::TrustIp => self.untrusted = false,
            TokenEvent::ResetSecret { secret } => self.reset(secret),
        }
    }

    fn expire(&mut self, now_ms: i64) -> Option<String> {
        let over = self.current.as_ref().is_some_and(|(_, until)| now_ms >= *until);
        if over { self.retire(TokenState::Expired) } else { None }
    }

    /// Ends the present token. Answers one that is forgotten for it.
    fn retire(&mut self, state: TokenState) -> Option<String> {
        self.past.push_back((self.current.take()?.0, state));
        if self.past.len() > PAST_KEPT {
            return self.past.pop_front().map(|(forgotten, _)| forgotten);
        }
        None
    }
}

impl Tokens {
    /// Whose token this once was, valid or not.
    pub(crate) fn owner(&self, token: &str) -> Option<Caller> {
        read(&self.owners).get(token).cloned()
    }

    /// `GET /cgi-bin/gettoken`: the same token while it is valid (reference wecom 2.1).
    pub(crate) fn gettoken(&self, sandbox: &Sandbox, call: &Call) -> Result<Value, Refusal> {
        let secret = call
            .query("corpsecret")
            .ok_or_else(|| Refusal::new(41004, "corpsecret missing"))?;
        let corpid = call
            .query("corpid")
            .ok_or_else(|| Refusal::new(41002, "corpid missing"))?;
        if call.now_ms < self.blocked_until_ms.load(Ordering::Acquire) {
            return Err(Refusal::new(45009, "api freq out of limit"));
        }
        let answer = match sandbox.wecom().find(corpid) {
            Some(corp) => self.own_token(sandbox, corp, secret, call.now_ms),
            None => suite::gettoken(sandbox, corpid, secret, call)
                .unwrap_or_else(|| Err(Refusal::new(40013, "invalid corpid"))),
        };
        if matches!(&answer, Err(refusal) if matches!(refusal.errcode, 40001 | 40091)) {
            self.count_wrong_secret(call.now_ms);
        }
        answer
    }

    /// The token of the corp's own app.
    fn own_token(&self, sandbox: &Sandbox, corp: Arc<Corp>, secret: &str, now_ms: i64) -> Result<Value, Refusal> {
        let caller = Caller::own_app(corp);
        let owns = {
            let keys = lock(caller.keys());
            check_app(&keys)?;
            keys.owns(secret)
        };
        if !owns {
            let code = if sandbox.wecom().knows_secret(secret) {
                40091
            } else {
                40001
            };
            return Err(Refusal::new(code, "invalid credential"));
        }
        let token = self.issue(&caller, now_ms);
        Ok(json!({ "errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": 7200 }))
    }

    /// The token of an installed app.
    pub(crate) fn issue_for(&self, grant: &Arc<Grant>, now_ms: i64) -> String {
        self.issue(&Caller::installed(Arc::clone(grant)), now_ms)
    }

    /// The caller of a business call. The token counts first, and only in the query (reference wecom 1).
    pub(crate) fn check(&self, call: &Call) -> Result<Caller, Refusal> {
        let token = call
            .query("access_token")
            .ok_or_else(|| Refusal::new(41001, "access_token missing"))?;
        let caller = self
            .owner(token)
            .ok_or_else(|| Refusal::new(40014, "invalid access_token"))?;
        if caller.grant.as_ref().is_some_and(|grant| !grant.is_alive()) {
            return Err(Refusal::new(48004, "authorization invalid"));
        }
        let mut keys = lock(caller.keys());
        check_app(&keys)?;
        match keys.look(token, call.now_ms) {
            TokenState::Valid => (),
            TokenState::Expired => return Err(Refusal::new(42001, "access_token expired")),
            TokenState::Retired | TokenState::Unknown => return Err(Refusal::new(40014, "invalid access_token")),
        }
        drop(keys);
        Ok(caller)
    }

    fn issue(&self, caller: &Caller, now_ms: i64) -> String {
        let issued = lock(caller.keys()).issue(now_ms);
        let mut owners = write(&self.owners);
        if let Some(forgotten) = issued.forgotten {
            owners.remove(&forgotten);
        }
        if issued.fresh {
            owners.insert(issued.token.clone(), caller.clone());
        }
        issued.token
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
