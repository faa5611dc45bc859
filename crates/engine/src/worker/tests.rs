use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use futures::poll;
use moments_domain::request::SyncRequest;
use moments_domain::{
    AccountId, AppKind, AuditAction, AuditActor, AuditObject, ChannelId, ChannelKind, Clock, NewAudit, PublicationId,
    Standing, UserId,
};
use moments_media::{FetchPolicy, Fetcher, MediaStore};
use moments_platforms::Platforms;
use moments_platforms::wecom::WecomPlatform;
use moments_store::{NewAccount, NewChannel, Options, Store};
use moments_vault::KeyRing;
use moments_wecom::WecomClient;
use moments_wire::WireClient;
use secrecy::SecretString;
use tokio::sync::Notify;

use super::*;
use crate::{Parts, Probe, SealedShelf, Settings, Step};

const NOON: Timestamp = Timestamp::from_secs(1_760_000_000);
const USER: UserId = UserId(1);

/// The time, moved by hand.
struct HandClock(AtomicI64);

impl HandClock {
    fn leap(&self, span: Duration) {
        let micros = i64::try_from(span.as_micros()).expect("a short span");
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// Tells of each intent that is committed.
#[derive(Default)]
struct Intents(Notify);

#[async_trait]
impl Probe for Intents {
    async fn reached(&self, step: Step, _publication: PublicationId) {
        if step == Step::IntentCommitted {
            self.0.notify_one();
        }
    }
}

struct World {
    clock: Arc<HandClock>,
    intents: Arc<Intents>,
    engine: Engine,
    _folder: tempfile::TempDir,
}

/// An engine with one slot and one attempt, that no platform answers.
async fn world() -> World {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Arc::new(HandClock(AtomicI64::new(NOON.0)));
    let intents = Arc::new(Intents::default());
    let store = Store::open(&Options::new("sqlite::memory:")).await.expect("a store");
    let keys = Arc::new(KeyRing::parse(&KeyRing::generate().expect("a key")).expect("a ring"));
    let client = WecomClient::new(
        WireClient::new().expect("a client"),
        "http://127.0.0.1:9".parse().expect("a url"),
    );
    let shelf = Arc::new(SealedShelf::new(store.clone(), Arc::clone(&keys)));
    let fetcher = Fetcher::new(FetchPolicy::default()).expect("a fetcher");
    let engine = Engine::new(Parts {
        store,
        keys,
        platforms: Platforms {
            wecom: Arc::new(WecomPlatform::new(client, shelf, clock.clone())),
            gewe: None,
            gateway: None,
        },
        provider: None,
        media: MediaStore::open(folder.path(), fetcher, 1).expect("a media folder"),
        broker: None,
        clock: clock.clone(),
        settings: Settings {
            concurrency: 1,
            max_attempts: 1,
            ..Settings::default()
        },
        probe: intents.clone(),
        owner: "worker".to_owned(),
        seed: 1,
    });
    World {
        clock,
        intents,
        engine,
        _folder: folder,
    }
}

impl World {
    /// A corp with one member.
    async fn bind(&self) {
        let store = &self.engine.store;
        let id = store.new_channel_id().await.expect("an id");
        let channel = NewChannel {
            app: AppKind::SelfBuilt,
            suite_id: None,
            user_id: USER,
            kind: ChannelKind::Wecom,
            name: "corp".to_owned(),
            handle: "corp".to_owned(),
            agent_id: None,
            wxid: None,
            base_url: None,
        };
        let member = NewAccount {
            account_id: AccountId("corp:member".to_owned()),
            account_name: "member".to_owned(),
            account_type: ChannelKind::Wecom.account_type(),
            standing: Standing::Active,
            departments: Vec::new(),
        };
        let bound = NewAudit {
            user: USER,
            actor: AuditActor::User,
            action: AuditAction::Bind,
            object: AuditObject::Channel,
            object_id: id.to_string(),
            detail: serde_json::json!({}),
            request_id: None,
            time: NOON,
        };
        let place = format!("channel:{id}:credential");
        let sealed = self
            .engine
            .keys
            .seal(&place, &SecretString::from("secret"))
            .expect("sealed");
        store
            .put_channel(id, &channel, &sealed, &[member], NOON, &bound)
            .await
            .expect("a channel");
    }
}

/// Otherwise a backlog stands still until the next sweep.
#[tokio::test]
async fn a_slot_that_comes_free_while_the_table_is_asked_ends_the_sleep() {
    let mut worker = Worker::new(world().await.engine);
    let store = worker.engine.store.clone();
    let slot = worker.shares.take(ChannelId(1)).expect("a slot");
    let asked_long_ago = async {
        drop(slot);
        for _ in 0..100 {
            store.ping().await.expect("an answer");
        }
    };
    let stop = CancellationToken::new();
    tokio::select! {
        biased;
        () = worker.idle(&stop) => (),
        () = asked_long_ago => panic!("it sleeps although a slot is free"),
    }
}

/// A paused container, a closed lid: the intent is old when the call's turn comes, and somebody else may have the post by now.
#[tokio::test]
async fn what_waited_for_its_turn_too_long_does_not_leave() {
    let world = world().await;
    world.bind().await;
    let request = SyncRequest {
        text: Some("早安".to_owned()),
        account_ids: vec![AccountId("corp:member".to_owned())],
        ..SyncRequest::default()
    };
    let task = world
        .engine
        .create_sync(USER, request, None)
        .await
        .expect("a task")
        .task_id;
    // Nobody looks at these calls again, so none of them gives its turn on.
    let mut calls: Vec<_> = (0..100)
        .map(|_| Box::pin(world.engine.turns.take(pending::<()>())))
        .collect();
    for call in &mut calls {
        assert!(poll!(call).is_pending());
    }
    let mut work = Box::pin(run_due(&world.engine));
    tokio::select! {
        biased;
        _ = &mut work => panic!("it called although it was nobody's turn"),
        () = world.intents.0.notified() => (),
    }
    world.clock.leap(Duration::from_secs(6));
    drop(calls);
    work.await.expect("the work's end");
    let told = world
        .engine
        .store
        .find_task(USER, task)
        .await
        .expect("a read")
        .expect("a task");
    let message = told.results[0].error_message.as_deref().unwrap_or_default();
    assert!(message.contains("挂起"), "{message}");
}
