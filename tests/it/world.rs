//! One program over one sandbox, and short words for what a test does with them.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use axum::Router;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use moments_sandbox::{
    Confirm, CorpSeed, CorpSettings, DeviceSeed, Fault, FaultKind, MemberSeed, MomentRecord, Sandbox, SandboxClock,
    World as Platform,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::api::{Answer, Api, OWNER, TOKEN_SECRET};
use crate::fresh::Fresh;
use crate::server::Server;
use crate::sync::{Sync, Task};

/// How long a state may take to come about.
const PATIENCE: Duration = Duration::from_mins(1);
const GLANCE: Duration = Duration::from_millis(25);

/// The members of every corp of the tests.
pub(crate) const MEMBERS: [&str; 3] = ["zhang.wei", "li.na", "wang.fang"];

/// The program with its folder, beside a sandbox that it takes for WeCom and the gateway.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    /// Where the sandbox answers: `http://127.0.0.1:port`.
    pub(crate) sandbox_url: String,
    pub(crate) api: Api,
    pub(crate) database: Fresh,
    server: Option<Server>,
    environment: Vec<(String, String)>,
    folder: TempDir,
}

/// A corp of the sandbox that the owner has bound.
#[derive(Clone, Debug)]
pub(crate) struct Corp {
    pub(crate) id: String,
    /// The channel's id.
    pub(crate) channel: i64,
}

impl Corp {
    pub(crate) fn account(&self, userid: &str) -> String {
        format!("{}:{userid}", self.id)
    }

    pub(crate) fn accounts(&self) -> Vec<String> {
        MEMBERS.iter().map(|userid| self.account(userid)).collect()
    }
}

impl World {
    /// With settings that suit tests: nothing is refused for being private, and doubt is cleared up within seconds.
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// The same with some settings changed: `("PUBLISH_MAX_ATTEMPTS", "2")`.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        Self::hosting(settings, Router::new()).await
    }

    /// The same, with routes of the test beside the sandbox's own.
    pub(crate) async fn hosting(settings: &[(&str, &str)], routes: Router) -> Self {
        Self::around(settings, |sandbox| sandbox.merge(routes)).await
    }

    /// The same, with the sandbox's answers changed on their way.
    pub(crate) async fn around(settings: &[(&str, &str)], change: impl FnOnce(Router) -> Router) -> Self {
        let sandbox = Sandbox::new(SandboxClock::real());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let sandbox_url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = change(sandbox.router());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let folder = tempfile::tempdir().expect("a folder");
        let database = Fresh::new(folder.path()).await;
        let environment = environment(folder.path(), &database.url, &sandbox_url, settings);
        let server = Server::start(folder.path(), &environment).await;
        Self {
            api: Api::new(&server.url),
            sandbox,
            sandbox_url,
            database,
            server: Some(server),
            environment,
            folder,
        }
    }

    /// A new corp with three good members who confirm at once, bound by the owner.
    pub(crate) async fn corp(&self, id: &str) -> Corp {
        self.corp_with(id, |_| ()).await
    }

    /// The same with something changed before it is bound.
    pub(crate) async fn corp_with(&self, id: &str, change: impl FnOnce(&mut CorpSeed)) -> Corp {
        let mut seed = corp_seed(id);
        change(&mut seed);
        self.sandbox.add_corp(seed).expect("a new corp");
        let channel = self.bind(OWNER, id, &secret_of(id)).await.expect(201);
        Corp {
            id: id.to_owned(),
            channel: channel["id"].as_i64().expect("an id"),
        }
    }

    pub(crate) async fn bind(&self, user: i64, corp: &str, secret: &str) -> Answer {
        let body = json!({ "corpId": corp, "agentId": 1_000_002, "secret": secret, "name": "华东门店" });
        self.api.post("/channels/wecom", &body).by(user).send().await
    }

    /// A new device whose account (`wxid_` and its name) is logged in and bound by the owner. Answers the wxid.
    pub(crate) async fn device(&self, name: &str) -> String {
        self.device_with(name, |_| ()).await
    }

    /// The same with something changed before it is bound.
    pub(crate) async fn device_with(&self, name: &str, change: impl FnOnce(&mut DeviceSeed)) -> String {
        let mut seed = device_seed(name);
        change(&mut seed);
        let (app_id, token, wxid) = (seed.app_id.clone(), seed.token.clone(), seed.wxid.clone());
        self.sandbox.add_device(seed).expect("a new device");
        let body = json!({ "appId": app_id, "token": token });
        self.api.post("/channels/gewe", &body).expect(201).await;
        wxid
    }

    /// A post with this text, to be given its accounts.
    pub(crate) fn sync(&self, text: &str) -> Sync<'_> {
        Sync::new(&self.api, text)
    }

    pub(crate) async fn task(&self, id: i64) -> Task {
        Task(self.api.get(&format!("/tasks/{id}")).expect(200).await)
    }

    /// Reads the task until it is as wanted; fails when that takes too long.
    pub(crate) async fn wait_for(&self, id: i64, wanted: impl Fn(&Task) -> bool) -> Task {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let task = self.task(id).await;
            if wanted(&task) {
                return task;
            }
            assert!(tokio::time::Instant::now() < deadline, "it stays so: {}", task.0);
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Waits until the task reads as expected (see [`Task::outcome`]), or can no longer become so.
    pub(crate) async fn check(&self, id: i64, expected: &str) -> Task {
        let task = self
            .wait_for(id, |task| task.outcome() == expected || task.is_over())
            .await;
        assert_eq!(task.outcome(), expected, "{}", task.0);
        task
    }

    /// Waits for any state of the world.
    pub(crate) async fn until(&self, what: &str, reached: impl Fn() -> bool) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !reached() {
            assert!(tokio::time::Instant::now() < deadline, "never came about: {what}");
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// What exists on the platform for this corpid or wxid.
    pub(crate) fn moments_of(&self, owner: &str) -> Vec<MomentRecord> {
        self.sandbox.moments_page(Some(owner), 0, usize::MAX)
    }

    /// How often the program has made this WeCom call for a corp.
    pub(crate) fn calls(&self, corp: &str, call: &str) -> u64 {
        let counts = self.sandbox.calls().by_corp;
        counts.get(corp).and_then(|calls| calls.get(call)).copied().unwrap_or(0)
    }

    /// The next call of this name for this corpid or wxid gets into trouble.
    pub(crate) fn strike(&self, world: Platform, owner: &str, call: &str, kind: FaultKind) {
        self.sandbox.add_fault(Fault {
            corp: Some(owner.to_owned()),
            ..Fault::next(world, call, kind)
        });
    }

    /// No promise to the platforms was broken.
    #[track_caller]
    pub(crate) fn assert_no_violation(&self) {
        assert_eq!(self.sandbox.violations(), []);
    }

    /// The present time, as the requirement writes it, so many seconds from now.
    pub(crate) fn in_secs(&self, secs: i64) -> String {
        iso(self.sandbox.clock().now_ms() + secs * 1000)
    }

    pub(crate) async fn accounts(&self) -> Vec<Value> {
        let accounts = self.api.get("/accounts").expect(200).await;
        accounts.as_array().expect("a list").clone()
    }

    /// The status of every account of a corp.
    pub(crate) async fn statuses(&self, corp: &Corp) -> Vec<String> {
        let accounts = self.accounts().await;
        let own = |account: &&Value| account["accountId"].as_str().is_some_and(|id| id.starts_with(&corp.id));
        let status = |account: &Value| account["status"].as_str().expect("a status").to_owned();
        accounts.iter().filter(own).map(status).collect()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The variables that the program was started with.
    pub(crate) fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().expect("it runs")
    }

    /// Takes the program away, to be stopped or killed.
    pub(crate) fn take_server(&mut self) -> Server {
        self.server.take().expect("it runs")
    }

    /// Starts one more process of the installation, in the same folder.
    pub(crate) async fn start_beside(&self, roles: &str) -> Server {
        Server::start_as(roles, self.folder.path(), &self.environment).await
    }

    /// Starts the program again over the same folder and database.
    pub(crate) async fn start_again(&mut self) {
        self.database.end_leases().await;
        let server = Server::start(self.folder.path(), &self.environment).await;
        self.api.url.clone_from(&server.url);
        self.server = Some(server);
    }
}

/// Unix milliseconds in the form of the requirement.
pub(crate) fn iso(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).expect("a time").to_string()
}

pub(crate) fn secret_of(corp: &str) -> String {
    format!("Secret-Of-{corp}-4fT9wQzL2m")
}

/// Three members who confirm at once, and a platform that loses no time.
pub(crate) fn corp_seed(id: &str) -> CorpSeed {
    CorpSeed {
        corpid: id.to_owned(),
        name: id.to_owned(),
        agentid: 1_000_002,
        secret: secret_of(id),
        members: MEMBERS.iter().map(|userid| MemberSeed::new(userid, userid)).collect(),
        tags: Vec::new(),
        settings: CorpSettings {
            job_delay_ms: 0,
            dispatch_delay_ms: 0,
            confirm: Confirm::Immediately,
            ..CorpSettings::default()
        },
    }
}

pub(crate) fn device_seed(name: &str) -> DeviceSeed {
    DeviceSeed {
        token: format!("gateway-token-of-{name}-8Hs3kPq0"),
        app_id: Some(format!("wx_{name}")),
        wxid: format!("wxid_{name}"),
        nick_name: "小禾咖啡".to_owned(),
        mobile: "13912345678".to_owned(),
        alias: String::new(),
        labels: Vec::new(),
        friends: Vec::new(),
    }
}

/// The key that seals credentials in tests, as it stands in the setting.
pub(crate) fn vault_keys() -> String {
    format!("k1:{}", BASE64_STANDARD.encode([0x5a; 32]))
}

fn environment(folder: &Path, database: &str, sandbox: &str, settings: &[(&str, &str)]) -> Vec<(String, String)> {
    let listen = SocketAddr::from(([127, 0, 0, 1], 0)).to_string();
    let inside = |name: &str| folder.join(name).display().to_string();
    let mut all = vec![
        ("HTTP_LISTEN", listen),
        ("HTTP_REQUESTS_PER_MINUTE", "0".to_owned()),
        ("DATABASE_URL", database.to_owned()),
        ("AUTH_HS256_SECRET", TOKEN_SECRET.to_owned()),
        ("VAULT_KEYS", vault_keys()),
        ("WECOM_BASE_URL", sandbox.to_owned()),
        ("WECOM_OPEN_URL", sandbox.to_owned()),
        ("WECOM_DISPATCH_GRACE_SECS", "1".to_owned()),
        ("GEWE_ENABLED", "true".to_owned()),
        ("GEWE_BASE_URL", format!("{sandbox}/gewe/v2/api")),
        ("MEDIA_DIR", inside("media")),
        ("MEDIA_ALLOW_PRIVATE_ADDRESSES", "true".to_owned()),
        ("LIMITS_ENABLED", "false".to_owned()),
        ("PUBLISH_RECONCILE_AFTER_SECS", "1".to_owned()),
        ("ACCOUNTS_CROSS_CHECK_SECS", "1".to_owned()),
        ("PUBLISH_ABSENT_AFTER_SECS", "2".to_owned()),
    ];
    for (name, value) in settings {
        all.retain(|(known, _)| known != name);
        all.push((name, (*value).to_owned()));
    }
    let variable = |(name, value)| (format!("MOMENTS_{name}"), value);
    all.into_iter().map(variable).collect()
}
