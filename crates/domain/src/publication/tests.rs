use super::*;

/// Every arrow of the machine; whatever is not listed is refused.
const ARROWS: &[(&str, &str, &str)] = &[
    ("SCHEDULED READY PREPARING", "Prepare", "PREPARING"),
    ("SCHEDULED READY PREPARING", "Submit", "SUBMITTING"),
    ("SCHEDULED READY PREPARING", "Miss", "MISSED"),
    ("SCHEDULED READY PREPARING", "Cancel", "CANCELLED"),
    ("SCHEDULED READY PREPARING SUBMITTING ACCEPTED", "Snooze", "READY"),
    ("SCHEDULED READY PREPARING SUBMITTING ACCEPTED", "Retry", "READY"),
    ("SCHEDULED READY PREPARING SUBMITTING ACCEPTED", "GiveUp", "FAILED"),
    ("SUBMITTING", "Accept", "ACCEPTED"),
    ("SUBMITTING ACCEPTED UNCERTAIN", "Create", "CREATED"),
    ("SUBMITTING ACCEPTED", "LoseTrack", "UNCERTAIN"),
    ("UNCERTAIN", "FoundAbsent", "READY"),
    ("UNCERTAIN", "Hold", "HELD"),
    ("CREATED", "Settle", "SETTLED"),
    ("FAILED HELD MISSED", "Revive", "READY"),
];

const MOVES: &[Move] = &[
    Move::Prepare,
    Move::Submit,
    Move::Accept,
    Move::Create,
    Move::LoseTrack,
    Move::Snooze,
    Move::Retry,
    Move::FoundAbsent,
    Move::Hold,
    Move::GiveUp,
    Move::Miss,
    Move::Cancel,
    Move::Settle,
    Move::Revive,
];

#[test]
fn the_machine_has_exactly_the_arrows_of_its_table() {
    for from in PublicationState::ALL {
        for by in MOVES {
            let expected = ARROWS
                .iter()
                .find(|(states, name, _)| states.split(' ').any(|s| s == from.name()) && *name == format!("{by:?}"))
                .map(|(_, _, to)| *to);
            assert_eq!(
                from.after(*by).ok().map(PublicationState::name),
                expected,
                "{from} by {by:?}"
            );
        }
    }
}

#[test]
fn every_state_has_a_way_in_and_every_waiting_state_a_way_out() {
    for state in PublicationState::ALL {
        let entered = ARROWS.iter().any(|(_, _, to)| *to == state.name());
        assert!(
            entered || *state == PublicationState::Scheduled,
            "{state} is never entered"
        );
        let left = MOVES.iter().any(|by| state.after(*by).is_ok());
        assert!(left || state.is_final(), "{state} is a dead end");
    }
}

#[test]
fn nothing_that_may_have_been_sent_can_be_sent_again_before_the_platform_was_asked() {
    for state in PublicationState::ALL.iter().filter(|s| s.is_in_flight()) {
        assert!(state.after(Move::Submit).is_err(), "{state}");
    }
    assert_eq!(
        PublicationState::Uncertain.after(Move::Retry),
        Err(IllegalMove {
            from: PublicationState::Uncertain,
            by: Move::Retry
        })
    );
}
