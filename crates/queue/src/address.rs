//! The broker's address.

use std::fmt;
use std::str::FromStr;

use lapin::uri::AMQPUri;

/// Seconds between heartbeats where the address says nothing: a machine that vanished is noticed within twice that.
const HEARTBEAT: u16 = 10;
/// How long a connection may take to be made where the address says nothing. Milliseconds.
const CONNECT_MS: u64 = 5_000;

/// `amqp://user:password@host:port/vhost`, or `amqps://` for TLS. The text forms show neither user nor password.
#[derive(Clone)]
pub struct Address(pub(crate) AMQPUri);

/// The text is no such address. Says nothing of the text, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it must read amqp://user:password@host:port/vhost, or amqps:// for TLS, with special characters percent-encoded (vhost / is %2f)"
)]
pub struct BadAddress;

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !text.starts_with("amqp://") && !text.starts_with("amqps://") {
            return Err(BadAddress);
        }
        // What the library says of a bad address repeats it, password and all.
        let mut uri: AMQPUri = text.parse().map_err(|_| BadAddress)?;
        // `amqp://host` and `amqp://host/` both mean the broker's default virtual host, as every other client reads them.
        if uri.vhost.is_empty() {
            "/".clone_into(&mut uri.vhost);
        }
        uri.query.heartbeat.get_or_insert(HEARTBEAT);
        uri.query.connection_timeout.get_or_insert(CONNECT_MS);
        Ok(Self(uri))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AMQPUri { scheme, authority, .. } = &self.0;
        write!(
            f,
            "{scheme}://{}:{}/{}",
            authority.host,
            authority.port,
            self.0.vhost.trim_start_matches('/')
        )
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests;
