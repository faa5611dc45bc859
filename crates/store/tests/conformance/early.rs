//! Looks at the media of scheduled posts ahead of their time.

use std::time::Duration;

use moments_domain::{ChannelKind, FailReason, Move, TaskId, Timestamp};
use moments_store::{EarlyFound, EarlyLook, EarlyTrouble, MediaRow, Saved, Store};

use crate::checks::secs;
use crate::world::{NOW, USER, World, save};

const HOUR: Duration = Duration::from_hours(1);

impl World {
    /// A task in an hour whose media want a look.
    async fn planned(&self, text: &str) -> TaskId {
        let mut task = Self::task(text, &self.channels, Some(NOW + HOUR));
        task.looks_ahead = true;
        self.create(task).await
    }

    async fn told(&self, task: TaskId) -> Vec<(&'static str, String, Timestamp)> {
        let task = self.store.find_task(USER, task).await.expect("a read").expect("a task");
        let warnings = task.warnings.into_iter();
        warnings
            .inspect(|warning| assert_eq!(warning.account_id, None))
            .map(|warning| (warning.code, warning.message, warning.since))
            .collect()
    }
}

async fn looks(store: &Store, now: Timestamp) -> Vec<EarlyLook> {
    store.claim_early(now, now + secs(60), 10).await.expect("a claim")
}

async fn look(store: &Store, now: Timestamp) -> EarlyLook {
    let mut looks = looks(store, now).await;
    assert_eq!(looks.len(), 1, "one is due");
    looks.remove(0)
}

fn good(sha256: &str) -> EarlyFound {
    let media = format!("{{\"of\":\"{sha256}\"}}");
    let sha256 = sha256.to_owned();
    EarlyFound {
        good: vec![(0, MediaRow { sha256, media })],
        ..EarlyFound::default()
    }
}

fn bad(message: &str, next: Timestamp) -> EarlyFound {
    EarlyFound {
        trouble: vec![EarlyTrouble {
            reason: FailReason::MediaRejected,
            message: message.to_owned(),
        }],
        next: Some(next),
        ..EarlyFound::default()
    }
}

pub(crate) async fn a_look_ahead_is_made_by_one_and_comes_up_again_when_that_dies(w: World) {
    w.create(World::task("不看", &w.channels, Some(NOW + HOUR))).await;
    assert_eq!(w.store.next_early().await.expect("a read"), None);
    let task = w.planned("早安").await;
    assert_eq!(w.store.next_early().await.expect("a read"), Some(NOW));
    let dead = look(&w.store, NOW).await;
    assert_eq!((dead.task, dead.user_id, dead.due), (task, USER, NOW + HOUR));
    assert_eq!(dead.content.media_urls, ["https://a.example/1.jpg"]);
    assert_eq!((dead.kinds.as_slice(), dead.tries), (&[ChannelKind::Wecom][..], 0));
    let another = w.another().await;
    assert!(looks(&another, NOW + secs(59)).await.is_empty());
    let heir = look(&another, NOW + secs(60)).await;
    let late = w.store.finish_early(&dead, &good("aa"), NOW + secs(61)).await;
    assert!(!late.expect("a write"), "the late holder changes nothing");
    assert!(w.store.early_media(task).await.expect("a read").is_empty());
    let done = another.finish_early(&heir, &good("bb"), NOW + secs(61)).await;
    assert!(done.expect("a write"));
    assert_eq!(w.store.early_media(task).await.expect("a read")[&0], "{\"of\":\"bb\"}");
    assert_eq!(w.store.next_early().await.expect("a read"), None);
}

pub(crate) async fn what_a_look_ahead_found_is_told_until_it_is_mended(w: World) {
    let task = w.planned("早安").await;
    assert_eq!(w.told(task).await, []);
    for (after, tries) in [(0, 0), (100, 1)] {
        let now = NOW + secs(after);
        let claimed = look(&w.store, now).await;
        assert_eq!(claimed.tries, tries);
        let found = bad("第 1 个媒体：文件不存在", now + secs(100));
        assert!(w.store.finish_early(&claimed, &found, now).await.expect("a write"));
        let since = NOW;
        let line = ("MEDIA_REJECTED", "第 1 个媒体：文件不存在".to_owned(), since);
        assert_eq!(w.told(task).await, [line], "since it was first seen");
    }
    let now = NOW + secs(200);
    let claimed = look(&w.store, now).await;
    assert!(w.store.finish_early(&claimed, &good("aa"), now).await.expect("a write"));
    assert_eq!(w.told(task).await, []);
    // Once the post is under way its own outcome speaks.
    let other = w.planned("晚安").await;
    let claimed = look(&w.store, now).await;
    let found = bad("坏", now + secs(100));
    assert!(w.store.finish_early(&claimed, &found, now).await.expect("a write"));
    let row = MediaRow {
        sha256: "bb".to_owned(),
        media: "{}".to_owned(),
    };
    w.store.put_media(other, &[row]).await.expect("a write");
    assert_eq!(w.told(other).await, []);
}

pub(crate) async fn what_was_found_ahead_is_kept_until_the_post_is_over(w: World) {
    let task = w.planned("早安").await;
    let claimed = look(&w.store, NOW).await;
    assert!(w.store.finish_early(&claimed, &good("aa"), NOW).await.expect("a write"));
    let all = ["aa", "bb"].map(str::to_owned);
    assert_eq!(w.store.unneeded_media(&all).await.expect("a read"), ["bb"]);
    assert_eq!(w.store.prune_early().await.expect("a write"), 0);
    let again = w.planned("晚安").await;
    for claimed in w.claim(NOW + HOUR).await {
        if claimed.publication.task_id == task {
            let over = save(&claimed, Move::GiveUp, NOW + HOUR);
            assert_eq!(w.store.save(over).await.expect("a save"), Saved::Done);
        }
    }
    assert_eq!(w.store.prune_early().await.expect("a write"), 1);
    assert_eq!(w.store.unneeded_media(&all).await.expect("a read"), all);
    let left = look(&w.store, NOW + HOUR).await;
    assert_eq!(left.task, again, "the other one is still to be looked at");
    assert_eq!(left.kinds, [ChannelKind::Wecom]);
}
