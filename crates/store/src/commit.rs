//! The commit queue: what arrives together is committed together.
//!
//! A caller gets its answer only after the commit. When a shared transaction fails, each of its writes is tried in one of its own,
//! so that one bad write costs its neighbours time and nothing else.

use sea_orm::{DatabaseConnection, DatabaseTransaction};
use tokio::sync::{mpsc, oneshot};

use crate::create::{self, Created, PreparedTask};
use crate::db::begin;
use crate::error::StoreError;
use crate::save::{self, Save, Saved};

/// Most writes in one transaction: enough to share a flush, few enough that nobody waits long.
const MOST_TOGETHER: usize = 256;

#[derive(Clone, Debug)]
pub(crate) struct CommitQueue(mpsc::Sender<Write>);

#[derive(Debug)]
struct Item<T, R> {
    what: T,
    reply: oneshot::Sender<Result<R, StoreError>>,
}

#[derive(Debug)]
enum Write {
    Create(Item<PreparedTask, Created>),
    Save(Item<Save, Saved>),
}

#[derive(Default)]
struct Together {
    creates: Vec<Item<PreparedTask, Created>>,
    saves: Vec<Item<Save, Saved>>,
}

impl CommitQueue {
    pub(crate) fn start(connection: DatabaseConnection) -> Self {
        let (sender, receiver) = mpsc::channel(4 * MOST_TOGETHER);
        tokio::spawn(run(connection, receiver));
        Self(sender)
    }

    pub(crate) async fn create(&self, what: PreparedTask) -> Result<Created, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.send(Write::Create(Item { what, reply }), answer).await
    }

    pub(crate) async fn save(&self, what: Save) -> Result<Saved, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.send(Write::Save(Item { what, reply }), answer).await
    }

    async fn send<R>(&self, write: Write, answer: oneshot::Receiver<Result<R, StoreError>>) -> Result<R, StoreError> {
        let gone = || StoreError::Setup("the commit queue has ended".to_owned());
        self.0.send(write).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

async fn run(connection: DatabaseConnection, mut receiver: mpsc::Receiver<Write>) {
    let mut waiting = Vec::with_capacity(MOST_TOGETHER);
    while receiver.recv_many(&mut waiting, MOST_TOGETHER).await > 0 {
        let mut together = Together::default();
        for write in waiting.drain(..) {
            match write {
                Write::Create(item) => together.creates.push(item),
                Write::Save(item) => together.saves.push(item),
            }
        }
        together.commit(&connection).await;
    }
}

impl Together {
    async fn commit(self, connection: &DatabaseConnection) {
        match self.attempt(connection).await {
            Ok((created, saved)) => self.reply(created, saved),
            Err(error) if self.creates.len() + self.saves.len() == 1 => self.fail(&error),
            Err(error) => {
                tracing::warn!(%error, "a shared transaction failed, its writes are tried one by one");
                for alone in self.each_alone() {
                    match alone.attempt(connection).await {
                        Ok((created, saved)) => alone.reply(created, saved),
                        Err(error) => alone.fail(&error),
                    }
                }
            }
        }
    }

    async fn attempt(&self, connection: &DatabaseConnection) -> Result<(Vec<Created>, Vec<Saved>), StoreError> {
        let txn = begin(connection).await?;
        let answers = self.write(&txn).await?;
        txn.commit().await?;
        Ok(answers)
    }

    async fn write(&self, txn: &DatabaseTransaction) -> Result<(Vec<Created>, Vec<Saved>), StoreError> {
        let creates: Vec<_> = self.creates.iter().map(|item| &item.what).collect();
        let saves: Vec<_> = self.saves.iter().map(|item| &item.what).collect();
        Ok((create::write(txn, &creates).await?, save::write(txn, &saves).await?))
    }

    fn reply(self, created: Vec<Created>, saved: Vec<Saved>) {
        // A caller that no longer waits has been cancelled; its write stands all the same.
        self.creates
            .into_iter()
            .zip(created)
            .for_each(|(item, answer)| drop(item.reply.send(Ok(answer))));
        self.saves
            .into_iter()
            .zip(saved)
            .for_each(|(item, answer)| drop(item.reply.send(Ok(answer))));
    }

    fn fail(self, error: &StoreError) {
        self.creates
            .into_iter()
            .for_each(|item| drop(item.reply.send(Err(error.clone()))));
        self.saves
            .into_iter()
            .for_each(|item| drop(item.reply.send(Err(error.clone()))));
    }

    fn each_alone(self) -> impl Iterator<Item = Self> {
        let creates = self.creates.into_iter().map(|item| Self {
            creates: vec![item],
            saves: Vec::new(),
        });
        let saves = self.saves.into_iter().map(|item| Self {
            creates: Vec::new(),
            saves: vec![item],
        });
        creates.chain(saves)
    }
}
