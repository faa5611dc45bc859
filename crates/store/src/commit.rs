//! The commit queue: what arrives together is committed together.
//!
//! A caller gets its answer only after the commit. When a shared transaction fails, each of its writes is tried in one of its own,
//! so that one bad write costs its neighbours time and nothing else.

use std::sync::Arc;

use sea_orm::{DatabaseConnection, DatabaseTransaction};
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::claim::{self, Leased, Wish};
use crate::create::{self, Created, PreparedTask};
use crate::db::{again, begin, commit};
use crate::dialect::Dialect;
use crate::error::StoreError;
use crate::save::{self, Save, Saved};

/// Most writes in one transaction: enough to share a flush, few enough that nobody waits long.
const MOST_TOGETHER: usize = 256;
/// Transactions at a time on a server; SQLite has one writer. The next fills while one waits for the flush. More were measured: they share
/// fewer flushes, and hold each other up at the gates.
const COMMITTERS: usize = 2;

type Receiver = Arc<Mutex<mpsc::Receiver<Write>>>;

#[derive(Clone, Debug)]
pub(crate) struct CommitQueue(mpsc::Sender<Write>);

/// On its way, what is to be written passes through many hands: it stays where it is, and its address goes round.
#[derive(Debug)]
struct Item<T, R> {
    what: Box<T>,
    reply: oneshot::Sender<Result<R, StoreError>>,
}

#[derive(Debug)]
enum Write {
    Create(Item<PreparedTask, Created>),
    Save(Item<Save, Saved>),
    Claim(Item<Wish, Vec<Leased>>),
}

#[derive(Default)]
struct Together {
    creates: Vec<Item<PreparedTask, Created>>,
    saves: Vec<Item<Save, Saved>>,
    claims: Vec<Item<Wish, Vec<Leased>>>,
}

/// What the writes of a transaction are answered, each kind in order.
struct Answers {
    created: Vec<Created>,
    saved: Vec<Saved>,
    claimed: Vec<Vec<Leased>>,
}

impl CommitQueue {
    pub(crate) fn start(connection: &DatabaseConnection) -> Self {
        let (sender, receiver) = mpsc::channel(4 * MOST_TOGETHER);
        let receiver = Arc::new(Mutex::new(receiver));
        let committers = if Dialect::of(connection).has_many_writers() {
            COMMITTERS
        } else {
            1
        };
        for _ in 0..committers {
            tokio::spawn(run(connection.clone(), Arc::clone(&receiver)));
        }
        Self(sender)
    }

    pub(crate) fn create(&self, what: PreparedTask) -> impl Future<Output = Result<Created, StoreError>> {
        self.send(what, Write::Create)
    }

    pub(crate) fn save(&self, what: Save) -> impl Future<Output = Result<Saved, StoreError>> {
        self.send(what, Write::Save)
    }

    pub(crate) fn claim(&self, what: Wish) -> impl Future<Output = Result<Vec<Leased>, StoreError>> {
        self.send(what, Write::Claim)
    }

    fn send<T, R>(&self, what: T, write: fn(Item<T, R>) -> Write) -> impl Future<Output = Result<R, StoreError>> {
        let gone = || StoreError::Setup("the commit queue has ended".to_owned());
        let (reply, answer) = oneshot::channel();
        let what = Box::new(what);
        let write = write(Item { what, reply });
        async move {
            self.0.send(write).await.map_err(|_| gone())?;
            answer.await.map_err(|_| gone())?
        }
    }
}

/// Commits what waits, until nobody can send any more. Others may take what comes while this one commits.
async fn run(connection: DatabaseConnection, receiver: Receiver) {
    let mut waiting = Vec::with_capacity(MOST_TOGETHER);
    loop {
        if receiver.lock().await.recv_many(&mut waiting, MOST_TOGETHER).await == 0 {
            return;
        }
        let mut together = Together::default();
        for write in waiting.drain(..) {
            match write {
                Write::Create(item) => together.creates.push(item),
                Write::Save(item) => together.saves.push(item),
                Write::Claim(item) => together.claims.push(item),
            }
        }
        together.commit(&connection).await;
    }
}

impl Together {
    fn len(&self) -> usize {
        self.creates.len() + self.saves.len() + self.claims.len()
    }

    async fn commit(self, connection: &DatabaseConnection) {
        match self.attempts(connection).await {
            Ok(Some(answers)) => self.reply(answers),
            Ok(None) => self.commit_each(connection).await,
            // All may be written by now: tried alone, each would meet itself.
            Err(error @ StoreError::Doubtful(_)) => self.fail(&error),
            Err(error) if self.len() == 1 => self.fail(&error),
            Err(error) => {
                tracing::warn!(%error, "a shared transaction failed, its writes are tried one by one");
                self.commit_each(connection).await;
            }
        }
    }

    async fn commit_each(self, connection: &DatabaseConnection) {
        for alone in self.each_alone() {
            match alone.attempts(connection).await {
                Ok(Some(answers)) => alone.reply(answers),
                Ok(None) => alone.fail(&StoreError::Setup("a save alone has no answer".to_owned())),
                Err(error) => alone.fail(&error),
            }
        }
    }

    async fn attempts(&self, connection: &DatabaseConnection) -> Result<Option<Answers>, StoreError> {
        let outcome = again!({ self.attempt(connection).await });
        match outcome {
            // Another process may just have brought a row of the same key, such as an idempotency key: now it will be seen.
            Err(error) if error.is_duplicate() && Dialect::of(connection).has_many_writers() => {
                again!({ self.attempt(connection).await })
            }
            outcome => outcome,
        }
    }

    /// `None`: not together, see [`save::write`].
    async fn attempt(&self, connection: &DatabaseConnection) -> Result<Option<Answers>, StoreError> {
        let txn = begin(connection).await?;
        let answers = self.write(&txn).await?;
        match answers {
            Some(_) => commit(txn).await?,
            None => txn.rollback().await?,
        }
        Ok(answers)
    }

    async fn write(&self, txn: &DatabaseTransaction) -> Result<Option<Answers>, StoreError> {
        let saves: Vec<_> = self.saves.iter().map(|item| &*item.what).collect();
        let Some(saved) = save::write(txn, &saves).await? else {
            return Ok(None);
        };
        let creates: Vec<_> = self.creates.iter().map(|item| &*item.what).collect();
        let created = create::write(txn, &creates).await?;
        let mut claimed = Vec::with_capacity(self.claims.len());
        for item in &self.claims {
            claimed.push(claim::write(txn, &item.what).await?);
        }
        Ok(Some(Answers {
            created,
            saved,
            claimed,
        }))
    }

    fn reply(self, answers: Answers) {
        reply_each(self.creates, answers.created);
        reply_each(self.saves, answers.saved);
        reply_each(self.claims, answers.claimed);
    }

    fn fail(self, error: &StoreError) {
        fail_each(self.creates, error);
        fail_each(self.saves, error);
        fail_each(self.claims, error);
    }

    fn each_alone(self) -> impl Iterator<Item = Self> {
        let creates = self.creates.into_iter().map(|item| Self {
            creates: vec![item],
            ..Self::default()
        });
        let saves = self.saves.into_iter().map(|item| Self {
            saves: vec![item],
            ..Self::default()
        });
        let claims = self.claims.into_iter().map(|item| Self {
            claims: vec![item],
            ..Self::default()
        });
        saves.chain(creates).chain(claims)
    }
}

/// A caller that no longer waits has been cancelled; its write stands all the same.
fn reply_each<T, R>(items: Vec<Item<T, R>>, answers: Vec<R>) {
    items
        .into_iter()
        .zip(answers)
        .for_each(|(item, answer)| drop(item.reply.send(Ok(answer))));
}

fn fail_each<T, R>(items: Vec<Item<T, R>>, error: &StoreError) {
    for item in items {
        drop(item.reply.send(Err(error.clone())));
    }
}
