//! One virtual device, its account and what it published.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::{Timestamp, ToSpan, tz};
use rand::distr::{Alphanumeric, SampleString};

use crate::fault::FaultKind;
use crate::gewe::endpoint::Endpoint;
use crate::gewe::login::Login;
use crate::gewe::media::Staged;
use crate::gewe::post::GewePost;
use crate::gewe::seed::{DeviceSeed, DeviceView, FriendLabel, FriendSeed, Http5xx, Switches};
use crate::record::{Counters, MomentRecord};
use crate::ring::Ring;
use crate::sync::lock;

const POSTS_KEPT: usize = 1_000_000;
const STAGED_KEPT: usize = 10_000;
const APP_ID_CHARS: usize = 21;

pub(crate) struct Device {
    pub(crate) app_id: String,
    pub(crate) token: String,
    pub(crate) calls: Counters<{ Endpoint::COUNT }>,
    state: Mutex<DeviceState>,
}

/// What changes with the calls. Never locked across an await.
pub(crate) struct DeviceState {
    pub(crate) created_ms: i64,
    pub(crate) wxid: String,
    pub(crate) nick_name: String,
    pub(crate) mobile: String,
    pub(crate) alias: String,
    pub(crate) labels: Vec<FriendLabel>,
    pub(crate) friends: Vec<FriendSeed>,
    /// `ipad` or `mac`; `None`: nobody said.
    pub(crate) device_type: Option<String>,
    pub(crate) online: bool,
    /// Dropped by risk control: only a QR login helps.
    pub(crate) kicked: bool,
    /// When `next_day_drop` strikes.
    pub(crate) drop_at_ms: Option<i64>,
    pub(crate) switches: Switches,
    pub(crate) login: Option<Login>,
    pub(crate) posts: Ring<GewePost>,
    /// Fingerprint of text and media → id of the latest post with it.
    pub(crate) intents: HashMap<u128, u64>,
    staged: HashMap<String, Arc<Staged>>,
    staged_order: Ring<String>,
}

impl Device {
    pub(crate) fn new(seed: DeviceSeed, now_ms: i64) -> Self {
        let invented = || format!("wx_{}", Alphanumeric.sample_string(&mut rand::rng(), APP_ID_CHARS));
        let state = DeviceState {
            created_ms: now_ms,
            online: !seed.wxid.is_empty(),
            wxid: seed.wxid,
            nick_name: seed.nick_name,
            mobile: seed.mobile,
            alias: seed.alias,
            labels: seed.labels,
            friends: seed.friends,
            device_type: None,
            kicked: false,
            drop_at_ms: None,
            switches: Switches::default(),
            login: None,
            posts: Ring::new(POSTS_KEPT),
            intents: HashMap::new(),
            staged: HashMap::new(),
            staged_order: Ring::new(STAGED_KEPT),
        };
        Self {
            app_id: seed.app_id.filter(|id| !id.is_empty()).unwrap_or_else(invented),
            token: seed.token,
            calls: Counters::new(),
            state: Mutex::new(state),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, DeviceState> {
        lock(&self.state)
    }

    pub(crate) fn view(&self) -> DeviceView {
        let state = self.state();
        DeviceView {
            app_id: self.app_id.clone(),
            wxid: state.wxid.clone(),
            nick_name: state.nick_name.clone(),
            online: state.online,
            moments: state.posts.len(),
            switches: state.switches.clone(),
        }
    }
}

impl DeviceState {
    /// Trouble that a switch makes for a publish call.
    pub(crate) fn switch_fault(&self) -> Option<FaultKind> {
        match &self.switches {
            switches if switches.drop_request => Some(FaultKind::CutBefore),
            switches if switches.lose_response => Some(FaultKind::CutAfter),
            Switches {
                http_5xx: Some(Http5xx::Before),
                ..
            } => Some(FaultKind::Html502Before),
            Switches {
                http_5xx: Some(Http5xx::After),
                ..
            } => Some(FaultKind::Html502After),
            _ => None,
        }
    }

    /// Drops the account when its hour has come; true when that happened now.
    pub(crate) fn drop_if_due(&mut self, now_ms: i64) -> bool {
        let due = self.drop_at_ms.is_some_and(|at| at <= now_ms);
        if due {
            self.drop_at_ms = None;
            self.kicked = true;
        }
        due && std::mem::take(&mut self.online)
    }

    pub(crate) fn set_switches(&mut self, change: impl FnOnce(&mut Switches), now_ms: i64) {
        change(&mut self.switches);
        self.drop_at_ms = if self.switches.next_day_drop {
            next_four(now_ms)
        } else {
            None
        };
    }

    /// Keeps what an upload returned; the oldest are forgotten.
    pub(crate) fn stage(&mut self, staged: Arc<Staged>) {
        if let Some(forgotten) = self.staged_order.push(staged.file_url.clone()) {
            self.staged.remove(&forgotten);
        }
        self.staged.insert(staged.file_url.clone(), staged);
    }

    /// The staged medium with this address and md5, if one of our uploads returned it.
    pub(crate) fn staged(&self, file_url: &str, md5: &str) -> Option<Arc<Staged>> {
        self.staged.get(file_url).filter(|staged| staged.md5 == md5).cloned()
    }

    /// The staged medium at this address.
    pub(crate) fn staged_at(&self, file_url: &str) -> Option<Arc<Staged>> {
        self.staged.get(file_url).cloned()
    }

    pub(crate) fn records(&self, skip: usize, take: usize) -> Vec<MomentRecord> {
        self.posts
            .iter()
            .skip(skip)
            .take(take)
            .map(|(_, post)| post.record(&self.wxid))
            .collect()
    }
}

/// The next 04:00 of UTC+8.
fn next_four(now_ms: i64) -> Option<i64> {
    let zone = tz::TimeZone::fixed(tz::offset(8));
    let now = Timestamp::from_millisecond(now_ms).ok()?.to_zoned(zone);
    let today = now
        .with()
        .hour(4)
        .minute(0)
        .second(0)
        .subsec_nanosecond(0)
        .build()
        .ok()?;
    let next = if today.timestamp() > now.timestamp() {
        today
    } else {
        today.checked_add(1.day()).ok()?
    };
    Some(next.timestamp().as_millisecond())
}
