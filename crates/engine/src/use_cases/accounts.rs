//! Accounts that can show a Moment (requirement 2.1).

use moments_domain::{
    AccountId, AccountStatus, AccountType, AuditAction, AuditObject, ChannelId, MomentError, StatusReason, Timestamp,
    UserId,
};
use moments_store::{Account, AccountHistory};
use serde_json::json;

use crate::app::Engine;
use crate::problem::Problem;

/// One account of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountView {
    /// The identity.
    pub account_id: AccountId,
    /// What people call it.
    pub account_name: Option<String>,
    /// What its owner says of it.
    pub remark: Option<String>,
    /// The way to it.
    pub channel_id: ChannelId,
    /// Its kind.
    pub account_type: AccountType,
    /// Whether it can publish now.
    pub status: AccountStatus,
    /// Why not.
    pub reason: Option<StatusReason>,
    /// Since when; `None`: since before that was noted.
    pub status_time: Option<Timestamp>,
    /// When the platform last said how it stands.
    pub checked_time: Option<Timestamp>,
    /// The departments in which it stands, by the corp's ids; empty where nobody told.
    pub departments: Vec<i64>,
}

/// Which accounts are wanted; `None` wants all.
#[derive(Clone, Debug, Default)]
pub struct AccountFilter {
    /// Of this kind.
    pub account_type: Option<AccountType>,
    /// With this status.
    pub status: Option<AccountStatus>,
    /// Behind this channel.
    pub channel: Option<ChannelId>,
    /// Directly in one of these departments, by the corp's ids; empty wants all. What lies below a department is not meant.
    pub departments: Vec<i64>,
    /// With this text in the id, the name or the remark, whatever its case.
    pub keyword: Option<String>,
    /// Those that the user has unbound, instead of all others.
    pub unbound: bool,
}

impl AccountFilter {
    fn wants(&self, account: &AccountView) -> bool {
        self.account_type.is_none_or(|wanted| account.account_type == wanted)
            && self.status.is_none_or(|wanted| account.status == wanted)
            && self.channel.is_none_or(|wanted| account.channel_id == wanted)
            && (self.departments.is_empty()
                || self
                    .departments
                    .iter()
                    .any(|wanted| account.departments.contains(wanted)))
            && self
                .keyword
                .as_deref()
                .is_none_or(|wanted| account.tells(&wanted.to_lowercase()))
    }
}

impl AccountView {
    fn tells(&self, lower: &str) -> bool {
        let texts = [
            Some(&self.account_id.0),
            self.account_name.as_ref(),
            self.remark.as_ref(),
        ];
        texts
            .into_iter()
            .flatten()
            .any(|text| text.to_lowercase().contains(lower))
    }
}

impl Engine {
    /// The user's accounts, in the order in which they came.
    pub async fn accounts(&self, user: UserId) -> Result<Vec<AccountView>, Problem> {
        let accounts = self.store.accounts(user).await?;
        Ok(accounts.into_iter().map(AccountView::from).collect())
    }

    /// Those that pass the filter, in the same order.
    pub async fn find_accounts(&self, user: UserId, filter: &AccountFilter) -> Result<Vec<AccountView>, Problem> {
        let accounts = if filter.unbound {
            self.store.unbound_accounts(user).await?
        } else {
            self.store.accounts(user).await?
        };
        let views = accounts.into_iter().map(AccountView::from);
        Ok(views.filter(|account| filter.wants(account)).collect())
    }

    /// Notes what the user says of its account, or forgets it. An account that is not the user's is
    /// [`MomentError::WechatAccountNotFound`].
    pub async fn put_remark(
        &self,
        user: UserId,
        account: &AccountId,
        remark: Option<&str>,
    ) -> Result<AccountView, Problem> {
        let detail = json!({ "remark": remark });
        let entry = self.entry(user, AuditAction::Remark, (AuditObject::Account, account), detail);
        let unknown = || Problem::from(MomentError::WechatAccountNotFound(vec![account.clone()]));
        if !self.store.put_remark(user, account, remark, &entry).await? {
            return Err(unknown());
        }
        let found = self.store.find_accounts(user, std::slice::from_ref(account)).await?;
        found.into_iter().next().map(AccountView::from).ok_or_else(unknown)
    }

    /// How the status of the user's account has changed, newest first, without the first `skip` entries. An account that is not the user's is
    /// [`MomentError::WechatAccountNotFound`].
    pub async fn account_history(
        &self,
        user: UserId,
        account: &AccountId,
        skip: u64,
        most: u64,
    ) -> Result<AccountHistory, Problem> {
        let history = self.store.account_history(user, account, skip, most).await?;
        history.ok_or_else(|| MomentError::WechatAccountNotFound(vec![account.clone()]).into())
    }
}

impl From<Account> for AccountView {
    fn from(account: Account) -> Self {
        Self {
            account_id: account.account_id,
            account_name: account.account_name,
            remark: account.remark,
            channel_id: account.channel_id,
            account_type: account.account_type,
            status: account.status,
            reason: account.reason,
            status_time: account.status_time,
            checked_time: account.checked_time,
            departments: account.departments,
        }
    }
}
