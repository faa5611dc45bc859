//! The promises of the store, once, for every database.
//!
//! A new database is one more function in `databases`, and one more line in `conformance!`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on says so"
)]

mod apps;
mod audit;
mod checks;
mod databases;
mod duplicates;
mod early;
mod files;
mod gates;
mod limits;
mod logins;
mod processes;
mod races;
mod staging;
mod standing;
mod starts;
mod unbinding;
mod values;
mod watching;
mod words;
mod world;

macro_rules! conformance {
    (@on $database:ident [$($check:ident)+]) => {
        mod $database {
            use crate::{checks, databases};
            $(#[tokio::test]
            async fn $check() {
                if let Some(world) = databases::$database().await { checks::$check(world).await }
            })+
        }
    };
    ($($check:ident),+ $(,)?) => {
        conformance!(@on sqlite [$($check)+]);
        conformance!(@on mariadb [$($check)+]);
        conformance!(@on postgres [$($check)+]);
    };
}

conformance! {
    a_task_is_stored_whole_and_read_back,
    results_stand_in_the_order_of_the_request,
    ids_are_never_given_twice,
    the_same_key_and_body_give_the_first_answer_again,
    the_same_key_with_another_body_is_refused,
    nothing_is_claimed_before_its_time,
    no_publication_is_claimed_twice,
    a_lease_that_ran_out_can_be_claimed_and_the_late_holder_changes_nothing,
    voided_leases_are_due_at_once_where_one_process_is_alone,
    a_task_follows_its_results,
    a_read_never_mixes_two_moments,
    a_final_outcome_never_changes,
    the_gate_holds_in_any_sliding_window,
    equal_posts_of_a_channel_are_never_in_flight_together,
    a_line_holds_what_was_let_through_and_what_waits,
    an_account_has_no_more_posts_than_its_limit_whoever_asks_at_once,
    only_posts_that_may_be_out_count_against_a_limit,
    waiting_posts_are_known_by_their_plan,
    chosen_limits_are_kept_and_go_with_their_channel,
    a_choice_of_limits_brings_those_posts_forward_that_wait_for_one,
    removing_a_channel_fails_what_waits,
    the_same_content_for_the_same_account_is_found_within_its_window,
    what_did_not_come_out_is_no_duplicate,
    one_of_several_equal_tasks_is_stored_where_duplicates_are_refused,
    a_repeated_request_is_no_duplicate,
    a_refresh_is_fenced,
    the_newest_ticket_wins_however_they_arrive,
    a_suites_refresh_is_fenced,
    a_callbacks_keys_are_their_owners_and_told,
    a_push_is_kept_once_and_claimed_by_one,
    a_late_holder_of_a_push_changes_nothing,
    an_installs_state_is_used_once,
    an_install_that_nobody_owns_is_kept,
    a_corp_that_takes_its_authorisation_back_leaves_a_reason_and_no_names,
    a_broken_credential_expires_its_accounts_and_only_its_own,
    one_bad_write_does_not_cost_its_neighbours,
    one_unreadable_row_does_not_stop_the_others,
    what_is_staged_is_out_of_sight_until_its_message_is_surely_lost,
    a_message_wins_its_row_once,
    a_message_that_comes_before_the_time_wins_nothing,
    a_dead_holders_row_is_staged_when_its_lease_ends,
    a_message_that_did_not_leave_makes_its_row_due_again_unless_it_was_claimed,
    a_backlog_of_one_channel_leaves_room_for_the_others,
    what_is_given_back_is_due_at_once_and_its_former_holder_changes_nothing,
    what_a_silent_process_holds_is_due_at_once_for_whoever_notices_first,
    a_process_that_has_left_is_not_missed,
    no_publication_is_claimed_twice_by_several_processes,
    the_gate_holds_over_several_processes,
    equal_posts_are_never_in_flight_together_over_several_processes,
    the_same_key_makes_one_task_over_several_processes,
    ids_are_never_given_twice_over_several_processes,
    one_process_at_a_time_refreshes_a_token,
    a_task_follows_what_several_processes_save,
    cut_connections_are_made_again,
    five_processes_start_at_once_on_an_empty_database,
    a_start_that_was_cut_off_is_made_good,
    a_newer_schema_is_no_obstacle,
    times_keep_their_microseconds,
    texts_of_every_kind_come_back_as_they_were,
    a_link_and_an_audience_come_back_as_they_were,
    what_a_list_cannot_tell_apart_is_not_in_flight_at_once,
    ten_thousand_accounts_fit_into_one_task,
    accounts_that_differ_in_case_are_different,
    a_long_name_is_shortened_not_refused,
    a_channel_is_bound_again_and_never_over_anothers,
    what_is_known_of_media_is_written_once_and_found_again,
    a_draft_is_its_owners,
    sealed_texts_are_found_page_by_page_and_swapped_only_where_nobody_was_faster,
    a_file_is_its_users_and_kept_as_long_as_anybody_asked,
    what_an_open_post_needs_is_never_given_up,
    the_oldest_plan_is_seen_while_a_row_is_handed_over_and_not_while_it_is_held,
    open_publications_are_counted_by_platform_and_state,
    the_database_tells_what_it_is,
    every_change_of_a_status_is_in_the_history_and_nothing_else_is,
    a_suspicion_is_noted_once_and_ends_with_a_verdict_on_the_same_credential,
    a_check_is_made_by_one_process_and_comes_up_again_when_that_dies,
    an_unused_device_is_taken_again_by_its_owner_alone,
    one_log_in_at_a_time_asks_a_gateway_for_a_device,
    a_log_in_is_polled_by_one_and_lost_to_whoever_takes_it,
    a_log_in_ends_with_its_channel_or_not_at_all,
    a_number_waits_for_the_poll_that_carries_it,
    an_address_of_events_is_known_until_another_one_is,
    a_word_list_is_seen_by_whom_it_judges,
    one_of_several_changes_of_a_word_list_wins,
    a_task_keeps_what_was_said_of_it,
    what_is_told_to_the_audit_is_chained_as_it_was_told,
    many_writers_and_chainers_make_one_chain,
    the_audit_is_found_by_what_it_says,
    a_look_ahead_is_made_by_one_and_comes_up_again_when_that_dies,
    what_a_look_ahead_found_is_told_until_it_is_mended,
    what_was_found_ahead_is_kept_until_the_post_is_over,
    a_post_that_is_held_loses_its_unbound_account_and_its_holder,
    what_is_with_the_platform_is_followed_for_an_unbound_account,
    an_unbound_account_comes_back_by_its_owners_wish_alone,
    a_removed_channel_tells_what_waited_from_what_may_be_out,
}
