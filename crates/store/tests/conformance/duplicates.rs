//! The same content for the same account.

use futures::future::join_all;
use moments_domain::{ChannelId, Move, Outcome, ResultStatus, TaskId, Timestamp, UserId};
use moments_store::{AccountOutcome, Created, Duplicate, DuplicateGuard, NewTask};

use crate::checks::secs;
use crate::world::{NOW, World, account, look, once, save};

const HOUR: u64 = 3600;

fn guarded(refuses: bool, channels: &[ChannelId], at: Option<Timestamp>) -> NewTask {
    let guard = DuplicateGuard {
        window: secs(24 * HOUR),
        refuses,
    };
    NewTask {
        guard: Some(guard),
        ..World::task("早安", channels, at)
    }
}

async fn found(w: &World, task: &NewTask) -> Vec<Duplicate> {
    w.store.find_duplicates(task).await.expect("a read")
}

/// Both accounts of each channel.
fn of(task_id: TaskId, channels: &[ChannelId], due_time: Timestamp) -> Vec<Duplicate> {
    let names = ["a", "b"];
    let each = channels
        .iter()
        .flat_map(|channel| names.map(|name| account(*channel, name)));
    each.map(|account_id| Duplicate {
        account_id,
        task_id,
        due_time,
        status: ResultStatus::Pending,
    })
    .collect()
}

pub(crate) async fn the_same_content_for_the_same_account_is_found_within_its_window(w: World) {
    let [here, there] = w.channels;
    let at = NOW + secs(72 * HOUR);
    let first = w.create(guarded(false, &[here], Some(at))).await;
    for (hours, expected) in [
        (47, vec![]),
        (48, of(first, &[here], at)),
        (96, of(first, &[here], at)),
        (97, vec![]),
    ] {
        let task = guarded(false, &[there, here], Some(NOW + secs(hours * HOUR)));
        assert_eq!(found(&w, &task).await, expected, "{hours}");
    }
    let others: [fn(&mut NewTask); 4] = [
        |task| task.fingerprint = "晚安".into(),
        |task| task.user_id = UserId(2),
        |task| task.guard = None,
        |task| task.publications[0].accounts.clear(),
    ];
    for (n, change) in others.iter().enumerate() {
        let mut task = guarded(false, &[here], Some(at));
        change(&mut task);
        assert_eq!(found(&w, &task).await, [], "{n}");
    }
    // Of several the last one is told, in the order of the request.
    let later = at + secs(HOUR);
    let second = w.create(guarded(false, &[there, here], Some(later))).await;
    let task = guarded(false, &[here, there], Some(at));
    assert_eq!(found(&w, &task).await, of(second, &[here, there], later));
}

pub(crate) async fn what_did_not_come_out_is_no_duplicate(w: World) {
    let [here, there] = w.channels;
    let task = guarded(true, &[here], None);
    w.create(task.clone()).await;
    let claimed = w.claim_one(NOW).await;
    w.store.save(save(&claimed, Move::GiveUp, NOW)).await.expect("a save");
    assert_eq!(found(&w, &task).await, []);

    // The second comes out, but not for one of its members.
    let second = w.create(task.clone()).await;
    let mut claimed = w.claim_one(NOW).await;
    for by in [Move::Submit, Move::Create] {
        claimed.publication.apply(by, NOW).expect("a legal move");
    }
    let mut created = look(&claimed, NOW);
    let outcome = |name, outcome| AccountOutcome {
        account_id: account(here, name),
        outcome,
        failure: None,
    };
    created.outcomes = vec![outcome("a", Outcome::Published), outcome("b", Outcome::NotDispatched)];
    w.store.save(created).await.expect("a save");
    let mut published = of(second, &[here], NOW);
    published.truncate(1);
    published[0].status = ResultStatus::Success;
    assert_eq!(found(&w, &task).await, published);
    assert_eq!(found(&w, &guarded(true, &[there], None)).await, []);
}

pub(crate) async fn one_of_several_equal_tasks_is_stored_where_duplicates_are_refused(w: World) {
    let stores = w.three().await;
    for (round, key) in [None, Some("key")].into_iter().cycle().take(6).enumerate() {
        let creations = (0..12).zip(stores.iter().cycle()).map(|(n, store)| {
            let mut task = guarded(true, &w.channels, None);
            task.fingerprint = format!("round {round}");
            task.idempotency = key.map(|key| once(&format!("{key} {round} {n}"), "body"));
            store.create_task(task, |id, found| format!("{id} {}", found.len()))
        });
        let created: Vec<_> = join_all(creations)
            .await
            .into_iter()
            .map(|one| one.expect("an answer"))
            .collect();
        let stored: Vec<_> = created
            .iter()
            .filter_map(|one| match one {
                Created::Stored(id, found) if found.is_empty() => Some(*id),
                _ => None,
            })
            .collect();
        let [stored] = stored[..] else { panic!("{created:?}") };
        let refused = Created::Duplicate(of(stored, &w.channels, NOW));
        assert_eq!(created.iter().filter(|one| **one == refused).count(), 11, "{created:?}");
    }
}

pub(crate) async fn a_repeated_request_is_no_duplicate(w: World) {
    let keyed = |refuses, key| NewTask {
        idempotency: Some(once(key, "body")),
        ..guarded(refuses, &w.channels[..1], None)
    };
    let create = async |refuses, key| {
        let answer = |id: TaskId, found: &[Duplicate]| format!("{id}: {}", found.len());
        w.store
            .create_task(keyed(refuses, key), answer)
            .await
            .expect("an answer")
    };
    let Created::Stored(first, _) = create(true, "first").await else {
        panic!("nothing is equal yet")
    };
    assert_eq!(create(true, "first").await, Created::Replayed(format!("{first}: 0")));
    assert_eq!(
        create(true, "second").await,
        Created::Duplicate(of(first, &w.channels[..1], NOW))
    );
    let Created::Stored(second, told) = create(false, "second").await else {
        panic!("a warning is no refusal, and a refused request leaves no key")
    };
    assert_eq!(told, of(first, &w.channels[..1], NOW));
    assert_eq!(create(true, "second").await, Created::Replayed(format!("{second}: 2")));
}
