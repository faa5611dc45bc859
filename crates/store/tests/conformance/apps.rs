//! Suites, installs and the inbox.

use moments_domain::{AppKind, AuditAction, ChannelId, InstallStatus, PushKind, UserId};
use moments_store::{Install, NewPush, PushCounts, ShelfToken};

use crate::audit::told_since;
use crate::world::{NOW, USER, World, told};
use std::time::Duration;

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

pub(crate) async fn the_newest_ticket_wins_however_they_arrive(w: World) {
    let [one, other, _] = w.three().await;
    for (store, text, made, is_kept) in [
        (&one, "second", NOW + secs(600), true),
        (&other, "first", NOW, false),
        (&one, "second again", NOW + secs(600), false),
        (&other, "third", NOW + secs(1200), true),
    ] {
        let kept = store.put_ticket("ww_suite", text, made, NOW + secs(2000)).await;
        assert_eq!(kept.expect("a write"), is_kept, "{text}");
    }
    let suite = one.suite("ww_suite").await.expect("a read");
    assert_eq!(suite.ticket, Some(("third".to_owned(), NOW + secs(2000))));
    assert_eq!(one.suite("WW_suite").await.expect("a read").ticket, None, "case counts");
}

pub(crate) async fn a_suites_refresh_is_fenced(w: World) {
    let store = &w.store;
    let begin = async |now, until| store.begin_suite_refresh("dk_t", now, until).await.expect("a write");
    let first = begin(NOW, NOW + secs(30)).await.expect("the right, before any ticket");
    assert_eq!(begin(NOW + secs(29), NOW + secs(59)).await, None);
    let second = begin(NOW + secs(30), NOW + secs(60)).await.expect("the right");
    let token = |text: &str| ShelfToken {
        sealed: text.into(),
        expires: NOW + secs(7200),
    };
    let finish = async |fence, text| {
        store
            .finish_suite_refresh("dk_t", fence, Some(&token(text)))
            .await
            .expect("a write")
    };
    assert!(!finish(first, "late").await);
    assert!(finish(second, "good").await);
    let third = begin(NOW + secs(31), NOW + secs(60)).await.expect("given back");
    assert!(store.finish_suite_refresh("dk_t", third, None).await.expect("a write"));
    assert_eq!(
        store.suite("dk_t").await.expect("a read").token,
        Some(token("good")),
        "a failed refresh keeps the old one"
    );
}

pub(crate) async fn a_callbacks_keys_are_their_owners_and_told(w: World) {
    let channel = w.channels[0];
    let put = async |user, sealed| {
        let entry = told(AuditAction::Callback);
        w.store
            .put_callback_keys(user, channel, sealed, &entry)
            .await
            .expect("a write")
    };
    assert!(!put(UserId(2), "a stranger's").await);
    assert_eq!(w.store.callback_keys(channel).await.expect("a read"), None);
    assert!(put(USER, "first").await && put(USER, "second").await);
    let kept = w.store.callback_keys(channel).await.expect("a read");
    assert_eq!(kept.as_deref(), Some("second"));
    assert_eq!(
        told_since(&w).await,
        ["CALLBACK 31", "CALLBACK 31"],
        "what did not happen is not told"
    );
}

fn push(dedupe: &str) -> NewPush {
    NewPush {
        dedupe: dedupe.into(),
        kind: PushKind::CreateAuth,
        suite_id: "dk_t".into(),
        corp_id: None,
        state: Some("state".into()),
        push_time: NOW,
        body: Some("sealed".into()),
        arrived: NOW,
        look_time: NOW,
    }
}

async fn add(w: &World, dedupe: &str) -> bool {
    let id = w.store.new_push_id().await.expect("an id");
    w.store.add_push(id, &push(dedupe)).await.expect("a write")
}

pub(crate) async fn a_push_is_kept_once_and_claimed_by_one(w: World) {
    assert!(add(&w, "a").await && add(&w, "b").await && !add(&w, "a").await);
    let [one, other, third] = w.three().await;
    let claim =
        |store: moments_store::Store| async move { store.claim_pushes(NOW, NOW + secs(60), 9).await.expect("a claim") };
    let claims = futures::future::join_all([one, other, third].map(claim)).await;
    let mut claimed: Vec<_> = claims
        .into_iter()
        .flatten()
        .map(|claimed| claimed.push.dedupe)
        .collect();
    claimed.sort();
    assert_eq!(claimed, ["a", "b"]);
    assert!(
        w.store
            .claim_pushes(NOW + secs(59), NOW + secs(99), 9)
            .await
            .expect("a claim")
            .is_empty()
    );
    let again = w
        .store
        .claim_pushes(NOW + secs(60), NOW + secs(99), 9)
        .await
        .expect("a claim");
    assert_eq!(
        again.iter().map(|claimed| claimed.tries).collect::<Vec<_>>(),
        [2, 2],
        "a holder that died is followed"
    );
}

pub(crate) async fn a_late_holder_of_a_push_changes_nothing(w: World) {
    add(&w, "a").await;
    let late = w
        .store
        .claim_pushes(NOW, NOW + secs(60), 1)
        .await
        .expect("a claim")
        .remove(0);
    let mut present = w
        .store
        .claim_pushes(NOW + secs(60), NOW + secs(99), 1)
        .await
        .expect("a claim")
        .remove(0);
    w.store.finish_push(&late).await.expect("a write");
    assert!(!w.store.advance_push(&late).await.expect("a write"));
    present.push.kind = PushKind::Bind;
    present.push.corp_id = Some("wpCorp".into());
    present.push.body = Some("another".into());
    assert!(w.store.advance_push(&present).await.expect("a write"));
    w.store
        .put_push_back(&present, "busy", Some(NOW + secs(70)))
        .await
        .expect("a write");
    assert_eq!(
        w.store.push_counts().await.expect("a read"),
        PushCounts {
            failing: 1,
            given_up: 0
        }
    );
    let next = w
        .store
        .claim_pushes(NOW + secs(70), NOW + secs(99), 1)
        .await
        .expect("a claim")
        .remove(0);
    assert_eq!(
        (next.push.kind, next.push.body.as_deref(), next.tries),
        (PushKind::Bind, Some("another"), 2)
    );
    w.store.put_push_back(&next, "never", None).await.expect("a write");
    assert_eq!(
        w.store.push_counts().await.expect("a read"),
        PushCounts {
            failing: 0,
            given_up: 1
        }
    );
    assert_eq!(
        w.number("SELECT COUNT(body) AS n FROM t_moment_push").await,
        0,
        "no secret outlives its work"
    );
    assert_eq!(w.store.prune_pushes(NOW + secs(1)).await.expect("a write"), 1);
}

fn install(state: &str, status: InstallStatus) -> Install {
    Install {
        state: state.into(),
        user_id: (status == InstallStatus::Waiting).then_some(USER),
        app: AppKind::ThirdParty,
        suite_id: "ww_suite".into(),
        name: "示例连锁".into(),
        status,
        expires: NOW + secs(1200),
        channel_id: None,
        message: None,
        corp_id: None,
        credential: None,
        create_time: NOW,
    }
}

pub(crate) async fn an_installs_state_is_used_once(w: World) {
    let store = &w.store;
    store
        .add_install(&install("s", InstallStatus::Waiting), Some(&told(AuditAction::Install)))
        .await
        .expect("a write");
    let take = async |push: &str, not_void_since| store.take_install("s", push, not_void_since).await.expect("a write");
    assert_eq!(take("a", NOW + secs(1201)).await, None, "void");
    assert_eq!(take("a", NOW).await.and_then(|taken| taken.user_id), Some(UserId(1)));
    assert!(
        take("a", NOW).await.is_some(),
        "the same push comes again after a failed try"
    );
    assert_eq!(take("b", NOW).await, None, "used");
    store.finish_install("s", Ok(ChannelId(7))).await.expect("a write");
    store.finish_install("s", Err("too late")).await.expect("a write");
    let done = store.find_install("s").await.expect("a read").expect("an install");
    assert_eq!(
        (done.status, done.channel_id, done.message),
        (InstallStatus::Done, Some(ChannelId(7)), None)
    );
    assert_eq!(take("a", NOW).await, None, "over");
}

pub(crate) async fn an_install_that_nobody_owns_is_kept(w: World) {
    let store = &w.store;
    for (state, status) in [("mine", InstallStatus::Waiting), ("nobodys", InstallStatus::Unclaimed)] {
        store.add_install(&install(state, status), None).await.expect("a write");
    }
    assert_eq!(store.take_install("nobodys", "a", NOW).await.expect("a write"), None);
    assert_eq!(store.prune_installs(NOW + secs(1)).await.expect("a write"), 1);
    let left = store.unclaimed_installs().await.expect("a read");
    assert_eq!(
        left.iter().map(|install| install.state.as_str()).collect::<Vec<_>>(),
        ["nobodys"]
    );
}

pub(crate) async fn a_corp_that_takes_its_authorisation_back_leaves_a_reason_and_no_names(w: World) {
    let id = w.create(World::task("早安", &w.channels, None)).await;
    let channel = w
        .store
        .find_channel(w.channels[0])
        .await
        .expect("a read")
        .expect("a channel");
    let removal = w
        .store
        .revoke_channel(&channel, "empty", "企业已取消授权", &told(AuditAction::Revoke))
        .await
        .expect("a write");
    assert_eq!(removal.failed_publications, 1);
    let left = w
        .store
        .find_channel(channel.id)
        .await
        .expect("a read")
        .expect("it stays");
    assert_eq!(
        (left.credential.as_str(), left.broken_reason.as_deref()),
        ("empty", Some("企业已取消授权"))
    );
    let accounts = w.store.accounts_of(channel.id).await.expect("a read");
    assert!(
        accounts.iter().all(|account| account.account_name.is_none()),
        "{accounts:?}"
    );
    let line = w.task_line(id).await;
    assert!(
        line.contains("FAILED") && line.contains("PENDING"),
        "the other corp's post is not touched: {line}"
    );
    let again = w
        .store
        .revoke_channel(&channel, "late", "again", &told(AuditAction::Revoke))
        .await
        .expect("a write");
    assert_eq!(again.failed_publications, 0);
    let left = w
        .store
        .find_channel(channel.id)
        .await
        .expect("a read")
        .expect("it stays");
    assert_eq!(left.credential, "empty", "a newer credential stays");
}
