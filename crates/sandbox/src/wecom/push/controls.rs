//! What a test may do with pushes.

use std::sync::Arc;

use crate::Sandbox;
use crate::error::SandboxError;
use crate::sync::lock;
use crate::wecom::corp::Corp;
use crate::wecom::crypto::CallbackKeys;
use crate::wecom::push::{Addressee, CallbackSeed, CorpEvent, Event, PushRecord, PushStyle, UrlCheck, event};

impl Sandbox {
    /// Registers where the corp's own app wants its events. Nothing is checked: see
    /// [`check_callback`](Self::check_callback).
    pub fn set_callback(&self, corpid: &str, callback: &CallbackSeed) -> Result<(), SandboxError> {
        let keys = CallbackKeys::new(&callback.token, &callback.aes_key)?;
        let corp = self.wecom().get(corpid)?;
        corp.state().callback = Some(Addressee {
            app: corp.corpid.clone(),
            keys,
            url: callback.url.clone(),
            receive_id: corp.corpid.clone(),
            agentid: Some(corp.agentid),
            strict: false,
        });
        Ok(())
    }

    /// The console's check of the address of the corp's own app.
    pub async fn check_callback(&self, corpid: &str) -> Result<UrlCheck, SandboxError> {
        let corp = self.wecom().get(corpid)?;
        let to = corp.state().callback.clone();
        let to = to.ok_or(SandboxError::NotNow("the corp's app has no callback address"))?;
        Ok(self.check_url(&to, &corp.corpid).await)
    }

    /// Tells every app of the corp that has an address what happened. Answers the pushes, the corp's own app first.
    pub async fn push_event(&self, corpid: &str, what: &CorpEvent) -> Result<Vec<PushRecord>, SandboxError> {
        let corp = self.wecom().get(corpid)?;
        let mut records = Vec::new();
        for (to, event) in self.told(&corp, what) {
            records.push(self.push(to, event).await);
        }
        Ok(records)
    }

    /// Every push, oldest first, the last thousand.
    pub fn pushes(&self) -> Vec<PushRecord> {
        self.wecom().pushes().records()
    }

    /// Spoils or holds pushes from now on.
    pub fn set_push_style(&self, style: PushStyle) {
        *lock(&self.wecom().pushes().style) = style;
    }

    /// Sends what was held, latest first when `reverse`, and holds no longer.
    pub async fn release_pushes(&self, reverse: bool) -> Vec<PushRecord> {
        let pushes = self.wecom().pushes();
        lock(&pushes.style).held = false;
        let mut held = std::mem::take(&mut *lock(&pushes.held));
        if reverse {
            held.reverse();
        }
        let style = pushes.style();
        for id in &held {
            self.deliver(*id, &style).await;
        }
        held.into_iter().map(|id| self.record_of(id)).collect()
    }

    /// Sends an old push again, byte by byte as it was, like somebody who recorded it.
    pub async fn replay_push(&self, id: u64) -> Result<PushRecord, SandboxError> {
        self.wecom().pushes().parcel(id)?;
        self.deliver(id, &PushStyle::default()).await;
        Ok(self.record_of(id))
    }

    /// Like [`push_event`](Self::push_event), without waiting: what a change of a member sets off.
    pub(crate) fn tell_soon(&self, corp: &Arc<Corp>, what: &CorpEvent) {
        for (to, event) in self.told(corp, what) {
            self.push_soon(to, event);
        }
    }

    fn told(&self, corp: &Arc<Corp>, what: &CorpEvent) -> Vec<(Addressee, Event)> {
        let seconds = self.clock().now_ms() / 1000;
        let own = corp.state().callback.clone().map(|to| {
            let event = event::of_corp(&corp.corpid, what.name(), seconds, &what.fields(what.userid()));
            (to, event)
        });
        own.into_iter().chain(self.told_suites(corp, what)).collect()
    }
}
