//! Many processes over one database: `MOMENTS_TEST_DATABASE=postgres|mariadb`, each test without a broker and, where `MOMENTS_TEST_AMQP` names one, over it.

use std::time::Duration;

use futures::future::join_all;
use reqwest::Method;
use sea_orm::{ConnectionTrait as _, Database};
use tokio::time::Instant;

use crate::api::Api;
use crate::gate::Gate;
use crate::server::Server;
use crate::suites;
use crate::world::{Corp, World, iso};

const PUBLIC_URL: &str = "http://127.0.0.1:1";

/// What an installation of several processes needs.
struct Ground {
    database: String,
    /// `memory:`, or a broker.
    queue: String,
    name: String,
}

/// Every ground that there is to test on; none with SQLite, which belongs to one process.
async fn grounds(test: &str) -> Vec<Ground> {
    let kind = std::env::var("MOMENTS_TEST_DATABASE").unwrap_or_default();
    let variable = match kind.as_str() {
        "postgres" => "MOMENTS_TEST_POSTGRES",
        "mariadb" => "MOMENTS_TEST_MARIADB",
        _ => {
            println!("passed over: MOMENTS_TEST_DATABASE names no server");
            return Vec::new();
        }
    };
    let server = std::env::var(variable).expect(variable);
    let broker = std::env::var("MOMENTS_TEST_AMQP").ok();
    assert!(
        broker.is_some() || std::env::var("CI").is_err(),
        "CI must set MOMENTS_TEST_AMQP"
    );
    let mut grounds = Vec::new();
    for queue in ["memory:".to_owned()].into_iter().chain(broker) {
        let name = format!("it_{test}_{}_{}", std::process::id(), grounds.len());
        let database = fresh(&server, &name).await;
        grounds.push(Ground { database, queue, name });
    }
    grounds
}

/// The address of a new database on the server, whose own address names none.
async fn fresh(server: &str, name: &str) -> String {
    let server = server.trim_end_matches('/');
    // PostgreSQL knows no connection without a database.
    let meeting = if server.starts_with("postgres") { "postgres" } else { "" };
    let connection = Database::connect(format!("{server}/{meeting}"))
        .await
        .expect("a connection");
    let made = connection.execute_unprepared(&format!("CREATE DATABASE {name}")).await;
    made.expect("a database");
    format!("{server}/{name}")
}

impl Ground {
    /// The processes of an installation, the first of them with the API.
    async fn start(&self, roles: &[&str], settings: &[(&str, &str)]) -> (World, Vec<Server>) {
        let own = [
            ("DATABASE_URL", self.database.as_str()),
            ("QUEUE_URL", &self.queue),
            ("QUEUE_NAME", &self.name),
            ("HTTP_PUBLIC_URL", PUBLIC_URL),
        ];
        let mut world = World::with(&[&own, settings].concat()).await;
        world.take_server().stop().await;
        let mut processes = Vec::new();
        for roles in roles {
            processes.push(world.start_beside(roles).await);
        }
        world.api.url.clone_from(&processes[0].url);
        (world, processes)
    }
}

const FULL: [&str; 5] = ["api", "scheduler", "scheduler", "worker", "worker"];

#[tokio::test]
async fn a_cluster_publishes_each_post_once_and_on_time() {
    for ground in grounds("once").await {
        let (world, processes) = ground.start(&FULL, &[]).await;
        let mut corps = Vec::new();
        for n in 0..6 {
            corps.push(world.corp(&format!("ww_cluster_{n}")).await);
        }
        let mut ids = Vec::new();
        for (n, corp) in corps.iter().cycle().take(24).enumerate() {
            let text = format!("第 {n} 条");
            ids.push(world.sync(&text).to([corp.account("li.na")]).accepted().await);
        }
        let due_ms = world.sandbox.clock().now_ms() + 3000;
        for corp in &corps {
            let sync = world.sync("定时").to([corp.account("li.na")]).at(iso(due_ms));
            ids.push(sync.accepted().await);
        }
        for id in ids {
            world.check(id, "li.na SUCCESS").await;
        }
        let mut late = Vec::new();
        for corp in &corps {
            let moments = world.moments_of(&corp.id);
            assert_eq!(moments.len(), 5, "{} {}", ground.name, corp.id);
            let planned = moments.iter().find(|moment| moment.text == "定时");
            late.push(planned.expect("a Moment").arrival_ms - due_ms);
        }
        late.sort_unstable();
        assert!(late[0] >= 0, "{}: early: {late:?}", ground.name);
        // What nobody has sent word of is swept up after two seconds; a busy machine does not hold up every post so long.
        assert!(late[0] < 2000, "{}: late: {late:?} ms", ground.name);
        let log = processes[0].log();
        let errors: Vec<_> = log.lines().filter(|line| line.contains("ERROR")).collect();
        assert_eq!(errors, [""; 0], "processes get in each other's way");
        world.assert_no_violation();
    }
}

/// WeCom counts the questions. A broker plays no part in this: one ground is enough.
#[tokio::test]
async fn processes_that_need_a_token_at_once_fetch_it_once() {
    for ground in grounds("tokens").await.into_iter().take(1) {
        let (world, processes) = ground.start(&["api"], &suites::SETTINGS).await;
        suites::provide(&world, "ww_race").await;
        let (state, link) = world.begin("THIRD_PARTY", "").await;
        let agreed = world.sandbox.install(&link, "ww_race").await.expect("agreed");
        let back = agreed.redirect.expect("a redirect");
        let path = back.strip_prefix(PUBLIC_URL).expect("our address").to_owned();
        world.api.request(Method::GET, path).send().await;
        let channel = world.installed(&state).await["channel"]["id"].clone();
        for process in processes {
            process.stop().await;
        }
        let database = Database::connect(&ground.database).await.expect("a connection");
        for table in ["t_moment_suite", "t_moment_channel"] {
            let forgotten = format!("UPDATE {table} SET token = NULL");
            database.execute_unprepared(&forgotten).await.expect("a write");
        }
        let fetched = || {
            let calls = world.sandbox.calls().wecom;
            ["get_suite_token", "get_corp_token"].map(|call| calls.get(call).copied().unwrap_or(0))
        };
        let before = fetched();
        let others = join_all((0..3).map(|_| world.start_beside("api"))).await;
        let apis: Vec<_> = others.iter().map(|process| Api::new(&process.url)).collect();
        let path = format!("/channels/{channel}/directory");
        let asked = apis.iter().cycle().take(12);
        join_all(asked.map(|api| api.get(&path).expect(200))).await;
        assert_eq!(fetched(), before.map(|n| n + 1), "{}", ground.name);
        world.assert_no_violation();
    }
}

/// The lease is five minutes: whoever had to wait for its end would come too late for this test.
#[tokio::test]
async fn what_a_stopping_worker_gives_back_goes_on_in_another_process_at_once() {
    for ground in grounds("stop").await {
        let settings = [("PUBLISH_STOP_WITHIN_SECS", "1"), ("PUBLISH_MAX_ATTEMPTS", "1")];
        let (world, mut processes) = ground.start(&["api", "scheduler", "worker"], &settings).await;
        let corp = world.corp("ww_stopping").await;
        let gate = Gate::shut().await;
        let ids = slow_posts(&world, &corp, &gate).await;
        for id in &ids {
            world.check(*id, "li.na UPLOADING").await;
        }
        processes.push(world.start_beside("worker").await);
        let begun = Instant::now();
        assert_eq!(processes.remove(2).stop().await.code(), Some(0));
        gate.open();
        for id in ids {
            world.check(id, "li.na SUCCESS").await;
        }
        let took = begun.elapsed();
        assert!(took < Duration::from_mins(2), "{}: {took:?}", ground.name);
        assert_eq!(world.moments_of(&corp.id).len(), 8, "{}", ground.name);
        world.assert_no_violation();
    }
}

/// The lease is five minutes here too.
#[tokio::test]
async fn what_a_killed_worker_held_goes_on_in_another_within_half_a_minute() {
    for ground in grounds("kill").await {
        let (world, mut processes) = ground.start(&["api", "scheduler", "worker"], &[]).await;
        let corp = world.corp("ww_killed").await;
        let gate = Gate::shut().await;
        let ids = slow_posts(&world, &corp, &gate).await;
        for id in &ids {
            world.check(*id, "li.na UPLOADING").await;
        }
        processes.push(world.start_beside("worker").await);
        let begun = Instant::now();
        processes.remove(2).kill().await;
        gate.open();
        for id in ids {
            world.check(id, "li.na SUCCESS").await;
        }
        let took = begun.elapsed();
        assert!(took < Duration::from_mins(2), "{}: {took:?}", ground.name);
        assert_eq!(world.moments_of(&corp.id).len(), 8, "{}", ground.name);
        world.assert_no_violation();
    }
}

async fn slow_posts(world: &World, corp: &Corp, gate: &Gate) -> Vec<i64> {
    let mut ids = Vec::new();
    for n in 0..8 {
        let text = format!("第 {n} 条");
        let sync = world.sync(&text).to([corp.account("li.na")]).media([&gate.picture]);
        ids.push(sync.accepted().await);
    }
    ids
}

#[tokio::test]
async fn every_process_tells_its_health_and_only_the_api_answers_users() {
    for ground in grounds("roles").await {
        let (mut world, processes) = ground.start(&["api", "scheduler", "worker"], &[]).await;
        for process in &processes {
            world.api.url.clone_from(&process.url);
            for path in ["/healthz", "/metrics"] {
                let answer = world.api.request(Method::GET, path.to_owned()).send().await;
                assert_eq!(answer.status, 200, "{path} of {}", process.url);
            }
        }
        let accounts = world.api.get("/accounts").send().await;
        assert_eq!(accounts.status, 404, "a worker is no API");
    }
}

/// What a later version's program does to the schema when it starts: it only ever adds.
const LATER_STEP: [&str; 3] = [
    "ALTER TABLE t_moment_publication ADD COLUMN later_note VARCHAR(20)",
    "CREATE TABLE t_moment_later (id BIGINT NOT NULL PRIMARY KEY)",
    "INSERT INTO seaql_migrations (version, applied_at) VALUES ('9999_later', 0)",
];

/// The half of a rolling upgrade that needs no later program: this one beside the schema of a later one.
#[tokio::test]
async fn a_running_and_a_starting_process_work_beside_a_newer_schema() {
    for ground in grounds("upgrade").await {
        let (mut world, mut processes) = ground.start(&["api,scheduler,worker"], &[]).await;
        let corp = world.corp("ww_upgrade").await;
        let before = world
            .sync("前")
            .to([corp.account("li.na")])
            .at(world.in_secs(2))
            .accepted()
            .await;
        let connection = Database::connect(&ground.database).await.expect("a connection");
        for sql in LATER_STEP {
            connection.execute_unprepared(sql).await.expect(sql);
        }
        world.check(before, "li.na SUCCESS").await;
        processes.push(world.start_beside("api,scheduler,worker").await);
        let beside = world.sync("同时").to([corp.account("li.na")]).accepted().await;
        world.check(beside, "li.na SUCCESS").await;
        assert_eq!(processes.remove(0).stop().await.code(), Some(0));
        world.api.url.clone_from(&processes[0].url);
        let after = world.sync("后").to([corp.account("li.na")]).accepted().await;
        world.check(after, "li.na SUCCESS").await;
        assert_eq!(world.moments_of(&corp.id).len(), 3, "{}", ground.name);
        assert!(processes[0].log().contains("the schema is newer than this program"));
    }
}
