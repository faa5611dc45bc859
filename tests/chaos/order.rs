//! What is asked for.

use std::collections::BTreeMap;
use std::time::Duration;

use moments_domain::Timestamp;
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};

/// One request, the same however often it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// `Idempotency-Key`, and in no other order's text.
    pub(crate) key: String,
    /// The Moment's text.
    pub(crate) text: String,
    /// Members by corp.
    pub(crate) senders: BTreeMap<String, Vec<String>>,
    /// The request's body.
    pub(crate) body: Value,
}

impl Order {
    /// Number `n`: mostly for one corp, in turn; some with a picture, some for later.
    pub(crate) fn random(n: usize, corps: &[String], members: &[&str], sandbox: &str, dice: &mut StdRng) -> Self {
        let mut senders = BTreeMap::new();
        let mut chosen = vec![n % corps.len()];
        if dice.random_bool(0.1) {
            chosen.push(dice.random_range(0..corps.len()));
        }
        for corp in chosen {
            let most = dice.random_range(1..=members.len());
            senders.insert(
                corps[corp].clone(),
                members[..most].iter().map(|&one| one.to_owned()).collect(),
            );
        }
        let key = format!("{n}-{:016x}", dice.random::<u64>());
        let text = format!("朋友圈 {key}");
        let mut body = json!({ "text": text, "accountIds": account_ids(&senders) });
        if dice.random_bool(0.3) {
            body["mediaUrls"] = json!([format!("{sandbox}/pictures/p{}.jpg?w=320&h=240", n % 5)]);
        }
        if dice.random_bool(0.3) {
            let delay = Duration::from_millis(dice.random_range(1_000..20_000));
            body["scheduledTime"] = json!((now() + delay).to_string());
        }
        Self {
            key,
            text,
            senders,
            body,
        }
    }
}

fn account_ids(senders: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let ids = senders
        .iter()
        .map(|(corp, members)| members.iter().map(move |member| format!("{corp}:{member}")));
    ids.flatten().collect()
}

/// The sandbox's clock is the machine's.
fn now() -> Timestamp {
    Timestamp::from_millis(moments_sandbox::SandboxClock::real().now_ms())
}
