//! How the connection stands.

use moments_domain::Timestamp;

/// How the connection to the broker stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Since when it stands so.
    pub since: Timestamp,
    /// Why there is no connection; `None`: there is one. Holds no password.
    pub down: Option<String>,
    /// What the queue held at the last look, at most a second or two ago; `None` while there is no connection.
    pub depth: Option<Depth>,
}

impl Link {
    /// Whether messages can be sent and received.
    pub const fn is_up(&self) -> bool {
        self.down.is_none()
    }
}

/// What the queue holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// Messages that no worker has been given yet.
    pub messages: u32,
    /// Workers that take messages, in all processes.
    pub consumers: u32,
}
