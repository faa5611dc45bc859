//! A router to talk to, and answers to look at.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, header};
use metrics_exporter_prometheus::PrometheusBuilder;
use moments_domain::{AppKind, Clock, Timestamp, UserId};
use moments_engine::words::Compliance;
use moments_engine::{Engine, Library, NoProbe, Parts, Provider, SealedShelf, Settings, Suite};
use moments_media::{FetchPolicy, Fetcher, MediaStore};
use moments_platforms::wecom::{SuiteConfig, SuiteConfigs, Suites};
use moments_platforms::{Gateway, Platform, Platforms};
use moments_store::{DuplicateGuard, Options, Store};
use moments_vault::KeyRing;
use moments_wecom::{CallbackKeys, WecomClient};
use moments_wire::WireClient;
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::gateway::Script;
use super::platform::{CheckOnly, GOOD};
use crate::{Api, ClaimNames, Limits, MetricsHandle, PERMISSIONS, Verifier, development_token};

pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_698_336_000);
pub(crate) const BASE: &str = "/api/v1/workbench/wechat/moments";
pub(crate) const OWNER: UserId = UserId(1);
pub(crate) const STRANGER: UserId = UserId(2);
const SECRET: &str = "a secret of the tests, 32 bytes and more";

/// A clock that a test sets.
pub(crate) struct HandClock(AtomicI64);

impl HandClock {
    pub(crate) fn at(now: Timestamp) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(now.0)))
    }

    pub(crate) fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).expect("a short time");
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

pub(crate) struct World {
    pub(crate) clock: Arc<HandClock>,
    pub(crate) platform: Arc<CheckOnly>,
    pub(crate) engine: Engine,
    router: Router,
    folder: TempDir,
    gateway: Arc<Script>,
    polls: CancellationToken,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    pub(crate) async fn with(limits: Limits) -> Self {
        Self::showing(limits, PrometheusBuilder::new().build_recorder().handle()).await
    }

    pub(crate) async fn showing(limits: Limits, metrics: MetricsHandle) -> Self {
        Self::made(limits, metrics, settings()).await
    }

    /// The bound world, where posts are judged.
    pub(crate) async fn judging(compliance: Compliance) -> Self {
        let settings = Settings {
            compliance,
            ..settings()
        };
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let world = Self::made(Limits::default(), metrics, settings).await;
        world.engine.load_words().await.expect("word lists");
        world.bind("ww1", GOOD).await.expect(201);
        world
    }

    /// The bound world, where drafts come from this library.
    pub(crate) async fn reading(library: Library) -> Self {
        let settings = Settings {
            library: Some(library),
            ..settings()
        };
        Self::bound_by(settings).await
    }

    /// The bound world, where media may come from this machine.
    pub(crate) async fn fetching() -> Self {
        let settings = Settings {
            allow_private_addresses: true,
            ..settings()
        };
        Self::bound_by(settings).await
    }

    /// The bound world, where the same content for the same account is refused.
    pub(crate) async fn refusing_duplicates() -> Self {
        let mut settings = settings();
        settings.duplicates = settings
            .duplicates
            .map(|guard| DuplicateGuard { refuses: true, ..guard });
        Self::bound_by(settings).await
    }

    async fn bound_by(settings: Settings) -> Self {
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let world = Self::made(Limits::default(), metrics, settings).await;
        world.bind("ww1", GOOD).await.expect(201);
        world
    }

    async fn made(limits: Limits, metrics: MetricsHandle, settings: Settings) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = HandClock::at(NOW);
        // Boxed: with what opens a database in it, the type of a test is deeper than the compiler follows.
        let platform = Arc::new(CheckOnly::default());
        let engine = Box::pin(engine(&folder, clock.clone(), settings, Arc::clone(&platform), None)).await;
        Self::over((engine, platform), folder, clock, limits, metrics)
    }

    /// A world in which the gateway is switched on and log-ins are polled, all of it as fast as it goes.
    pub(crate) async fn with_gateway() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = HandClock::at(NOW);
        let gateway = Arc::new(Script::default());
        let platform = Arc::new(CheckOnly::default());
        let opened = engine(
            &folder,
            clock.clone(),
            settings(),
            Arc::clone(&platform),
            Some(gateway.clone()),
        );
        let engine = Box::pin(opened).await;
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        // Tests of log-ins ask as often as it takes, while the clock that fills the bucket again stands still.
        let limits = Limits {
            requests_per_minute: 0,
            ..Limits::default()
        };
        let world = Self::over((engine.clone(), platform), folder, clock, limits, metrics);
        tokio::spawn(moments_engine::login::run(engine, world.polls.clone()));
        Self { gateway, ..world }
    }

    fn over(
        (engine, platform): (Engine, Arc<CheckOnly>),
        folder: TempDir,
        clock: Arc<HandClock>,
        limits: Limits,
        metrics: MetricsHandle,
    ) -> Self {
        let verifier = Verifier::hs256(&SECRET.into(), ClaimNames::default()).expect("a verifier");
        let api = Api {
            engine: engine.clone(),
            verifier,
            clock: clock.clone(),
            limits,
            metrics,
        };
        Self {
            clock,
            platform,
            engine,
            router: crate::router(api),
            folder,
            gateway: Arc::default(),
            polls: CancellationToken::new(),
        }
    }

    /// A world in which the owner has bound a corp: two active members, one off line.
    pub(crate) async fn bound() -> Self {
        let world = Self::new().await;
        world.bind("ww1", GOOD).await.expect(201);
        world
    }

    pub(crate) async fn bind(&self, corp: &str, secret: &str) -> Answer {
        let body = json!({ "corpId": corp, "agentId": 1_000_002, "secret": secret, "name": "华东门店" });
        self.post("/channels/wecom", body).await
    }

    /// The owner gets a page.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(request("GET", &format!("{BASE}{path}"), Some(&self.token()), None))
            .await
    }

    /// The owner posts JSON.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        let body = Some(body.to_string());
        self.send(request("POST", &format!("{BASE}{path}"), Some(&self.token()), body))
            .await
    }

    /// The owner puts JSON.
    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        let body = Some(body.to_string());
        self.send(request("PUT", &format!("{BASE}{path}"), Some(&self.token()), body))
            .await
    }

    /// The owner deletes.
    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(request("DELETE", &format!("{BASE}{path}"), Some(&self.token()), None))
            .await
    }

    /// A token of the owner that is good for an hour from now.
    fn token(&self) -> String {
        token_until(OWNER, PERMISSIONS, self.clock.now() + Duration::from_hours(1))
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self
            .router
            .clone()
            .oneshot(request)
            .await
            .expect("the router always answers");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("a body");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text,
        }
    }

    pub(crate) fn gateway(&self) -> &Script {
        &self.gateway
    }

    /// What lies on disk of the database of a world with a gateway.
    pub(crate) fn database(&self) -> String {
        let read = |suffix| std::fs::read(self.folder.path().join(format!("moments.db{suffix}"))).unwrap_or_default();
        let bytes = [read(""), read("-wal")].concat();
        assert!(!bytes.is_empty(), "there is a database");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Gives what was told to the audit its places in the chain.
    pub(crate) async fn chain_audit(&self) {
        // Boxed, because its type is too deep for a test around it.
        let chained = Box::pin(self.engine.store.chain_audit(100)).await;
        assert!(chained.expect("a write") < 100);
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

impl Answer {
    /// The envelope's data, after its other parts are checked.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        let mut envelope: Value = serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no envelope: {self:?}"));
        let fields = envelope.as_object().expect("an object");
        assert_eq!(fields.len(), 4, "{self:?}");
        assert_eq!((self.status, &envelope["code"]), (status, &json!(status)), "{self:?}");
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/json");
        assert!(envelope["timestamp"].as_i64() >= Some(NOW.as_millis()), "{self:?}");
        let message = envelope["message"].as_str().expect("a message");
        assert!(!message.is_ascii(), "a message is in Chinese: {message}");
        assert_eq!(message == "操作成功", status < 300, "{self:?}");
        envelope["data"].take()
    }

    /// `data.error` of an answer with this status.
    #[track_caller]
    pub(crate) fn error(&self, status: u16) -> String {
        let data = self.expect(status);
        data["error"]
            .as_str()
            .unwrap_or_else(|| panic!("no code: {data}"))
            .to_owned()
    }

    #[track_caller]
    pub(crate) fn message(&self) -> String {
        let envelope: Value = serde_json::from_str(&self.text).expect("an envelope");
        envelope["message"].as_str().expect("a message").to_owned()
    }
}

/// A token that is good for an hour.
pub(crate) fn token(user: UserId, permissions: &[&str]) -> String {
    token_until(user, permissions, NOW + Duration::from_hours(1))
}

pub(crate) fn token_until(user: UserId, permissions: &[&str], end: Timestamp) -> String {
    development_token(&SECRET.into(), &ClaimNames::default(), user, permissions, end).expect("a token")
}

/// A request to a path as it is; a body is JSON.
pub(crate) fn request(method: &str, path: &str, token: Option<&str>, body: Option<String>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    if body.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    request.body(Body::from(body.unwrap_or_default())).expect("a request")
}

pub(crate) const SUITE: &str = "ww5f0a91c27d3be648";
pub(crate) const PROVIDER_CORP: &str = "ww7c1f0e9ab2d45388";

/// What opens the suite's callbacks.
pub(crate) fn callback_keys() -> CallbackKeys {
    let aes_key = "ISTYBvIdqX01QXnNIUr0rhaQFZNvrt7ArEKO84BJOAB".into();
    CallbackKeys::new("kQ7mZ2vTx9Lr4Hd".into(), &aes_key).expect("keys")
}

/// A provider with a third-party app and no template, at a platform that cannot be reached.
fn provider(store: &Store, keys: &Arc<KeyRing>, clock: &Arc<HandClock>) -> Provider {
    let wire = WireClient::new().expect("a client");
    let nowhere = "http://127.0.0.1:9".parse().expect("an address");
    let shelf = Arc::new(SealedShelf::new(store.clone(), Arc::clone(keys)));
    let configs = SuiteConfigs {
        third_party: Some(SuiteConfig {
            id: SUITE.to_owned(),
            secret: "suite-secret".into(),
        }),
        ..SuiteConfigs::default()
    };
    let suites = Suites::new(WecomClient::new(wire, nowhere), shelf, configs, clock.clone());
    Provider {
        calls: Arc::new(suites),
        suites: vec![Suite {
            id: SUITE.to_owned(),
            app: AppKind::ThirdParty,
            keys: Arc::new(callback_keys()),
        }],
        corp_id: PROVIDER_CORP.to_owned(),
        open_url: "https://open.example".parse().expect("an address"),
        installed_url: None,
        installed_wait: Duration::ZERO,
        marketplace_user: None,
    }
}

fn settings() -> Settings {
    Settings {
        events_url: Some("https://moments.example/callbacks/gewe".to_owned()),
        login_poll: Duration::ZERO,
        ..Settings::default()
    }
}

async fn engine(
    folder: &TempDir,
    clock: Arc<HandClock>,
    settings: Settings,
    platform: Arc<CheckOnly>,
    gateway: Option<Arc<Script>>,
) -> Engine {
    let policy = FetchPolicy {
        allow_private_addresses: settings.allow_private_addresses,
        ..FetchPolicy::default()
    };
    let fetcher = Fetcher::new(policy).expect("a fetcher");
    let ring: SecretString = KeyRing::generate().expect("a ring");
    let database = match &gateway {
        Some(_) => format!("sqlite://{}", folder.path().join("moments.db").display()),
        None => "sqlite::memory:".to_owned(),
    };
    let store = Store::open(&Options::new(&database)).await.expect("a store");
    let keys = Arc::new(KeyRing::parse(&ring).expect("keys"));
    Engine::new(Parts {
        provider: Some(provider(&store, &keys, &clock)),
        store,
        keys,
        platforms: Platforms {
            gewe: gateway.as_ref().map(|_| Arc::clone(&platform) as Arc<dyn Platform>),
            wecom: platform,
            gateway: gateway.map(|gateway| gateway as Arc<dyn Gateway>),
        },
        media: MediaStore::open(folder.path(), fetcher, 1).expect("a media folder"),
        broker: None,
        clock,
        settings,
        probe: Arc::new(NoProbe),
        owner: "here".to_owned(),
        seed: 1,
    })
}
