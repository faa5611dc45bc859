//! The audit's chain.

use futures::future::join_all;
use moments_domain::{AuditAction, AuditEntry, UserId};
use moments_store::{AuditFilter, Unbinding, Waiting};

use crate::checks::secs;
use crate::world::{NOW, USER, World, told};

/// Two channels were bound when the world was made.
const BOUND: usize = 2;

async fn chain(w: &World) -> Vec<AuditEntry> {
    while w.store.chain_audit(7).await.expect("a write") > 0 {}
    w.store.audit_after(0, 1000).await.expect("a read")
}

/// What was told since the world was made, in the order in which it was told.
pub(crate) async fn told_since(w: &World) -> Vec<String> {
    let entries = chain(w).await.into_iter().skip(BOUND);
    entries
        .map(|entry| format!("{} {}", entry.action, entry.object_id))
        .collect()
}

/// Every place is taken once, every entry follows the one before, and the head is the last.
async fn assert_whole(w: &World, entries: &[AuditEntry]) {
    let mut last = (0, AuditEntry::GENESIS.to_owned());
    for entry in entries {
        assert_eq!((entry.number, &entry.prev_hash), (last.0 + 1, &last.1));
        assert_eq!(entry.hash, entry.digest());
        last = (entry.number, entry.hash.clone());
    }
    let head = w.store.chain_head().await.expect("a read");
    assert_eq!((head.number, head.hash), last);
    assert_eq!(w.store.audit_waiting().await.expect("a read"), 0);
}

pub(crate) async fn what_is_told_to_the_audit_is_chained_as_it_was_told(w: World) {
    let id = w.create(World::task("早安", &w.channels, Some(NOW + secs(60)))).await;
    assert_eq!(w.store.audit_waiting().await.expect("a read"), BOUND as u64 + 1);
    let entries = chain(&w).await;
    assert_whole(&w, &entries).await;
    let last = entries.last().expect("an entry");
    let said = [&last.actor, &last.action, &last.object, &last.object_id, &last.detail];
    let detail = r#"{"accounts":4,"scheduledTime":"2025-10-09T08:54:20Z"}"#;
    assert_eq!(said, ["USER", "PUBLISH", "TASK", &id.to_string(), detail]);
    assert_eq!(
        (last.user, last.request_id.as_deref(), last.time),
        (USER, Some("request-1"), NOW)
    );
    let entry = told(AuditAction::Unbind);
    let refused = w.store.remove_channel(UserId(2), w.channels[0], Waiting::Fail, &entry);
    assert_eq!(refused.await.expect("an answer"), Unbinding::Unknown);
    assert_eq!(
        w.store.audit_waiting().await.expect("a read"),
        0,
        "what did not happen is not told"
    );
}

pub(crate) async fn many_writers_and_chainers_make_one_chain(w: World) {
    let stores = w.three().await;
    let writing = (0..60).zip(stores.iter().cycle()).map(|(n, store)| async move {
        if n % 2 == 0 {
            store.audit(&told(AuditAction::Refresh)).await.expect("a write");
        } else {
            let task = World::task(&n.to_string(), &w.channels, None);
            store.create_task(task, |id, _| id.to_string()).await.expect("a task");
        }
    });
    let chaining = stores.iter().map(|store| async move {
        for _ in 0..20 {
            store.chain_audit(5).await.expect("a write");
        }
    });
    futures::join!(join_all(writing), join_all(chaining));
    let entries = chain(&w).await;
    assert_eq!(entries.len(), BOUND + 60);
    assert_whole(&w, &entries).await;
}

pub(crate) async fn the_audit_is_found_by_what_it_says(w: World) {
    let mut other = told(AuditAction::Refresh);
    (other.user, other.object_id, other.time) = (UserId(2), "9".into(), NOW + secs(10));
    w.store.audit(&other).await.expect("a write");
    chain(&w).await;
    let all = AuditFilter::default();
    let filters = [
        (all.clone(), 3),
        (
            AuditFilter {
                user: Some(USER),
                ..all.clone()
            },
            2,
        ),
        (
            AuditFilter {
                action: "REFRESH".into(),
                ..all.clone()
            },
            1,
        ),
        (
            AuditFilter {
                object: "TASK".into(),
                ..all.clone()
            },
            0,
        ),
        (
            AuditFilter {
                object_id: "9".into(),
                ..all.clone()
            },
            1,
        ),
        (
            AuditFilter {
                from: Some(NOW + secs(10)),
                ..all.clone()
            },
            1,
        ),
        (
            AuditFilter {
                until: Some(NOW + secs(10)),
                ..all.clone()
            },
            2,
        ),
    ];
    for (filter, expected) in filters {
        let (entries, total) = w.store.find_audit(&filter, 0, 10).await.expect("a read");
        assert_eq!((entries.len(), total), (expected, expected as u64), "{filter:?}");
    }
    let (page, total) = w.store.find_audit(&all, 1, 1).await.expect("a read");
    assert_eq!(
        (page[0].number, page.len(), total),
        (2, 1, 3),
        "newest first, page by page"
    );
}
