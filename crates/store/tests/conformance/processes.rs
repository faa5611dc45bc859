//! Processes that die, and those that only seem to.

use moments_domain::Move;
use moments_store::{Beats, Saved};

use crate::checks::secs;
use crate::world::{NOW, World, save};

pub(crate) async fn what_a_silent_process_holds_is_due_at_once_for_whoever_notices_first(w: World) {
    w.create(World::task("早安", &w.channels, None)).await;
    w.create(World::task("以后", &w.channels[..1], Some(NOW + secs(90))))
        .await;
    let held = w.store.claim("silent", NOW, NOW + secs(300), 1).await.expect("a claim");
    let other = w.store.claim("other", NOW, NOW + secs(300), 1).await.expect("a claim");
    for owner in ["silent", "other", "silent"] {
        w.store.beat(owner).await.expect("a write");
    }
    let silent = beats(&w, "silent").await.expect("it is known");
    assert_eq!(silent.count, 2);
    let bury = async |beats: &Beats| {
        w.store
            .bury(beats, NOW + secs(30), NOW + secs(330))
            .await
            .expect("a write")
    };
    let earlier = Beats {
        count: 1,
        ..silent.clone()
    };
    assert_eq!(bury(&earlier).await, 0, "it has given another sign of life meanwhile");
    assert_eq!(bury(&silent).await, 1);
    assert_eq!(bury(&silent).await, 0, "it is buried once");
    let again = w.claim(NOW + secs(30)).await;
    assert_eq!(
        again.iter().map(|c| c.publication.id).collect::<Vec<_>>(),
        [held[0].publication.id]
    );
    let late = w.store.save(save(&held[0], Move::GiveUp, NOW + secs(31))).await;
    assert_eq!(late.expect("a save"), Saved::LeaseLost);
    let alive = w.store.save(save(&other[0], Move::GiveUp, NOW + secs(31))).await;
    assert_eq!(alive.expect("a save"), Saved::Done);
}

pub(crate) async fn a_process_that_has_left_is_not_missed(w: World) {
    w.store.beat("here").await.expect("a write");
    w.store.leave("here").await.expect("a write");
    assert_eq!(beats(&w, "here").await, None);
}

async fn beats(w: &World, owner: &str) -> Option<Beats> {
    let all = w.store.beats().await.expect("a read");
    all.into_iter().find(|one| one.owner == owner)
}
