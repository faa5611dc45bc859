//! The promises of the store, once, for every database.
//!
//! A new database is one more line in [`conformance!`].

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on says so"
)]

mod checks;
mod staging;
mod world;

use world::World;

macro_rules! conformance {
    ($($database:ident => $open:expr),+ $(,)? ; $($check:ident),+ $(,)?) => { conformance!(@each [$($database => $open),+] $($check)+); };
    (@each [$($database:ident => $open:expr),+] $($check:ident)+) => {
        conformance!(@one { $($database => $open),+ } [$($check)+]);
    };
    (@one { $database:ident => $open:expr } [$($check:ident)+]) => {
        mod $database {
            use super::*;
            $(#[tokio::test]
            async fn $check() { checks::$check($open.await).await; })+
        }
    };
}

conformance! {
    sqlite => World::sqlite();
    a_task_is_stored_whole_and_read_back,
    results_stand_in_the_order_of_the_request,
    ids_are_never_given_twice,
    the_same_key_and_body_give_the_first_answer_again,
    the_same_key_with_another_body_is_refused,
    nothing_is_claimed_before_its_time,
    no_publication_is_claimed_twice,
    a_lease_that_ran_out_can_be_claimed_and_the_late_holder_changes_nothing,
    voided_leases_are_due_at_once,
    a_task_follows_its_results,
    a_read_never_mixes_two_moments,
    a_final_outcome_never_changes,
    the_gate_holds_in_any_sliding_window,
    equal_posts_of_a_channel_are_never_in_flight_together,
    removing_a_channel_fails_what_waits,
    a_refresh_is_fenced,
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
}
