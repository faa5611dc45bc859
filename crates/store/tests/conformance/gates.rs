//! What lets a create call leave, and what holds it back.

use futures::future::join_all;
use moments_domain::Move;
use moments_store::{AttemptNote, Hold, NoSubmit, Saved};

use crate::checks::secs;
use crate::world::{NOW, World, gate, save};

pub(crate) async fn the_gate_holds_in_any_sliding_window(w: World) {
    for n in 0..4 {
        w.create(World::task(&n.to_string(), &w.channels[..1], None)).await;
    }
    let submits = w.claim(NOW).await.into_iter().map(|claimed| {
        let mut submit = save(&claimed, Move::Submit, NOW);
        (submit.gate, submit.hold) = (Some(gate(2, NOW)), Hold::Keep);
        submit
    });
    let submits: Vec<_> = submits.collect();
    let saved = join_all(submits.iter().cloned().map(|submit| w.store.save(submit))).await;
    let passed: Vec<_> = (0..4).filter(|n| matches!(saved[*n], Ok(Saved::Done))).collect();
    assert_eq!(passed.len(), 2, "{saved:?}");
    let full = Saved::Refused(NoSubmit::Full(NOW + secs(90)));
    assert_eq!(
        saved.iter().filter(|s| matches!(s, Ok(s) if *s == full)).count(),
        2,
        "{saved:?}"
    );

    // The first answer comes after a second: its slot is free a minute later.
    let mut answered = submits[passed[0]].clone();
    answered.publication.apply(Move::Accept, NOW).expect("a legal move");
    answered.gate = None;
    answered.attempt = Some(AttemptNote {
        busy_until: NOW + secs(61),
        answer: "ok".into(),
    });
    assert_eq!(w.store.save(answered).await.expect("a save"), Saved::Done);
    let refused = (0..4).find(|n| !passed.contains(n)).expect("one was refused");
    for (at, expected) in [(60, Saved::Refused(NoSubmit::Full(NOW + secs(61)))), (61, Saved::Done)] {
        let mut again = submits[refused].clone();
        again.now = NOW + secs(at);
        again.gate = Some(gate(2, again.now));
        assert_eq!(w.store.save(again).await.expect("a save"), expected, "after {at} s");
    }
}

pub(crate) async fn equal_posts_of_a_channel_are_never_in_flight_together(w: World) {
    for _ in 0..2 {
        w.create(World::task("早安", &w.channels, None)).await;
    }
    let claimed = w.claim(NOW).await;
    let submit = |n: usize| {
        let mut submit = save(&claimed[n], Move::Submit, NOW);
        (submit.gate, submit.hold) = (Some(gate(0, NOW)), Hold::Keep);
        submit
    };
    let saved = join_all((0..4).map(|n| w.store.save(submit(n)))).await;
    let by_channel = |channel| {
        let of = |n: &usize| claimed[*n].publication.channel_id == channel;
        (0..4)
            .filter(of)
            .map(|n| saved[n].clone().expect("a save"))
            .collect::<Counts>()
    };
    for channel in w.channels {
        assert_eq!(by_channel(channel), Counts { done: 1, twin: 1 }, "{saved:?}");
    }
    let first = (0..4)
        .find(|n| matches!(saved[*n], Ok(Saved::Done)))
        .expect("one passed");
    let mut created = submit(first);
    created.gate = None;
    created.publication.apply(Move::Create, NOW).expect("a legal move");
    w.store.save(created).await.expect("a save");
    let twin = (0..4)
        .find(|n| *n != first && claimed[*n].publication.channel_id == claimed[first].publication.channel_id)
        .expect("a twin");
    assert_eq!(w.store.save(submit(twin)).await.expect("a save"), Saved::Done);
}

/// What somebody works on waits as well. What is for later, what another gate counts, and what has stopped to count stand in nobody's way.
pub(crate) async fn a_line_holds_what_was_let_through_and_what_waits(w: World) {
    for (text, at) in [("一", NOW), ("二", NOW), ("三", NOW + secs(60)), ("四", NOW + secs(61))] {
        w.create(World::task(text, &w.channels[..1], Some(at))).await;
    }
    let handle = w
        .store
        .find_channel(w.channels[0])
        .await
        .expect("a read")
        .expect("a channel")
        .handle;
    let line = async |now, by| {
        w.store
            .lines(&[&handle], now, by)
            .await
            .expect("a read")
            .remove(&handle)
    };
    assert_eq!(line(NOW, NOW - secs(1)).await, None);
    let claimed = w.claim(NOW).await;
    let mut submit = save(&claimed[0], Move::Submit, NOW);
    (submit.gate, submit.hold) = (Some(gate(2, NOW)), Hold::Keep);
    submit.gate.as_mut().expect("a gate").key.clone_from(&handle);
    assert_eq!(w.store.save(submit).await.expect("a save"), Saved::Done);
    let found = line(NOW, NOW + secs(60)).await.expect("a line");
    assert_eq!(
        (found.busy, found.planned),
        (vec![NOW + secs(90)], vec![NOW, NOW + secs(60)])
    );
    let later = line(NOW + secs(90), NOW + secs(60)).await.expect("a line");
    assert!(later.busy.is_empty(), "{later:?}");
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    done: u32,
    twin: u32,
}

impl FromIterator<Saved> for Counts {
    fn from_iter<I: IntoIterator<Item = Saved>>(saved: I) -> Self {
        saved.into_iter().fold(Self::default(), |mut counts, saved| {
            match saved {
                Saved::Done => counts.done += 1,
                Saved::Refused(NoSubmit::Twin) => counts.twin += 1,
                other => panic!("{other:?}"),
            }
            counts
        })
    }
}
