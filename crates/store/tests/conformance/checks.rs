//! Each check is a claim about the store.

use std::collections::HashSet;
use std::time::Duration;

use moments_domain::{AccountStatus, AuditAction, Move, NoticedBy, Outcome, TaskStatus, Timestamp, UserId};
use moments_store::{AccountOutcome, Created, Removal, Saved, ShelfToken, Unbinding, Waiting};

use crate::world::{NOW, USER, World, account, look, once, save, stale, step, told};

pub(crate) use crate::apps::{
    a_callbacks_keys_are_their_owners_and_told, a_corp_that_takes_its_authorisation_back_leaves_a_reason_and_no_names,
    a_late_holder_of_a_push_changes_nothing, a_push_is_kept_once_and_claimed_by_one, a_suites_refresh_is_fenced,
    an_install_that_nobody_owns_is_kept, an_installs_state_is_used_once, the_newest_ticket_wins_however_they_arrive,
};
pub(crate) use crate::audit::{
    many_writers_and_chainers_make_one_chain, the_audit_is_found_by_what_it_says,
    what_is_told_to_the_audit_is_chained_as_it_was_told,
};
pub(crate) use crate::duplicates::{
    a_repeated_request_is_no_duplicate, one_of_several_equal_tasks_is_stored_where_duplicates_are_refused,
    the_same_content_for_the_same_account_is_found_within_its_window, what_did_not_come_out_is_no_duplicate,
};
pub(crate) use crate::early::{
    a_look_ahead_is_made_by_one_and_comes_up_again_when_that_dies, what_a_look_ahead_found_is_told_until_it_is_mended,
    what_was_found_ahead_is_kept_until_the_post_is_over,
};
pub(crate) use crate::gates::{
    a_line_holds_what_was_let_through_and_what_waits, equal_posts_of_a_channel_are_never_in_flight_together,
    the_gate_holds_in_any_sliding_window,
};
pub(crate) use crate::limits::{
    a_choice_of_limits_brings_those_posts_forward_that_wait_for_one,
    an_account_has_no_more_posts_than_its_limit_whoever_asks_at_once, chosen_limits_are_kept_and_go_with_their_channel,
    only_posts_that_may_be_out_count_against_a_limit, waiting_posts_are_known_by_their_plan,
};
pub(crate) use crate::logins::{
    a_log_in_ends_with_its_channel_or_not_at_all, a_log_in_is_polled_by_one_and_lost_to_whoever_takes_it,
    a_number_waits_for_the_poll_that_carries_it, an_address_of_events_is_known_until_another_one_is,
    an_unused_device_is_taken_again_by_its_owner_alone, one_log_in_at_a_time_asks_a_gateway_for_a_device,
};
pub(crate) use crate::staging::{
    a_backlog_of_one_channel_leaves_room_for_the_others, a_dead_holders_row_is_staged_when_its_lease_ends,
    a_message_that_comes_before_the_time_wins_nothing,
    a_message_that_did_not_leave_makes_its_row_due_again_unless_it_was_claimed, a_message_wins_its_row_once,
    what_is_given_back_is_due_at_once_and_its_former_holder_changes_nothing,
    what_is_staged_is_out_of_sight_until_its_message_is_surely_lost,
};
pub(crate) use crate::unbinding::{
    a_post_that_is_held_loses_its_unbound_account_and_its_holder,
    a_removed_channel_tells_what_waited_from_what_may_be_out, an_unbound_account_comes_back_by_its_owners_wish_alone,
    what_is_with_the_platform_is_followed_for_an_unbound_account,
};
pub(crate) use crate::watching::{
    open_publications_are_counted_by_platform_and_state, the_database_tells_what_it_is,
    the_oldest_plan_is_seen_while_a_row_is_handed_over_and_not_while_it_is_held,
};
pub(crate) use crate::words::{
    a_task_keeps_what_was_said_of_it, a_word_list_is_seen_by_whom_it_judges, one_of_several_changes_of_a_word_list_wins,
};

pub(crate) use crate::files::{
    a_file_is_its_users_and_kept_as_long_as_anybody_asked, what_an_open_post_needs_is_never_given_up,
};
pub(crate) use crate::processes::{
    a_process_that_has_left_is_not_missed, what_a_silent_process_holds_is_due_at_once_for_whoever_notices_first,
};
pub(crate) use crate::races::{
    a_task_follows_what_several_processes_save, cut_connections_are_made_again,
    equal_posts_are_never_in_flight_together_over_several_processes, ids_are_never_given_twice_over_several_processes,
    no_publication_is_claimed_twice_by_several_processes, one_process_at_a_time_refreshes_a_token,
    the_gate_holds_over_several_processes, the_same_key_makes_one_task_over_several_processes,
    what_a_list_cannot_tell_apart_is_not_in_flight_at_once,
};
pub(crate) use crate::standing::{
    a_check_is_made_by_one_process_and_comes_up_again_when_that_dies,
    a_suspicion_is_noted_once_and_ends_with_a_verdict_on_the_same_credential,
    every_change_of_a_status_is_in_the_history_and_nothing_else_is,
};
pub(crate) use crate::starts::{
    a_newer_schema_is_no_obstacle, a_start_that_was_cut_off_is_made_good,
    five_processes_start_at_once_on_an_empty_database,
};
pub(crate) use crate::values::{
    a_channel_is_bound_again_and_never_over_anothers, a_draft_is_its_owners,
    a_link_and_an_audience_come_back_as_they_were, a_long_name_is_shortened_not_refused,
    accounts_that_differ_in_case_are_different,
    sealed_texts_are_found_page_by_page_and_swapped_only_where_nobody_was_faster,
    ten_thousand_accounts_fit_into_one_task, texts_of_every_kind_come_back_as_they_were, times_keep_their_microseconds,
    what_is_known_of_media_is_written_once_and_found_again,
};

pub(crate) fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

pub(crate) async fn a_task_is_stored_whole_and_read_back(w: World) {
    let at = NOW + secs(600);
    let id = w.create(World::task("早安", &w.channels, Some(at))).await;
    let task = w.store.find_task(USER, id).await.expect("a read").expect("a task");
    assert_eq!((task.scheduled_time, task.create_time), (Some(at), NOW));
    assert_eq!(
        w.task_line(id).await,
        "PENDING: a PENDING SCHEDULED, b PENDING SCHEDULED, a PENDING SCHEDULED, b PENDING SCHEDULED"
    );
    assert_eq!(
        w.store.find_task(moments_domain::UserId(2), id).await.expect("a read"),
        None,
        "another user"
    );
}

pub(crate) async fn results_stand_in_the_order_of_the_request(w: World) {
    let mut task = World::task("早安", &w.channels, None);
    let mut places = [2, 0, 1, 3].into_iter();
    for result in task.publications.iter_mut().flat_map(|p| &mut p.accounts) {
        result.place = places.next().expect("four accounts");
    }
    let id = w.create(task).await;
    let [one, other] = &w.channels;
    let expected = [
        account(*one, "b"),
        account(*other, "a"),
        account(*one, "a"),
        account(*other, "b"),
    ];
    let task = w.store.find_task(USER, id).await.expect("a read").expect("a task");
    let shown: Vec<_> = task.results.into_iter().map(|result| result.account_id).collect();
    assert_eq!(shown, expected);
}

pub(crate) async fn ids_are_never_given_twice(w: World) {
    let creations = (0..300).map(|n| w.create(World::task(&n.to_string(), &w.channels[..1], None)));
    let ids = join_all(creations).await;
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 300);
}

pub(crate) async fn the_same_key_and_body_give_the_first_answer_again(w: World) {
    let task = || {
        let mut task = World::task("早安", &w.channels[..1], None);
        task.idempotency = Some(once("key", "body"));
        task
    };
    let together = join_all((0..20).map(|_| w.store.create_task(task(), |id, _| id.to_string()))).await;
    let stored: Vec<_> = together
        .iter()
        .filter(|c| matches!(c, Ok(Created::Stored(..))))
        .collect();
    assert_eq!(stored.len(), 1, "{together:?}");
    let Ok(Created::Stored(id, _)) = stored[0] else {
        panic!("{stored:?}")
    };
    let again = w
        .store
        .create_task(task(), |id, _| id.to_string())
        .await
        .expect("an answer");
    assert_eq!(again, Created::Replayed(id.to_string()));
    assert_eq!(w.claim(NOW).await.len(), 1);
}

pub(crate) async fn the_same_key_with_another_body_is_refused(w: World) {
    let mut first = World::task("早安", &w.channels[..1], None);
    first.idempotency = Some(once("key", "body"));
    let mut other = World::task("晚安", &w.channels[..1], None);
    other.idempotency = Some(once("key", "other"));
    w.create(first).await;
    assert_eq!(
        w.store
            .create_task(other, |id, _| id.to_string())
            .await
            .expect("an answer"),
        Created::KeyTaken
    );
    assert_eq!(w.claim(NOW).await.len(), 1);
}

pub(crate) async fn nothing_is_claimed_before_its_time(w: World) {
    let at = NOW + secs(600);
    w.create(World::task("早安", &w.channels[..1], Some(at))).await;
    assert_eq!(w.store.next_look().await.expect("a read"), Some(at));
    assert!(w.claim(Timestamp(at.0 - 1)).await.is_empty());
    let claimed = w.claim_one(at).await;
    assert_eq!(claimed.content.text, "早安");
    assert_eq!(claimed.content.media_urls, ["https://a.example/1.jpg"]);
    assert_eq!(claimed.targets.len(), 2);
}

pub(crate) async fn no_publication_is_claimed_twice(w: World) {
    for n in 0..50 {
        w.create(World::task(&n.to_string(), &w.channels, None)).await;
    }
    let claims = join_all((0..8).map(|_| w.store.claim("here", NOW, NOW + secs(60), 30))).await;
    let ids: Vec<_> = claims
        .into_iter()
        .flat_map(|c| c.expect("a claim"))
        .map(|c| c.publication.id)
        .collect();
    assert_eq!(ids.len(), 100);
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 100);
}

pub(crate) async fn a_lease_that_ran_out_can_be_claimed_and_the_late_holder_changes_nothing(w: World) {
    let id = w.create(World::task("早安", &w.channels[..1], None)).await;
    let late = w.claim_one(NOW).await;
    assert!(w.claim(NOW + secs(119)).await.is_empty());
    let mut holder = w.claim_one(NOW + secs(120)).await;
    assert_eq!(
        w.store.save(save(&late, Move::GiveUp, NOW)).await.expect("a save"),
        Saved::LeaseLost
    );
    assert_eq!(w.task_line(id).await, "PENDING: a PENDING QUEUED, b PENDING QUEUED");
    assert_eq!(step(&w, &mut holder, Move::Prepare, NOW).await, Saved::Done);
    let mut wrong = save(&holder, Move::GiveUp, NOW);
    wrong.lease = stale(wrong.lease);
    assert_eq!(w.store.save(wrong).await.expect("a save"), Saved::LeaseLost);
}

pub(crate) async fn voided_leases_are_due_at_once_where_one_process_is_alone(w: World) {
    w.create(World::task("早安", &w.channels[..1], None)).await;
    let before = w.claim_one(NOW).await;
    let voided = w.store.void_leases(NOW + secs(1)).await.expect("a write");
    if !w.store.is_alone() {
        assert_eq!(voided, 0, "another process may hold it");
        assert!(w.claim(NOW + secs(1)).await.is_empty());
        return;
    }
    assert_eq!(voided, 1);
    assert_eq!(
        w.store.save(save(&before, Move::GiveUp, NOW)).await.expect("a save"),
        Saved::LeaseLost
    );
    assert_eq!(w.claim(NOW + secs(1)).await.len(), 1);
}

pub(crate) async fn a_task_follows_its_results(w: World) {
    let id = w.create(World::task("早安", &w.channels[..1], None)).await;
    let mut claimed = w.claim_one(NOW).await;
    step(&w, &mut claimed, Move::Submit, NOW).await;
    assert_eq!(
        w.task_line(id).await,
        "PROCESSING: a PROCESSING SUBMITTING, b PROCESSING SUBMITTING"
    );
    claimed.publication.moment_id = Some("mom1".into());
    step(&w, &mut claimed, Move::Create, NOW).await;
    let mut settle = save(&claimed, Move::Settle, NOW + secs(9));
    settle.outcomes = [("a", Outcome::Published), ("b", Outcome::Expired)]
        .map(|(name, outcome)| AccountOutcome {
            account_id: account(w.channels[0], name),
            outcome,
            failure: None,
        })
        .to_vec();
    assert_eq!(w.store.save(settle).await.expect("a save"), Saved::Done);
    assert_eq!(
        w.task_line(id).await,
        "PARTIAL_SUCCESS: a SUCCESS PUBLISHED, b FAILED FAILED"
    );
    let task = w.store.find_task(USER, id).await.expect("a read").expect("a task");
    assert_eq!(task.results[0].moment_id.as_deref(), Some("mom1"));
    assert_eq!(task.results[0].publish_time, Some(NOW + secs(9)));
    assert_eq!(task.results[1].moment_id, None);
    assert!(
        w.store.next_look().await.expect("a read").is_none(),
        "nothing is left to do"
    );
}

pub(crate) async fn a_read_never_mixes_two_moments(w: World) {
    for n in 0..50 {
        let id = w.create(World::task(&n.to_string(), &w.channels[..1], None)).await;
        let end = save(&w.claim_one(NOW).await, Move::GiveUp, NOW);
        let read_until_the_end = async {
            loop {
                let task = w.store.find_task(USER, id).await.expect("a read").expect("a task");
                assert_eq!(task.status, TaskStatus::of(task.counts()), "{task:?}");
                if task.status == TaskStatus::Failed {
                    return;
                }
            }
        };
        let (saved, ()) = tokio::join!(w.store.save(end), read_until_the_end);
        assert_eq!(saved.expect("a save"), Saved::Done);
    }
}

pub(crate) async fn a_final_outcome_never_changes(w: World) {
    let id = w.create(World::task("早安", &w.channels[..1], None)).await;
    let mut claimed = w.claim_one(NOW).await;
    step(&w, &mut claimed, Move::Submit, NOW).await;
    step(&w, &mut claimed, Move::Create, NOW).await;
    for outcome in [Outcome::Published, Outcome::Invalid] {
        let mut look = look(&claimed, NOW);
        look.outcomes = vec![AccountOutcome {
            account_id: account(w.channels[0], "a"),
            outcome,
            failure: None,
        }];
        w.store.save(look).await.expect("a save");
    }
    assert_eq!(
        w.task_line(id).await,
        "PROCESSING: a SUCCESS PUBLISHED, b PROCESSING AWAITING_MEMBER"
    );
}

pub(crate) async fn removing_a_channel_fails_what_waits(w: World) {
    let id = w.create(World::task("早安", &w.channels, Some(NOW + secs(600)))).await;
    let remove = async |user, channel| {
        let entry = told(AuditAction::Unbind);
        let removed = w.store.remove_channel(user, channel, Waiting::Fail, &entry).await;
        removed.expect("a write")
    };
    let removal = Removal {
        failed_publications: 1,
        unfollowed_publications: 0,
    };
    assert_eq!(remove(USER, w.channels[0]).await, Unbinding::Done(removal));
    assert_eq!(
        w.task_line(id).await,
        "PROCESSING: a FAILED FAILED, b FAILED FAILED, a PENDING SCHEDULED, b PENDING SCHEDULED"
    );
    assert_eq!(remove(USER, w.channels[0]).await, Unbinding::Unknown);
    assert_eq!(remove(UserId(2), w.channels[1]).await, Unbinding::Unknown);
}

pub(crate) async fn a_refresh_is_fenced(w: World) {
    let channel = w.channels[0];
    let first = w
        .store
        .begin_refresh(channel, NOW, NOW + secs(30))
        .await
        .expect("a write")
        .expect("the right");
    assert_eq!(
        w.store
            .begin_refresh(channel, NOW + secs(29), NOW + secs(59))
            .await
            .expect("a write"),
        None
    );
    let second = w
        .store
        .begin_refresh(channel, NOW + secs(30), NOW + secs(60))
        .await
        .expect("a write")
        .expect("the right");
    let token = |text: &str| ShelfToken {
        sealed: text.into(),
        expires: NOW + secs(7200),
    };
    assert!(
        !w.store
            .finish_refresh(channel, first, Some(&token("late")))
            .await
            .expect("a write")
    );
    assert!(
        w.store
            .finish_refresh(channel, second, Some(&token("new")))
            .await
            .expect("a write")
    );
    assert_eq!(w.store.token(channel).await.expect("a read"), Some(token("new")));
    assert!(
        w.store
            .begin_refresh(channel, NOW + secs(31), NOW + secs(61))
            .await
            .expect("a write")
            .is_some()
    );
}

pub(crate) async fn a_broken_credential_expires_its_accounts_and_only_its_own(w: World) {
    w.store
        .break_channel(w.channels[0], 7, "old", NoticedBy::Check, NOW)
        .await
        .expect("a write");
    let status = |n: usize| {
        let store = w.store.clone();
        let channel = w.channels[n];
        async move { store.accounts_of(channel).await.expect("a read")[0].status }
    };
    assert_eq!(status(0).await, AccountStatus::Active, "a verdict on an old credential");
    w.store
        .break_channel(w.channels[0], 1, "40001", NoticedBy::Check, NOW)
        .await
        .expect("a write");
    assert_eq!(
        (status(0).await, status(1).await),
        (AccountStatus::Expired, AccountStatus::Active)
    );
}

pub(crate) async fn one_bad_write_does_not_cost_its_neighbours(w: World) {
    let mut twins = World::task("坏", &w.channels[..1], None);
    let accounts = &mut twins.publications[0].accounts;
    accounts.push(accounts[0].clone());
    let good = (0..10).map(|n| {
        w.store
            .create_task(World::task(&n.to_string(), &w.channels[..1], None), |id, _| {
                id.to_string()
            })
    });
    let (bad, good) = tokio::join!(w.store.create_task(twins, |id, _| id.to_string()), join_all(good));
    assert!(bad.is_err(), "an account twice in a task");
    assert!(good.iter().all(Result::is_ok), "{good:?}");
    assert_eq!(w.claim(NOW).await.len(), 10);
}

pub(crate) async fn one_unreadable_row_does_not_stop_the_others(w: World) {
    for n in 0..3 {
        w.create(World::task(&n.to_string(), &w.channels[..1], None)).await;
    }
    w.meddle("UPDATE t_moment_publication SET state = 'FROM_THE_FUTURE' WHERE id = 1")
        .await;
    assert_eq!(w.claim(NOW).await.len(), 2);
    assert!(
        w.store.next_look().await.expect("a read") > Some(NOW),
        "it is not due again at once"
    );
}

async fn join_all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    futures::future::join_all(futures).await
}
