//! The limits of accounts, as the installation, the channel and the account choose them.

use std::collections::HashMap;
use std::sync::Arc;

use moments_domain::{AccountId, LimitChoice, Limits, PublicationId, Timestamp};
use moments_store::{AccountGate, Channel, ChannelChoices};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::app::Engine;
use crate::problem::Problem;

/// The limits behind one channel, ready to be asked.
#[derive(Clone, Debug)]
pub(crate) struct ChannelLimits {
    /// Of every account for which nothing else was chosen.
    pub(crate) usual: Arc<Limits>,
    /// Of single accounts.
    special: HashMap<AccountId, Arc<Limits>>,
    /// From when on a warm-up runs: the first log-in that was seen, or else the binding, for nobody knows of an earlier one.
    since: Timestamp,
}

impl ChannelLimits {
    /// Those of `accounts` that any limit stands against, ever; for the post whose share of the jitter `share` is.
    pub(crate) fn gates<'a>(&self, accounts: impl Iterator<Item = &'a AccountId>, share: u32) -> Vec<AccountGate> {
        if self.usual.are_off() && self.special.is_empty() {
            return Vec::new();
        }
        let gate = |account: &AccountId| {
            let limits = self.special.get(account).unwrap_or(&self.usual);
            (!limits.are_off()).then(|| AccountGate {
                account_id: account.clone(),
                limits: Arc::clone(limits),
                since: self.since,
                share,
            })
        };
        accounts.filter_map(gate).collect()
    }
}

/// A publication's own share of the jitter, in thousandths: the same at every look, and after a restart.
pub(crate) fn share(id: PublicationId) -> u32 {
    SmallRng::seed_from_u64(id.0.unsigned_abs()).random_range(0..=1000)
}

impl Engine {
    /// The channel's limits; without asking the database where nobody chose any.
    pub(crate) async fn channel_limits(&self, channel: &Channel) -> Result<ChannelLimits, Problem> {
        let choices = if channel.has_limits {
            self.store.limit_choices(channel.id).await?
        } else {
            ChannelChoices::default()
        };
        Ok(self.limits_by(channel, &choices))
    }

    /// The channel's limits, given what was chosen for it.
    pub(crate) fn limits_by(&self, channel: &Channel, choices: &ChannelChoices) -> ChannelLimits {
        let usual = self.usual_choice(channel, choices);
        let special = choices.accounts.iter();
        ChannelLimits {
            special: special
                .map(|(account, own)| (account.clone(), Arc::new(Limits::from(&own.or(&usual)))))
                .collect(),
            usual: Arc::new(Limits::from(&usual)),
            since: channel.first_login_time.unwrap_or(channel.create_time),
        }
    }

    /// What holds for an account of the channel for which nothing else was chosen.
    pub(crate) fn usual_choice(&self, channel: &Channel, choices: &ChannelChoices) -> LimitChoice {
        choices.channel.or(self.settings.limits.of(channel.kind))
    }
}
