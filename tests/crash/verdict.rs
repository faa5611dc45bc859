//! Whether what the user reads is what the platforms have.

use std::collections::BTreeSet;

use moments_sandbox::{MomentRecord, MomentStage};
use serde_json::Value;

use crate::orders::{Order, owner, sender};
use crate::world::{World, text};

/// Creations by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// On the platform once, and every result says so.
    pub(crate) published: usize,
    /// Not on the platform, and every result says so with a reason.
    pub(crate) unmade: usize,
}

/// Judges one finished task; panics where a result lies or a Moment exists twice.
pub(crate) fn judge(world: &World, order: &Order, task: &Value) -> Tally {
    let made = world.made(order);
    let results = task["results"].as_array().expect("results");
    assert_eq!(results.len(), order.accounts.len(), "{task:#}");
    let mut tally = Tally::default();
    for whose in order.owners() {
        let ours: Vec<_> = made.iter().filter(|moment| moment.owner == whose).collect();
        let told = results
            .iter()
            .filter(|result| owner(text(result, "accountId")) == whose);
        match ours.as_slice() {
            [] => tally.unmade += 1,
            [moment] => {
                tally.published += 1;
                check_moment(moment, order, whose);
            }
            twice => panic!("{} exists {} times on {whose}: {twice:#?}", order.text, twice.len()),
        }
        told.for_each(|result| check_result(result, ours.first().copied(), task));
    }
    assert_eq!(made.len(), tally.published, "a creation for a stranger: {made:#?}");
    tally
}

/// The Moment is what was asked for, and for whom.
fn check_moment(moment: &MomentRecord, order: &Order, whose: &str) {
    let meant = order.accounts.iter().filter(|id| owner(id) == whose);
    let meant: BTreeSet<_> = meant.map(|id| sender(id)).collect();
    let senders: BTreeSet<_> = moment.senders.iter().map(|one| one.userid.as_str()).collect();
    assert_eq!(senders, meant, "{moment:#?}");
    assert_eq!(
        (moment.stage, moment.media.len()),
        (MomentStage::Live, order.pictures),
        "{moment:#?}"
    );
}

/// SUCCESS with the Moment's id when the sender has published it, FAILED with a reason when there is none.
fn check_result(result: &Value, moment: Option<&MomentRecord>, task: &Value) {
    let who = sender(text(result, "accountId"));
    let published = moment.filter(|moment| moment.senders.iter().any(|one| one.userid == who && one.published));
    if let Some(moment) = published {
        assert_eq!(text(result, "status"), "SUCCESS", "{task:#}");
        assert_eq!(text(result, "momentId"), moment.moment_id, "{task:#}");
    } else {
        assert_eq!(text(result, "status"), "FAILED", "{task:#}");
        let reason = text(result, "errorReason");
        assert!(result["momentId"].is_null() && !reason.is_empty(), "{task:#}");
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.published += other.published;
        self.unmade += other.unmade;
    }
}
