//! Pushes to callback addresses (reference wecom 4.5, 4.6): sealed, signed, sent, repeated, and remembered.

mod controls;
mod deliver;
pub(crate) mod event;

use std::fmt;
use std::sync::Mutex;

use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::Sandbox;
use crate::error::SandboxError;
use crate::ring::Ring;
use crate::sync::lock;
use crate::wecom::crypto::CallbackKeys;

pub use deliver::UrlCheck;
pub use event::CorpEvent;

const PUSHES_KEPT: usize = 1000;

/// Where an app wants its events: token, key and address as they are typed into the console.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackSeed {
    /// At most 32 letters and digits.
    pub token: String,
    /// `EncodingAESKey`: exactly 43 letters and digits.
    pub aes_key: String,
    /// Absolute http(s) address.
    pub url: String,
}

/// How pushes are spoiled, from now on until changed. The default spoils nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PushStyle {
    /// How often each push is sent, exactly the same. Default 1.
    pub copies: u8,
    /// Real milliseconds before a push leaves.
    pub delay_ms: u64,
    /// The signature belongs to something else.
    pub wrong_signature: bool,
    /// Sealed for this receive id instead of the right one.
    pub receive_id: Option<String>,
    /// Never sent, only remembered: the platform promises no delivery.
    pub lost: bool,
    /// Waits until the pushes are released.
    pub held: bool,
}

/// One push as it was made, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushRecord {
    /// For [`Sandbox::replay_push`].
    pub id: u64,
    /// The suite id or corpid it was pushed for.
    pub app: String,
    /// `InfoType`, for a corp's own app the `ChangeType`.
    pub kind: String,
    /// The address, without its query.
    pub url: String,
    /// The event before it was sealed.
    pub event: String,
    /// How often it was sent, copies and replays included.
    pub sent: u32,
    /// HTTP status of the latest answer; `None`: none came.
    pub status: Option<u16>,
    /// Body of the latest answer.
    pub answer: String,
    /// How long the latest answer took, real milliseconds.
    pub took_ms: u64,
    /// When it was made, Unix milliseconds of the sandbox clock.
    pub at_ms: i64,
}

impl PushRecord {
    /// Whether the client took it: 200 and, for a suite, the bare word.
    pub fn is_taken(&self) -> bool {
        self.status == Some(200)
    }
}

/// Every push of the world.
#[derive(Debug)]
pub(crate) struct Pushes {
    log: Mutex<Ring<Parcel>>,
    style: Mutex<PushStyle>,
    held: Mutex<Vec<u64>>,
}

/// A push ready to be sent, as often as wanted.
#[derive(Debug, Clone)]
struct Parcel {
    record: PushRecord,
    /// Address with its query.
    target: String,
    body: String,
    /// The client must not take it.
    spoiled: bool,
    /// The answer must be the bare word `success`.
    strict: bool,
}

/// For whom a push is made, and how it is sealed.
#[derive(Clone)]
pub(crate) struct Addressee {
    /// Suite id or corpid, as violations and records name it.
    pub(crate) app: String,
    pub(crate) keys: CallbackKeys,
    pub(crate) url: String,
    pub(crate) receive_id: String,
    /// `AgentID` of the envelope; suites have none.
    pub(crate) agentid: Option<u64>,
    /// Suite instructions must be answered with `success`.
    pub(crate) strict: bool,
}

/// What is pushed.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) kind: String,
    pub(crate) xml: String,
}

impl Pushes {
    pub(crate) fn new() -> Self {
        Self {
            log: Mutex::new(Ring::new(PUSHES_KEPT)),
            style: Mutex::default(),
            held: Mutex::default(),
        }
    }

    pub(crate) fn records(&self) -> Vec<PushRecord> {
        lock(&self.log)
            .iter()
            .map(|(_, parcel)| parcel.record.clone())
            .collect()
    }

    fn style(&self) -> PushStyle {
        lock(&self.style).clone()
    }

    fn parcel(&self, id: u64) -> Result<Parcel, SandboxError> {
        lock(&self.log)
            .get(id)
            .cloned()
            .ok_or(SandboxError::NotNow("no push has this number, or it was forgotten"))
    }
}

impl Sandbox {
    /// Seals, signs and sends one event; answers when the client has answered, or when nobody listens.
    pub(crate) async fn push(&self, to: Addressee, event: Event) -> PushRecord {
        let pushes = self.wecom().pushes();
        let style = pushes.style();
        let id = self.pack(&to, event, &style);
        if style.held {
            lock(&pushes.held).push(id);
        } else if !style.lost {
            self.deliver(id, &style).await;
        }
        self.record_of(id)
    }

    /// Like [`push`](Self::push), without waiting for it.
    pub(crate) fn push_soon(&self, to: Addressee, event: Event) {
        // Only a sandbox without a runtime has nobody to send it: a unit test that reads the clock.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let sandbox = self.clone();
            runtime.spawn(async move { sandbox.push(to, event).await });
        }
    }

    fn pack(&self, to: &Addressee, event: Event, style: &PushStyle) -> u64 {
        let at_ms = self.clock().now_ms();
        let receive_id = style.receive_id.as_deref().unwrap_or(&to.receive_id);
        let sealed = to.keys.seal(rand::random(), &event.xml, receive_id);
        let target = signed(to, &sealed, at_ms / 1000, style.wrong_signature, &[]);
        let mut log = lock(&self.wecom().pushes().log);
        let id = log.next();
        log.push(Parcel {
            record: PushRecord {
                id,
                app: to.app.clone(),
                kind: event.kind,
                url: to.url.clone(),
                event: event.xml,
                sent: 0,
                status: None,
                answer: String::new(),
                took_ms: 0,
                at_ms,
            },
            target,
            body: event::envelope(&to.receive_id, to.agentid, &sealed),
            spoiled: style.wrong_signature || style.receive_id.is_some(),
            strict: to.strict,
        });
        id
    }
}

/// The address with signature, timestamp and nonce, and whatever else the query carries.
fn signed(to: &Addressee, sealed: &str, seconds: i64, wrong: bool, more: &[(&str, &str)]) -> String {
    let timestamp = seconds.to_string();
    let nonce = rand::rng().random_range(100_000_000_u64..10_000_000_000).to_string();
    let signature = to.keys.signature(&timestamp, &nonce, if wrong { "" } else { sealed });
    let Ok(mut url) = reqwest::Url::parse(&to.url) else {
        return to.url.clone();
    };
    url.query_pairs_mut()
        .append_pair("msg_signature", &signature)
        .append_pair("timestamp", &timestamp)
        .append_pair("nonce", &nonce)
        .extend_pairs(more);
    url.into()
}

impl Default for PushStyle {
    fn default() -> Self {
        Self {
            copies: 1,
            delay_ms: 0,
            wrong_signature: false,
            receive_id: None,
            lost: false,
            held: false,
        }
    }
}

/// Without token and key.
impl fmt::Debug for CallbackSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackSeed")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
