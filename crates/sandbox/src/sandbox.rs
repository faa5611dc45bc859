//! The sandbox itself: both worlds, and the controls as plain methods.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::any;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

use crate::blobs::Blobs;
use crate::clock::SandboxClock;
use crate::error::SandboxError;
use crate::fault::{Fault, Faults, Mix};
use crate::gewe::{DeviceSeed, DeviceView, Gewe, LoginStep, Switches};
use crate::pictures::Pictures;
use crate::record::{CallCounts, Ledger, MomentRecord, Violation};
use crate::wecom::{AppMessage, CorpSeed, CorpSettings, CorpView, MemberSeed, TokenEvent, Wecom};
use crate::{control, gewe, page, pictures, wecom};

/// How often devices look at the clock when no call makes them.
const SWEEP: Duration = Duration::from_secs(1);

/// Both worlds with their clock. Clones are the same sandbox.
#[derive(Clone, Debug)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    clock: SandboxClock,
    faults: Faults,
    ledger: Ledger,
    blobs: Blobs,
    pictures: Pictures,
    wecom: Wecom,
    gewe: Gewe,
}

impl Sandbox {
    /// An empty sandbox. Ids and tokens differ from every other sandbox.
    pub fn new(clock: SandboxClock) -> Self {
        let inner = Inner {
            clock,
            faults: Faults::default(),
            ledger: Ledger::new(),
            blobs: Blobs::default(),
            pictures: Pictures::default(),
            wecom: Wecom::new(rand::random()),
            gewe: Gewe::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Everything the sandbox answers: `/cgi-bin`, `/gewe/v2/api`, `/pictures`, `/sandbox`; else an empty 404.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/cgi-bin/{*call}", any(wecom::handle))
            .route("/gewe/v2/api/{*call}", any(gewe::handle))
            .merge(pictures::routes())
            .merge(control::routes())
            .merge(page::routes())
            .fallback(|| async { StatusCode::NOT_FOUND })
            .layer(DefaultBodyLimit::disable())
            .with_state(self.clone())
    }

    /// Serves until `shutdown` is ready and the open calls are answered.
    pub async fn serve<S>(&self, listener: TcpListener, shutdown: S) -> io::Result<()>
    where
        S: Future<Output = ()> + Send + 'static,
    {
        let sandbox = self.clone();
        let sweeper = tokio::spawn(async move {
            loop {
                tokio::time::sleep(SWEEP).await;
                sandbox.sweep();
            }
        });
        let listener = listener.tap_io(|stream| {
            // Small answers must not wait for more: without this a poll costs 40 ms.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "sandbox: no TCP_NODELAY");
            }
        });
        let served = axum::serve(listener, self.router()).with_graceful_shutdown(shutdown).await;
        sweeper.abort();
        served
    }

    /// The sandbox's clock.
    pub fn clock(&self) -> &SandboxClock {
        &self.inner.clock
    }

    /// Lets time move on, and what is due by then happen.
    pub fn advance(&self, by: Duration) {
        self.inner.clock.advance(by);
        self.sweep();
    }

    /// Creates a corp. Refused when the corpid exists.
    pub fn add_corp(&self, seed: CorpSeed) -> Result<(), SandboxError> {
        self.inner.wecom.add_corp(seed)
    }

    /// Adds a member to a corp, or replaces the one with the same userid.
    pub fn put_member(&self, corpid: &str, member: MemberSeed) -> Result<(), SandboxError> {
        self.inner.wecom.get(corpid)?.put_member(member);
        Ok(())
    }

    /// Changes limits, delays or permissions of a corp from now on.
    pub fn change_settings(&self, corpid: &str, change: impl FnOnce(&mut CorpSettings)) -> Result<(), SandboxError> {
        self.inner.wecom.settings(corpid, change)
    }

    /// Makes something happen to a corp's credentials.
    pub fn token_event(&self, corpid: &str, event: TokenEvent) -> Result<(), SandboxError> {
        self.inner.wecom.token_event(corpid, event)
    }

    /// These members publish now; with nobody named, all who got the task. Answers how many have published by then.
    pub fn confirm(&self, corpid: &str, moment_id: &str, userids: &[String]) -> Result<usize, SandboxError> {
        self.inner.wecom.confirm(corpid, moment_id, userids, self.inner.clock.now_ms())
    }

    /// A member writes a post on the phone (个人 posts are seen by `get_moment_list`). Answers its moment id.
    pub fn add_personal_post(&self, corpid: &str, userid: &str, text: &str) -> Result<String, SandboxError> {
        self.inner.wecom.personal_post(corpid, userid, text, self.inner.clock.now_ms())
    }

    /// Every corp without its secret, in the order seeded.
    pub fn corps(&self) -> Vec<CorpView> {
        self.inner.wecom.all().iter().map(|corp| corp.view()).collect()
    }

    /// App messages of a corp, oldest first, at most a thousand.
    pub fn messages(&self, corpid: &str) -> Result<Vec<AppMessage>, SandboxError> {
        let corp = self.inner.wecom.get(corpid)?;
        let messages = corp.state().messages.iter().map(|(_, message)| message.clone()).collect();
        Ok(messages)
    }

    /// Creates a gewe device, logged in when the seed has a wxid. Answers its appId.
    pub fn add_device(&self, seed: DeviceSeed) -> Result<String, SandboxError> {
        self.inner.gewe.add_device(seed, self.inner.clock.now_ms())
    }

    /// Changes the fault switches of a device.
    pub fn change_switches(&self, app_id: &str, change: impl FnOnce(&mut Switches)) -> Result<(), SandboxError> {
        self.inner.gewe.switches(app_id, change, self.inner.clock.now_ms())
    }

    /// What a person does with a phone in front of a login code.
    pub fn login_step(&self, app_id: &str, step: LoginStep) -> Result<(), SandboxError> {
        self.inner.gewe.login_step(app_id, step, self.inner.clock.now_ms())
    }

    /// The account of a device drops (an `Offline` event is sent) or comes back.
    pub fn set_online(&self, app_id: &str, online: bool) -> Result<(), SandboxError> {
        self.inner.gewe.set_online(app_id, online)
    }

    /// Every gewe device without its token, in the order created.
    pub fn devices(&self) -> Vec<DeviceView> {
        self.inner.gewe.views()
    }

    /// Puts a fault at the end of the queue. The first that matches a call strikes it.
    pub fn add_fault(&self, fault: Fault) {
        self.inner.faults.add(fault);
    }

    /// Starts a random mix of faults from its seed, or stops it.
    pub fn set_mix(&self, mix: Option<Mix>) {
        self.inner.faults.set_mix(mix);
    }

    /// Removes every scripted fault and the mix.
    pub fn clear_faults(&self) {
        self.inner.faults.clear();
    }

    /// Faults that still wait for their call, and how many calls have been struck so far.
    pub fn faults_waiting(&self) -> (Vec<Fault>, u64) {
        self.inner.faults.waiting()
    }

    /// Every moment of both worlds: corps in the order seeded, then devices, each in the order created.
    pub fn moments(&self) -> Vec<MomentRecord> {
        self.moments_page(None, 0, usize::MAX)
    }

    /// Like [`moments`](Self::moments), for one corpid or wxid and a part of the list: for long runs.
    pub fn moments_page(&self, owner: Option<&str>, skip: usize, take: usize) -> Vec<MomentRecord> {
        let now_ms = self.inner.clock.now_ms();
        let mut window = Window { skip, take, found: Vec::new() };
        for corp in self.inner.wecom.all() {
            if owner.is_none_or(|owner| corp.corpid.eq_ignore_ascii_case(owner)) {
                let len = corp.state().posts.len();
                window.add(len, |skip, take| self.inner.wecom.records(&corp, skip, take, now_ms));
            }
        }
        for device in self.inner.gewe.all() {
            if owner.is_none_or(|owner| device.state().wxid == owner) {
                let len = device.state().posts.len();
                window.add(len, |skip, take| device.state().records(skip, take));
            }
        }
        window.found
    }

    /// How many moments [`moments`](Self::moments) would list.
    pub fn moment_count(&self) -> usize {
        let wecom: usize = self.inner.wecom.all().iter().map(|corp| corp.state().posts.len()).sum();
        let gewe: usize = self.inner.gewe.all().iter().map(|device| device.state().posts.len()).sum();
        wecom + gewe
    }

    /// Promises that the client broke, oldest first, the last thousand. Tests assert that it is empty.
    pub fn violations(&self) -> Vec<Violation> {
        self.inner.ledger.list()
    }

    /// How many promises were broken since the start.
    pub fn violation_count(&self) -> u64 {
        self.inner.ledger.total()
    }

    /// How often each call was made.
    pub fn calls(&self) -> CallCounts {
        CallCounts {
            wecom: self.inner.wecom.counts(),
            gewe: self.inner.gewe.counts(),
            by_corp: non_empty(self.inner.wecom.counts_by_corp()),
            by_device: non_empty(self.inner.gewe.counts_by_device()),
        }
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.inner.faults
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.inner.ledger
    }

    pub(crate) fn blobs(&self) -> &Blobs {
        &self.inner.blobs
    }

    pub(crate) fn pictures(&self) -> &Pictures {
        &self.inner.pictures
    }

    pub(crate) fn wecom(&self) -> &Wecom {
        &self.inner.wecom
    }

    pub(crate) fn gewe(&self) -> &Gewe {
        &self.inner.gewe
    }

    /// Lets happen what is due by the clock without a call: devices that drop at four in the morning.
    pub(crate) fn sweep(&self) {
        self.inner.gewe.sweep(self.inner.clock.now_ms());
    }
}

/// Collects a part of several lists put end to end.
struct Window {
    skip: usize,
    take: usize,
    found: Vec<MomentRecord>,
}

impl Window {
    fn add(&mut self, len: usize, records: impl FnOnce(usize, usize) -> Vec<MomentRecord>) {
        let wanted = self.take - self.found.len();
        if self.skip >= len {
            self.skip -= len;
        } else if wanted > 0 {
            self.found.extend(records(self.skip, wanted));
            self.skip = 0;
        }
    }
}

fn non_empty(counts: BTreeMap<String, BTreeMap<String, u64>>) -> BTreeMap<String, BTreeMap<String, u64>> {
    counts.into_iter().filter(|(_, calls)| !calls.is_empty()).collect()
}
