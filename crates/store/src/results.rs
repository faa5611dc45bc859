//! What a save makes of its publication's results.

use moments_domain::{Outcome, ResultStatus};
use serde_json::{Value as Json, json as array};

use crate::dialect::{Kind, Sql};
use crate::error::StoreError;
use crate::rows::json;
use crate::save::{AccountOutcome, Save};
use crate::time::to_datetime;

/// What the saves change of their results; nothing when no result changes.
pub(crate) fn updates(saves: &[&Save]) -> Result<Vec<(&'static Sql, String)>, StoreError> {
    let outcomes: Vec<_> = saves.iter().flat_map(|save| outcome_rows(save)).collect();
    let mut updates = Vec::new();
    if !outcomes.is_empty() {
        updates.push((&UPDATE_OUTCOMES, json(&outcomes)?));
    }
    let open: Vec<_> = saves
        .iter()
        .filter(|s| s.status_before != Some(s.status()))
        .map(|s| open_row(s))
        .collect();
    if !open.is_empty() {
        updates.push((&UPDATE_OPEN, json(&open)?));
    }
    Ok(updates)
}

/// A row for each group of accounts that share an outcome.
fn outcome_rows(save: &Save) -> Vec<Json> {
    let mut groups: Vec<(&AccountOutcome, Vec<[&str; 1]>)> = Vec::new();
    for account in &save.outcomes {
        let same = |other: &AccountOutcome| other.outcome == account.outcome && other.failure == account.failure;
        let id = [account.account_id.0.as_str()];
        match groups.iter_mut().find(|(first, _)| same(first)) {
            Some((_, accounts)) => accounts.push(id),
            None => groups.push((account, vec![id])),
        }
    }
    groups
        .into_iter()
        .map(|(first, accounts)| outcome_row(save, first, &accounts))
        .collect()
}

fn outcome_row(save: &Save, account: &AccountOutcome, accounts: &[[&str; 1]]) -> Json {
    let succeeded = matches!(account.outcome, Outcome::Published | Outcome::Delivered);
    array!([
        save.publication.task_id.0,
        ResultStatus::of(save.publication.state, account.outcome).name(),
        account.outcome.name(),
        save.publication.moment_id.as_deref().filter(|_| succeeded),
        account.failure.as_ref().map(|f| f.reason.name()),
        account.failure.as_ref().map(|f| f.message.as_str()),
        succeeded.then_some(save.now.0),
        to_datetime(save.now),
        accounts
    ])
}

static UPDATE_OUTCOMES: Sql = Sql::each(|d| {
    let outcome = [
        ("task", Kind::Int),
        ("status", Kind::Text),
        ("outcome", Kind::Text),
        ("moment", Kind::Text),
        ("reason", Kind::Text),
        ("message", Kind::Text),
        ("published", Kind::Int),
        ("now", Kind::Time),
    ];
    let rows = d.nested_rows(&outcome, &[("account", Kind::Text)]);
    let set = [
        ("status", "v.status"),
        ("outcome", "v.outcome"),
        ("moment_id", "v.moment"),
        ("error_reason", "v.reason"),
        ("error_message", "v.message"),
        ("publish_time", "v.published"),
        ("update_time", "v.now"),
    ];
    let on = "t.task_id = v.task AND t.account_id = v.account AND t.outcome = 'PENDING'";
    d.update_within("t_moment_sync_result", &set, &rows, on)
});

/// The accounts for which the publication speaks.
fn open_row(save: &Save) -> Json {
    let failure = save
        .publication
        .failure_shown()
        .filter(|_| save.status() == ResultStatus::Failed);
    array!([
        save.publication.task_id.0,
        save.publication.id.0,
        save.status().name(),
        failure.as_ref().map(|f| f.reason.name()),
        failure.as_ref().map(|f| f.message.as_str()),
        to_datetime(save.now),
    ])
}

static UPDATE_OPEN: Sql = Sql::each(|d| {
    let rows = d.rows(&[
        ("task", Kind::Int),
        ("publication", Kind::Int),
        ("status", Kind::Text),
        ("reason", Kind::Text),
        ("message", Kind::Text),
        ("now", Kind::Time),
    ]);
    let set = [
        ("status", "v.status"),
        ("error_reason", "v.reason"),
        ("error_message", "v.message"),
        ("update_time", "v.now"),
    ];
    let on = "t.task_id = v.task AND t.publication_id = v.publication AND t.outcome = 'PENDING'";
    d.update_within("t_moment_sync_result", &set, &rows, on)
});

#[cfg(test)]
mod tests;
