//! What WeCom pushes to us (reference wecom 4): checked, kept, and answered; the work comes after, see [`inbox`](crate::inbox).
//!
//! A repeated push is no news: it has the same `dedupe`. What is pushed again much later changes nothing either, since a ticket must be newer than the
//! one that is known, a code is good once, and a cancellation is believed only when the platform confirms it.

use std::sync::Arc;
use std::time::Duration;

use moments_domain::{AppKind, AuditAction, AuditObject, ChannelId, ChannelKind, PushKind, Timestamp};
use moments_store::{CHANNEL_CALLBACK, NewPush, PUSH_BODY, StoreError};
use moments_wecom::{CallbackError, CallbackKeys, Event, Push, PushQuery, UrlQuery};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::app::Engine;
use crate::metrics::{self, Pushed};
use crate::problem::Problem;

/// Changes of members come in bursts: one look afterwards serves them all.
const BURST: Duration = Duration::from_secs(10);
/// Between two lines of the log about pushes that were refused.
const QUIET: Duration = Duration::from_secs(10);

/// The address that a push came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallbackAddress {
    /// A suite's instruction address (指令回调).
    Instruction(String),
    /// A suite's data address (数据回调).
    Data(String),
    /// The address of a self-built app.
    Channel(ChannelId),
}

/// Why a push is not taken.
#[derive(Debug, thiserror::Error)]
pub enum CallbackRefusal {
    /// Nothing is served at this address.
    #[error("no such callback address")]
    Unknown,
    /// It is not genuine, or not for this address.
    #[error(transparent)]
    NotBelieved(#[from] CallbackError),
    /// It is genuine, but cannot be kept now: the platform may push it again.
    #[error("the push could not be kept")]
    NotKept(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<StoreError> for CallbackRefusal {
    fn from(error: StoreError) -> Self {
        Self::NotKept(Box::new(error))
    }
}

/// What opens the pushes of an address, and whom they must be for.
struct Gate {
    keys: Arc<CallbackKeys>,
    receivers: Vec<String>,
}

impl Engine {
    /// The text to answer a URL check with, exactly and within a second.
    pub async fn check_callback_url(
        &self,
        address: &CallbackAddress,
        query: &UrlQuery,
    ) -> Result<String, CallbackRefusal> {
        let checked = async {
            let gate = self.gate(address).await?;
            let receivers: Vec<_> = gate.receivers.iter().map(String::as_str).collect();
            Ok(gate.keys.check_url(query, &receivers)?)
        };
        checked.await.inspect_err(|refusal| self.tell_refused(address, refusal))
    }

    /// Keeps what a push asks for. After this it may be answered: the work survives this process.
    pub async fn take_push(
        &self,
        address: &CallbackAddress,
        query: &PushQuery,
        body: &str,
    ) -> Result<(), CallbackRefusal> {
        let kept = async {
            let push = self.opened(address, query, body).await?;
            self.keep(address, push).await
        };
        kept.await.inspect_err(|refusal| self.tell_refused(address, refusal))
    }

    async fn opened(&self, address: &CallbackAddress, query: &PushQuery, body: &str) -> Result<Push, CallbackRefusal> {
        let gate = self.gate(address).await?;
        let mut receivers: Vec<_> = gate.receivers.iter().map(String::as_str).collect();
        if let CallbackAddress::Instruction(suite) = address {
            receivers = vec![suite];
        }
        let message = gate.keys.open_push(query, body, &receivers)?;
        let push = Push::parse(message.expose_secret())?;
        match (address, &push.suite_id) {
            (CallbackAddress::Instruction(own) | CallbackAddress::Data(own), Some(named)) if own != named => {
                Err(CallbackError::ReceiveId.into())
            }
            _ => Ok(push),
        }
    }

    async fn gate(&self, address: &CallbackAddress) -> Result<Gate, CallbackRefusal> {
        match address {
            CallbackAddress::Instruction(suite) | CallbackAddress::Data(suite) => {
                let provider = self.provider.as_ref().ok_or(CallbackRefusal::Unknown)?;
                let found = provider.suite(suite).ok_or(CallbackRefusal::Unknown)?;
                let mut receivers = vec![suite.clone(), provider.corp_id.clone()];
                receivers.retain(|receiver| !receiver.is_empty());
                if let CallbackAddress::Data(_) = address {
                    receivers.extend(self.store.corps_of_suite(suite).await?);
                }
                let keys = Arc::clone(&found.keys);
                Ok(Gate { keys, receivers })
            }
            CallbackAddress::Channel(id) => self.gate_of_channel(*id).await,
        }
    }

    async fn gate_of_channel(&self, id: ChannelId) -> Result<Gate, CallbackRefusal> {
        let sealed = self.store.callback_keys(id).await?.ok_or(CallbackRefusal::Unknown)?;
        let channel = self.store.find_channel(id).await?.ok_or(CallbackRefusal::Unknown)?;
        let text = self
            .keys
            .open(&CHANNEL_CALLBACK.bound_to(id), &sealed)
            .map_err(|error| CallbackRefusal::NotKept(Box::new(error)))?;
        let (token, key) = text.expose_secret().split_once(' ').unwrap_or_default();
        let keys = CallbackKeys::new(token.into(), &key.into())?;
        // A corp's own id knows no case.
        let receivers = vec![channel.handle.to_ascii_lowercase(), channel.handle];
        Ok(Gate {
            keys: Arc::new(keys),
            receivers,
        })
    }

    async fn keep(&self, address: &CallbackAddress, push: Push) -> Result<(), CallbackRefusal> {
        let made = Timestamp::from_secs(push.time_secs);
        let suite = match address {
            CallbackAddress::Instruction(suite) | CallbackAddress::Data(suite) => suite,
            CallbackAddress::Channel(id) => return self.keep_of_channel(*id, &push.event).await,
        };
        let work = |kind| Work::new(kind, suite, made);
        match push.event {
            Event::SuiteTicket { ticket } => self.add_work(work(PushKind::SuiteTicket).with(ticket)).await,
            Event::CreateAuth { auth_code, state } => {
                let mut create = work(PushKind::CreateAuth).with(auth_code);
                create.state = state.filter(|state| !state.is_empty());
                self.add_work(create).await
            }
            Event::ResetPermanentCode { auth_code, .. } => {
                self.add_work(work(PushKind::ResetPermanentCode).with(auth_code)).await
            }
            Event::CancelAuth { corp_id } => {
                let mut cancel = work(PushKind::CancelAuth);
                cancel.corp_id = Some(corp_id);
                self.add_work(cancel).await
            }
            Event::ChangeAuth { corp_id } => self.look_again(suite, &corp_id, Duration::ZERO).await,
            Event::ChangeContact { corp_id, .. } => self.look_again(suite, &corp_id, BURST).await,
            Event::Other { info_type } => {
                tracing::debug!(suite.id = suite, info_type, "a push without work for us");
                Ok(())
            }
        }
    }

    async fn keep_of_channel(&self, id: ChannelId, event: &Event) -> Result<(), CallbackRefusal> {
        if let Event::ChangeContact { .. } = event {
            self.store.check_soon(id, self.clock.now() + BURST).await?;
        }
        Ok(())
    }

    async fn look_again(&self, suite: &str, corp_id: &str, after: Duration) -> Result<(), CallbackRefusal> {
        let found = self.store.find_channel_by_handle(ChannelKind::Wecom, corp_id).await?;
        if let Some(channel) = found.filter(|channel| channel.suite_id.as_deref() == Some(suite)) {
            self.store.check_soon(channel.id, self.clock.now() + after).await?;
        }
        Ok(())
    }

    /// Keeps work in the inbox; the same once more is no news.
    pub(crate) async fn add_work(&self, work: Work) -> Result<(), CallbackRefusal> {
        let id = self.store.new_push_id().await?;
        let seal = |secret: &SecretString| self.keys.seal(&PUSH_BODY.bound_to(id), secret);
        let body = work.secret.as_ref().map(seal).transpose();
        let now = self.clock.now();
        let push = NewPush {
            dedupe: work.dedupe(),
            kind: work.kind,
            suite_id: work.suite_id,
            corp_id: work.corp_id,
            state: work.state,
            push_time: work.made,
            body: body.map_err(|error| CallbackRefusal::NotKept(Box::new(error)))?,
            arrived: now,
            look_time: now,
        };
        let is_new = self.store.add_push(id, &push).await?;
        metrics::pushed(if is_new { Pushed::Accepted } else { Pushed::Duplicate });
        self.wake.inbox.notify_one();
        Ok(())
    }

    fn tell_refused(&self, address: &CallbackAddress, refusal: &CallbackRefusal) {
        metrics::pushed(Pushed::Refused);
        if let Some(hidden) = self.complaints.may_be_told(self.clock.now(), QUIET) {
            tracing::warn!(?address, %refusal, hidden, "a callback was refused");
        }
    }

    /// Sets what opens the pushes of a self-built app's own callback; the address to paste into the console beside them.
    pub async fn set_callback(
        &self,
        user: moments_domain::UserId,
        id: ChannelId,
        token: &SecretString,
        aes_key: &SecretString,
    ) -> Result<String, Problem> {
        let channel = self.own_channel(user, id).await?;
        if channel.kind != ChannelKind::Wecom || channel.app != AppKind::SelfBuilt {
            return Err(Problem::Conflict(
                "只有企业微信自建应用需要在这里设置回调；服务商应用的回调由管理员统一配置".to_owned(),
            ));
        }
        // Spaces around a value are a slip of copying.
        let [token, aes_key] = [token, aes_key].map(|part| SecretString::from(part.expose_secret().trim()));
        let text = SecretString::from(format!("{} {}", token.expose_secret(), aes_key.expose_secret()));
        CallbackKeys::new(token, &aes_key).map_err(|_| {
            Problem::Invalid(vec![moments_domain::FieldError::new(
                "encodingAesKey",
                "EncodingAESKey 应为 43 位字母或数字，Token 为 1 到 32 位字母或数字",
            )])
        })?;
        let sealed = self
            .keys
            .seal(&CHANNEL_CALLBACK.bound_to(id), &text)
            .map_err(|error| Problem::Internal(Box::new(error)))?;
        let replaced = self.store.callback_keys(id).await?.is_some();
        let detail = json!({ "handle": channel.handle, "replaced": replaced });
        let entry = self.entry(user, AuditAction::Callback, (AuditObject::Channel, id), detail);
        if !self.store.put_callback_keys(user, id, &sealed, &entry).await? {
            return Err(Problem::NotFound("渠道"));
        }
        Ok(format!("{}/callbacks/wecom/channels/{id}", self.settings.public_url))
    }
}

/// Work for the inbox before it is sealed.
pub(crate) struct Work {
    kind: PushKind,
    suite_id: String,
    pub(crate) corp_id: Option<String>,
    pub(crate) state: Option<String>,
    secret: Option<SecretString>,
    made: Timestamp,
}

impl Work {
    pub(crate) fn new(kind: PushKind, suite_id: &str, made: Timestamp) -> Self {
        Self {
            kind,
            suite_id: suite_id.to_owned(),
            corp_id: None,
            state: None,
            secret: None,
            made,
        }
    }

    pub(crate) fn with(self, secret: SecretString) -> Self {
        Self {
            secret: Some(secret),
            ..self
        }
    }

    /// A code tells which push it is, however and whenever it comes; others are told apart by their time.
    fn dedupe(&self) -> String {
        let secret = self
            .secret
            .as_ref()
            .map(ExposeSecret::expose_secret)
            .unwrap_or_default();
        let made = if self.secret.is_some() { 0 } else { self.made.0 };
        let corp = self.corp_id.as_deref().unwrap_or_default();
        let parts = [self.kind.name(), &self.suite_id, corp, &made.to_string(), secret];
        hex::encode(Sha256::digest(parts.join("\0")))
    }
}
