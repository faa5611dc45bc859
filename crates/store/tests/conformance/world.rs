//! A store with two channels and their accounts.

use std::time::Duration;

use moments_domain::content::MomentContent;
use moments_domain::{
    AccountId, AccountType, AppKind, AuditAction, AuditActor, AuditObject, ChannelId, ChannelKind, Move, NewAudit,
    Outcome, ResultStatus, Standing, TaskId, Timestamp, UserId,
};
use sea_orm::{ConnectionTrait, Statement};

use moments_store::{
    Claimed, Created, Gate, Hold, Idempotency, Lease, NewAccount, NewChannel, NewPublication, NewResult, NewTask,
    Options, Save, Saved, Store,
};

use crate::databases::Fresh;

pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_760_000_000);
pub(crate) const USER: UserId = UserId(1);

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) channels: [ChannelId; 2],
    pub(crate) database: Fresh,
}

impl World {
    pub(crate) async fn on(database: Fresh) -> Self {
        let options = Options {
            alone: true,
            ..Options::new(&database.url)
        };
        let store = Store::open(&options).await.expect("a store");
        let channels = [channel(&store, "corp1").await, channel(&store, "corp2").await];
        Self {
            store,
            channels,
            database,
        }
    }

    /// The same database as another process would open it.
    pub(crate) async fn another(&self) -> Store {
        Store::open(&Options::new(&self.database.url)).await.expect("a store")
    }

    /// Three processes.
    pub(crate) async fn three(&self) -> [Store; 3] {
        [self.store.clone(), self.another().await, self.another().await]
    }

    /// A task on `channels`, two accounts each.
    pub(crate) fn task(text: &str, channels: &[ChannelId], at: Option<Timestamp>) -> NewTask {
        let mut places = 0..;
        let publications = channels
            .iter()
            .map(|channel_id| NewPublication {
                channel_id: *channel_id,
                accounts: ["a", "b"]
                    .map(|name| NewResult {
                        place: places.next().expect("a place"),
                        account_id: account(*channel_id, name),
                        account_name: Some(name.to_owned()),
                    })
                    .to_vec(),
            })
            .collect();
        NewTask {
            request_id: Some("request-1".into()),
            user_id: USER,
            content_id: None,
            content_version: None,
            content: MomentContent {
                text: text.into(),
                media_urls: vec!["https://a.example/1.jpg".into()],
                ..MomentContent::default()
            },
            scheduled_time: at,
            now: NOW,
            fingerprint: text.into(),
            publications,
            judged: moments_store::Judged::default(),
            looks_ahead: false,
            guard: None,
            idempotency: None,
        }
    }

    pub(crate) async fn create(&self, task: NewTask) -> TaskId {
        match self
            .store
            .create_task(task, |id, _| id.to_string())
            .await
            .expect("a task")
        {
            Created::Stored(id, _) => id,
            other => panic!("{other:?}"),
        }
    }

    /// What another program might write.
    pub(crate) async fn meddle(&self, sql: &str) {
        let connection = self.database.connect().await;
        connection.execute_unprepared(sql).await.expect("a write");
    }

    /// The number that a query answers as `n`.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let connection = self.database.connect().await;
        let statement = Statement::from_string(connection.get_database_backend(), sql);
        let row = connection
            .query_one_raw(statement)
            .await
            .expect("a read")
            .expect("a row");
        row.try_get("", "n").expect("a number")
    }

    pub(crate) async fn claim(&self, now: Timestamp) -> Vec<Claimed> {
        self.store
            .claim("here", now, now + Duration::from_mins(2), 100)
            .await
            .expect("a claim")
    }

    pub(crate) async fn claim_one(&self, now: Timestamp) -> Claimed {
        let mut claimed = self.claim(now).await;
        assert_eq!(claimed.len(), 1, "one is due");
        claimed.remove(0)
    }

    pub(crate) async fn task_line(&self, id: TaskId) -> String {
        let task = self.store.find_task(USER, id).await.expect("a read").expect("a task");
        let results: Vec<_> = task
            .results
            .iter()
            .map(|r| format!("{} {} {}", r.account_id.platform_name(), r.status, r.stage))
            .collect();
        format!("{}: {}", task.status, results.join(", "))
    }
}

async fn channel(store: &Store, handle: &str) -> ChannelId {
    let id = store.new_channel_id().await.expect("an id");
    let accounts = ["a", "b"].map(|name| member(id, name));
    store
        .put_channel(id, &corp(handle), "sealed", &accounts, NOW, &told(AuditAction::Bind))
        .await
        .expect("a channel");
    id
}

pub(crate) fn corp(handle: &str) -> NewChannel {
    NewChannel {
        user_id: USER,
        kind: ChannelKind::Wecom,
        app: AppKind::SelfBuilt,
        suite_id: None,
        name: handle.into(),
        handle: handle.into(),
        agent_id: Some(1),
        wxid: None,
        base_url: None,
    }
}

pub(crate) fn member(channel: ChannelId, name: &str) -> NewAccount {
    NewAccount {
        account_id: account(channel, name),
        account_name: name.into(),
        account_type: AccountType::Wework,
        standing: Standing::Active,
        departments: Vec::new(),
    }
}

pub(crate) fn account(channel: ChannelId, name: &str) -> AccountId {
    AccountId(format!("corp{channel}:{name}"))
}

pub(crate) fn once(key: &str, body: &str) -> Idempotency {
    Idempotency {
        key: key.into(),
        body_hash: body.into(),
    }
}

pub(crate) fn gate(limit: u32, now: Timestamp) -> Gate {
    Gate {
        key: "corp".into(),
        limit,
        window: Duration::from_mins(1),
        call_ends: now + Duration::from_secs(30),
        accounts: Vec::new(),
    }
}

/// A save that makes `by` happen and gives the lease back.
pub(crate) fn save(claimed: &Claimed, by: Move, now: Timestamp) -> Save {
    let mut save = look(claimed, now);
    save.publication.apply(by, now).expect("a legal move");
    save
}

/// A save without a move.
pub(crate) fn look(claimed: &Claimed, now: Timestamp) -> Save {
    let mut publication = claimed.publication.clone();
    let status_before = Some(ResultStatus::of(publication.state, Outcome::Pending));
    publication.look_time = Some(now + Duration::from_secs(5));
    Save {
        lease: claimed.lease,
        publication,
        hold: Hold::Release,
        now,
        outcomes: Vec::new(),
        gate: None,
        attempt: None,
        status_before,
        entry: None,
    }
}

/// Saves with the lease kept, and brings `claimed` up to date.
pub(crate) async fn step(world: &World, claimed: &mut Claimed, by: Move, now: Timestamp) -> Saved {
    let mut save = save(claimed, by, now);
    if !save.publication.state.is_final() {
        save.hold = Hold::Keep;
    }
    let publication = save.publication.clone();
    let saved = world.store.save(save).await.expect("a save");
    if saved == Saved::Done {
        claimed.publication = publication;
    }
    saved
}

pub(crate) fn stale(lease: Lease) -> Lease {
    Lease {
        number: lease.number - 1,
        ..lease
    }
}

/// An entry about a channel.
pub(crate) fn told(action: AuditAction) -> NewAudit {
    NewAudit {
        user: USER,
        actor: AuditActor::User,
        action,
        object: AuditObject::Channel,
        object_id: "31".into(),
        detail: serde_json::json!({ "name": "华东门店" }),
        request_id: None,
        time: NOW,
    }
}
