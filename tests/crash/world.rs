//! The outside world that outlives every kill: the platforms, the database's folder, the client's token.

use std::path::{Path, PathBuf};
use std::time::Duration;

use moments_engine::Step;
use moments_sandbox::{DemoWorld, MomentRecord, Sandbox, SandboxClock};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::client::{Client, Present};
use crate::fresh::Fresh;
use crate::orders::{Audience, Order};
use crate::program::{Program, printed};

/// Lines of the program's log that a failed test shows.
const LOG_TAIL: usize = 40;

/// Platforms, database and settings of one test.
pub(crate) struct World {
    /// The platforms.
    pub(crate) sandbox: Sandbox,
    /// Where they are, without a slash at the end.
    pub(crate) url: String,
    demo: DemoWorld,
    folder: TempDir,
    database: Fresh,
    vault_keys: String,
    token: String,
    present: watch::Sender<Present>,
}

impl World {
    /// Two corps and one personal account without limits, and an empty folder for the database.
    pub(crate) async fn new() -> Self {
        let sandbox = Sandbox::new(SandboxClock::real());
        let demo = sandbox.demo_world().expect("an empty sandbox");
        for corp in &demo.corps {
            let lifted = sandbox.change_settings(&corp.corpid, |settings| {
                settings.creates_per_minute = 0;
                settings.running_jobs = 0;
            });
            lifted.expect("a corp");
        }
        let folder = TempDir::new().expect("a folder");
        let mut world = Self {
            database: Fresh::new(folder.path()).await,
            url: serve(sandbox.clone()).await,
            sandbox,
            demo,
            folder,
            vault_keys: String::new(),
            token: String::new(),
            present: watch::Sender::default(),
        };
        world.vault_keys = printed(&world, &["keys", "new"]).await;
        world.token = printed(&world, &["token", "--user", "1"]).await;
        world
    }

    /// Where the program lives.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What every life of the program has logged.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.path().join("program.log")
    }

    /// How often the program has logged `words`.
    pub(crate) fn logged(&self, words: &str) -> usize {
        let log = std::fs::read_to_string(self.log()).expect("a log");
        log.lines().filter(|line| line.contains(words)).count()
    }

    /// Quick to reconcile; absence is called sure only long after any creation still under way has ended.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        let fixed = [
            ("MOMENTS_HTTP_LISTEN", "127.0.0.1:0"),
            ("MOMENTS_HTTP_REQUESTS_PER_MINUTE", "0"),
            ("MOMENTS_AUTH_HS256_SECRET", "only for the crash test, never elsewhere"),
            ("MOMENTS_WECOM_CREATES_PER_MINUTE", "0"),
            ("MOMENTS_GEWE_ENABLED", "true"),
            ("MOMENTS_LIMITS_ENABLED", "false"),
            ("MOMENTS_GEWE_RESEND_WHEN_ABSENT", "true"),
            ("MOMENTS_MEDIA_ALLOW_PRIVATE_ADDRESSES", "true"),
            ("MOMENTS_PUBLISH_RECONCILE_AFTER_SECS", "1"),
            ("MOMENTS_PUBLISH_ABSENT_AFTER_SECS", "5"),
            ("MOMENTS_PUBLISH_CALL_TIMEOUT_SECS", "3"),
        ];
        let mut settings: Vec<_> = fixed.map(|(name, value)| (name, value.to_owned())).into();
        settings.push(("MOMENTS_DATABASE_URL", self.database.url.clone()));
        settings.push(("MOMENTS_VAULT_KEYS", self.vault_keys.clone()));
        settings.push(("MOMENTS_WECOM_BASE_URL", self.url.clone()));
        settings.push(("MOMENTS_GEWE_BASE_URL", format!("{}/gewe/v2/api", self.url)));
        settings
    }

    /// A client that follows the program from life to life.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.token, self.present.subscribe())
    }

    /// Starts the program and tells the clients where it is.
    pub(crate) async fn start(&self, hold_at: Option<Step>) -> Program {
        self.database.end_leases().await;
        let mut program = Program::spawn(self, hold_at);
        let address = program.address().await;
        self.present.send_modify(|present| {
            present.address = address;
            present.starts += 1;
        });
        program
    }

    /// Binds the corps and the personal account, and posts once on the latter: from then on its list is known to work.
    pub(crate) async fn bind(&self, client: &Client) -> Audience {
        for corp in &self.demo.corps {
            let body =
                json!({ "corpId": corp.corpid, "agentId": corp.agentid, "secret": corp.secret, "name": corp.name });
            client.post("/channels/wecom", &body).await;
        }
        for device in &self.demo.devices {
            let body = json!({ "appId": device.app_id, "token": device.token });
            client.post("/channels/gewe", &body).await;
        }
        let audience = Audience::of(&client.get("/accounts").await);
        let first = Order::text("first", vec![audience.personal.clone()]);
        let task = client.finished(client.create(&first).await).await;
        assert_eq!(task["status"], "COMPLETED", "{task:#}");
        audience
    }

    /// Waits until the platforms have one Moment more, or until it is clear that there will be none for now.
    pub(crate) async fn one_more_is_made(&self) {
        let before = self.sandbox.moment_count();
        let one_more = async {
            while self.sandbox.moment_count() == before {
                sleep(Duration::from_millis(1)).await;
            }
        };
        drop(timeout(Duration::from_secs(2), one_more).await);
    }

    /// What the platforms have of an order.
    pub(crate) fn made(&self, order: &Order) -> Vec<MomentRecord> {
        let all = self.sandbox.moments().into_iter();
        all.filter(|moment| moment.text == order.text).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.log()).unwrap_or_default();
            let lines: Vec<_> = log.lines().collect();
            let tail = &lines[lines.len().saturating_sub(LOG_TAIL)..];
            eprintln!("the end of the program's log:\n{}", tail.join("\n"));
        }
    }
}

/// Serves the platforms for the rest of the test; their address.
async fn serve(sandbox: Sandbox) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { sandbox.serve(listener, std::future::pending()).await });
    format!("http://{address}")
}

/// A result's or a task's text field.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}
