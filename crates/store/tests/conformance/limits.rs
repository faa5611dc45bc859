//! Limits of accounts at the gate.

use std::collections::HashMap;
use std::sync::Arc;

use futures::future::join_all;
use moments_domain::{
    AccountId, AuditAction, ChannelId, LimitChoice, LimitKind, Limits, Move, Outcome, Timestamp, WaitReason,
};
use moments_store::{AccountGate, AccountOutcome, Claimed, Gate, Hold, NoSubmit, Save, Saved};

use crate::checks::secs;
use crate::world::{NOW, World, account, gate, save, told};

fn two_a_day() -> LimitChoice {
    LimitChoice {
        posts_per_day: Some(2),
        time_zone: Some("UTC".into()),
        ..LimitChoice::default()
    }
}

fn limited(claimed: &Claimed, now: Timestamp) -> Gate {
    let limits = Arc::new(Limits::from(&two_a_day()));
    let one = |target: &moments_store::Target| AccountGate {
        account_id: target.account_id.clone(),
        limits: Arc::clone(&limits),
        since: NOW,
        share: 0,
    };
    Gate {
        accounts: claimed.targets.iter().map(one).collect(),
        ..gate(0, now)
    }
}

fn submit(claimed: &Claimed, now: Timestamp) -> Save {
    let mut submit = save(claimed, Move::Submit, now);
    submit.publication.sent_time = Some(now);
    (submit.gate, submit.hold, submit.now) = (Some(limited(claimed, now)), Hold::Keep, now);
    submit
}

/// NOW is 08:53:20 on a day of UTC.
fn next_day() -> Saved {
    let midnight = NOW + secs(24 * 3600) - secs(8 * 3600 + 53 * 60 + 20);
    Saved::Refused(NoSubmit::Limited(midnight, LimitKind::PostsPerDay))
}

pub(crate) async fn an_account_has_no_more_posts_than_its_limit_whoever_asks_at_once(w: World) {
    for n in 0..9 {
        w.create(World::task(&n.to_string(), &w.channels[..1], None)).await;
    }
    let claimed = w.claim(NOW).await;
    let stores = w.three().await;
    let saving = claimed.iter().zip(stores.iter().cycle());
    let saved = join_all(saving.map(|(one, store)| store.save(submit(one, NOW)))).await;
    let saved: Vec<_> = saved.into_iter().map(|saved| saved.expect("a save")).collect();
    assert_eq!(saved.iter().filter(|s| **s == Saved::Done).count(), 2, "{saved:?}");
    assert_eq!(saved.iter().filter(|s| **s == next_day()).count(), 7, "{saved:?}");
}

pub(crate) async fn only_posts_that_may_be_out_count_against_a_limit(w: World) {
    for n in 0..4 {
        w.create(World::task(&n.to_string(), &w.channels[..1], None)).await;
    }
    let claimed = w.claim(NOW).await;
    for one in &claimed[..2] {
        assert_eq!(w.store.save(submit(one, NOW)).await.expect("a save"), Saved::Done);
    }
    assert_eq!(
        w.store.save(submit(&claimed[2], NOW)).await.expect("a save"),
        next_day()
    );

    // The first is refused by the platform: its place is free.
    let mut refused = submit(&claimed[0], NOW);
    (refused.gate, refused.hold) = (None, Hold::Release);
    refused.publication.apply(Move::GiveUp, NOW).expect("a legal move");
    assert_eq!(w.store.save(refused).await.expect("a save"), Saved::Done);
    assert_eq!(
        w.store.save(submit(&claimed[2], NOW)).await.expect("a save"),
        Saved::Done
    );
    assert_eq!(
        w.store.save(submit(&claimed[3], NOW)).await.expect("a save"),
        next_day()
    );

    // The second came out, but not for these members.
    let mut undispatched = submit(&claimed[1], NOW);
    (undispatched.gate, undispatched.hold) = (None, Hold::Release);
    undispatched.publication.apply(Move::Create, NOW).expect("a legal move");
    undispatched.outcomes = claimed[1]
        .targets
        .iter()
        .map(|target| AccountOutcome {
            account_id: target.account_id.clone(),
            outcome: Outcome::NotDispatched,
            failure: None,
        })
        .collect();
    assert_eq!(w.store.save(undispatched).await.expect("a save"), Saved::Done);
    assert_eq!(
        w.store.save(submit(&claimed[3], NOW)).await.expect("a save"),
        Saved::Done
    );
    let counted = [(account(w.channels[0], "a"), NOW), (AccountId("nobody".into()), NOW)];
    let posts = w.store.posts_since(&counted).await.expect("a read");
    assert_eq!(posts, HashMap::from([(counted[0].0.clone(), vec![NOW, NOW])]));
}

pub(crate) async fn waiting_posts_are_known_by_their_plan(w: World) {
    let late = NOW + secs(60);
    for (text, at) in [("soon", None), ("late", Some(late)), ("later", Some(late + secs(1)))] {
        w.create(World::task(text, &w.channels, at)).await;
    }
    let [here, there] = w.channels.map(|channel| account(channel, "a"));
    let asked = [
        (here.clone(), late),
        (there.clone(), NOW),
        (AccountId("nobody".into()), late),
    ];
    let planned = async || {
        let mut posts = w.store.posts_planned(&asked).await.expect("a read");
        for times in posts.values_mut() {
            times.sort_unstable();
        }
        posts
    };
    let both = HashMap::from([(here.clone(), vec![NOW, late]), (there.clone(), vec![NOW])]);
    assert_eq!(planned().await, both);
    let claimed = w.claim(NOW).await;
    assert_eq!(planned().await, both, "a claim is no plan");
    for one in &claimed {
        assert_eq!(w.store.save(submit(one, NOW)).await.expect("a save"), Saved::Done);
    }
    assert_eq!(
        planned().await,
        HashMap::from([(here, vec![late])]),
        "what may be out waits no more"
    );
}

pub(crate) async fn a_choice_of_limits_brings_those_posts_forward_that_wait_for_one(w: World) {
    let [here, there] = w.channels;
    let hour = NOW + secs(3600);
    let waits = [Some(LimitKind::MinGap), None];
    for (n, (channel, limit)) in [here, there]
        .into_iter()
        .flat_map(|one| waits.map(|limit| (one, limit)))
        .enumerate()
    {
        w.create(World::task(&n.to_string(), &[channel], None)).await;
        let claimed = w.claim_one(NOW).await;
        let mut waiting = save(&claimed, Move::Snooze, NOW);
        (waiting.publication.plan_time, waiting.publication.look_time) = (hour, Some(hour));
        waiting.publication.wait_limit = limit;
        waiting.publication.wait_reason = Some(limit.map_or(WaitReason::Offline, |_| WaitReason::Quota));
        waiting.publication.limited_until = limit.map(|_| hour);
        assert_eq!(w.store.save(waiting).await.expect("a save"), Saved::Done);
    }
    let none = LimitChoice::default();
    let chosen = w
        .store
        .put_limit_choice(here, None, &none, |_| told(AuditAction::Limits));
    chosen.await.expect("a write");
    let claimed = w.claim_one(NOW).await;
    let publication = &claimed.publication;
    assert_eq!(
        (publication.channel_id, publication.wait_limit),
        (here, Some(LimitKind::MinGap))
    );
    assert_eq!((publication.plan_time, publication.limited_until), (NOW, Some(NOW)));
    let later = w.claim(hour).await;
    let others = later.iter().filter(|one| one.publication.id != publication.id);
    assert_eq!(others.count(), 3, "they wait for what they waited for");
}

pub(crate) async fn chosen_limits_are_kept_and_go_with_their_channel(w: World) {
    let [channel, other] = w.channels;
    let store = &w.store;
    let has = async |id| {
        store
            .find_channel(id)
            .await
            .expect("a read")
            .expect("a channel")
            .has_limits
    };
    assert!(!has(channel).await);
    let none = LimitChoice::default();
    let member = account(channel, "a");
    for (account, choice, was) in [
        (None, &none, &none),
        (None, &two_a_day(), &none),
        (None, &two_a_day(), &two_a_day()),
        (Some(&member), &none, &none),
    ] {
        let entry = |before: &LimitChoice| {
            assert_eq!(before, was);
            told(AuditAction::Limits)
        };
        store
            .put_limit_choice(channel, account, choice, entry)
            .await
            .expect("a write");
    }
    store
        .put_limit_choice(ChannelId(999), None, &none, |_| told(AuditAction::Limits))
        .await
        .expect("a write");
    let entries = "SELECT COUNT(*) AS n FROM t_moment_audit WHERE action = 'LIMITS'";
    assert_eq!(w.number(entries).await, 4);
    let choices = store.limit_choices(channel).await.expect("a read");
    assert_eq!(choices.channel, two_a_day());
    assert_eq!(choices.accounts, HashMap::from([(member, none)]));
    assert!(has(channel).await && !has(other).await);
    store
        .remove_channel(
            crate::world::USER,
            channel,
            moments_store::Waiting::Fail,
            &crate::world::told(moments_domain::AuditAction::Unbind),
        )
        .await
        .expect("a write");
    assert_eq!(
        store.limit_choices(channel).await.expect("a read"),
        moments_store::ChannelChoices::default()
    );
}
