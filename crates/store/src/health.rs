//! What an operator watches. Plain statements, bounded in what they read.

use moments_domain::{ChannelKind, PublicationState, Timestamp};
use sea_orm::QueryResult;

use crate::db::Store;
use crate::error::StoreError;
use crate::rows;

/// Rows looked at for [`Store::oldest_due`]: the earliest looks come first, so that a long backlog is no dearer than a short one.
const NEAREST: i64 = 1000;

/// How many publications of a platform stand in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenCount {
    /// The platform.
    pub kind: ChannelKind,
    /// One of the states that are not final.
    pub state: PublicationState,
    /// How many.
    pub count: i64,
}

impl Store {
    /// The earliest plan among the publications that nobody holds and whose look comes before `until`; `None` when there is none.
    ///
    /// Rows that are handed over through a broker have a look that lies a little ahead, but keep their plan: with `until` beyond that, a post that
    /// is handed over again and again and never begun shows its age.
    pub async fn oldest_plan(&self, now: Timestamp, until: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT MIN(d.plan_time) AS plan_time FROM \
                   (SELECT p.plan_time FROM t_moment_publication p \
                    WHERE p.look_time <= ? AND (p.owner IS NULL OR p.look_time <= ?) ORDER BY p.look_time LIMIT ?) d";
        let row = self.row(sql, [until.0.into(), now.0.into(), NEAREST.into()]).await?;
        row.map_or(Ok(None), |row| rows::time_opt(&row, "plan_time"))
    }

    /// How many publications are open, by platform and state. Reads every open row: for now and then.
    pub async fn open_publications(&self) -> Result<Vec<OpenCount>, StoreError> {
        let sql = "SELECT c.kind, p.state, COUNT(*) AS found FROM t_moment_publication p \
                   JOIN t_moment_channel c ON c.id = p.channel_id \
                   WHERE p.look_time IS NOT NULL GROUP BY c.kind, p.state";
        self.rows(sql, []).await?.iter().map(open_count).collect()
    }
}

fn open_count(row: &QueryResult) -> Result<OpenCount, StoreError> {
    Ok(OpenCount {
        kind: rows::parse(row, "t_moment_channel", 0, "kind")?,
        state: rows::parse(row, "t_moment_publication", 0, "state")?,
        count: row.try_get("", "found")?,
    })
}
