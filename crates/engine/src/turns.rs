//! Whose turn it is to call a platform.
//!
//! What a worker claims together commits together, and then calls together: hundreds of publications ask a platform at one moment and stand before
//! the database at the next, where one transaction at a time is written, so that each side has nothing to do while the other is crowded. In turns a
//! few calls at a time are on their way while the rest of the publications are before the database.

use std::pin::pin;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Calls on their way at a time, while platforms answer at once.
const AT_ONCE: usize = 24;
/// A call that takes longer gives its turn on and stays on its way: a slow platform delays nobody else's posts.
const KEPT: Duration = Duration::from_millis(2);

/// The turns of one process. Waiting for one takes time: whatever must be true when a call leaves is judged in the turn.
pub(crate) struct Turns(Semaphore);

impl Default for Turns {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

impl Turns {
    /// Makes a call when its turn comes. Dropped, it gives its turn back.
    pub(crate) async fn take<F: Future>(&self, call: F) -> F::Output {
        let mut call = pin!(call);
        {
            // The semaphore is never closed; without a turn the call would go out at once.
            let _turn = self.0.acquire().await.ok();
            if let Ok(answer) = timeout(KEPT, call.as_mut()).await {
                return answer;
            }
        }
        call.await
    }
}

#[cfg(test)]
mod tests;
