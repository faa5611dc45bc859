//! One corp: its members and everything its app did.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, RwLock};

use crate::record::Counters;
use crate::ring::Ring;
use crate::sync::{lock, read, write};
use crate::wecom::api::Api;
use crate::wecom::media::Medium;
use crate::wecom::message::AppMessage;
use crate::wecom::post::Post;
use crate::wecom::push::Addressee;
use crate::wecom::rates::Rates;
use crate::wecom::seed::{CorpSeed, CorpSettings, CorpView, Customer, MemberSeed, TagSeed};
use crate::wecom::token::Keys;

/// Posts remembered for each corp: enough for a long benchmark, at about 300 bytes each.
const POSTS_KEPT: usize = 2_000_000;
const MEDIA_KEPT: usize = 1_000_000;
const MESSAGES_KEPT: usize = 1_000;

pub(crate) struct Corp {
    /// Place in the list of corps; part of every id this corp hands out.
    pub(crate) no: u32,
    pub(crate) corpid: String,
    pub(crate) name: String,
    pub(crate) agentid: u64,
    pub(crate) tags: Vec<TagSeed>,
    pub(crate) calls: Counters<{ Api::COUNT }>,
    pub(crate) keys: Mutex<Keys>,
    members: RwLock<Members>,
    state: Mutex<CorpState>,
}

/// What changes with the calls. Never locked across an await.
pub(crate) struct CorpState {
    pub(crate) settings: CorpSettings,
    pub(crate) rates: Rates,
    pub(crate) media: Ring<Medium>,
    pub(crate) posts: Ring<Post>,
    /// Fingerprint of text, media and senders → number of the latest post with it.
    pub(crate) intents: HashMap<u128, u64>,
    pub(crate) messages: Ring<AppMessage>,
    /// Where the corp's own app wants its events.
    pub(crate) callback: Option<Addressee>,
}

/// The corp's people. A member keeps its number for ever.
#[derive(Debug, Default)]
pub(crate) struct Members {
    list: Vec<MemberSeed>,
    by_userid: HashMap<String, u32>,
    /// Departments seeded, with the one above each.
    pub(crate) parents: BTreeMap<u32, u32>,
}

impl Corp {
    pub(crate) fn new(no: u32, seed: CorpSeed) -> Self {
        let mut members = Members::default();
        seed.members.into_iter().for_each(|member| members.put(member));
        Self {
            no,
            corpid: seed.corpid,
            name: seed.name,
            agentid: seed.agentid,
            tags: seed.tags,
            calls: Counters::new(),
            keys: Mutex::new(Keys::new(seed.secret)),
            members: RwLock::new(members),
            state: Mutex::new(CorpState {
                settings: seed.settings,
                rates: Rates::default(),
                media: Ring::new(MEDIA_KEPT),
                posts: Ring::new(POSTS_KEPT),
                intents: HashMap::new(),
                messages: Ring::new(MESSAGES_KEPT),
                callback: None,
            }),
        }
    }

    pub(crate) fn state(&self) -> std::sync::MutexGuard<'_, CorpState> {
        lock(&self.state)
    }

    pub(crate) fn members(&self) -> std::sync::RwLockReadGuard<'_, Members> {
        read(&self.members)
    }

    pub(crate) fn members_mut(&self) -> std::sync::RwLockWriteGuard<'_, Members> {
        write(&self.members)
    }

    pub(crate) fn view(&self) -> CorpView {
        let members = self.members().list.len();
        let state = self.state();
        CorpView {
            corpid: self.corpid.clone(),
            name: self.name.clone(),
            agentid: self.agentid,
            members,
            moments: state.posts.len(),
            settings: state.settings.clone(),
        }
    }
}

impl Members {
    /// Adds a member, or replaces the one with this userid.
    pub(crate) fn put(&mut self, mut member: MemberSeed) {
        if member.name.is_empty() {
            member.name.clone_from(&member.userid);
        }
        let key = member.userid.to_lowercase();
        if let Some(no) = self.by_userid.get(&key) {
            self.list[*no as usize] = member;
        } else if let Ok(no) = u32::try_from(self.list.len()) {
            self.by_userid.insert(key, no);
            self.list.push(member);
        }
    }

    /// By userid, without regard to case (reference wecom 1).
    pub(crate) fn find(&self, userid: &str) -> Option<(u32, &MemberSeed)> {
        let no = match self.by_userid.get(userid) {
            Some(no) => *no,
            None => *self.by_userid.get(&userid.to_lowercase())?,
        };
        Some((no, &self.list[no as usize]))
    }

    pub(crate) fn find_mut(&mut self, userid: &str) -> Option<&mut MemberSeed> {
        let (no, _) = self.find(userid)?;
        self.list.get_mut(no as usize)
    }

    /// Like [`find`](Self::find), for those the app may see.
    pub(crate) fn visible(&self, userid: &str) -> Option<(u32, &MemberSeed)> {
        self.find(userid).filter(|(_, member)| member.visible)
    }

    pub(crate) fn get(&self, no: u32) -> Option<&MemberSeed> {
        self.list.get(no as usize)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &MemberSeed)> {
        (0..).zip(&self.list)
    }
}

impl MemberSeed {
    pub(crate) fn has_customers(&self) -> bool {
        self.customers.as_ref().is_none_or(|customers| !customers.is_empty())
    }

    /// The customers a post is for; `tags` narrows to those with any of them.
    pub(crate) fn audience(&self, tags: Option<&[String]>) -> Vec<Customer> {
        let customers = self.customers.clone().unwrap_or_else(|| self.invented_customers());
        match tags {
            None => customers,
            Some(tags) => customers
                .into_iter()
                .filter(|customer| customer.has_any(tags))
                .collect(),
        }
    }

    fn invented_customers(&self) -> Vec<Customer> {
        let named = |n: u8| Customer {
            external_userid: format!("wmDemo-{}-{n}", self.userid),
            tags: Vec::new(),
        };
        (1..=3).map(named).collect()
    }
}

impl Customer {
    fn has_any(&self, tags: &[String]) -> bool {
        self.tags.iter().any(|tag| tags.contains(tag))
    }
}
