//! Turns at a gate: who finds it full comes back at a slot of its own, in the order of asking.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use moments_domain::Timestamp;
use moments_store::Gate;

/// The last turn given away at each gate, so that a backlog does not come back all at once. Only a hint: the store decides.
#[derive(Debug, Default)]
pub(crate) struct GateQueue(Mutex<HashMap<String, Timestamp>>);

impl GateQueue {
    /// When to come back to `gate`, which is full until `free`.
    pub(crate) fn turn(&self, gate: &Gate, free: Timestamp, now: Timestamp) -> Timestamp {
        let step = gate.window.checked_div(gate.limit).unwrap_or(Duration::from_secs(1));
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, last| *last > now);
        let turn = turns.get(&gate.key).map_or(free, |last| (*last + step).max(free));
        turns.insert(gate.key.clone(), turn);
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backlog_comes_back_one_by_one() {
        let now = Timestamp::from_secs(1_760_000_000);
        let at = |secs| now + Duration::from_secs(secs);
        let gate = Gate {
            key: "corp".into(),
            limit: 10,
            window: Duration::from_mins(1),
            call_ends: now,
            accounts: Vec::new(),
        };
        let queue = GateQueue::default();
        let turns: Vec<_> = (0..3).map(|_| queue.turn(&gate, at(30), now)).collect();
        assert_eq!(turns, [at(30), at(36), at(42)]);
        assert_eq!(queue.turn(&gate, at(100), at(50)), at(100), "an old turn says nothing");
    }
}
