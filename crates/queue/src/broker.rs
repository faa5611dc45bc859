//! The broker as schedulers and workers use it: connected in the background, whatever happens.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lapin::options::BasicPublishOptions;
use lapin::{BasicProperties, Channel, Confirmation};
use moments_domain::{Clock, PublicationId, Ready};
use tokio::sync::Mutex as AsyncMutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::address::Address;
use crate::connection::{Broken, Open};
use crate::delivery::Delivery;
use crate::link::Link;
use crate::message;

/// Between looks at the queue's depth, which also prove that the connection lives.
const LOOK: Duration = Duration::from_secs(1);
/// Waits between attempts to connect: the first, and the longest.
const WAITS: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(2));
/// How long confirms may take. What is not confirmed by then counts as not sent.
const CONFIRM: Duration = Duration::from_secs(2);

/// How to use a broker.
pub struct Options {
    /// Where it is.
    pub address: Address,
    /// The queue's name (`queue.name`).
    pub queue: String,
    /// Most messages delivered to this process and not acknowledged; `None`: it only publishes.
    pub prefetch: Option<u16>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Messages that the broker has not confirmed. They may have arrived all the same.
#[derive(Debug, thiserror::Error)]
#[error("{} messages were not confirmed: {why}", ids.len())]
pub struct Unsent {
    /// What they were about.
    pub ids: Vec<PublicationId>,
    /// What went wrong. Holds no password.
    pub why: String,
}

/// A connection to the broker that is made anew whenever it is lost. Cheap to clone; closed with the last clone.
#[derive(Clone)]
pub struct Broker(Arc<Handle>);

struct Handle {
    shared: Arc<Shared>,
    deliveries: AsyncMutex<UnboundedReceiver<Delivery>>,
    stop_taking: CancellationToken,
    #[expect(dead_code, reason = "ends the keeper with the last clone")]
    end: DropGuard,
}

/// What the keeper of the connection tells the others.
struct Shared {
    queue: String,
    clock: Arc<dyn Clock>,
    link: Mutex<Link>,
    publisher: Mutex<Option<Channel>>,
}

impl Broker {
    /// Begins to connect, and returns at once. Must run inside a Tokio runtime.
    pub fn start(options: Options) -> Self {
        let link = Link {
            since: options.clock.now(),
            down: Some("not connected yet".to_owned()),
            depth: None,
        };
        let shared = Arc::new(Shared {
            queue: options.queue,
            clock: options.clock,
            link: Mutex::new(link),
            publisher: Mutex::default(),
        });
        let (sender, receiver) = unbounded_channel();
        let (end, stop_taking) = (CancellationToken::new(), CancellationToken::new());
        let keeper = Keeper {
            address: options.address,
            prefetch: options.prefetch,
            shared: Arc::clone(&shared),
            readers: sender,
            stop_taking: stop_taking.clone(),
        };
        tokio::spawn(end.clone().run_until_cancelled_owned(keeper.run()));
        Self(Arc::new(Handle {
            shared,
            deliveries: AsyncMutex::new(receiver),
            stop_taking,
            end: end.drop_guard(),
        }))
    }

    /// How the connection stands.
    pub fn link(&self) -> Link {
        lock(&self.0.shared.link).clone()
    }

    /// Sends a message for each; returns when the broker has them safe. A message that nobody took within `expires` is dropped.
    pub async fn publish(&self, ready: &[Ready], expires: Duration) -> Result<(), Unsent> {
        let channel = lock(&self.0.shared.publisher).clone();
        let Some(channel) = channel else {
            let ids = ready.iter().map(|one| one.id).collect();
            let why = self.link().down.unwrap_or_else(|| "no connection".to_owned());
            return Err(Unsent { ids, why });
        };
        confirmed(&channel, &self.0.shared.queue, ready, expires).await
    }

    /// The next message. Waits while there is no connection. Cancelling loses nothing.
    pub async fn next(&self) -> Delivery {
        let mut deliveries = self.0.deliveries.lock().await;
        match deliveries.recv().await {
            Some(delivery) => delivery,
            // The keeper lives as long as this.
            None => std::future::pending().await,
        }
    }

    /// The next message if it is here already.
    pub fn next_here(&self) -> Option<Delivery> {
        self.0.deliveries.try_lock().ok()?.try_recv().ok()
    }

    /// Takes no more messages for as long as this process lives. What is not acknowledged goes to other workers at once.
    pub fn stop_taking(&self) {
        self.0.stop_taking.cancel();
    }
}

/// Publishes all, then waits for all confirms, so that they share the broker's disk flush.
async fn confirmed(channel: &Channel, queue: &str, ready: &[Ready], expires: Duration) -> Result<(), Unsent> {
    let deadline = Instant::now() + CONFIRM;
    let mut unsent = Unsent {
        ids: Vec::new(),
        why: String::new(),
    };
    let mut confirms = Vec::with_capacity(ready.len());
    for one in ready {
        let sent = timeout_at(deadline, send(channel, queue, one, expires)).await;
        match sent.map_err(|_| Broken::Silent).and_then(|sent| Ok(sent?)) {
            Ok(confirm) => confirms.push((one.id, confirm)),
            Err(error) => unsent.add(one.id, error.to_string()),
        }
    }
    for (id, confirm) in confirms {
        let confirmed = timeout_at(deadline, confirm).await;
        match confirmed.map_err(|_| Broken::Silent).and_then(|answer| Ok(answer?)) {
            Ok(Confirmation::Ack(None)) => (),
            Ok(_) => unsent.add(id, "the broker could not put it into the queue".to_owned()),
            Err(error) => unsent.add(id, error.to_string()),
        }
    }
    if unsent.ids.is_empty() { Ok(()) } else { Err(unsent) }
}

async fn send(
    channel: &Channel,
    queue: &str,
    ready: &Ready,
    expires: Duration,
) -> Result<lapin::PublisherConfirm, lapin::Error> {
    // Kept on disk, and returned when there is no such queue.
    let properties = BasicProperties::default()
        .with_delivery_mode(2)
        .with_expiration(expires.as_millis().to_string().into());
    let options = BasicPublishOptions {
        mandatory: true,
        ..BasicPublishOptions::default()
    };
    let body = message::write(ready);
    channel
        .basic_publish("".into(), queue.into(), options, body.as_bytes(), properties)
        .await
}

impl Unsent {
    fn add(&mut self, id: PublicationId, why: String) {
        self.ids.push(id);
        self.why = why;
    }
}

/// Keeps a connection, as long as anybody uses it.
struct Keeper {
    address: Address,
    prefetch: Option<u16>,
    shared: Arc<Shared>,
    readers: UnboundedSender<Delivery>,
    stop_taking: CancellationToken,
}

impl Keeper {
    async fn run(self) {
        let mut wait = WAITS.0;
        loop {
            let prefetch = self.prefetch.filter(|_| !self.stop_taking.is_cancelled());
            match Open::open(&self.address, &self.shared.queue, prefetch).await {
                Ok(open) => {
                    wait = WAITS.0;
                    let broken = self.watch(open).await;
                    self.shared.is_down(&self.address, &broken);
                }
                Err(broken) => self.shared.is_down(&self.address, &broken),
            }
            tokio::time::sleep(wait).await;
            wait = (2 * wait).min(WAITS.1);
        }
    }

    /// Uses a connection until it breaks.
    async fn watch(&self, mut open: Open) -> Broken {
        let mut looks = tokio::time::interval(LOOK);
        let mut takes = true;
        loop {
            tokio::select! {
                broken = open.deliver(&self.readers) => return broken,
                () = self.stop_taking.cancelled(), if takes => {
                    takes = false;
                    open.stop_taking().await;
                }
                _ = looks.tick() => match open.depth().await {
                    Ok(depth) => self.shared.is_up(&self.address, &open, depth),
                    Err(broken) => return broken,
                },
            }
        }
    }
}

impl Shared {
    fn is_up(&self, address: &Address, open: &Open, depth: crate::link::Depth) {
        let mut link = lock(&self.link);
        link.depth = Some(depth);
        if link.down.take().is_some() {
            link.since = self.clock.now();
            *lock(&self.publisher) = Some(open.publisher.clone());
            tracing::info!(%address, queue = self.queue, "connected to the broker");
        }
    }

    fn is_down(&self, address: &Address, broken: &Broken) {
        *lock(&self.publisher) = None;
        let why = broken.to_string();
        let mut link = lock(&self.link);
        if link.down.as_ref() != Some(&why) {
            tracing::warn!(%address, why, "no connection to the broker: workers look for work by themselves until it is back");
        }
        if link.is_up() {
            link.since = self.clock.now();
        }
        (link.down, link.depth) = (Some(why), None);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
