//! Hands ready publications from schedulers to workers over RabbitMQ.
//!
//! A message carries the ids of one publication and of its channel, nothing else: the database row is the truth. A message that is lost costs
//! time; one that is doubled, late, or about something else changes nothing, because its reader must still win the row.
//!
//! [`Broker::start`] never waits and never fails because the broker is away: it connects in the background, again and again, and
//! [`Broker::link`] says how that stands. Nothing outlives a connection: whoever published without a confirm is told, and what was delivered
//! without an ack is delivered again.

mod address;
mod broker;
mod connection;
mod delivery;
mod link;
mod message;

pub use address::{Address, BadAddress};
pub use broker::{Broker, Options, Unsent};
pub use delivery::Delivery;
pub use link::{Depth, Link};
