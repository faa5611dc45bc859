//! Installations of a provider's app on their way to a channel.

use moments_domain::{AppKind, ChannelId, InstallStatus, NewAudit, Timestamp, UserId};
use sea_orm::QueryResult;

use crate::audit;
use crate::db::{Statements, Store, again, commit};
use crate::dialect::Sql;
use crate::error::StoreError;
use crate::rows::{self, time_opt};

/// One row of `t_moment_install`. The state is unguessable: whoever knows it may finish the install once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Install {
    /// What comes back with the administrator.
    pub state: String,
    /// Whose channel it becomes; `None`: nobody's yet.
    pub user_id: Option<UserId>,
    /// Whose app it is.
    pub app: AppKind,
    /// The suite or template.
    pub suite_id: String,
    /// What the channel will be called; empty: as the corp is.
    pub name: String,
    /// How far it is; never [`InstallStatus::Expired`], which follows from [`Self::expires`].
    pub status: InstallStatus,
    /// After this a waiting install is void.
    pub expires: Timestamp,
    /// The channel that it became.
    pub channel_id: Option<ChannelId>,
    /// Why it failed, in Chinese.
    pub message: Option<String>,
    /// The corp, while nobody owns the install.
    pub corp_id: Option<String>,
    /// Its sealed permanent code, likewise.
    pub credential: Option<String>,
    /// When it was begun.
    pub create_time: Timestamp,
}

impl Store {
    /// Keeps a new install, and tells of it.
    pub async fn add_install(&self, install: &Install, entry: Option<&NewAudit>) -> Result<(), StoreError> {
        let values = [
            install.state.as_str().into(),
            install.user_id.map(|user| user.0).into(),
            install.app.name().into(),
            install.suite_id.as_str().into(),
            install.name.as_str().into(),
            install.status.name().into(),
            install.expires.0.into(),
            install.corp_id.clone().into(),
            install.credential.clone().into(),
            install.create_time.0.into(),
        ];
        again!({
            let txn = self.write().await?;
            txn.run(&ADD, values.clone()).await?;
            audit::write(&txn, entry).await?;
            commit(txn).await
        })
    }

    /// The install of this state, whoever's it is.
    pub async fn find_install(&self, state: &str) -> Result<Option<Install>, StoreError> {
        let row = self.row(&FIND, [state.into()]).await?;
        row.as_ref().map(install).transpose()
    }

    /// Installs that nobody owns, oldest first.
    pub async fn unclaimed_installs(&self) -> Result<Vec<Install>, StoreError> {
        let rows = self.rows(&UNCLAIMED, [InstallStatus::Unclaimed.name().into()]).await?;
        rows.iter().map(install).collect()
    }

    /// Lets `push` alone use the state, now and when it comes again: the install, if it still waits; `None` when the state is unknown, used or void.
    pub async fn take_install(
        &self,
        state: &str,
        push: &str,
        not_void_since: Timestamp,
    ) -> Result<Option<Install>, StoreError> {
        again!({
            let txn = self.write().await?;
            let waiting = InstallStatus::Waiting.name();
            let values = [
                push.into(),
                state.into(),
                waiting.into(),
                not_void_since.0.into(),
                push.into(),
            ];
            let taken = txn.run(&TAKE, values).await? > 0;
            let row = txn.row(&FIND, [state.into()]).await?;
            commit(txn).await?;
            row.filter(|_| taken).as_ref().map(install).transpose()
        })
    }

    /// Ends an install with the channel that it became, or with why it came to nothing. One that is over already stays as it is.
    pub async fn finish_install(&self, state: &str, end: Result<ChannelId, &str>) -> Result<(), StoreError> {
        let (status, channel, message) = match end {
            Ok(channel) => (InstallStatus::Done, Some(channel.0), None),
            Err(why) => (InstallStatus::Failed, None, Some(why.to_owned())),
        };
        let (done, failed) = (InstallStatus::Done.name(), InstallStatus::Failed.name());
        let values = [
            status.name().into(),
            channel.into(),
            message.into(),
            state.into(),
            done.into(),
            failed.into(),
        ];
        self.run(&FINISH, values).await.map(drop)
    }

    /// Forgets installs that were begun before `before`, save those that nobody owns yet.
    pub async fn prune_installs(&self, before: Timestamp) -> Result<u64, StoreError> {
        let unclaimed = InstallStatus::Unclaimed.name();
        self.run(&PRUNE, [before.0.into(), unclaimed.into()]).await
    }
}

const COLUMNS: &str =
    "state, user_id, app_kind, suite_id, name, status, expires, channel_id, message, corp_id, credential, create_time";

static ADD: Sql = Sql::same(
    "INSERT INTO t_moment_install (state, user_id, app_kind, suite_id, name, status, expires, corp_id, credential, create_time) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
);
static FIND: Sql = Sql::each(|_| format!("SELECT {COLUMNS} FROM t_moment_install WHERE state = ?"));
static UNCLAIMED: Sql =
    Sql::each(|_| format!("SELECT {COLUMNS} FROM t_moment_install WHERE status = ? ORDER BY create_time, state"));
static TAKE: Sql = Sql::same(
    "UPDATE t_moment_install SET taken_by = ? WHERE state = ? AND status = ? AND expires >= ? AND (taken_by IS NULL OR taken_by = ?)",
);
static FINISH: Sql = Sql::same(
    "UPDATE t_moment_install SET status = ?, channel_id = ?, message = ?, credential = NULL WHERE state = ? AND status NOT IN (?, ?)",
);
static PRUNE: Sql = Sql::same("DELETE FROM t_moment_install WHERE create_time < ? AND status <> ?");

fn install(row: &QueryResult) -> Result<Install, StoreError> {
    const TABLE: &str = "t_moment_install";
    Ok(Install {
        state: row.try_get("", "state")?,
        user_id: row.try_get::<Option<i64>>("", "user_id")?.map(UserId),
        app: rows::parse(row, TABLE, 0, "app_kind")?,
        suite_id: row.try_get("", "suite_id")?,
        name: row.try_get("", "name")?,
        status: rows::parse(row, TABLE, 0, "status")?,
        expires: time_opt(row, "expires")?.unwrap_or(Timestamp(0)),
        channel_id: row.try_get::<Option<i64>>("", "channel_id")?.map(ChannelId),
        message: row.try_get("", "message")?,
        corp_id: row.try_get("", "corp_id")?,
        credential: row.try_get("", "credential")?,
        create_time: time_opt(row, "create_time")?.unwrap_or(Timestamp(0)),
    })
}
