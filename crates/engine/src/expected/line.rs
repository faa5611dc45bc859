//! The creation rate in the estimate: what stands at a platform's gate before a post.

use std::collections::HashMap;
use std::time::Duration;

use moments_domain::{ChannelId, LimitKind, Timestamp};
use moments_store::Line;

use super::{Delay, Expected};
use crate::app::Engine;
use crate::problem::Problem;
use crate::publisher::creation_rate;

/// A shorter wait is nothing to warn of.
const WORTH_TELLING: Duration = Duration::from_mins(1);

/// A gate's rate: so many creations in any sliding window.
#[derive(Clone, Copy, Debug)]
struct Rate {
    limit: usize,
    window: Duration,
}

/// Moves `times` on to when the platform's rate of creations lets each channel's share come, after all that is planned before it. For the pre-flight
/// alone: it is minutes at most unless hundreds of tasks wait, and creating a task shall not pay for it.
pub(crate) async fn in_line(
    engine: &Engine,
    now: Timestamp,
    times: &mut HashMap<ChannelId, Expected>,
) -> Result<(), Problem> {
    let ids: Vec<_> = times.keys().copied().collect();
    let Some(latest) = times.values().map(|expected| expected.at).max() else {
        return Ok(());
    };
    let paces = engine.paces(&ids, now).await?;
    let gates: Vec<_> = paces.iter().map(|pace| pace.handle.as_str()).collect();
    let lines = engine.store.lines(&gates, now, latest).await?;
    for pace in &paces {
        let (limit, window) = creation_rate(engine, engine.platform(pace.kind)?.as_ref());
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        if let (Some(line), Some(expected)) = (lines.get(&pace.handle), times.get_mut(&pace.channel_id))
            && limit > 0
        {
            expected.stand_in(line, Rate { limit, window }, now);
        }
    }
    Ok(())
}

impl Expected {
    fn stand_in(&mut self, line: &Line, rate: Rate, now: Timestamp) {
        let turn = turn(line, rate, now, self.at);
        if turn.since(self.at) >= WORTH_TELLING {
            self.delay = Some(Delay {
                limit: LimitKind::CreationRate,
                account_id: None,
            });
        }
        self.at = turn;
    }
}

/// When a post that is wanted at `wanted` comes to its turn, if each call is answered at once.
fn turn(line: &Line, rate: Rate, now: Timestamp, wanted: Timestamp) -> Timestamp {
    let mut busy = line.busy.clone();
    busy.sort_unstable();
    for plan in line.planned.iter().take_while(|plan| **plan <= wanted) {
        let at = free(&busy, rate, (*plan).max(now));
        busy.push(at + rate.window);
        busy.sort_unstable();
    }
    free(&busy, rate, wanted)
}

/// The first time from `at` on with a free slot.
fn free(busy: &[Timestamp], rate: Rate, at: Timestamp) -> Timestamp {
    let last_in_the_way = busy.len().checked_sub(rate.limit).and_then(|n| busy.get(n));
    last_in_the_way.map_or(at, |until| at.max(*until))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_760_000_000);
    const RATE: Rate = Rate {
        limit: 2,
        window: Duration::from_mins(1),
    };

    fn at(secs: u64) -> Timestamp {
        NOW + Duration::from_secs(secs)
    }

    #[test]
    fn whoever_comes_later_waits_for_those_before() {
        let nobody: &[u64] = &[];
        for (busy, planned, wanted, turn_at) in [
            (nobody, nobody, 5, 5),
            (&[50], nobody, 5, 5),
            (&[50, 30], nobody, 5, 30),
            (&[50, 30], nobody, 40, 40),
            (&[50, 30], &[0], 5, 50),
            (&[50, 30], &[0, 0], 5, 90),
            (nobody, &[0, 0, 0, 0], 5, 120),
            (nobody, &[0, 0, 0, 0], 600, 600),
            (nobody, &[600, 600], 5, 5),
            (nobody, &[600, 600], 600, 660),
        ] {
            let times = |secs: &[u64]| secs.iter().map(|secs| at(*secs)).collect();
            let line = Line {
                busy: times(busy),
                planned: times(planned),
            };
            assert_eq!(turn(&line, RATE, NOW, at(wanted)), at(turn_at), "{line:?} {wanted}");
        }
    }
}
