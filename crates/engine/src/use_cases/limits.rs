//! Choosing how often and when accounts may post.

use moments_domain::{AccountId, AuditAction, AuditObject, ChannelId, LimitChoice, MomentError, UserId};
use moments_store::{Account, Channel, ChannelChoices};
use serde_json::json;

use crate::app::Engine;
use crate::problem::Problem;

/// Limits as somebody chose them, and as they hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitsView {
    /// What was chosen here.
    pub own: LimitChoice,
    /// What holds, completed by the channel's choice and the installation's.
    pub effective: LimitChoice,
}

impl Engine {
    /// The limits of the user's channel.
    pub async fn limits_of_channel(&self, user: UserId, id: ChannelId) -> Result<LimitsView, Problem> {
        let channel = self.own_channel(user, id).await?;
        let choices = self.store.limit_choices(id).await?;
        Ok(self.view_of_channel(&channel, choices))
    }

    /// Chooses the limits of the user's channel. Posts that wait for a limit are judged by them at once.
    pub async fn choose_channel_limits(
        &self,
        user: UserId,
        id: ChannelId,
        choice: &LimitChoice,
    ) -> Result<LimitsView, Problem> {
        self.own_channel(user, id).await?;
        self.choose(user, id, None, choice).await?;
        self.limits_of_channel(user, id).await
    }

    /// The limits of the user's account.
    pub async fn limits_of_account(&self, user: UserId, id: &AccountId) -> Result<LimitsView, Problem> {
        let account = self.own_account(user, id).await?;
        let channel = self.own_channel(user, account.channel_id).await?;
        let mut choices = self.store.limit_choices(channel.id).await?;
        let own = choices.accounts.remove(id).unwrap_or_default();
        let effective = own.or(&self.usual_choice(&channel, &choices));
        Ok(LimitsView { own, effective })
    }

    /// Chooses the limits of the user's account. Posts that wait for a limit are judged by them at once.
    pub async fn choose_account_limits(
        &self,
        user: UserId,
        id: &AccountId,
        choice: &LimitChoice,
    ) -> Result<LimitsView, Problem> {
        let account = self.own_account(user, id).await?;
        self.choose(user, account.channel_id, Some(id), choice).await?;
        self.limits_of_account(user, id).await
    }

    async fn choose(
        &self,
        user: UserId,
        channel: ChannelId,
        account: Option<&AccountId>,
        choice: &LimitChoice,
    ) -> Result<(), Problem> {
        let errors = choice.check();
        if !errors.is_empty() {
            return Err(Problem::Invalid(errors));
        }
        let object = match account {
            Some(id) => (AuditObject::Account, id.to_string()),
            None => (AuditObject::Channel, channel.to_string()),
        };
        let entry = |before: &LimitChoice| {
            let detail = json!({ "before": before, "after": choice });
            self.entry(user, AuditAction::Limits, object.clone(), detail)
        };
        self.store.put_limit_choice(channel, account, choice, entry).await?;
        self.channels_cache.forget(channel);
        self.wake.due_at(self.clock.now());
        Ok(())
    }

    fn view_of_channel(&self, channel: &Channel, choices: ChannelChoices) -> LimitsView {
        LimitsView {
            effective: self.usual_choice(channel, &choices),
            own: choices.channel,
        }
    }

    pub(super) async fn own_account(&self, user: UserId, id: &AccountId) -> Result<Account, Problem> {
        let found = self.store.find_accounts(user, std::slice::from_ref(id)).await?;
        let missing = || MomentError::WechatAccountNotFound(vec![id.clone()]).into();
        found.into_iter().next().ok_or_else(missing)
    }
}
