//! What the sandbox remembers for those who ask: moments, broken promises, counters.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use crate::fault::World;
use crate::ring::Ring;
use crate::sync::lock;

/// One moment (or accepted creation) of either world, as `GET /sandbox/moments` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MomentRecord {
    /// Which world it lives in.
    pub world: World,
    /// corpid, or wxid of the personal account.
    pub owner: String,
    /// `mom…`, or the snsId in decimal.
    pub moment_id: String,
    /// How far it has come. A WeCom creation is listed from the moment it was accepted.
    pub stage: MomentStage,
    /// Userid of the author of a personal post of a WeCom member; `None` for everything made by API.
    pub creator: Option<String>,
    /// `text`, `image`, `video` or `link`.
    pub kind: String,
    /// The text, exactly as received.
    pub text: String,
    /// SHA-256 (hex) of each medium's bytes, in the order shown.
    pub media: Vec<String>,
    /// Title and address of a link.
    pub link: Option<LinkRecord>,
    /// Customers (of those who published) or friends who may see it, where the audience was narrowed; `None`: all of them.
    pub visible_to: Option<Vec<String>>,
    /// Members who got the task; for gewe the account itself.
    pub senders: Vec<SenderRecord>,
    /// Senders and departments reported as invalid.
    pub invalid: Vec<String>,
    /// When the world created it, Unix milliseconds of the sandbox clock.
    pub create_ms: i64,
    /// When the request arrived, Unix milliseconds of the sandbox clock.
    pub arrival_ms: i64,
}

/// The link of a moment; its cover is the moment's only medium.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkRecord {
    /// What the card says.
    pub title: String,
    /// What it opens.
    pub url: String,
}

/// How far a moment has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MomentStage {
    /// The creation job runs (WeCom status 1 or 2).
    Job,
    /// Created, being handed to the members (WeCom 41079).
    Dispatching,
    /// It exists and senders may publish; for gewe it is published.
    Live,
    /// Stopped by `cancel_moment_task`; what was published stays.
    Cancelled,
    /// Deleted by `delSns`.
    Deleted,
    /// The job ended with an error: there is no moment.
    Failed,
}

/// What one sender did with the task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SenderRecord {
    /// Userid, or wxid.
    pub userid: String,
    /// `publish_status` 1.
    pub published: bool,
    /// When, Unix milliseconds; `None` while not published.
    pub published_ms: Option<i64>,
}

/// A promise that the client broke. Never only an error answer: tests assert that there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Which promise.
    pub kind: ViolationKind,
    /// Where.
    pub world: World,
    /// corpid or wxid.
    pub owner: String,
    /// What happened, with ids and figures.
    pub detail: String,
    /// When, Unix milliseconds of the sandbox clock.
    pub at_ms: i64,
}

/// The promises the sandbox watches (reference wecom 12, "Invariants worth asserting").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ViolationKind {
    /// A valid creation arrived although the corp's sliding minute was full.
    CreateRate,
    /// A creation named a media_id of another corp.
    ForeignMedia,
    /// A creation named nobody, or an audience of which the platform knows nothing, which it reads as everybody.
    EmptyTarget,
    /// A rule of reference wecom 3 that a suite's program must keep: codes, tickets, ids, the right token call.
    SuiteRule,
    /// A push was answered with something else than it must be, or one with a wrong signature was taken.
    CallbackRule,
    /// A call for a corp after its `cancel_auth` was taken.
    AfterCancel,
    /// A second moment with the same text, media and senders.
    SameIntent,
}

/// Broken promises: the last thousand in full, all of them counted.
#[derive(Debug)]
pub(crate) struct Ledger {
    kept: Mutex<Ring<Violation>>,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self {
            kept: Mutex::new(Ring::new(1000)),
        }
    }

    pub(crate) fn add(&self, violation: Violation) {
        tracing::warn!(
            owner = violation.owner,
            detail = violation.detail,
            "sandbox: {:?}",
            violation.kind
        );
        lock(&self.kept).push(violation);
    }

    pub(crate) fn list(&self) -> Vec<Violation> {
        lock(&self.kept)
            .iter()
            .map(|(_, violation)| violation.clone())
            .collect()
    }

    pub(crate) fn total(&self) -> u64 {
        lock(&self.kept).next()
    }
}

/// Calls by API name (`add_moment_task`, `user/get`, `sendImgSns` …), faults included; zeros are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallCounts {
    /// All WeCom calls.
    pub wecom: BTreeMap<String, u64>,
    /// All gewe calls.
    pub gewe: BTreeMap<String, u64>,
    /// WeCom calls by corpid, as far as the corp could be told from the token or the query.
    pub by_corp: BTreeMap<String, BTreeMap<String, u64>>,
    /// gewe calls by appId.
    pub by_device: BTreeMap<String, BTreeMap<String, u64>>,
}

/// One counter for each call of a world.
#[derive(Debug)]
pub(crate) struct Counters<const N: usize>([AtomicU64; N]);

impl<const N: usize> Counters<N> {
    pub(crate) fn new() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }

    pub(crate) fn count(&self, call: usize) {
        if let Some(counter) = self.0.get(call) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn by_name<'a>(&self, names: impl Iterator<Item = &'a str>) -> BTreeMap<String, u64> {
        let values = self.0.iter().map(|counter| counter.load(Ordering::Relaxed));
        let mut counts = BTreeMap::new();
        for (name, value) in names.zip(values).filter(|(_, value)| *value > 0) {
            *counts.entry(name.to_owned()).or_insert(0) += value;
        }
        counts
    }
}
