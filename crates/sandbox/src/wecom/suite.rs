//! Suites: third-party apps and templates of provider-developed apps (reference wecom 3).

mod calls;
mod controls;
mod exchange;
mod grant;
mod install;
mod names;
pub(crate) mod pages;
mod seed;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use rand::distr::{Alphanumeric, SampleString};

use crate::error::SandboxError;
use crate::ring::Ring;
use crate::sync::{lock, write};
use crate::wecom::Wecom;
use crate::wecom::corp::Corp;
use crate::wecom::crypto::CallbackKeys;
use crate::wecom::push::Addressee;
use crate::wecom::token::Keys;

pub(crate) use calls::{answer, blame_after_cancel, gettoken};
pub(crate) use grant::Grant;
pub use seed::{GrantSettings, GrantView, Installed, SuiteKind, SuiteSeed, SuiteUrl, SuiteView};

/// A ticket counts for 30 minutes and comes every ten (reference wecom 3.1).
const TICKET_LIFE_MS: i64 = 30 * 60 * 1000;
const TICKET_EVERY_MS: i64 = 10 * 60 * 1000;
/// Until somebody takes a ticket, the next one comes sooner.
const TICKET_RETRY_MS: i64 = 5 * 1000;
const TICKETS_KEPT: usize = 500;

pub(crate) struct Suite {
    pub(crate) id: String,
    pub(crate) kind: SuiteKind,
    name: String,
    callback: CallbackKeys,
    provider: Arc<Provider>,
    pub(crate) keys: Mutex<Keys>,
    state: Mutex<SuiteState>,
}

/// The provider's own corp; ids are encrypted for it.
pub(crate) struct Provider {
    pub(crate) corpid: String,
    pub(crate) keys: Mutex<Keys>,
}

/// What changes with calls and pushes. Never locked across an await, never while a grant is locked.
struct SuiteState {
    instruction_url: String,
    data_url: String,
    tickets: Ring<Ticket>,
    next_ticket_ms: i64,
    /// Code → when it expires.
    pre_auth_codes: HashMap<String, i64>,
    auth_codes: HashMap<String, AuthCode>,
    grants: Vec<Arc<Grant>>,
}

struct Ticket {
    text: String,
    made_ms: i64,
    /// When the client said `success`.
    taken_ms: Option<i64>,
}

/// A code that may be exchanged once.
struct AuthCode {
    corp: Arc<Corp>,
    until_ms: i64,
    used: bool,
    /// Comes back from `get_permanent_code` after a scan.
    state: Option<String>,
}

/// A scan code from `get_customized_auth_url`.
pub(crate) struct ScanCode {
    suites: Vec<Arc<Suite>>,
    state: String,
    until_ms: i64,
}

/// All suites of the world.
#[derive(Default)]
pub(crate) struct Suites {
    list: Vec<Arc<Suite>>,
    providers: Vec<Arc<Provider>>,
    scans: HashMap<String, ScanCode>,
}

impl Suite {
    fn new(seed: SuiteSeed, provider: Arc<Provider>) -> Result<Self, SandboxError> {
        Ok(Self {
            callback: CallbackKeys::new(&seed.token, &seed.aes_key)?,
            keys: Mutex::new(Keys::new(seed.secret)),
            id: seed.suite_id,
            kind: seed.kind,
            name: seed.name,
            provider,
            state: Mutex::new(SuiteState {
                instruction_url: seed.instruction_url,
                data_url: seed.data_url,
                tickets: Ring::new(TICKETS_KEPT),
                next_ticket_ms: 0,
                pre_auth_codes: HashMap::new(),
                auth_codes: HashMap::new(),
                grants: Vec::new(),
            }),
        })
    }

    fn state(&self) -> MutexGuard<'_, SuiteState> {
        lock(&self.state)
    }

    fn name(&self) -> &str {
        if self.name.is_empty() { &self.id } else { &self.name }
    }

    /// The latest grant of a corp, alive or not.
    fn grant_of(&self, corp: &Corp) -> Option<Arc<Grant>> {
        let state = self.state();
        let mut grants = state.grants.iter().rev();
        grants.find(|grant| grant.corp.no == corp.no).cloned()
    }

    /// The latest grant under this id as the provider sees it; the case counts.
    fn grant_named(&self, open_corpid: &str) -> Option<Arc<Grant>> {
        let state = self.state();
        let mut grants = state.grants.iter().rev();
        grants.find(|grant| grant.open_corpid == open_corpid).cloned()
    }

    fn instructions(&self) -> Option<Addressee> {
        let url = self.state().instruction_url.clone();
        self.addressee(url, self.id.clone(), true)
    }

    fn data(&self, corpid: &str) -> Option<Addressee> {
        let url = self.state().data_url.clone();
        self.addressee(url, corpid.to_owned(), false)
    }

    fn addressee(&self, url: String, receive_id: String, strict: bool) -> Option<Addressee> {
        (!url.is_empty()).then(|| Addressee {
            app: self.id.clone(),
            keys: self.callback.clone(),
            url,
            receive_id,
            agentid: None,
            strict,
        })
    }
}

impl Wecom {
    pub(crate) fn add_suite(&self, seed: SuiteSeed) -> Result<(), SandboxError> {
        let mut suites = write(&self.suites);
        if suites.find(&seed.suite_id).is_some() {
            return Err(SandboxError::NotNow("this suite id is already seeded"));
        }
        let provider = suites.provider(&seed)?;
        suites.list.push(Arc::new(Suite::new(seed, provider)?));
        Ok(())
    }
}

impl Suites {
    pub(crate) fn find(&self, suite_id: &str) -> Option<Arc<Suite>> {
        self.list.iter().find(|suite| suite.id == suite_id).cloned()
    }

    pub(crate) fn all(&self) -> &[Arc<Suite>] {
        &self.list
    }

    fn provider(&mut self, seed: &SuiteSeed) -> Result<Arc<Provider>, SandboxError> {
        let known = self
            .providers
            .iter()
            .find(|provider| provider.corpid == seed.provider_corpid);
        if let Some(provider) = known {
            if !lock(&provider.keys).owns(&seed.provider_secret) {
                return Err(SandboxError::NotNow("this provider is seeded with another secret"));
            }
            return Ok(Arc::clone(provider));
        }
        let provider = Arc::new(Provider {
            corpid: seed.provider_corpid.clone(),
            keys: Mutex::new(Keys::new(seed.provider_secret.clone())),
        });
        self.providers.push(Arc::clone(&provider));
        Ok(provider)
    }
}

/// A fresh opaque text of this many characters.
fn fresh(chars: usize) -> String {
    Alphanumeric.sample_string(&mut rand::rng(), chars)
}
