//! Who stands at the gates of create calls: what was let through and still counts, and what waits to come.

use std::collections::HashMap;
use std::time::Duration;

use moments_domain::Timestamp;

use crate::db::Store;
use crate::dialect::{Kind, Sql};
use crate::error::StoreError;
use crate::gate;
use crate::rows::json;

/// What somebody works on comes up again only when its lease ends, which is sooner unless the setting was raised.
const HELD: Duration = Duration::from_mins(10);

/// What stands at one gate (see [`Gate::key`](crate::Gate::key)).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// When each creation that was let through stops to count; in no order.
    pub busy: Vec<Timestamp>,
    /// When each waiting post is planned, the earliest first.
    pub planned: Vec<Timestamp>,
}

impl Store {
    /// The line at each of `gates` as it is `now`, with the posts that are planned until `by`: the earliest thousand at all of them. A gate where
    /// nobody stands is left out.
    pub async fn lines(
        &self,
        gates: &[&str],
        now: Timestamp,
        by: Timestamp,
    ) -> Result<HashMap<String, Line>, StoreError> {
        let mut lines: HashMap<String, Line> = HashMap::new();
        for (gate, busy) in gate::busy_until(&self.reader, gates.iter().map(|gate| (*gate, now))).await? {
            lines.entry(gate).or_default().busy = busy;
        }
        let asked: Vec<_> = gates.iter().map(|gate| [gate]).collect();
        let values = [json(&asked)?.into(), (by + HELD).0.into(), by.0.into()];
        for row in self.rows(&WAITING, values).await? {
            let planned = Timestamp(row.try_get("", "plan_time")?);
            let line = lines.entry(row.try_get("", "handle")?).or_default();
            line.planned.push(planned);
        }
        Ok(lines)
    }
}

/// All channels of a corp share its gate.
static WAITING: Sql = Sql::each(|d| {
    let rows = d.rows(&[("gate", Kind::Text)]);
    format!(
        "SELECT c.handle, p.plan_time FROM {rows} v JOIN t_moment_channel c ON c.handle = v.gate \
         JOIN t_moment_publication p ON p.channel_id = c.id \
         WHERE p.look_time <= ? AND p.plan_time <= ? AND p.state IN ('SCHEDULED', 'READY', 'PREPARING') \
         ORDER BY p.plan_time LIMIT 1000"
    )
});
