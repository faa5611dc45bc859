//! Files that users sent, and what may be given up.

use moments_domain::{Move, Timestamp, UserId};
use moments_store::{Hold, MediaRow, NewFile, Saved};

use crate::checks::secs;
use crate::world::{NOW, USER, World, save};

fn file(user_id: UserId, sha256: &str, keep_until: Timestamp) -> NewFile {
    NewFile {
        user_id,
        sha256: sha256.to_owned(),
        media: format!("{{\"of\":\"{sha256}\"}}"),
        bytes: 5_000_000_000,
        now: NOW,
        keep_until,
    }
}

pub(crate) async fn a_file_is_its_users_and_kept_as_long_as_anybody_asked(w: World) {
    let (mine, theirs) = (hashes(["aa", "bb"]), hashes(["aa", "cc"]));
    for (user, until) in [(USER, NOW + secs(60)), (USER, NOW + secs(30)), (UserId(2), NOW)] {
        w.store.put_file(&file(user, "aa", until)).await.expect("a write");
    }
    w.store.put_file(&file(USER, "bb", NOW)).await.expect("a write");
    let known = w.store.files(USER, &hashes(["bb", "aa", "cc"])).await.expect("a read");
    assert_eq!((known.len(), known["aa"].as_str()), (2, "{\"of\":\"aa\"}"));
    assert_eq!(w.store.files(UserId(2), &theirs).await.expect("a read").len(), 1);
    assert_eq!(w.store.file_bytes(USER).await.expect("a read"), 10_000_000_000);
    assert_eq!(w.store.file_bytes(UserId(3)).await.expect("a read"), 0);
    w.store
        .keep_files(USER, &hashes(["bb"]), NOW + secs(90))
        .await
        .expect("a write");
    // Never shortened.
    w.store.keep_files(USER, &mine, NOW).await.expect("a write");
    for (after, gone, left) in [(59, 1, 2), (60, 0, 2), (61, 1, 1), (91, 1, 0)] {
        assert_eq!(
            w.store.prune_files(NOW + secs(after)).await.expect("a write"),
            gone,
            "{after} s"
        );
        assert_eq!(
            w.store.files(USER, &mine).await.expect("a read").len(),
            left,
            "{after} s"
        );
    }
}

pub(crate) async fn what_an_open_post_needs_is_never_given_up(w: World) {
    let id = w.create(World::task("早安", &w.channels[..1], None)).await;
    let row = MediaRow {
        sha256: "aa".to_owned(),
        media: "{}".to_owned(),
    };
    w.store.put_media(id, &[row]).await.expect("a write");
    for sha256 in ["aa", "bb"] {
        w.store.put_file(&file(USER, sha256, NOW)).await.expect("a write");
    }
    let all = hashes(["aa", "bb", "cc"]);
    assert_eq!(w.store.unneeded_media(&all).await.expect("a read"), ["cc"]);
    assert_eq!(w.store.prune_files(NOW + secs(1)).await.expect("a write"), 1);
    assert_eq!(w.store.unneeded_media(&all).await.expect("a read"), ["bb", "cc"]);
    let claimed = w.claim_one(NOW).await;
    let mut over = save(&claimed, Move::GiveUp, NOW);
    over.hold = Hold::Release;
    assert_eq!(w.store.save(over).await.expect("a save"), Saved::Done);
    assert_eq!(w.store.prune_files(NOW + secs(1)).await.expect("a write"), 1);
    assert_eq!(w.store.unneeded_media(&all).await.expect("a read"), all);
}

fn hashes<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}
