//! One connection to the broker, with what is declared on it. It ends as a whole: whatever fails, the next one begins anew.

use std::time::Duration;

use futures::StreamExt as _;
use lapin::message::Delivery as Message;
use lapin::options::{
    BasicConsumeOptions, BasicQosOptions, BasicRejectOptions, ConfirmSelectOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection, ConnectionProperties, Consumer};
use tokio::sync::mpsc::UnboundedSender;

use crate::address::Address;
use crate::delivery::Delivery;
use crate::link::Depth;
use crate::message;

/// A message that comes back so often is dropped by the broker: its readers die of it. Its row comes up by itself.
const DELIVERY_LIMIT: i64 = 10;
/// How long any one answer of the broker may take.
const ANSWER: Duration = Duration::from_secs(10);

/// Why a connection is of no use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    #[error("{0}")]
    Broker(#[from] lapin::Error),
    #[error("the broker did not answer within {} seconds", ANSWER.as_secs())]
    Silent,
    #[error("the broker ended the delivery of messages")]
    NoDeliveries,
}

/// An open connection. Dropping it closes it.
pub(crate) struct Open {
    /// Confirms what is published on it.
    pub(crate) publisher: Channel,
    watch: Channel,
    incoming: Option<Incoming>,
    queue: String,
    #[expect(dead_code, reason = "the channels live as long as it does")]
    connection: Connection,
}

struct Incoming {
    consumer: Consumer,
    channel: Channel,
}

impl Open {
    /// Connects, declares the queue, and with `prefetch` begins to take at most so many messages that are not acknowledged.
    pub(crate) async fn open(address: &Address, queue: &str, prefetch: Option<u16>) -> Result<Self, Broken> {
        within(async {
            let properties = ConnectionProperties::default().with_connection_name("moments-sync".into());
            let connection = Connection::connect_uri(address.0.clone(), properties).await?;
            let publisher = connection.create_channel().await?;
            publisher.confirm_select(ConfirmSelectOptions::default()).await?;
            publisher
                .queue_declare(queue.into(), QueueDeclareOptions::durable(), arguments())
                .await?;
            let incoming = match prefetch {
                Some(most) => Some(Incoming::begin(&connection, queue, most).await?),
                None => None,
            };
            Ok(Self {
                publisher,
                watch: connection.create_channel().await?,
                incoming,
                queue: queue.to_owned(),
                connection,
            })
        })
        .await
    }

    /// What the queue holds. Fails when the connection is dead, or the queue is gone.
    pub(crate) async fn depth(&self) -> Result<Depth, Broken> {
        let options = QueueDeclareOptions::durable().passive();
        let asked = self
            .watch
            .queue_declare(self.queue.as_str().into(), options, FieldTable::default());
        let queue = within(async { Ok(asked.await?) }).await?;
        Ok(Depth {
            messages: queue.message_count(),
            consumers: queue.consumer_count(),
        })
    }

    /// Hands every message that comes to `readers`; ends only when no more can come.
    pub(crate) async fn deliver(&mut self, readers: &UnboundedSender<Delivery>) -> Broken {
        let Some(incoming) = &mut self.incoming else {
            return std::future::pending().await;
        };
        while let Some(message) = incoming.consumer.next().await {
            match message {
                Ok(message) => sort(message, readers).await,
                Err(error) => return error.into(),
            }
        }
        Broken::NoDeliveries
    }

    /// Takes no more messages; those that are not acknowledged go to other workers at once.
    pub(crate) async fn stop_taking(&mut self) {
        let Some(incoming) = self.incoming.take() else {
            return;
        };
        let closed = async { Ok(incoming.channel.close(200, "stopping".into()).await?) };
        if let Err(error) = within(closed).await {
            tracing::debug!(%error, "the channel was closed already");
        }
    }
}

impl Incoming {
    async fn begin(connection: &Connection, queue: &str, most: u16) -> Result<Self, lapin::Error> {
        let channel = connection.create_channel().await?;
        channel.basic_qos(most, BasicQosOptions::default()).await?;
        let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
        let consumer = channel.basic_consume(queue.into(), "".into(), options, none).await?;
        Ok(Self { consumer, channel })
    }
}

/// A message of ours goes to the readers; any other is dropped for good.
async fn sort(message: Message, readers: &UnboundedSender<Delivery>) {
    if let Some(ready) = message::read(&message.data) {
        drop(readers.send(Delivery::new(ready, message.acker)));
        return;
    }
    tracing::warn!(bytes = message.data.len(), "a message that is not ours was dropped");
    if let Err(error) = message.acker.reject(BasicRejectOptions { requeue: false }).await {
        tracing::debug!(%error, "a message could not be rejected and comes again");
    }
}

/// Never change these for a queue's name: the broker refuses to declare a queue that is there with other arguments.
fn arguments() -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    arguments.insert("x-delivery-limit".into(), AMQPValue::LongLongInt(DELIVERY_LIMIT));
    arguments
}

async fn within<T>(answer: impl Future<Output = Result<T, Broken>>) -> Result<T, Broken> {
    tokio::time::timeout(ANSWER, answer)
        .await
        .unwrap_or(Err(Broken::Silent))
}
