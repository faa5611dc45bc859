//! The outside of a run, and its course.

use std::time::Duration;

use futures::StreamExt as _;
use futures::stream;
use moments_sandbox::{CorpSeed, CorpSettings, FaultKind, MemberSeed, Mix, MixPart, Sandbox, SandboxClock};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::caller::Caller;
use crate::cluster::Cluster;
use crate::database::Database;
use crate::order::Order;
use crate::process::{Launch, log_of};
use crate::scale::Scale;
use crate::verdict::{check_rate, judge};
use crate::weather::Weather;
use crate::wire::Wire;

const MEMBERS: [&str; 3] = ["zhang.wei", "li.na", "wang.fang"];
/// Orders placed at the same time.
const CALLERS: usize = 6;
/// Beyond what the corps' minutes ask for anyway.
const PATIENCE: Duration = Duration::from_mins(4);
/// Lines of each log that a failed run shows.
const LOG_TAIL: usize = 25;

/// Platform, database, broker, and the cluster between them.
pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) database_wire: Wire,
    pub(crate) broker_wire: Wire,
    sandbox: Sandbox,
    sandbox_url: String,
    database: Database,
    caller: Caller,
    corps: Vec<String>,
    folder: TempDir,
}

impl World {
    /// Everything up, every corp bound.
    pub(crate) async fn new(name: &str, database: &str, broker: &str, scale: &Scale) -> Self {
        let sandbox = Sandbox::new(SandboxClock::real());
        let sandbox_url = serve(sandbox.clone()).await;
        let database = Database::new(database).await;
        let (database_wire, database_url) = wired(database.url.as_str()).await;
        let (broker_wire, broker_url) = wired(broker).await;
        let folder = tempfile::tempdir().expect("a folder");
        let mut launch = Launch {
            folder: folder.path().to_owned(),
            environment: environment(&sandbox_url, &database_url, &broker_url, name),
        };
        let keys = launch.printed(&["keys", "new"]).await;
        launch.environment.push(("MOMENTS_VAULT_KEYS".to_owned(), keys));
        let token = launch.printed(&["token", "--user", "1"]).await;
        let cluster = Cluster::start(&launch).await;
        let caller = Caller::new(&token, cluster.apis().await);
        let mut world = Self {
            cluster,
            database_wire,
            broker_wire,
            sandbox,
            sandbox_url,
            database,
            caller,
            corps: Vec::new(),
            folder,
        };
        for n in 0..scale.corps {
            world.bind(n).await;
        }
        world
    }

    async fn bind(&mut self, n: usize) {
        let corpid = format!("wwchaos{n:04}");
        let secret = format!("secret-of-{corpid}");
        let seed = CorpSeed {
            corpid: corpid.clone(),
            name: corpid.clone(),
            agentid: 1_000_002,
            secret: secret.clone(),
            members: MEMBERS.map(member).into(),
            tags: Vec::new(),
            settings: CorpSettings::default(),
        };
        self.sandbox.add_corp(seed).expect("a new corp");
        let body = json!({ "corpId": corpid, "agentId": 1_000_002, "secret": secret, "name": corpid });
        self.caller.bind(&body).await;
        self.corps.push(corpid);
    }

    /// Places every order in bad weather, waits until all is over, and judges.
    pub(crate) async fn run(&self, scale: &Scale) {
        let begun = Instant::now();
        let mut dice = StdRng::seed_from_u64(scale.seed);
        self.sandbox.set_mix(Some(mix(scale.seed)));
        let done = CancellationToken::new();
        let work = async {
            let tasks = self.place_all(scale, StdRng::from_rng(&mut dice)).await;
            let tasks = self.finish(tasks, scale).await;
            done.cancel();
            tasks
        };
        let weather_dice = StdRng::seed_from_u64(scale.seed.rotate_left(32));
        let (orders, weather) = tokio::join!(work, Weather::rage(self, weather_dice, done.clone()));
        let moments = self.sandbox.moments();
        let tally = judge(&orders, &moments);
        check_rate(&moments);
        assert_eq!(self.sandbox.violations(), []);
        assert_eq!(self.database.open_publications().await, 0, "rows were left behind");
        let (_, struck) = self.sandbox.faults_waiting();
        println!(
            "{tally:?}; {weather:?}; {struck} faults of the platform; {:.0?}",
            begun.elapsed()
        );
        // What was lost twice is a person's to decide; that must stay the exception.
        assert!(tally.unmade * 20 <= tally.published, "{tally:?}");
    }

    async fn place_all(&self, scale: &Scale, mut dice: StdRng) -> Vec<(Order, i64)> {
        let orders: Vec<_> = (0..scale.tasks)
            .map(|n| Order::random(n, &self.corps, &MEMBERS, &self.sandbox_url, &mut dice))
            .collect();
        let place = |order: Order| async move {
            let id = self.caller.place(&order).await;
            (order, id)
        };
        stream::iter(orders)
            .map(place)
            .buffer_unordered(CALLERS)
            .collect()
            .await
    }

    /// Every task as it reads when it is over.
    async fn finish(&self, placed: Vec<(Order, i64)>, scale: &Scale) -> Vec<(Order, Value)> {
        let minutes = u64::try_from(scale.tasks / scale.corps / 10).expect("few");
        let deadline = Instant::now() + PATIENCE + Duration::from_mins(minutes);
        let mut over = Vec::with_capacity(placed.len());
        for (order, id) in placed {
            over.push((order, self.finished(id, deadline).await));
        }
        over
    }

    async fn finished(&self, id: i64, deadline: Instant) -> Value {
        loop {
            let task = self.caller.task(id).await;
            let results = task["results"].as_array().expect("results");
            if results
                .iter()
                .all(|result| result["status"] == "SUCCESS" || result["status"] == "FAILED")
            {
                return task;
            }
            if Instant::now() > deadline {
                let rows = self.database.open_rows_of(id).await;
                panic!("not over in time: {task:#}\n{rows:#?}");
            }
            sleep(Duration::from_millis(250)).await;
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for role in ["api", "scheduler", "worker"] {
                let log = std::fs::read_to_string(log_of(self.folder.path(), role)).unwrap_or_default();
                let lines: Vec<_> = log.lines().collect();
                let tail = &lines[lines.len().saturating_sub(LOG_TAIL)..];
                eprintln!("the end of the {role} log:\n{}", tail.join("\n"));
            }
        }
    }
}

/// A wire to the server of a URL, and the URL over the wire.
async fn wired(url: &str) -> (Wire, String) {
    let mut url: url::Url = url.parse().expect("an address");
    let server = format!("{}:{}", url.host_str().expect("a host"), url.port().expect("a port"));
    let wire = Wire::to(&server).await;
    let port = wire.address.rsplit(':').next().and_then(|port| port.parse().ok());
    url.set_port(port).expect("an address with a port");
    (wire, url.into())
}

/// Quick to reconcile; absence is called sure only long after any creation still under way has ended.
fn environment(sandbox: &str, database: &str, broker: &str, name: &str) -> Vec<(String, String)> {
    let settings = [
        ("MOMENTS_HTTP_LISTEN", "127.0.0.1:0"),
        ("MOMENTS_HTTP_REQUESTS_PER_MINUTE", "0"),
        ("MOMENTS_AUTH_HS256_SECRET", "only for the chaos run, never elsewhere"),
        ("MOMENTS_DATABASE_URL", database),
        ("MOMENTS_QUEUE_URL", broker),
        (
            "MOMENTS_QUEUE_NAME",
            &format!("chaos.{name}.{:08x}", rand::random::<u32>()),
        ),
        ("MOMENTS_WECOM_BASE_URL", sandbox),
        ("MOMENTS_MEDIA_ALLOW_PRIVATE_ADDRESSES", "true"),
        ("MOMENTS_PUBLISH_RECONCILE_AFTER_SECS", "1"),
        ("MOMENTS_PUBLISH_ABSENT_AFTER_SECS", "5"),
        ("MOMENTS_PUBLISH_CALL_TIMEOUT_SECS", "3"),
    ];
    settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn member(userid: &str) -> MemberSeed {
    MemberSeed {
        userid: userid.to_owned(),
        name: userid.to_owned(),
        status: 1,
        department: vec![1],
        visible: true,
        follow: true,
        moments: true,
        customers: None,
    }
}

/// Trouble for every seventh call, on both sides of its processing.
fn mix(seed: u64) -> Mix {
    let kinds = [
        (0.03, FaultKind::CutAfter),
        (0.03, FaultKind::CutBefore),
        (0.02, FaultKind::Html502After),
        (0.04, FaultKind::Slow { ms: 1_000 }),
        (0.01, FaultKind::Slow { ms: 4_000 }),
        (0.01, FaultKind::Late { ms: 1_500 }),
    ];
    Mix {
        seed,
        world: None,
        calls: Vec::new(),
        probabilities: kinds.map(|(share, kind)| MixPart { share, kind }).into(),
    }
}

/// Serves the platform for the rest of the run; its address.
async fn serve(sandbox: Sandbox) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { sandbox.serve(listener, std::future::pending()).await });
    format!("http://{address}")
}
