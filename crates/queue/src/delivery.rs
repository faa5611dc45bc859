//! A message in a worker's hands.

use lapin::Acker;
use lapin::options::BasicAckOptions;
use moments_domain::Ready;

/// A message that was delivered and not yet acknowledged. Dropping it without [`Self::done`] has it delivered again when the connection ends.
#[derive(Debug)]
pub struct Delivery {
    /// What is ready, as the message says.
    pub ready: Ready,
    acker: Acker,
}

impl Delivery {
    pub(crate) const fn new(ready: Ready, acker: Acker) -> Self {
        Self { ready, acker }
    }

    /// The message has done its work. An ack that no longer reaches the broker costs one more delivery, which changes nothing.
    pub async fn done(self) {
        if let Err(error) = self.acker.ack(BasicAckOptions::default()).await {
            tracing::debug!(publication.id = %self.ready.id, %error, "a message could not be acknowledged and comes again");
        }
    }
}
