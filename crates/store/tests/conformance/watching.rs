//! What an operator is shown.

use moments_domain::{ChannelKind, PublicationState};
use moments_store::{OpenCount, Room};

use crate::checks::secs;
use crate::world::{NOW, World};

const AHEAD: u64 = 120;

pub(crate) async fn the_oldest_plan_is_seen_while_a_row_is_handed_over_and_not_while_it_is_held(w: World) {
    let oldest = async |now| w.store.oldest_plan(now, now + secs(AHEAD)).await.expect("a read");
    assert_eq!(oldest(NOW).await, None, "nothing waits");
    w.create(World::task("早安", &w.channels[..1], None)).await;
    w.create(World::task("以后", &w.channels[..1], Some(NOW + secs(3600))))
        .await;
    assert_eq!(oldest(NOW + secs(7)).await, Some(NOW));
    let room = Room { all: 10, each: 10 };
    let staged = w
        .store
        .stage(NOW + secs(7), NOW + secs(12), room)
        .await
        .expect("a write");
    assert_eq!(
        (staged.len(), oldest(NOW + secs(7)).await),
        (1, Some(NOW)),
        "out of sight, and still waiting"
    );
    w.claim_one(NOW + secs(12)).await;
    assert_eq!(oldest(NOW + secs(13)).await, None, "somebody holds it");
    let after_the_lease = NOW + secs(12 + 121);
    assert_eq!(oldest(after_the_lease).await, Some(NOW), "its holder is dead");
}

pub(crate) async fn open_publications_are_counted_by_platform_and_state(w: World) {
    for at in [None, Some(NOW + secs(60)), Some(NOW + secs(61))] {
        w.create(World::task("早安", &w.channels, at)).await;
    }
    let mut counts = w.store.open_publications().await.expect("a read");
    counts.sort_by_key(|count| count.count);
    let of = |state, count| OpenCount {
        kind: ChannelKind::Wecom,
        state,
        count,
    };
    assert_eq!(
        counts,
        [of(PublicationState::Ready, 2), of(PublicationState::Scheduled, 4)]
    );
}

pub(crate) async fn the_database_tells_what_it_is(w: World) {
    let facts = w.store.server_facts().await.expect("a read");
    assert!(facts.version.starts_with(|c: char| c.is_ascii_digit()), "{facts:?}");
    assert!(facts.schema.starts_with("00") && facts.now > NOW, "{facts:?}");
}
