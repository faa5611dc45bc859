use super::*;

#[track_caller]
fn check(results: &str, expected: &str) {
    let mut counts = StatusCounts::default();
    for status in results.split_whitespace() {
        counts.add(status.parse().expect("a status"), 1);
    }
    assert_eq!(TaskStatus::of(counts).name(), expected, "{results}");
}

#[test]
fn a_task_is_what_its_results_are() {
    check("PENDING PENDING", "PENDING");
    check("PENDING PROCESSING", "PROCESSING");
    check("PENDING SUCCESS", "PROCESSING");
    check("PENDING FAILED", "PROCESSING");
    check("PROCESSING SUCCESS FAILED", "PROCESSING");
    check("SUCCESS SUCCESS", "COMPLETED");
    check("SUCCESS FAILED", "PARTIAL_SUCCESS");
    check("FAILED FAILED", "FAILED");
}

#[track_caller]
fn result(state: &str, wait: Option<WaitReason>, outcome: Outcome, expected: &str) {
    let state = state.parse().expect("a state");
    let seen = format!(
        "{} {}",
        ResultStatus::of(state, outcome),
        Stage::of(state, wait, outcome)
    );
    assert_eq!(seen, expected, "{state} {wait:?} {outcome}");
}

#[test]
fn a_result_shows_its_publication_until_the_account_has_an_outcome_of_its_own() {
    result("SCHEDULED", None, Outcome::Pending, "PENDING SCHEDULED");
    result("READY", None, Outcome::Pending, "PENDING QUEUED");
    result(
        "READY",
        Some(WaitReason::Quota),
        Outcome::Pending,
        "PENDING WAITING_QUOTA",
    );
    result(
        "READY",
        Some(WaitReason::Twin),
        Outcome::Pending,
        "PENDING WAITING_QUOTA",
    );
    result(
        "READY",
        Some(WaitReason::Retry),
        Outcome::Pending,
        "PENDING WAITING_RETRY",
    );
    result(
        "READY",
        Some(WaitReason::Offline),
        Outcome::Pending,
        "PENDING WAITING_ONLINE",
    );
    result("PREPARING", None, Outcome::Pending, "PROCESSING UPLOADING");
    result("SUBMITTING", None, Outcome::Pending, "PROCESSING SUBMITTING");
    result("ACCEPTED", None, Outcome::Pending, "PROCESSING CREATING");
    result("CREATED", None, Outcome::Pending, "PROCESSING AWAITING_MEMBER");
    result("UNCERTAIN", None, Outcome::Pending, "PROCESSING UNCERTAIN");
    result("HELD", None, Outcome::Pending, "FAILED HELD");
    result("FAILED", None, Outcome::Pending, "FAILED FAILED");
    result("CANCELLED", None, Outcome::Pending, "FAILED CANCELLED");
    result("MISSED", None, Outcome::Pending, "FAILED MISSED");
    for state in PublicationState::ALL {
        result(state.name(), None, Outcome::Published, "SUCCESS PUBLISHED");
        result(state.name(), None, Outcome::Delivered, "SUCCESS AWAITING_MEMBER");
        result(state.name(), None, Outcome::Invalid, "FAILED FAILED");
        result(state.name(), None, Outcome::NotDispatched, "FAILED FAILED");
        result(state.name(), None, Outcome::Expired, "FAILED FAILED");
        result(state.name(), None, Outcome::Unbound, "FAILED FAILED");
    }
}
