//! Handing over what is due: staging, and the claim of what was chosen.

use std::collections::HashSet;

use futures::future::join_all;
use moments_domain::{ChannelId, Move, PublicationId, Ready, Timestamp};
use moments_store::{Claimed, Picked, Room, Saved};

use crate::checks::secs;
use crate::world::{NOW, World, save};

const ROOMY: Room = Room { all: 1000, each: 1000 };
const GRACE: u64 = 5;

async fn stage(w: &World, now: Timestamp, room: Room) -> Vec<Ready> {
    w.store.stage(now, now + secs(GRACE), room).await.expect("a write")
}

async fn pick(w: &World, ids: &[PublicationId], now: Timestamp) -> Vec<Claimed> {
    let picked = Picked { ids, planned_by: now };
    w.store
        .claim_picked("here", picked, now, now + secs(120))
        .await
        .expect("a claim")
}

fn ids(ready: &[Ready]) -> Vec<PublicationId> {
    ready.iter().map(|one| one.id).collect()
}

fn count(ready: &[Ready], channel: ChannelId) -> usize {
    ready.iter().filter(|one| one.channel_id == channel).count()
}

pub(crate) async fn what_is_staged_is_out_of_sight_until_its_message_is_surely_lost(w: World) {
    w.create(World::task("早安", &w.channels[..1], None)).await;
    assert_eq!(stage(&w, NOW + secs(1), ROOMY).await.len(), 1);
    assert_eq!(stage(&w, NOW + secs(5), ROOMY).await, []);
    assert_eq!(w.store.due(NOW + secs(5), 10, &[]).await.expect("a read"), []);
    let again = stage(&w, NOW + secs(6), ROOMY).await;
    let claimed = pick(&w, &ids(&again), NOW + secs(6)).await;
    assert_eq!(claimed[0].publication.plan_time, NOW, "its lateness is not forgotten");
}

pub(crate) async fn a_message_wins_its_row_once(w: World) {
    w.create(World::task("早安", &w.channels[..1], None)).await;
    let staged = ids(&stage(&w, NOW, ROOMY).await);
    let doubled = [staged.as_slice(), &staged, &[PublicationId(987_654_321)]].concat();
    let claims = join_all((0..4).map(|_| pick(&w, &doubled, NOW))).await;
    let held: Vec<_> = claims.into_iter().flatten().collect();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].content.text, "早安");
    assert_eq!(
        w.store.save(save(&held[0], Move::GiveUp, NOW)).await.expect("a save"),
        Saved::Done
    );
    assert!(pick(&w, &staged, NOW + secs(600)).await.is_empty(), "it is over");
}

pub(crate) async fn a_message_that_comes_before_the_time_wins_nothing(w: World) {
    w.create(World::task("以后", &w.channels[..1], Some(NOW + secs(60))))
        .await;
    assert_eq!(stage(&w, NOW + secs(59), ROOMY).await, []);
    let due = ids(&w.store.due(NOW + secs(60), 10, &[]).await.expect("a read"));
    assert_eq!(due.len(), 1);
    assert!(pick(&w, &due, NOW + secs(59)).await.is_empty());
    assert_eq!(pick(&w, &due, NOW + secs(60)).await.len(), 1);
}

pub(crate) async fn a_dead_holders_row_is_staged_when_its_lease_ends(w: World) {
    w.create(World::task("早安", &w.channels[..1], None)).await;
    let dead = w.claim_one(NOW).await;
    assert_eq!(stage(&w, NOW + secs(119), ROOMY).await, []);
    let staged = ids(&stage(&w, NOW + secs(120), ROOMY).await);
    assert_eq!(staged, [dead.publication.id]);
    assert_eq!(pick(&w, &staged, NOW + secs(120)).await.len(), 1);
    let late = w.store.save(save(&dead, Move::GiveUp, NOW)).await.expect("a save");
    assert_eq!(late, Saved::LeaseLost);
}

pub(crate) async fn a_message_that_did_not_leave_makes_its_row_due_again_unless_it_was_claimed(w: World) {
    for text in ["一", "二"] {
        w.create(World::task(text, &w.channels[..1], None)).await;
    }
    let staged = ids(&stage(&w, NOW, ROOMY).await);
    assert_eq!(pick(&w, &staged[..1], NOW).await.len(), 1);
    let until = NOW + secs(GRACE);
    assert_eq!(
        w.store.unstage(&staged, until, NOW + secs(1)).await.expect("a write"),
        1
    );
    assert_eq!(ids(&stage(&w, NOW + secs(1), ROOMY).await), staged[1..]);
}

pub(crate) async fn a_backlog_of_one_channel_leaves_room_for_the_others(w: World) {
    let (one, other) = (w.channels[0], w.channels[1]);
    for n in 0..20 {
        w.create(World::task(&n.to_string(), &[one], None)).await;
    }
    w.create(World::task("other", &[other], None)).await;
    let room = Room { all: 8, each: 3 };
    let mut staged = stage(&w, NOW, room).await;
    assert_eq!(
        (count(&staged, one), count(&staged, other)),
        (3, 0),
        "the earliest come first"
    );
    staged = stage(&w, NOW, room).await;
    assert_eq!(
        (count(&staged, one), count(&staged, other)),
        (0, 1),
        "a full channel is passed over"
    );
    let due = w.store.due(NOW, 5, &[]).await.expect("a read");
    assert_eq!((count(&due, one), due.len()), (5, 5));
    assert_eq!(w.store.due(NOW, 5, &[one]).await.expect("a read"), []);
    let next = stage(&w, NOW + secs(GRACE), Room { all: 8, each: 8 }).await;
    assert_eq!(next.len(), 8, "what was staged and not taken has made room");
}

pub(crate) async fn what_is_given_back_is_due_at_once_and_its_former_holder_changes_nothing(w: World) {
    for text in ["一", "二"] {
        w.create(World::task(text, &w.channels[..1], None)).await;
    }
    let held = w.claim(NOW).await;
    let held_ids: HashSet<_> = held.iter().map(|one| one.publication.id).collect();
    let given = [held[0].publication.id];
    assert_eq!(w.store.give_back("another", &given, NOW).await.expect("a write"), 0);
    assert_eq!(
        w.store.give_back("here", &given, NOW + secs(1)).await.expect("a write"),
        1
    );
    let late = w.store.save(save(&held[0], Move::GiveUp, NOW)).await.expect("a save");
    assert_eq!(late, Saved::LeaseLost);
    let again = w.claim_one(NOW + secs(1)).await;
    assert!(held_ids.contains(&again.publication.id));
    assert_eq!((again.publication.attempt, again.publication.plan_time), (0, NOW));
}
