//! The limits that somebody chose, and the posts that count against them.

use std::collections::HashMap;

use moments_domain::{AccountId, ChannelId, LimitChoice, NewAudit, Timestamp};
use sea_orm::{DatabaseTransaction, QueryResult};

use crate::audit;
use crate::db::{Statements, Store, again, commit};
use crate::dialect::{Kind, Sql};
use crate::error::StoreError;
use crate::rows::json;

/// What was chosen for a channel and for accounts behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelChoices {
    /// For all of its accounts.
    pub channel: LimitChoice,
    /// For single accounts, only where something was chosen.
    pub accounts: HashMap<AccountId, LimitChoice>,
}

/// Posts of accounts, by when they were sent or are planned; in no order.
pub type Posts = HashMap<AccountId, Vec<Timestamp>>;

impl Store {
    /// What was chosen for the channel and its accounts.
    pub async fn limit_choices(&self, channel: ChannelId) -> Result<ChannelChoices, StoreError> {
        let mut choices = self.limit_choices_of(&[channel]).await?;
        Ok(choices.remove(&channel).unwrap_or_default())
    }

    /// The same for several channels; one for which nothing was chosen is left out.
    pub async fn limit_choices_of(
        &self,
        channels: &[ChannelId],
    ) -> Result<HashMap<ChannelId, ChannelChoices>, StoreError> {
        let asked: Vec<_> = channels.iter().map(|id| [id.0]).collect();
        let mut choices: HashMap<_, ChannelChoices> = HashMap::new();
        for row in self.rows(&CHOICES, [json(&asked)?.into()]).await? {
            let channel = ChannelId(row.try_get("", "channel_id")?);
            let account: String = row.try_get("", "account_id")?;
            let choice = choice(&row, channel)?;
            let choices = choices.entry(channel).or_default();
            if account.is_empty() {
                choices.channel = choice;
            } else {
                choices.accounts.insert(AccountId(account), choice);
            }
        }
        Ok(choices)
    }

    /// Replaces what was chosen for the channel as a whole, or for one of its accounts; the channel's posts that wait for a limit are due for another
    /// look. `entry` tells of it, given what was chosen before. A channel that is gone keeps nothing.
    pub async fn put_limit_choice(
        &self,
        channel: ChannelId,
        account: Option<&AccountId>,
        choice: &LimitChoice,
        entry: impl Fn(&LimitChoice) -> NewAudit,
    ) -> Result<(), StoreError> {
        let account = account.map_or("", |id| id.0.as_str());
        again!({
            let txn = self.write().await?;
            if txn.row(&LOCK_CHANNEL, [channel.0.into()]).await?.is_none() {
                return Ok(());
            }
            let entry = entry(&chosen(&txn, channel, account).await?);
            let (choice, now) = (json(choice)?, entry.time.0);
            let values = [channel.0.into(), account.into(), choice.into(), now.into()];
            txn.run(&PUT, values).await?;
            txn.run(
                &LOOK_AGAIN,
                [now.into(), now.into(), now.into(), channel.0.into(), now.into()],
            )
            .await?;
            audit::write(&txn, [&entry]).await?;
            commit(txn).await
        })
    }

    /// When the posts of each account were sent, from the time given with it on: those that came out, or may have. An account without any is
    /// left out.
    pub async fn posts_since(&self, accounts: &[(AccountId, Timestamp)]) -> Result<Posts, StoreError> {
        read(&self.rows(&POSTS, [json(&accounts)?.into()]).await?)
    }

    /// When the waiting posts of each account are planned, as far as that is not after the time given with it; the earliest thousand of all. A
    /// post under way is planned for when its present look was.
    pub async fn posts_planned(&self, accounts: &[(AccountId, Timestamp)]) -> Result<Posts, StoreError> {
        read(&self.rows(&PLANNED, [json(&accounts)?.into()]).await?)
    }
}

/// See [`Store::posts_since`].
pub(crate) async fn posts_since(
    txn: &DatabaseTransaction,
    accounts: &[(AccountId, Timestamp)],
) -> Result<Posts, StoreError> {
    read(&txn.rows(&POSTS, [json(&accounts)?.into()]).await?)
}

fn read(rows: &[QueryResult]) -> Result<Posts, StoreError> {
    let mut posts = Posts::new();
    for row in rows {
        let account = AccountId(row.try_get("", "account_id")?);
        let at = Timestamp(row.try_get("", "post_time")?);
        posts.entry(account).or_default().push(at);
    }
    Ok(posts)
}

async fn chosen(txn: &DatabaseTransaction, channel: ChannelId, account: &str) -> Result<LimitChoice, StoreError> {
    let row = txn.row(&CHOICE, [channel.0.into(), account.into()]).await?;
    Ok(row.map(|row| choice(&row, channel)).transpose()?.unwrap_or_default())
}

static CHOICES: Sql = Sql::each(|d| {
    let (rows, join) = (d.rows(&[("id", Kind::Int)]), d.join());
    format!("SELECT l.channel_id, l.account_id, l.choice FROM {rows} v {join} t_moment_limit l ON l.channel_id = v.id")
});
static CHOICE: Sql = Sql::same("SELECT choice FROM t_moment_limit WHERE channel_id = ? AND account_id = ?");
/// Whoever chooses for the channel at the same time sees what this one chose.
static LOCK_CHANNEL: Sql = Sql::each(|d| format!("SELECT id FROM t_moment_channel WHERE id = ?{}", d.for_update()));
static PUT: Sql = Sql::each(|d| {
    let (or_update, choice, time) = (
        d.or_update("channel_id, account_id"),
        d.brought("choice"),
        d.brought("update_time"),
    );
    format!(
        "INSERT INTO t_moment_limit (channel_id, account_id, choice, update_time) VALUES (?, ?, ?, ?) \
         {or_update} choice = {choice}, update_time = {time}"
    )
});
/// Those that nobody holds, and of which no message is under way: they would be looked at again only when the limit ends that they met.
static LOOK_AGAIN: Sql = Sql::same(
    "UPDATE t_moment_publication SET look_time = ?, plan_time = ?, limited_until = ? \
     WHERE channel_id = ? AND state = 'READY' AND wait_reason = 'QUOTA' AND wait_limit IS NOT NULL AND owner IS NULL AND plan_time > ?",
);
/// A call that was clearly refused leaves its publication in another state.
static POSTS: Sql = Sql::each(|d| {
    let (rows, join) = (d.rows(&[("account", Kind::Text), ("since", Kind::Int)]), d.join());
    format!(
        "SELECT r.account_id, p.sent_time AS post_time FROM {rows} v {join} t_moment_sync_result r ON r.account_id = v.account \
         {join} t_moment_publication p ON p.id = r.publication_id AND p.sent_time >= v.since \
         WHERE p.state IN ('SUBMITTING', 'ACCEPTED', 'UNCERTAIN', 'CREATED', 'HELD', 'SETTLED') \
         AND r.outcome NOT IN ('INVALID', 'NOT_DISPATCHED')"
    )
});
static PLANNED: Sql = Sql::each(|d| {
    let (rows, join) = (d.rows(&[("account", Kind::Text), ("until", Kind::Int)]), d.join());
    format!(
        "SELECT r.account_id, p.plan_time AS post_time FROM {rows} v {join} t_moment_sync_result r ON r.account_id = v.account \
         {join} t_moment_publication p ON p.id = r.publication_id AND p.plan_time <= v.until \
         WHERE p.state IN ('SCHEDULED', 'READY', 'PREPARING') ORDER BY p.plan_time LIMIT 1000"
    )
});

fn choice(row: &QueryResult, channel: ChannelId) -> Result<LimitChoice, StoreError> {
    let text: String = row.try_get("", "choice")?;
    serde_json::from_str(&text).map_err(|e| StoreError::Unreadable {
        table: "t_moment_limit",
        id: channel.0,
        why: format!("choice: {e}"),
    })
}
