//! A queue of its own for each test, on the broker of the environment.

mod proxy;

use std::sync::Arc;
use std::time::Duration;

use lapin::options::QueueDeleteOptions;
use lapin::{Channel, Connection, ConnectionProperties};
use moments_domain::{ChannelId, Clock, PublicationId, Ready, Timestamp};
use moments_queue::{Address, Broker, Options};

pub(crate) use proxy::Proxy;

/// Longer than any test.
pub(crate) const GRACE: Duration = Duration::from_mins(1);
const PATIENCE: Duration = Duration::from_mins(1);

/// The broker of the environment, and a queue's name.
pub(crate) struct Bench {
    url: String,
    queue: String,
}

impl Bench {
    /// `None`: there is no broker to test with.
    pub(crate) async fn new(name: &str) -> Option<Self> {
        let Ok(url) = std::env::var("MOMENTS_TEST_AMQP") else {
            assert!(std::env::var("CI").is_err(), "CI must set MOMENTS_TEST_AMQP");
            println!("passed over: MOMENTS_TEST_AMQP names no broker");
            return None;
        };
        let bench = Self {
            url,
            queue: format!("moments.test.{name}"),
        };
        bench.delete_queue().await;
        Some(bench)
    }

    pub(crate) fn queue(&self) -> &str {
        &self.queue
    }

    pub(crate) async fn scheduler(&self) -> Broker {
        self.start(None).await
    }

    pub(crate) async fn worker(&self, prefetch: u16) -> Broker {
        self.start(Some(prefetch)).await
    }

    async fn start(&self, prefetch: Option<u16>) -> Broker {
        let broker = start(&self.url, &self.queue, prefetch);
        eventually("it is connected", || broker.link().is_up()).await;
        broker
    }

    /// This bench by a way that can be cut.
    pub(crate) async fn by_proxy(self) -> (Self, Proxy) {
        let (scheme_and_user, rest) = self.url.rsplit_once('@').expect("an address with a user");
        let (target, vhost) = rest.split_once('/').expect("an address with a virtual host");
        let proxy = Proxy::to(target.to_owned()).await;
        let url = format!("{scheme_and_user}@127.0.0.1:{}/{vhost}", proxy.port());
        (Self { url, ..self }, proxy)
    }

    /// The broker without our code between.
    pub(crate) async fn channel(&self) -> Channel {
        let connection = Connection::connect(&self.url, ConnectionProperties::default())
            .await
            .expect("a connection");
        connection.create_channel().await.expect("a channel")
    }

    pub(crate) async fn delete_queue(&self) {
        let channel = self.channel().await;
        let deleted = channel.queue_delete(self.queue.as_str().into(), QueueDeleteOptions::default());
        deleted.await.expect("deleting what may not be there is no error");
    }
}

/// Begins to connect.
pub(crate) fn start(url: &str, queue: &str, prefetch: Option<u16>) -> Broker {
    Broker::start(Options {
        address: url.parse::<Address>().expect("an address"),
        queue: queue.to_owned(),
        prefetch,
        clock: Arc::new(Still),
    })
}

/// A time that stands still.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(1_760_000_000)
    }
}

pub(crate) fn ready(n: i64) -> Ready {
    Ready {
        id: PublicationId(n),
        channel_id: ChannelId(n % 7),
    }
}

/// Waits for a state of the world.
pub(crate) async fn eventually(what: &str, reached: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !reached() {
        assert!(tokio::time::Instant::now() < deadline, "never came about: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
