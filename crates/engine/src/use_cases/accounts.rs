//! Accounts that can show a Moment (requirement 2.1).

use moments_domain::{AccountId, AccountStatus, AccountType, UserId};

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
}

impl Engine {
    /// The user's accounts, in the order in which they came.
    pub async fn accounts(&self, user: UserId) -> Result<Vec<AccountView>, Problem> {
        let accounts = self.store.accounts(user).await?;
        let views = accounts.into_iter().map(|account| AccountView {
            account_id: account.account_id,
            account_name: account.account_name,
            account_type: account.account_type,
            status: account.status,
        });
        Ok(views.collect())
    }
}
