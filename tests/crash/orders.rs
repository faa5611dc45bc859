//! What the client asks for: texts that occur once, so that the platforms can be counted by them.

use std::time::Duration;

use moments_domain::Timestamp;
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use crate::world::{World, text};

/// The accounts that may be meant.
#[derive(Clone, Debug)]
pub(crate) struct Audience {
    /// Members of each corp, as account ids.
    pub(crate) corps: Vec<Vec<String>>,
    /// The personal account.
    pub(crate) personal: String,
}

/// One request, the same however often it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// `Idempotency-Key`.
    pub(crate) key: String,
    /// Occurs in no other order.
    pub(crate) text: String,
    /// For whom.
    pub(crate) accounts: Vec<String>,
    /// How many media it has.
    pub(crate) pictures: usize,
    /// The request's body.
    pub(crate) body: Value,
}

impl Audience {
    /// From the list of accounts.
    pub(crate) fn of(accounts: &Value) -> Self {
        let ids = accounts.as_array().expect("accounts").iter();
        let ids: Vec<_> = ids.map(|account| text(account, "accountId").to_owned()).collect();
        let mut corps: Vec<Vec<String>> = Vec::new();
        for id in ids.iter().filter(|id| id.contains(':')) {
            match corps.iter_mut().find(|corp| owner(&corp[0]) == owner(id)) {
                Some(corp) => corp.push(id.clone()),
                None => corps.push(vec![id.clone()]),
            }
        }
        let personal = ids.into_iter().find(|id| !id.contains(':'));
        Self {
            corps,
            personal: personal.expect("a personal account"),
        }
    }

    /// Everybody.
    pub(crate) fn all(&self) -> Vec<String> {
        let members = self.corps.iter().flatten();
        members.chain([&self.personal]).cloned().collect()
    }

    /// Some members of at least one corp.
    fn some(&self, dice: &mut StdRng) -> Vec<String> {
        let mut chosen = Vec::new();
        let certain = dice.random_range(0..self.corps.len());
        for (n, corp) in self.corps.iter().enumerate() {
            if n == certain || dice.random_bool(0.5) {
                let most = dice.random_range(1..=corp.len());
                chosen.extend(corp.iter().take(most).cloned());
            }
        }
        chosen
    }
}

impl Order {
    /// A text, at once. `name` is ASCII without spaces, and no other order's.
    pub(crate) fn text(name: &str, accounts: Vec<String>) -> Self {
        let text = format!("朋友圈 {name}");
        Self {
            key: name.to_owned(),
            body: json!({ "text": text, "accountIds": accounts }),
            text,
            accounts,
            pictures: 0,
        }
    }

    /// With some of the world's pictures, from number `first` on.
    pub(crate) fn with_pictures(mut self, world: &World, first: usize, count: usize) -> Self {
        let picture = |n: usize| format!("{}/pictures/p{}.jpg?w=320&h=240", world.url, n % 7);
        let urls: Vec<_> = (first..first + count).map(picture).collect();
        self.body["mediaUrls"] = json!(urls);
        self.pictures = count;
        self
    }

    /// Not before `delay` from now.
    fn later(mut self, world: &World, delay: Duration) -> Self {
        let now = Timestamp::from_millis(world.sandbox.clock().now_ms());
        self.body["scheduledTime"] = json!((now + delay).to_string());
        self
    }

    /// Order number `n` of a storm: every `personal_each`th goes to the personal account too, most have pictures, some wait.
    pub(crate) fn random(
        world: &World,
        audience: &Audience,
        (n, personal_each): (usize, usize),
        dice: &mut StdRng,
    ) -> Self {
        let mut accounts = audience.some(dice);
        if n.is_multiple_of(personal_each) {
            accounts.push(audience.personal.clone());
        }
        let order = Self::text(&format!("{n}-{:016x}", dice.random::<u64>()), accounts);
        let order = order.with_pictures(world, n, dice.random_range(0..=2));
        if dice.random_bool(0.4) {
            let delay = Duration::from_millis(dice.random_range(1_000..10_000));
            return order.later(world, delay);
        }
        order
    }

    /// The corpids and wxids behind its accounts: one creation for each.
    pub(crate) fn owners(&self) -> Vec<&str> {
        let mut owners: Vec<_> = self.accounts.iter().map(|id| owner(id)).collect();
        owners.dedup();
        owners
    }
}

/// The corpid of a member, or the wxid.
pub(crate) fn owner(account_id: &str) -> &str {
    account_id.split(':').next().unwrap_or_default()
}

/// The userid of a member, or the wxid.
pub(crate) fn sender(account_id: &str) -> &str {
    account_id.rsplit(':').next().unwrap_or_default()
}
