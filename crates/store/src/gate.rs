//! The last check before a create call may leave: the creation rate, and equal posts in flight.
//!
//! A creation counts against its gate from the moment its intent is committed until a minute after its answer. The platform
//! processed it somewhere in between, so that no sliding minute of the platform's own clock can hold more than the limit.
//!
//! Whoever asks a gate locks it until the transaction's end: what another process let through is seen, or waited for.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use moments_domain::limits::Wish;
use moments_domain::{AccountId, LimitKind, Limits, Timestamp};
use sea_orm::DatabaseTransaction;

use crate::db::Statements;
use crate::dialect::{Dialect, Kind, Sql};
use crate::error::StoreError;
use crate::limits::{self, Posts};
use crate::rows::json;
use crate::save::Save;

/// What a create call must pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// What the platform counts by: the corpid, or the device.
    pub key: String,
    /// Most creations in any sliding `window`; 0: no limit of ours.
    pub limit: u32,
    /// The platform's window.
    pub window: Duration,
    /// When the call will surely have ended, answered or not.
    pub call_ends: Timestamp,
    /// The accounts that have limits of their own: the call leaves when every one of them may post. They are counted under the lock of `key`, so
    /// an account must always come with the same one.
    pub accounts: Vec<AccountGate>,
}

/// One account's limits at a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountGate {
    /// The account.
    pub account_id: AccountId,
    /// Its limits.
    pub limits: Arc<Limits>,
    /// When it first logged in.
    pub since: Timestamp,
    /// See [`Wish::share`].
    pub share: u32,
}

impl AccountGate {
    /// The first time from `at` on that the account may post, given when its other posts were sent; with the limit that it waits for.
    pub fn earliest(&self, at: Timestamp, others: &[Timestamp]) -> (Timestamp, Option<LimitKind>) {
        self.limits.earliest(Wish {
            at,
            others,
            since: self.since,
            share: self.share,
        })
    }
}

impl Gate {
    /// The first time from `now` on that all of its accounts may post, given their posts, and the limit that the last of them waits for; `None`:
    /// now.
    pub fn limited(&self, posts: &Posts, now: Timestamp) -> Option<(Timestamp, LimitKind)> {
        let waits = self.accounts.iter().filter_map(|one| {
            let others = posts.get(&one.account_id).map_or(&[][..], Vec::as_slice);
            let (until, limit) = one.earliest(now, others);
            limit.map(|limit| (until, limit))
        });
        waits.max_by_key(|(until, _)| *until)
    }

    /// From when on posts count for each account that has limits.
    pub fn counted(&self, now: Timestamp) -> Vec<(AccountId, Timestamp)> {
        let counted = |one: &AccountGate| (one.account_id.clone(), one.limits.look_back(now));
        self.accounts.iter().map(counted).collect()
    }
}

/// Why a create call may not leave now. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSubmit {
    /// The gate is full until then, as far as is known.
    Full(Timestamp),
    /// A limit of an account stands against it until then.
    Limited(Timestamp, LimitKind),
    /// An equal post is in flight on the channel.
    Twin,
}

/// Refuses those of `saves` that must wait: their place in the list, with the reason.
pub(crate) async fn refuse(txn: &DatabaseTransaction, saves: &[&Save]) -> Result<HashMap<usize, NoSubmit>, StoreError> {
    let submits: Vec<_> = saves
        .iter()
        .enumerate()
        .filter_map(|(n, save)| Some((n, *save, save.gate.as_ref()?)))
        .collect();
    let mut refused = HashMap::new();
    if submits.is_empty() {
        return Ok(refused);
    }
    lock(txn, submits.iter().map(|(_, _, gate)| gate.key.as_str())).await?;
    let mut flying = in_flight(txn, submits.iter().map(|(_, save, _)| *save)).await?;
    let mut busy = busy_at(txn, &submits).await?;
    let mut posts = posts(txn, &submits).await?;
    for (n, save, gate) in submits {
        if !flying.insert(save.in_flight_key()) {
            refused.insert(n, NoSubmit::Twin);
            continue;
        }
        let limited = gate.limited(&posts, save.now);
        let no = limited.map(|(until, limit)| NoSubmit::Limited(until, limit));
        let no = no.or_else(|| take_slot(busy.entry(gate.key.clone()).or_default(), gate).map(NoSubmit::Full));
        match no {
            Some(no) => {
                flying.remove(&save.in_flight_key());
                refused.insert(n, no);
            }
            None => note(&mut posts, gate, save.now),
        }
    }
    Ok(refused)
}

/// What counts against the accounts of these submits. Nothing is asked where no account has limits.
async fn posts(txn: &DatabaseTransaction, submits: &[(usize, &Save, &Gate)]) -> Result<Posts, StoreError> {
    let mut counted: BTreeMap<AccountId, Timestamp> = BTreeMap::new();
    for (account, since) in submits.iter().flat_map(|(_, save, gate)| gate.counted(save.now)) {
        let earliest = counted.entry(account).or_insert(since);
        *earliest = since.min(*earliest);
    }
    if counted.is_empty() {
        return Ok(Posts::new());
    }
    limits::posts_since(txn, &counted.into_iter().collect::<Vec<_>>()).await
}

/// A submit that is let through counts against those after it.
fn note(posts: &mut Posts, gate: &Gate, now: Timestamp) {
    for one in &gate.accounts {
        posts.entry(one.account_id.clone()).or_default().push(now);
    }
}

/// Takes one of the gate's slots; otherwise when one will be free.
fn take_slot(busy: &mut Vec<Timestamp>, gate: &Gate) -> Option<Timestamp> {
    let limit = usize::try_from(gate.limit).unwrap_or(usize::MAX);
    if limit > 0 && busy.len() >= limit {
        busy.sort_unstable();
        return busy.get(busy.len() - limit).copied();
    }
    busy.push(gate.call_ends + gate.window);
    None
}

/// Locks the gates, always in the same order.
pub(crate) async fn lock<'a>(txn: &DatabaseTransaction, keys: impl Iterator<Item = &'a str>) -> Result<(), StoreError> {
    if Dialect::of(txn).has_many_writers() {
        let keys: Vec<_> = keys.collect::<BTreeSet<_>>().into_iter().map(|key| [key]).collect();
        txn.run(&LOCK, [json(&keys)?.into()]).await?;
    }
    Ok(())
}

static LOCK: Sql = Sql::each(|d| {
    let (rows, or_update) = (d.rows(&[("name", Kind::Text)]), d.or_update("name"));
    format!(
        "INSERT INTO t_moment_gate (name, passes) SELECT v.name, 1 FROM {rows} v WHERE true {or_update} passes = t_moment_gate.passes + 1"
    )
});

async fn in_flight<'a>(
    txn: &DatabaseTransaction,
    saves: impl Iterator<Item = &'a Save>,
) -> Result<HashSet<String>, StoreError> {
    let asked: Vec<_> = saves
        .map(|save| (save.in_flight_key(), save.publication.id.0))
        .collect();
    let rows = txn.rows(&IN_FLIGHT, [json(&asked)?.into()]).await?;
    rows.iter().map(|row| Ok(row.try_get("", "in_flight")?)).collect()
}

static IN_FLIGHT: Sql = Sql::each(|d| {
    let (rows, join) = (d.rows(&[("flight", Kind::Text), ("id", Kind::Int)]), d.join());
    format!("SELECT p.in_flight FROM {rows} v {join} t_moment_publication p ON p.in_flight = v.flight AND p.id <> v.id")
});

async fn busy_at(
    txn: &DatabaseTransaction,
    submits: &[(usize, &Save, &Gate)],
) -> Result<HashMap<String, Vec<Timestamp>>, StoreError> {
    let limited: HashMap<&str, Timestamp> = submits
        .iter()
        .filter(|(_, _, gate)| gate.limit > 0)
        .map(|(_, save, gate)| (gate.key.as_str(), save.now))
        .collect();
    busy_until(txn, limited).await
}

/// When each creation that counts against these gates stops to do so, given each gate's present. A gate with none is left out.
pub(crate) async fn busy_until(
    connection: &impl Statements,
    gates: impl IntoIterator<Item = (&str, Timestamp)>,
) -> Result<HashMap<String, Vec<Timestamp>>, StoreError> {
    let asked: Vec<_> = gates.into_iter().map(|(gate, now)| (gate, now.0)).collect();
    let mut busy: HashMap<_, Vec<_>> = HashMap::new();
    if asked.is_empty() {
        return Ok(busy);
    }
    for row in connection.rows(&BUSY, [json(&asked)?.into()]).await? {
        let until = Timestamp(row.try_get("", "busy_until")?);
        busy.entry(row.try_get("", "gate")?).or_default().push(until);
    }
    Ok(busy)
}

static BUSY: Sql = Sql::each(|d| {
    let (rows, join) = (d.rows(&[("gate", Kind::Text), ("now", Kind::Int)]), d.join());
    format!(
        "SELECT a.gate, a.busy_until FROM {rows} v {join} t_moment_attempt a ON a.gate = v.gate AND a.busy_until > v.now"
    )
});
