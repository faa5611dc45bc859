//! Accounts that can show a Moment (requirement 2.1).

use moments_domain::{AccountId, AccountStatus, AccountType, MomentError, StatusReason, Timestamp, UserId};
use moments_store::{Account, AccountHistory};

use crate::app::Engine;
use crate::problem::Problem;

/// One account of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountView {
    /// The identity.
    pub account_id: AccountId,
    /// What people call it.
    pub account_name: Option<String>,
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
}

impl From<Account> for AccountView {
    fn from(account: Account) -> Self {
        Self {
            account_id: account.account_id,
            account_name: account.account_name,
            account_type: account.account_type,
            status: account.status,
            reason: account.reason,
            status_time: account.status_time,
            checked_time: account.checked_time,
        }
    }
}

impl Engine {
    /// The user's accounts, in the order in which they came.
    pub async fn accounts(&self, user: UserId) -> Result<Vec<AccountView>, Problem> {
        let accounts = self.store.accounts(user).await?;
        Ok(accounts.into_iter().map(AccountView::from).collect())
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
