//! One app in one corp: its secret, what it may do, and how it sees the corp.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::sync::lock;
use crate::wecom::corp::Corp;
use crate::wecom::suite::names::{open_corpid, open_userid};
use crate::wecom::suite::{GrantSettings, GrantView, Provider, Suite, SuiteKind};
use crate::wecom::token::Keys;

/// Agent ids of installed apps begin here; a corp's own app is chosen by the test.
const FIRST_AGENT: u64 = 1_000_200;

pub(crate) struct Grant {
    pub(crate) suite_id: String,
    pub(crate) kind: SuiteKind,
    pub(crate) corp: Arc<Corp>,
    pub(crate) open_corpid: String,
    pub(crate) agentid: u64,
    provider: Arc<Provider>,
    /// The permanent code is the secret.
    pub(crate) keys: Mutex<Keys>,
    state: Mutex<GrantState>,
    /// Encrypted userid → userid, filled when one is not found.
    known: Mutex<HashMap<String, String>>,
}

pub(crate) struct GrantState {
    pub(crate) settings: GrantSettings,
    /// When the corp cancelled; everything about the grant is dead from then on.
    pub(crate) cancelled_ms: Option<i64>,
    /// When the client took the push that says so.
    pub(crate) told_ms: Option<i64>,
}

impl Grant {
    pub(crate) fn new(suite: &Suite, corp: Arc<Corp>, number: usize, code: String) -> Self {
        Self {
            suite_id: suite.id.clone(),
            kind: suite.kind,
            open_corpid: open_corpid(&suite.provider.corpid, &corp.corpid),
            agentid: FIRST_AGENT + number as u64,
            provider: Arc::clone(&suite.provider),
            keys: Mutex::new(Keys::new(code)),
            state: Mutex::new(GrantState {
                settings: GrantSettings::default(),
                cancelled_ms: None,
                told_ms: None,
            }),
            known: Mutex::default(),
            corp,
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, GrantState> {
        lock(&self.state)
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.state().cancelled_ms.is_none()
    }

    /// A member as the provider sees it.
    pub(crate) fn open_userid(&self, userid: &str) -> String {
        open_userid(&self.provider.corpid, &self.corp.corpid, userid)
    }

    /// The member behind an encrypted id; the case counts.
    pub(crate) fn userid(&self, open: &str) -> Option<String> {
        let mut known = lock(&self.known);
        if !known.contains_key(open) {
            let members = self.corp.members();
            *known = members
                .iter()
                .map(|(_, member)| (self.open_userid(&member.userid), member.userid.clone()))
                .collect();
        }
        known.get(open).cloned()
    }

    /// Whether names of members are told to this app (reference wecom 5.2).
    pub(crate) fn tells_names(&self) -> bool {
        self.kind == SuiteKind::ProviderDeveloped && self.state().settings.names
    }

    pub(crate) fn view(&self) -> GrantView {
        let state = self.state();
        GrantView {
            corpid: self.corp.corpid.clone(),
            open_corpid: self.open_corpid.clone(),
            agentid: self.agentid,
            alive: state.cancelled_ms.is_none(),
            settings: state.settings.clone(),
        }
    }
}
