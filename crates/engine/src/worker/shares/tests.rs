use super::*;

const A: ChannelId = ChannelId(1);

/// Slots that a channel with endless work comes to.
fn fill(shares: &Arc<Shares>, channel: ChannelId) -> Vec<Slot> {
    std::iter::from_fn(|| shares.take(channel)).collect()
}

#[test]
fn a_channel_alone_comes_to_a_quarter_of_the_slots() {
    for (slots, share) in [(128, 32), (16, 4), (8, 2), (4, 1), (1, 1)] {
        let shares = Shares::new(slots);
        let held = fill(&shares, A);
        assert_eq!(held.len(), share, "of {slots}");
        assert_eq!((shares.free(), shares.served()), (slots - share, vec![A]));
    }
}

#[test]
fn a_dozen_channels_that_hang_leave_something_for_the_next() {
    let shares = Shares::new(128);
    let hanging: Vec<_> = (0..12).flat_map(|n| fill(&shares, ChannelId(100 + n))).collect();
    assert!(shares.take(A).is_some(), "{} slots are taken", hanging.len());
}

#[test]
fn a_slot_given_back_makes_room() {
    let shares = Shares::new(4);
    let mut held = fill(&shares, A);
    drop(held.pop());
    assert_eq!((shares.free(), shares.served()), (4, Vec::new()));
    assert!(shares.take(A).is_some());
}
