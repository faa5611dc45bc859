//! Sending, and judging what comes back.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::Sandbox;
use crate::fault::World;
use crate::record::{Violation, ViolationKind};
use crate::sync::lock;
use crate::wecom::push::{Addressee, Parcel, PushRecord, PushStyle, signed};

/// A push without an answer is given up after this long (reference wecom 4.6).
const PATIENCE: Duration = Duration::from_secs(5);
/// Repeated for connection failures and timeouts only.
const TRIES: u32 = 3;
/// The console's check of an address is less patient (reference wecom 4.5).
const CHECK_PATIENCE: Duration = Duration::from_secs(1);
/// Plain text of the check of an address: digits, as the console sends.
const CHECK_DIGITS: u64 = 10_000_000_000_000_000_000;

/// What the console says when an address is saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UrlCheck {
    /// Whether the plain text came back exactly, with status 200, within a second.
    pub passed: bool,
    /// HTTP status; `None`: no answer in time.
    pub status: Option<u16>,
    /// Body of the answer.
    pub answer: String,
    /// Real milliseconds.
    pub took_ms: u64,
}

impl Sandbox {
    /// Sends a push that was packed before, in as many copies as the style wants.
    pub(crate) async fn deliver(&self, id: u64, style: &PushStyle) {
        tokio::time::sleep(Duration::from_millis(style.delay_ms)).await;
        for _ in 0..style.copies {
            let Ok(parcel) = self.wecom().pushes().parcel(id) else {
                return;
            };
            let answer = self.send(&parcel).await;
            self.judge(&parcel, &answer);
            self.note(id, answer);
        }
    }

    pub(crate) fn record_of(&self, id: u64) -> PushRecord {
        let log = lock(&self.wecom().pushes().log);
        let record = log.get(id).map(|parcel| parcel.record.clone());
        record.unwrap_or_else(|| PushRecord::forgotten(id))
    }

    /// The console's check when an address is saved: sealed digits that must come back in plain.
    pub(crate) async fn check_url(&self, to: &Addressee, receive_id: &str) -> UrlCheck {
        let style = self.wecom().pushes().style();
        let plain = (rand::random::<u64>() % CHECK_DIGITS).to_string();
        let receive_id = style.receive_id.as_deref().unwrap_or(receive_id);
        let sealed = to.keys.seal(rand::random(), &plain, receive_id);
        let seconds = self.clock().now_ms() / 1000;
        let target = signed(to, &sealed, seconds, style.wrong_signature, &[("echostr", &sealed)]);
        let Some(http) = self.gewe().http() else {
            return UrlCheck::from((Answer::default(), plain.as_str()));
        };
        let answer = ask(http.get(&target).timeout(CHECK_PATIENCE)).await;
        UrlCheck::from((answer, plain.as_str()))
    }

    async fn send(&self, parcel: &Parcel) -> Answer {
        let Some(http) = self.gewe().http() else {
            return Answer::default();
        };
        let mut answer = Answer::default();
        for _ in 0..TRIES {
            let request = http
                .post(&parcel.target)
                .header("content-type", "text/xml")
                .body(parcel.body.clone());
            let again = answer.sent;
            answer = ask(request.timeout(PATIENCE)).await;
            answer.sent += again;
            if answer.status.is_some() {
                break;
            }
        }
        answer
    }

    fn note(&self, id: u64, answer: Answer) {
        let mut log = lock(&self.wecom().pushes().log);
        if let Some(parcel) = log.get_mut(id) {
            let record = &mut parcel.record;
            record.sent += answer.sent;
            record.status = answer.status;
            record.answer = answer.body;
            record.took_ms = answer.took_ms;
        }
    }

    /// Rules of reference wecom 4.1, 4.3 and 4.6 that a receiver can break.
    fn judge(&self, parcel: &Parcel, answer: &Answer) {
        let Some(status) = answer.status else { return };
        let taken = status == 200 && (!parcel.strict || answer.body == "success");
        let kind = &parcel.record.kind;
        let detail = match (parcel.spoiled, taken) {
            (true, true) => format!("took a {kind} whose signature or receive id is wrong"),
            (false, false) => format!("answered a {kind} with {status} {:?}", answer.body),
            _ => return,
        };
        self.ledger().add(Violation {
            kind: ViolationKind::CallbackRule,
            world: World::Wecom,
            owner: parcel.record.app.clone(),
            detail,
            at_ms: self.clock().now_ms(),
        });
    }
}

/// What came back.
#[derive(Debug, Default)]
struct Answer {
    sent: u32,
    status: Option<u16>,
    body: String,
    took_ms: u64,
}

async fn ask(request: reqwest::RequestBuilder) -> Answer {
    let start = Instant::now();
    let asked = async {
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        Ok::<_, reqwest::Error>((status, answer.text().await?))
    };
    let (status, body) = match asked.await {
        Ok((status, body)) => (Some(status), body),
        Err(error) => {
            tracing::debug!(error = %error.without_url(), "sandbox: a push was not taken");
            (None, String::new())
        }
    };
    Answer {
        sent: 1,
        status,
        body,
        took_ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
    }
}

impl From<(Answer, &str)> for UrlCheck {
    fn from((answer, plain): (Answer, &str)) -> Self {
        Self {
            passed: answer.status == Some(200) && answer.body == plain,
            status: answer.status,
            answer: answer.body,
            took_ms: answer.took_ms,
        }
    }
}

impl PushRecord {
    fn forgotten(id: u64) -> Self {
        Self {
            id,
            app: String::new(),
            kind: String::new(),
            url: String::new(),
            event: String::new(),
            sent: 0,
            status: None,
            answer: String::new(),
            took_ms: 0,
            at_ms: 0,
        }
    }
}
