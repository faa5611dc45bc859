//! Unbinding accounts and channels, and taking an account back.

use moments_domain::{AccountId, AccountType, AuditAction, AuditObject, ChannelId, MomentError, NoticedBy, UserId};
use moments_store::{Removal, Unbinding, Waiting};
use serde_json::json;

use crate::app::Engine;
use crate::problem::Problem;
use crate::use_cases::AccountView;

impl Engine {
    /// Removes a channel with its accounts. Posts that were not submitted fail with a reason, those already with the platform end with the word that
    /// a person must look. With [`Waiting::Refuse`] any of either kind is [`Problem::TasksWait`], and nothing changes.
    pub async fn remove_channel(&self, user: UserId, id: ChannelId, waiting: Waiting) -> Result<Removal, Problem> {
        let entry = self.entry(user, AuditAction::Unbind, (AuditObject::Channel, id), json!({}));
        let unbinding = self.store.remove_channel(user, id, waiting, &entry).await?;
        self.channels_cache.forget(id);
        done(unbinding, || Problem::NotFound("渠道"))
    }

    /// Unbinds one account. A personal account goes with its channel, see [`Self::remove_channel`]. A member of a corp no longer shows and cannot be
    /// chosen, until [`Self::restore_account`]; its posts that were not submitted go on without it, and those with the platform are followed on.
    /// With [`Waiting::Refuse`] a post that was not submitted is [`Problem::TasksWait`].
    pub async fn unbind_account(&self, user: UserId, id: &AccountId, waiting: Waiting) -> Result<Removal, Problem> {
        let account = self.own_account(user, id).await?;
        if account.account_type == AccountType::Personal {
            return self.remove_channel(user, account.channel_id, waiting).await;
        }
        let detail = json!({ "channelId": account.channel_id });
        let entry = self.entry(user, AuditAction::Unbind, (AuditObject::Account, id), detail);
        let unbinding = self.store.unbind_account(user, id, waiting, &entry).await?;
        self.channels_cache.forget(account.channel_id);
        done(unbinding, || unknown(id))
    }

    /// Takes an account back that the user has unbound, and asks its channel how it stands. Where the platform cannot tell now, the account is back
    /// all the same, as one that is not listed, and the channel's next check is due at once. Posts that failed meanwhile stay as they are.
    pub async fn restore_account(&self, user: UserId, id: &AccountId) -> Result<AccountView, Problem> {
        let entry = self.entry(user, AuditAction::Restore, (AuditObject::Account, id), json!({}));
        let Some(channel) = self.store.restore_account(user, id, &entry).await? else {
            // Back already: whoever asks again because the answer was lost gets it now.
            return self.own_account(user, id).await.map(AccountView::from);
        };
        self.channels_cache.forget(channel);
        self.store.check_soon(channel, entry.time).await?;
        let channel = self.own_channel(user, channel).await?;
        let checkup = self.check_up(&channel).await?;
        self.heed(&channel, &checkup, NoticedBy::User).await?;
        self.own_account(user, id).await.map(AccountView::from)
    }
}

fn done(unbinding: Unbinding, unknown: impl FnOnce() -> Problem) -> Result<Removal, Problem> {
    match unbinding {
        Unbinding::Done(removal) => Ok(removal),
        Unbinding::Waits(tasks) => Err(Problem::TasksWait(tasks)),
        Unbinding::Unknown => Err(unknown()),
    }
}

fn unknown(id: &AccountId) -> Problem {
    MomentError::WechatAccountNotFound(vec![id.clone()]).into()
}
