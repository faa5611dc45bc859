//! What an operator watches. Plain statements, bounded in what they read.

use moments_domain::{ChannelKind, PublicationState, Timestamp};
use sea_orm::QueryResult;

use crate::db::Store;
use crate::dialect::{Dialect, Sql};
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

/// Which kind of database server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file of our own.
    Sqlite,
    /// MySQL or MariaDB.
    Mysql,
    /// PostgreSQL.
    Postgres,
}

/// What the database says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFacts {
    /// The kind.
    pub engine: Engine,
    /// Its version as it writes it; MariaDB names itself in it.
    pub version: String,
    /// The newest step of our schema that it has.
    pub schema: String,
    /// Its clock, whole seconds.
    pub now: Timestamp,
}

impl Store {
    /// Asks the database which one it is, and what its clock shows.
    pub async fn server_facts(&self) -> Result<ServerFacts, StoreError> {
        let engine = match Dialect::of(&self.reader) {
            Dialect::Sqlite => Engine::Sqlite,
            Dialect::MySql => Engine::Mysql,
            Dialect::Postgres => Engine::Postgres,
        };
        let row = self.row(&FACTS, []).await?;
        let row = row.ok_or_else(|| StoreError::Setup("the database says nothing of itself".to_owned()))?;
        let steps = self.row(&NEWEST_STEP, []).await?;
        let schema: Option<String> = steps.map_or(Ok(None), |row| row.try_get("", "schema_step"))?;
        Ok(ServerFacts {
            engine,
            version: row.try_get("", "version")?,
            schema: schema.unwrap_or_default(),
            now: Timestamp::from_secs(row.try_get("", "secs")?),
        })
    }

    /// The earliest plan among the publications that nobody holds and whose look comes before `until`; `None` when there is none.
    ///
    /// Rows that are handed over through a broker have a look that lies a little ahead, but keep their plan: with `until` beyond that, a post that
    /// is handed over again and again and never begun shows its age.
    pub async fn oldest_plan(&self, now: Timestamp, until: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let row = self
            .row(&OLDEST_PLAN, [until.0.into(), now.0.into(), NEAREST.into()])
            .await?;
        row.map_or(Ok(None), |row| rows::time_opt(&row, "plan_time"))
    }

    /// How many publications are open, by platform and state. Reads every open row: for now and then.
    pub async fn open_publications(&self) -> Result<Vec<OpenCount>, StoreError> {
        self.rows(&OPEN, []).await?.iter().map(open_count).collect()
    }
}

static FACTS: Sql = Sql::each(|d| {
    let facts = match d {
        Dialect::Sqlite => "sqlite_version() AS version, CAST(strftime('%s', 'now') AS INTEGER) AS secs",
        Dialect::MySql => "VERSION() AS version, CAST(UNIX_TIMESTAMP() AS SIGNED) AS secs",
        Dialect::Postgres => {
            "current_setting('server_version') AS version, CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS BIGINT) AS secs"
        }
    };
    format!("SELECT {facts}")
});
static NEWEST_STEP: Sql = Sql::same("SELECT MAX(version) AS schema_step FROM seaql_migrations");
static OLDEST_PLAN: Sql = Sql::same(
    "SELECT MIN(d.plan_time) AS plan_time FROM \
     (SELECT p.plan_time FROM t_moment_publication p \
      WHERE p.look_time <= ? AND (p.owner IS NULL OR p.look_time <= ?) ORDER BY p.look_time LIMIT ?) d",
);
static OPEN: Sql = Sql::same(
    "SELECT c.kind, p.state, COUNT(*) AS found FROM t_moment_publication p \
     JOIN t_moment_channel c ON c.id = p.channel_id WHERE p.look_time IS NOT NULL GROUP BY c.kind, p.state",
);

fn open_count(row: &QueryResult) -> Result<OpenCount, StoreError> {
    Ok(OpenCount {
        kind: rows::parse(row, "t_moment_channel", 0, "kind")?,
        state: rows::parse(row, "t_moment_publication", 0, "state")?,
        count: row.try_get("", "found")?,
    })
}
