//! Several processes at once.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use futures::future::join_all;
use moments_domain::fingerprint::fingerprint;
use moments_domain::{Move, PublicationId, Visibility};
use moments_store::{Claimed, Created, Hold, NoSubmit, Save, Saved, Store, StoreError};

use crate::checks::secs;
use crate::world::{NOW, World, gate, once, save};

pub(crate) async fn no_publication_is_claimed_twice_by_several_processes(w: World) {
    for n in 0..40 {
        w.create(World::task(&n.to_string(), &w.channels, None)).await;
    }
    let claims = w.three().await.map(async |store| claim_all(&store).await);
    let claimed = join_all(claims).await.concat();
    assert_eq!(claimed.len(), 80);
    assert_eq!(claimed.iter().collect::<HashSet<_>>().len(), 80);
}

/// Seven at a time, until nothing is left.
async fn claim_all(store: &Store) -> Vec<PublicationId> {
    let mut all = Vec::new();
    loop {
        let claimed = store.claim("here", NOW, NOW + secs(60), 7).await.expect("a claim");
        if claimed.is_empty() {
            return all;
        }
        all.extend(claimed.into_iter().map(|one| one.publication.id));
    }
}

pub(crate) async fn the_gate_holds_over_several_processes(w: World) {
    for n in 0..24 {
        w.create(World::task(&n.to_string(), &w.channels[..1], None)).await;
    }
    let mut waiting = w.claim(NOW).await;
    let stores = w.three().await;
    for minute in 0..3 {
        let now = NOW + secs(100 * minute);
        let saves = waiting.iter().map(|claimed| {
            let mut submit = submit(claimed);
            (submit.now, submit.gate) = (now, Some(gate(5, now)));
            submit
        });
        let saved = save_all(&stores, saves).await;
        let full = Saved::Refused(NoSubmit::Full(now + secs(90)));
        assert!(saved.iter().all(|s| [Saved::Done, full].contains(s)), "{saved:?}");
        assert_eq!(saved.iter().filter(|s| **s == Saved::Done).count(), 5, "{saved:?}");
        let mut passed = saved.iter().map(|s| *s == Saved::Done);
        waiting.retain(|_| !passed.next().expect("an answer"));
    }
}

pub(crate) async fn equal_posts_are_never_in_flight_together_over_several_processes(w: World) {
    for _ in 0..9 {
        w.create(World::task("早安", &w.channels[..1], None)).await;
    }
    let claimed = w.claim(NOW).await;
    let saved = save_all(&w.three().await, claimed.iter().map(submit)).await;
    let twin = Saved::Refused(NoSubmit::Twin);
    assert_eq!(saved.iter().filter(|s| **s == Saved::Done).count(), 1, "{saved:?}");
    assert_eq!(saved.iter().filter(|s| **s == twin).count(), 8, "{saved:?}");
}

/// A list on the platform shows neither which pictures nor which audience: what differs only in those waits for its turn.
pub(crate) async fn what_a_list_cannot_tell_apart_is_not_in_flight_at_once(w: World) {
    let send = async |media: &str, tag: Option<&str>| {
        let mut task = World::task("早安", &w.channels[..1], None);
        task.content.media_urls = vec![media.into()];
        task.content.visibility = tag.map(|tag| Visibility {
            customer_tags: vec![tag.into()],
            ..Visibility::default()
        });
        task.fingerprint = fingerprint(&task.content);
        w.create(task).await;
        w.store.save(submit(&w.claim_one(NOW).await)).await.expect("a save")
    };
    assert_eq!(send("https://a.example/1.jpg", Some("et1")).await, Saved::Done);
    let twin = Saved::Refused(NoSubmit::Twin);
    assert_eq!(send("https://a.example/2.jpg", Some("et2")).await, twin);
    assert_eq!(send("https://a.example/1.jpg", None).await, Saved::Done);
}

fn submit(claimed: &Claimed) -> Save {
    let mut submit = save(claimed, Move::Submit, NOW);
    (submit.gate, submit.hold) = (Some(gate(0, NOW)), Hold::Keep);
    submit
}

/// All at once, each by the next store in turn.
async fn save_all(stores: &[Store], saves: impl Iterator<Item = Save>) -> Vec<Saved> {
    let saving = saves.zip(stores.iter().cycle()).map(|(save, store)| store.save(save));
    let saved = join_all(saving).await;
    saved.into_iter().map(|saved| saved.expect("a save")).collect()
}

pub(crate) async fn the_same_key_makes_one_task_over_several_processes(w: World) {
    let stores = w.three().await;
    for round in 0..10 {
        let creations = (0..12).zip(stores.iter().cycle()).map(|(_, store)| {
            let mut task = World::task("早安", &w.channels[..1], None);
            task.idempotency = Some(once(&format!("key {round}"), "body"));
            store.create_task(task, |id, _| id.to_string())
        });
        let created: Vec<_> = join_all(creations)
            .await
            .into_iter()
            .map(|c| c.expect("an answer"))
            .collect();
        let stored = created.iter().filter(|c| matches!(c, Created::Stored(..)));
        assert_eq!(stored.count(), 1, "{created:?}");
        let ids = created.iter().map(|c| match c {
            Created::Stored(id, _) => id.to_string(),
            Created::Replayed(answer) => answer.clone(),
            Created::KeyTaken | Created::Duplicate(_) => panic!("the same body"),
        });
        assert_eq!(ids.collect::<HashSet<_>>().len(), 1, "{created:?}");
    }
    assert_eq!(w.number("SELECT COUNT(*) AS n FROM t_moment_sync_task").await, 10);
}

pub(crate) async fn ids_are_never_given_twice_over_several_processes(w: World) {
    let stores = w.three().await;
    let asked = (0..60)
        .zip(stores.iter().cycle())
        .map(|(_, store)| store.new_channel_id());
    let given = join_all(asked).await.into_iter().map(|id| id.expect("an id"));
    let given: HashSet<_> = given.chain(w.channels).collect();
    assert_eq!(given.len(), 62);
    let creations = (0..60).zip(stores.iter().cycle()).map(|(n, store)| {
        let task = World::task(&n.to_string(), &w.channels, None);
        store.create_task(task, |id, _| id.to_string())
    });
    let created = join_all(creations).await;
    assert!(
        created.iter().all(|c| matches!(c, Ok(Created::Stored(..)))),
        "{created:?}"
    );
    assert_eq!(w.number("SELECT COUNT(*) AS n FROM t_moment_sync_result").await, 240);
}

pub(crate) async fn one_process_at_a_time_refreshes_a_token(w: World) {
    let stores = w.three().await;
    let mut fences = HashSet::new();
    for round in 0..10 {
        let now = NOW + secs(30 * round);
        let asked = stores
            .iter()
            .map(|store| store.begin_refresh(w.channels[0], now, now + secs(30)));
        let given: Vec<_> = join_all(asked)
            .await
            .into_iter()
            .filter_map(|f| f.expect("a write"))
            .collect();
        assert_eq!(given.len(), 1, "{given:?}");
        fences.insert(given[0]);
    }
    assert_eq!(fences.len(), 10);
}

pub(crate) async fn a_task_follows_what_several_processes_save(w: World) {
    for n in 0..40 {
        w.create(World::task(&n.to_string(), &w.channels, None)).await;
    }
    let claimed = w.claim(NOW).await;
    assert_eq!(claimed.len(), 80);
    // The two publications of a task come one after the other, and so to different processes.
    let saved = save_all(
        &w.three().await,
        claimed.iter().map(|claimed| save(claimed, Move::GiveUp, NOW)),
    )
    .await;
    assert!(saved.iter().all(|s| *s == Saved::Done), "{saved:?}");
    let unfinished = "SELECT COUNT(*) AS n FROM t_moment_sync_task WHERE status <> 'FAILED'";
    assert_eq!(w.number(unfinished).await, 0);
}

pub(crate) async fn cut_connections_are_made_again(w: World) {
    if !w.database.is_server() {
        println!("passed over: a file has no connections to cut");
        return;
    }
    for round in 0..3 {
        let task = || {
            let mut task = World::task("早安", &w.channels[..1], None);
            task.idempotency = Some(once(&format!("key {round}"), "body"));
            task
        };
        let busy = (0..20).map(|n| {
            w.store
                .create_task(World::task(&n.to_string(), &w.channels, None), |id, _| id.to_string())
        });
        let ((), answers) = futures::join!(w.database.cut_all(), join_all(busy));
        let told = |answer: &Result<_, _>| {
            matches!(
                answer,
                Ok(_) | Err(StoreError::Unavailable(_) | StoreError::Doubtful(_))
            )
        };
        assert!(answers.iter().all(told), "{answers:?}");
        let deadline = Instant::now() + Duration::from_secs(10);
        while let Err(error) = w.store.create_task(task(), |id, _| id.to_string()).await {
            assert!(Instant::now() < deadline, "it stays cut: {error:?}");
        }
    }
    let once = "SELECT COUNT(*) AS n FROM t_moment_idempotency i";
    assert_eq!(w.number(once).await, 3);
}
