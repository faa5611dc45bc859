//! An installation in a box: tasks, a worker that dies and comes back, and what must be true at the end.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use moments_domain::request::SyncRequest;
use moments_domain::{
    AccountId, AppKind, AuditAction, AuditActor, AuditObject, ChannelId, ChannelKind, Clock, FailReason, LimitChoice,
    NewAudit, PublicationId, ResultStatus, Stage, Standing, TaskId, TaskStatus, Timestamp, UserId,
};
use moments_engine::{DefaultLimits, Engine, Parts, Probe, Problem, Settings, Step, worker};
use moments_media::{FetchPolicy, Fetcher, MediaStore};
use moments_platforms::Platforms;
use moments_store::{NewAccount, NewChannel, Options, Store, TaskView};
use moments_vault::KeyRing;
use tokio::sync::Notify;

use crate::dice::Dice;
use crate::platform::{SimClock, SimPlatform};
use crate::summary::Summary;

const START: Timestamp = Timestamp::from_secs(1_760_000_000);
const USER: UserId = UserId(1);
/// Creations a minute: low, so that the gate is felt.
const LIMIT: u32 = 3;
const TASKS: u64 = 8;
/// Between two posts of the personal account.
const GAP_MINUTES: u32 = 4;
/// How much later than its intent the platform may create a post, and so come nearer to the next one.
const CALL: Duration = Duration::from_secs(35);
/// The late policy of an hour, and what limits and passing trouble may add to it. A downtime is longer.
const LATEST: Duration = Duration::from_hours(3);
const DOWNTIME: Duration = Duration::from_hours(4);

/// Made once: nothing is fetched in this world, and certificates take long to load.
static FETCHER: LazyLock<Fetcher> = LazyLock::new(|| Fetcher::new(FetchPolicy::default()).expect("a fetcher"));

/// Ends the process at a step, by the dice.
struct Crash {
    dice: Arc<Dice>,
    clock: Arc<SimClock>,
    happened: Notify,
    left: AtomicU64,
}

#[async_trait]
impl Probe for Crash {
    async fn reached(&self, step: Step, publication: PublicationId) {
        let name = format!("crash {step:?} {publication}");
        if self.left.load(Ordering::SeqCst) > 0 && self.dice.one_in(&name, 25) {
            self.left.fetch_sub(1, Ordering::SeqCst);
            self.clock.advance(Duration::from_millis(self.dice.throw(&name, 3000)));
            self.happened.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

pub(crate) struct World {
    dice: Arc<Dice>,
    clock: Arc<SimClock>,
    store: Store,
    wecom: Arc<SimPlatform>,
    gewe: Arc<SimPlatform>,
    crash: Arc<Crash>,
    keys: Arc<KeyRing>,
    media: MediaStore,
    crashes: u64,
    /// A person asked for late posts.
    retried: bool,
    _folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn run(seed: u64) -> Summary {
        let mut world = Self::new(seed).await;
        let tasks = world.create_tasks().await;
        world.cancel_some(&tasks).await;
        world.work().await;
        if world.dice.one_in("retry", 3) {
            world.retried = true;
            world.retry_all(&tasks).await;
            world.work().await;
        }
        if std::env::var_os("SIMULATION_SEED").is_some() {
            world.tell(&tasks);
        }
        world.judge(&tasks).await
    }

    async fn new(seed: u64) -> Self {
        let dice = Arc::new(Dice::new(seed));
        let clock = Arc::new(SimClock::new(START));
        let options = Options {
            durable: false,
            ..Options::new("sqlite::memory:")
        };
        let platform = |jobs| Arc::new(SimPlatform::new(Arc::clone(&dice), Arc::clone(&clock), jobs));
        let folder = tempfile::tempdir().expect("a folder");
        let keys = KeyRing::parse(&KeyRing::generate().expect("a key")).expect("a ring");
        let world = Self {
            store: Store::open(&options).await.expect("a store"),
            wecom: platform(true),
            gewe: platform(false),
            crash: Arc::new(Crash {
                dice: Arc::clone(&dice),
                clock: Arc::clone(&clock),
                happened: Notify::new(),
                left: AtomicU64::new(dice.throw("crashes", 12)),
            }),
            keys: Arc::new(keys),
            media: MediaStore::open(folder.path(), FETCHER.clone(), 1).expect("a media folder"),
            dice,
            clock,
            crashes: 0,
            retried: false,
            _folder: folder,
        };
        world
            .bind("corpA", ChannelKind::Wecom, &["corpA:a", "corpA:b", "corpA:c"])
            .await;
        world.bind("corpB", ChannelKind::Wecom, &["corpB:d"]).await;
        world.bind("device", ChannelKind::Gewe, &["wxid_1"]).await;
        world
    }

    async fn bind(&self, handle: &str, kind: ChannelKind, accounts: &[&str]) {
        let id = self.store.new_channel_id().await.expect("an id");
        let wxid = (kind == ChannelKind::Gewe).then(|| accounts[0].to_owned());
        let new = NewChannel {
            app: AppKind::SelfBuilt,
            suite_id: None,
            user_id: USER,
            kind,
            name: handle.into(),
            handle: handle.into(),
            agent_id: None,
            wxid,
            base_url: None,
        };
        let secret = secrecy::SecretString::from("secret");
        let sealed = self
            .keys
            .seal(&format!("channel:{id}:credential"), &secret)
            .expect("sealed");
        let account = |name: &&str| NewAccount {
            account_id: AccountId((*name).to_owned()),
            account_name: (*name).to_owned(),
            account_type: kind.account_type(),
            standing: Standing::Active,
            departments: Vec::new(),
        };
        let accounts: Vec<_> = accounts.iter().map(account).collect();
        self.store
            .put_channel(id, &new, &sealed, &accounts, START, &bound(id))
            .await
            .expect("a channel");
    }

    fn engine(&self) -> Engine {
        Engine::new(Parts {
            store: self.store.clone(),
            keys: Arc::clone(&self.keys),
            provider: None,
            platforms: Platforms {
                wecom: self.wecom.clone(),
                gewe: Some(self.gewe.clone()),
                gateway: None,
            },
            media: self.media.clone(),
            broker: None,
            clock: self.clock.clone(),
            settings: Settings {
                creates_per_minute: LIMIT,
                gewe_resend_when_absent: self.dice.one_in("resend", 2),
                limits: DefaultLimits {
                    gewe: LimitChoice {
                        min_gap_minutes: Some(GAP_MINUTES),
                        gap_jitter_minutes: Some(2),
                        ..LimitChoice::default()
                    },
                    ..DefaultLimits::default()
                },
                ..Settings::default()
            },
            probe: self.crash.clone(),
            owner: format!("life {}", self.crashes),
            seed: self.crashes,
        })
    }

    /// Tasks at once and later; some of them equal, some of them refused.
    async fn create_tasks(&self) -> Vec<(TaskId, String, Timestamp)> {
        let engine = self.engine();
        let mut tasks = Vec::new();
        for n in 0..TASKS {
            let later = self
                .dice
                .one_in("later", 2)
                .then(|| START + Duration::from_secs(self.dice.throw("when", 1800)));
            let twin = self.dice.one_in("twin", 5);
            let text = match self.dice.throw("text", 10) {
                0 => format!("违规 {n}"),
                _ if twin => "早安".to_owned(),
                _ => format!("早安 {n}"),
            };
            let request = SyncRequest {
                text: Some(text.clone()),
                account_ids: ["corpA:a", "corpA:b", "corpA:c", "corpB:d", "wxid_1"]
                    .map(|id| AccountId(id.to_owned()))
                    .to_vec(),
                scheduled_time: later,
                ..SyncRequest::default()
            };
            let accepted = engine.create_sync(USER, request, None).await.expect("accepted");
            tasks.push((accepted.task_id, text, later.unwrap_or(START)));
        }
        tasks
    }

    async fn cancel_some(&self, tasks: &[(TaskId, String, Timestamp)]) {
        for (id, ..) in tasks {
            if self.dice.one_in("cancel", 10) {
                self.engine()
                    .cancel_task(USER, *id)
                    .await
                    .expect("nothing was submitted yet");
            }
        }
    }

    /// A person wants a new attempt of what failed, but not of what may be out.
    async fn retry_all(&self, tasks: &[(TaskId, String, Timestamp)]) {
        for (id, ..) in tasks {
            let retried = self.engine().retry_task(USER, *id, false).await;
            assert!(
                matches!(retried, Ok(_) | Err(Problem::Conflict(_))),
                "{:?}",
                retried.err()
            );
        }
    }

    /// Lives and dies until nothing is left to do.
    async fn work(&mut self) {
        for _ in 0..20_000 {
            let engine = self.engine();
            if !self.live(&engine).await {
                return;
            }
            self.crashes += 1;
            if self.dice.one_in("downtime", 100) {
                self.clock.advance(DOWNTIME);
            }
            // A process that holds the database alone voids the leases of the dead one; in a cluster they run out.
            if self.dice.one_in("alone", 2) {
                self.store.void_leases(self.clock.now()).await.expect("a write");
            }
        }
        panic!("the work never ends");
    }

    /// Works until nothing is left (false) or the process dies (true).
    async fn live(&self, engine: &Engine) -> bool {
        for _ in 0..20_000 {
            let done = tokio::select! {
                biased;
                () = self.crash.happened.notified() => return true,
                done = worker::run_due(engine) => done.expect("a claim"),
            };
            if done == 0 {
                match self.store.next_look().await.expect("a read") {
                    Some(next) => self.clock.advance_to(next),
                    None => return false,
                }
            }
        }
        panic!("a process works for ever");
    }

    /// What a seed that is run alone came to, to understand it.
    fn tell(&self, tasks: &[(TaskId, String, Timestamp)]) {
        println!("{tasks:?}");
        for (id, moment) in self.wecom.moments.lock().expect("unpoisoned").iter() {
            println!("wecom {id} {} {:?} at {}", moment.channel, moment.text, moment.created);
        }
        for (id, moment) in self.gewe.moments.lock().expect("unpoisoned").iter() {
            println!("gewe {id} {} {:?} at {}", moment.channel, moment.text, moment.created);
        }
    }

    async fn judge(&self, tasks: &[(TaskId, String, Timestamp)]) -> Summary {
        let seen = |what| {
            [&self.wecom, &self.gewe]
                .iter()
                .map(|p| *p.seen.lock().expect("unpoisoned").get(what).unwrap_or(&0))
                .sum()
        };
        let mut summary = Summary {
            crashes: self.crashes,
            cuts_before: seen("cut before"),
            cuts_after: seen("cut after"),
            searches: seen("searched"),
            ..Summary::default()
        };
        let mut views = HashMap::new();
        for (id, ..) in tasks {
            let view = self.store.find_task(USER, *id).await.expect("a read").expect("a task");
            check_final(&view);
            for result in &view.results {
                summary.success += u64::from(result.status == ResultStatus::Success);
                summary.failed += u64::from(result.status == ResultStatus::Failed);
                summary.held += u64::from(result.stage == Stage::Held);
                summary.missed += u64::from(result.stage == Stage::Missed);
            }
            views.insert(*id, view);
        }
        self.check_counts(tasks, &views);
        self.check_rate();
        self.check_gap();
        summary
    }

    /// What the platform has is what the results say: each (task, channel) once, or not at all with a reason.
    fn check_counts(&self, tasks: &[(TaskId, String, Timestamp)], views: &HashMap<TaskId, TaskView>) {
        for (handle, platform) in [("corpA", &self.wecom), ("corpB", &self.wecom), ("device", &self.gewe)] {
            let moments = platform.moments.lock().expect("unpoisoned");
            for text in tasks.iter().map(|(_, text, _)| text) {
                let mut adopted: HashMap<String, u64> = HashMap::new();
                let (mut least, mut most) = (0, 0);
                let same: Vec<_> = tasks.iter().filter(|(_, other, _)| other == text).collect();
                for (id, _, due) in &same {
                    let results: Vec<_> = views[id]
                        .results
                        .iter()
                        .filter(|r| channel_of(&r.account_id) == handle)
                        .collect();
                    let (low, high) = expected(&results);
                    least += low;
                    most += high;
                    for id in results
                        .iter()
                        .filter_map(|r| r.moment_id.as_ref())
                        .collect::<std::collections::HashSet<_>>()
                    {
                        *adopted.entry(id.clone()).or_default() += 1;
                        let created = moments[id].created;
                        assert!(created >= *due, "posted early");
                        assert!(
                            self.retried || created.since(*due) < LATEST,
                            "posted {:?} late",
                            created.since(*due)
                        );
                    }
                    for result in results.iter().filter(|r| r.status == ResultStatus::Success) {
                        let moment = &moments[result.moment_id.as_ref().expect("a success has its Moment")];
                        assert_eq!(
                            moment.members.get(result.account_id.platform_name()),
                            Some(&true),
                            "a lie: {result:?}"
                        );
                    }
                }
                let made = moments
                    .values()
                    .filter(|m| m.channel == handle && m.text == *text)
                    .count() as u64;
                assert!(
                    (least..=most).contains(&made),
                    "{handle} has {made} Moments of {text:?}, the results say {least} to {most}"
                );
                assert!(
                    adopted.values().all(|n| *n == 1),
                    "two tasks share a Moment: {adopted:?}"
                );
            }
        }
    }

    /// The personal account keeps its distance, over all tasks and lives.
    fn check_gap(&self) {
        let moments = self.gewe.moments.lock().expect("unpoisoned");
        let mut times: Vec<_> = moments.values().map(|moment| moment.created).collect();
        times.sort_unstable();
        for pair in times.windows(2) {
            let gap = pair[1].since(pair[0]) + CALL;
            assert!(
                gap >= Duration::from_mins(GAP_MINUTES.into()),
                "two posts within {gap:?}"
            );
        }
    }

    /// Never more than the limit in any sliding minute of the platform's clock.
    fn check_rate(&self) {
        for handle in ["corpA", "corpB"] {
            let moments = self.wecom.moments.lock().expect("unpoisoned");
            let mut times: Vec<_> = moments
                .values()
                .filter(|m| m.channel == handle)
                .map(|m| m.created)
                .collect();
            times.sort_unstable();
            for burst in times.windows(LIMIT as usize + 1) {
                let span = burst[LIMIT as usize].since(burst[0]);
                assert!(
                    span >= Duration::from_mins(1),
                    "{} creations within {span:?} on {handle}",
                    LIMIT + 1
                );
            }
        }
    }
}

fn channel_of(account: &AccountId) -> &str {
    account.0.split_once(':').map_or("device", |(corp, _)| corp)
}

fn check_final(view: &TaskView) {
    for result in &view.results {
        assert!(result.status.is_final(), "not final: {result:?}");
        let told =
            result.status == ResultStatus::Success || (result.error_message.is_some() && result.error_reason.is_some());
        assert!(told, "no reason: {result:?}");
    }
    assert_eq!(view.status, TaskStatus::of(view.counts()));
}

/// How many Moments the results of one task on one channel admit.
fn expected(results: &[&moments_store::ResultView]) -> (u64, u64) {
    let reason = |r: &&&moments_store::ResultView| r.error_reason;
    if results.iter().any(|r| r.status == ResultStatus::Success) {
        return (1, 1);
    }
    match results.first().and_then(|r| reason(&r)) {
        // Members failed one by one: the Moment was made.
        Some(FailReason::MemberInvalid | FailReason::NotDispatched | FailReason::NotConfirmed) => (1, 1),
        // A person must look.
        Some(FailReason::Unverifiable) => (0, 1),
        _ => (0, 0),
    }
}

/// What the audit is told of a channel.
fn bound(id: ChannelId) -> NewAudit {
    NewAudit {
        user: USER,
        actor: AuditActor::User,
        action: AuditAction::Bind,
        object: AuditObject::Channel,
        object_id: id.to_string(),
        detail: serde_json::json!({}),
        request_id: None,
        time: START,
    }
}
