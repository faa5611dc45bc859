//! What a test may read: facts of both worlds.

use std::collections::BTreeMap;

use crate::Sandbox;
use crate::error::SandboxError;
use crate::fault::Fault;
use crate::gewe::DeviceView;
use crate::record::{CallCounts, MomentRecord, Violation};
use crate::wecom::{AppMessage, CorpView};

impl Sandbox {
    /// Every corp without its secret, in the order seeded.
    pub fn corps(&self) -> Vec<CorpView> {
        self.inner.wecom.all().iter().map(|corp| corp.view()).collect()
    }

    /// App messages of a corp, oldest first, at most a thousand.
    pub fn messages(&self, corpid: &str) -> Result<Vec<AppMessage>, SandboxError> {
        let corp = self.inner.wecom.get(corpid)?;
        let messages = corp
            .state()
            .messages
            .iter()
            .map(|(_, message)| message.clone())
            .collect();
        Ok(messages)
    }

    /// Every gewe device without its token, in the order created.
    pub fn devices(&self) -> Vec<DeviceView> {
        self.inner.gewe.views()
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
        let mut window = Window {
            skip,
            take,
            found: Vec::new(),
        };
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
        let gewe: usize = self
            .inner
            .gewe
            .all()
            .iter()
            .map(|device| device.state().posts.len())
            .sum();
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
