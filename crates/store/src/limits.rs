//! The limits that somebody chose, and the posts that count against them.

use std::collections::HashMap;

use moments_domain::{AccountId, ChannelId, LimitChoice, Timestamp};
use sea_orm::{DatabaseTransaction, QueryResult};

use crate::db::{Statements, Store};
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
        let mut choices = ChannelChoices::default();
        for row in self.rows(&CHOICES, [channel.0.into()]).await? {
            let account: String = row.try_get("", "account_id")?;
            let choice = choice(&row, channel)?;
            if account.is_empty() {
                choices.channel = choice;
            } else {
                choices.accounts.insert(AccountId(account), choice);
            }
        }
        Ok(choices)
    }

    /// Replaces what was chosen for the channel as a whole, or for one of its accounts.
    pub async fn put_limit_choice(
        &self,
        channel: ChannelId,
        account: Option<&AccountId>,
        choice: &LimitChoice,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let account = account.map_or("", |id| id.0.as_str());
        let values = [channel.0.into(), account.into(), json(choice)?.into(), now.0.into()];
        self.run(&PUT, values).await?;
        Ok(())
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

static CHOICES: Sql = Sql::same("SELECT account_id, choice FROM t_moment_limit WHERE channel_id = ?");
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
