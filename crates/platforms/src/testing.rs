//! A scripted platform over real HTTP, a clock set by hand, and a shelf in memory.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use moments_domain::{AppKind, ChannelId, ChannelKind, Clock, ErrorClass, Timestamp};
use moments_media::{KeptMedia, MediaFormat};
use url::Url;

use crate::{CachedToken, CallFailure, ChannelAccess, Post, ShelfError, SourceMedia, TokenShelf};

/// The time at which every test begins.
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_767_060_000);

/// A request as the platform saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// The last part of the path: the API's name.
    pub(crate) api: String,
    pub(crate) query: String,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn token(&self) -> &str {
        self.query
            .split('&')
            .find_map(|pair| pair.strip_prefix("access_token="))
            .unwrap_or("")
    }
}

/// Answers every call by a function; an answer that begins with `!` is a 502.
pub(crate) struct FakePlatform {
    pub(crate) base: Url,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl FakePlatform {
    pub(crate) async fn start(answer: impl Fn(&Seen) -> String + Send + Sync + 'static) -> Self {
        let (seen, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(answer));
        let log = Arc::clone(&seen);
        let app = Router::new().fallback(move |request: Request| {
            let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
            async move { reply(request, &log, &*answer).await }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"))
            .parse()
            .expect("a url");
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { base, seen }
    }

    /// The calls of one API so far.
    pub(crate) fn calls(&self, api: &str) -> Vec<Seen> {
        self.seen
            .lock()
            .expect("not poisoned")
            .iter()
            .filter(|seen| seen.api == api)
            .cloned()
            .collect()
    }
}

async fn reply(
    request: Request,
    log: &Mutex<Vec<Seen>>,
    answer: &(impl Fn(&Seen) -> String + Sync),
) -> (StatusCode, String) {
    let (parts, body) = request.into_parts();
    let api = parts.uri.path().rsplit('/').next().unwrap_or_default().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let body = String::from_utf8_lossy(&to_bytes(body, 1 << 20).await.expect("a body")).into_owned();
    let seen = Seen { api, query, body };
    log.lock().expect("not poisoned").push(seen.clone());
    let text = answer(&seen);
    if text.starts_with('!') {
        (StatusCode::BAD_GATEWAY, text)
    } else {
        (StatusCode::OK, text)
    }
}

pub(crate) struct HandClock(AtomicI64);

impl HandClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(NOW.0)))
    }

    pub(crate) fn set(&self, now: Timestamp) {
        self.0.store(now.0, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// A shelf for one channel.
#[derive(Default)]
pub(crate) struct MemoryShelf(Mutex<Shelved>);

#[derive(Default)]
struct Shelved {
    token: Option<CachedToken>,
    /// What another process will have put there once it was asked for the right this many times.
    foreign: Option<(u32, CachedToken)>,
    /// What another process puts there between a look at the shelf and the question for the right.
    overtaking: Option<CachedToken>,
    fence: i64,
    /// Somebody has the right to refresh.
    is_taken: bool,
}

impl MemoryShelf {
    pub(crate) fn with(token: &str, expires: Timestamp) -> Arc<Self> {
        let shelf = Self::default();
        shelf.put(token, expires);
        Arc::new(shelf)
    }

    pub(crate) fn put(&self, token: &str, expires: Timestamp) {
        self.state().token = Some(CachedToken {
            token: token.into(),
            expires,
        });
    }

    /// Another process holds the right to refresh, and delivers this token after `asked` refusals.
    pub(crate) fn refreshed_elsewhere(&self, asked: u32, token: &str, expires: Timestamp) {
        self.state().foreign = Some((
            asked,
            CachedToken {
                token: token.into(),
                expires,
            },
        ));
    }

    /// Another process finishes its refresh right before the next question for the right.
    pub(crate) fn refreshed_meanwhile(&self, token: &str, expires: Timestamp) {
        self.state().overtaking = Some(CachedToken {
            token: token.into(),
            expires,
        });
    }

    fn state(&self) -> std::sync::MutexGuard<'_, Shelved> {
        self.0.lock().expect("not poisoned")
    }
}

#[async_trait]
impl TokenShelf for MemoryShelf {
    async fn read(&self, _: ChannelId) -> Result<Option<CachedToken>, ShelfError> {
        Ok(self.state().token.clone())
    }

    async fn begin_refresh(&self, _: ChannelId, now: Timestamp, until: Timestamp) -> Result<Option<i64>, ShelfError> {
        assert!(until > now, "a right without a time");
        let mut state = self.state();
        if let Some(token) = state.overtaking.take() {
            state.token = Some(token);
        }
        match state.foreign.take() {
            None if std::mem::replace(&mut state.is_taken, true) => Ok(None),
            None => {
                state.fence += 1;
                Ok(Some(state.fence))
            }
            Some((0, token)) => {
                state.token = Some(token);
                Ok(None)
            }
            Some((asked, token)) => {
                state.foreign = Some((asked - 1, token));
                Ok(None)
            }
        }
    }

    async fn finish_refresh(&self, _: ChannelId, fence: i64, token: Option<&CachedToken>) -> Result<bool, ShelfError> {
        let mut state = self.state();
        state.is_taken = false;
        if let Some(token) = token.filter(|_| fence == state.fence) {
            state.token = Some(token.clone());
        }
        Ok(fence == state.fence)
    }
}

pub(crate) fn channel(kind: ChannelKind) -> ChannelAccess {
    ChannelAccess {
        id: ChannelId(17),
        kind,
        app: AppKind::SelfBuilt,
        handle: "handle".into(),
        agent_id: None,
        wxid: Some("wxid_k3".into()),
        base_url: None,
        credential: "secret".into(),
        credential_version: 1,
    }
}

pub(crate) fn post(text: &str, media: &[&str], targets: &[&str]) -> Post {
    let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    Post {
        text: text.into(),
        is_video: false,
        link: None,
        media: owned(media),
        visibility: None,
        targets: owned(targets),
    }
}

pub(crate) fn medium(format: MediaFormat, file: &std::path::Path) -> SourceMedia {
    let media = KeptMedia {
        sha256: "0".repeat(64),
        format,
        bytes: 3,
        width: 1,
        height: 1,
        duration_ms: 0,
        codec: None,
        animated: false,
        portable: true,
    };
    SourceMedia {
        media,
        file: file.to_owned(),
        file_name: format!("a.{}", format.extension()),
        mime: format.mime().into(),
        url: Some("https://media.example.com/a".into()),
        cover_url: Some("https://media.example.com/cover.jpg".into()),
    }
}

/// One word and the code, for tables.
pub(crate) fn shown(failure: &CallFailure) -> String {
    match failure {
        CallFailure::NotSent(_) => "not sent".into(),
        CallFailure::NoAnswer(_) => "no answer".into(),
        CallFailure::Refused(refusal) => format!("{} {}", name(refusal.class), refusal.code),
    }
}

fn name(class: ErrorClass) -> String {
    format!("{class:?}")
}
