//! Whether what users read is what the platform has.

use std::collections::{BTreeSet, HashMap};

use moments_sandbox::{MomentRecord, MomentStage};
use serde_json::Value;

use crate::order::Order;

/// What the platform allows a corp in any sliding minute.
const PER_MINUTE: usize = 10;
const MINUTE_MS: i64 = 60_000;

/// Creations by what became of them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// On the platform once, and every result says so.
    pub(crate) published: usize,
    /// Not on the platform, and every result says so with a reason.
    pub(crate) unmade: usize,
}

/// Every (task, corp) once or not at all, and every result true; panics otherwise.
pub(crate) fn judge(orders: &[(Order, Value)], moments: &[MomentRecord]) -> Tally {
    let mut made: HashMap<(&str, &str), Vec<&MomentRecord>> = HashMap::new();
    for moment in moments {
        made.entry((&moment.text, &moment.owner)).or_default().push(moment);
    }
    let mut tally = Tally::default();
    for (order, task) in orders {
        for (corp, members) in &order.senders {
            let ours = made.remove(&(order.text.as_str(), corp.as_str())).unwrap_or_default();
            assert!(
                ours.len() < 2,
                "{} exists {} times in {corp}: {ours:#?}",
                order.text,
                ours.len()
            );
            tally.published += ours.len();
            tally.unmade += 1 - ours.len();
            if let Some(moment) = ours.first() {
                check_moment(moment, members);
            }
            for member in members {
                check_result(task, corp, member, ours.first().copied());
            }
        }
    }
    assert!(made.is_empty(), "Moments that nobody ordered: {made:#?}");
    tally
}

/// The Moment is for exactly those who were named.
fn check_moment(moment: &MomentRecord, members: &[String]) {
    let senders: BTreeSet<_> = moment.senders.iter().map(|one| &one.userid).collect();
    assert_eq!(senders, members.iter().collect(), "{moment:#?}");
    assert_eq!(moment.stage, MomentStage::Live, "{moment:#?}");
}

/// SUCCESS with the Moment's id when the member has published it, FAILED with a reason when there is none.
fn check_result(task: &Value, corp: &str, member: &str, moment: Option<&MomentRecord>) {
    let id = format!("{corp}:{member}");
    let results = task["results"].as_array().expect("results");
    let result = results.iter().find(|result| result["accountId"] == id.as_str());
    let result = result.unwrap_or_else(|| panic!("no result for {id}: {task:#}"));
    let published = moment.filter(|moment| moment.senders.iter().any(|one| one.userid == member && one.published));
    if let Some(moment) = published {
        assert_eq!(result["status"], "SUCCESS", "{task:#}");
        assert_eq!(result["momentId"], moment.moment_id.as_str(), "{task:#}");
    } else {
        assert_eq!(result["status"], "FAILED", "{task:#}");
        assert!(
            result["momentId"].is_null() && result["errorReason"].is_string(),
            "{task:#}"
        );
    }
}

/// No sliding minute of a corp holds more creations than the platform allows.
pub(crate) fn check_rate(moments: &[MomentRecord]) {
    let mut arrivals: HashMap<&str, Vec<i64>> = HashMap::new();
    for moment in moments {
        arrivals.entry(&moment.owner).or_default().push(moment.arrival_ms);
    }
    for (corp, mut times) in arrivals {
        times.sort_unstable();
        let full = times
            .windows(PER_MINUTE + 1)
            .find(|eleven| eleven[PER_MINUTE] - eleven[0] < MINUTE_MS);
        assert!(
            full.is_none(),
            "{corp} had {} creations in a minute: {full:?}",
            PER_MINUTE + 1
        );
    }
}
