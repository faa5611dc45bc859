//! Lists of words, and what they said of tasks.

use moments_domain::{AuditAction, NewAudit, UserId};
use moments_store::{Judged, NewWordList, WordListChange};

use crate::audit::told_since;
use crate::world::{USER, World, told};

const OTHER: UserId = UserId(2);

fn list(owner: Option<UserId>, content: &str) -> NewWordList {
    NewWordList {
        owner,
        name: "禁用词".to_owned(),
        kind: "WORDS".to_owned(),
        level: "BLOCK".to_owned(),
        enabled: true,
        content: content.to_owned(),
        hash: "h".repeat(64),
        entries: 1,
    }
}

/// The entry of a user's change or removal.
fn by(action: AuditAction, user: UserId) -> NewAudit {
    NewAudit { user, ..told(action) }
}

pub(crate) async fn a_word_list_is_seen_by_whom_it_judges(w: World) {
    let long = "词".repeat(500_000);
    let ours = w
        .store
        .add_word_list(&list(None, &long), &told(AuditAction::AddWords))
        .await
        .expect("a list");
    let mine = w
        .store
        .add_word_list(&list(Some(USER), "词"), &told(AuditAction::AddWords))
        .await
        .expect("a list");
    let seen = async |user| {
        let lists = w.store.word_lists(user).await.expect("a read");
        assert!(lists.iter().all(|list| list.list.content.is_empty()));
        lists.iter().map(|list| list.id).collect::<Vec<_>>()
    };
    assert_eq!((seen(USER).await, seen(OTHER).await), (vec![ours, mine], vec![ours]));
    let found = w
        .store
        .find_word_list(OTHER, ours)
        .await
        .expect("a read")
        .expect("a list");
    assert_eq!((found.list, found.version), (list(None, &long), 1));
    assert_eq!(w.store.find_word_list(OTHER, mine).await.expect("a read"), None);
    assert!(
        !w.store
            .remove_word_list(mine, &by(AuditAction::RemoveWords, OTHER))
            .await
            .expect("a write")
    );
    assert!(
        w.store
            .remove_word_list(mine, &by(AuditAction::RemoveWords, USER))
            .await
            .expect("a write")
    );
    assert_eq!(w.store.word_list_versions().await.expect("a read"), [(ours, 1)]);
    let expected = [
        format!("WORDS_ADD {ours}"),
        format!("WORDS_ADD {mine}"),
        "WORDS_REMOVE 31".to_owned(),
    ];
    assert_eq!(told_since(&w).await, expected);
}

pub(crate) async fn one_of_several_changes_of_a_word_list_wins(w: World) {
    let id = w
        .store
        .add_word_list(&list(None, "一"), &told(AuditAction::AddWords))
        .await
        .expect("a list");
    let stores = w.three().await;
    let (new, change) = (list(None, "二"), by(AuditAction::ChangeWords, USER));
    let changes = stores
        .iter()
        .map(|store| store.change_word_list((id, 1), &new, &change));
    let changes: Result<Vec<_>, _> = futures::future::join_all(changes).await.into_iter().collect();
    let mut changes = changes.expect("writes");
    changes.sort_by_key(|change| *change != WordListChange::Done);
    let overtaken = WordListChange::Overtaken(2);
    assert_eq!(changes, [WordListChange::Done, overtaken, overtaken]);
    assert_eq!(
        w.number("SELECT COUNT(*) AS n FROM t_moment_word_list_version").await,
        2
    );
    let off = NewWordList { enabled: false, ..new };
    let changed = w.store.change_word_list((id, 2), &off, &change).await.expect("a write");
    assert_eq!(changed, WordListChange::Done);
    assert_eq!(w.store.enabled_word_lists().await.expect("a read"), []);
    let gone = w
        .store
        .change_word_list((id + 1, 1), &off, &change)
        .await
        .expect("a write");
    assert_eq!(gone, WordListChange::Gone);
    let changed = "WORDS_CHANGE 31";
    assert_eq!(told_since(&w).await, [&format!("WORDS_ADD {id}"), changed, changed]);
}

pub(crate) async fn a_task_keeps_what_was_said_of_it(w: World) {
    for _ in 0..2 {
        w.store.keep_word_set("set", "[\"词库\"]").await.expect("a write");
    }
    let decision = format!("{{\"hits\":\"{}\"}}", "词".repeat(50_000));
    for (set, decision) in [
        (None, None),
        (Some("set"), None),
        (Some("set"), Some(decision.as_str())),
    ] {
        let mut task = World::task("早安", &w.channels, None);
        task.judged = Judged {
            word_set: set.map(str::to_owned),
            decision: decision.map(str::to_owned),
        };
        let id = w.create(task).await;
        let found = w.store.find_task(USER, id).await.expect("a read").expect("a task");
        assert_eq!(found.judged_by.as_deref(), set.map(|_| "[\"词库\"]"));
        assert_eq!(found.decision.as_deref(), decision);
    }
}
