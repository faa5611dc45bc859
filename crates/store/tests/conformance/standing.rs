//! The status of accounts, its history, and the checks of channels.

use std::time::Duration;

use futures::future::join_all;
use moments_domain::{AccountStatus, AuditAction, FailReason, NoticedBy, Standing, StatusCode, UserId};
use moments_store::{Channel, NewAccount, Store, Waiting};

use crate::checks::secs;
use crate::world::{NOW, USER, World, account, member, told};

/// An account as a line: its status with the reason, and its history from the first entry on.
pub(crate) async fn line(w: &World, name: &str) -> String {
    let id = account(w.channels[0], name);
    let found = w
        .store
        .find_accounts(USER, std::slice::from_ref(&id))
        .await
        .expect("a read");
    let code = found[0].reason.as_ref().map_or("", |reason| reason.code.name());
    let history = w
        .store
        .account_history(USER, &id, 0, 100)
        .await
        .expect("a read")
        .expect("an account");
    assert_eq!(history.total, history.events.len() as u64);
    let entries = history.events.iter().rev().map(|event| {
        let code = event.code.map_or("", StatusCode::name);
        assert_eq!(event.reason.is_some(), event.code.is_some(), "{event:?}");
        format!("{} {code} by {}", event.to, event.noticed_by)
    });
    format!("{} {code}: {}", found[0].status, entries.collect::<Vec<_>>().join(", "))
}

async fn found(w: &World) -> Channel {
    w.store
        .find_channel(w.channels[0])
        .await
        .expect("a read")
        .expect("a channel")
}

pub(crate) async fn report(w: &World, by: NoticedBy, accounts: &[NewAccount]) -> usize {
    let refreshed = w
        .store
        .refresh_channel(&found(w).await, accounts, by, NOW + secs(1))
        .await;
    refreshed.expect("a write").len()
}

fn standing(w: &World, name: &str, standing: Standing) -> NewAccount {
    NewAccount {
        standing,
        ..member(w.channels[0], name)
    }
}

pub(crate) async fn every_change_of_a_status_is_in_the_history_and_nothing_else_is(w: World) {
    let left = standing(&w, "b", Standing::of(StatusCode::MemberLeft));
    let both = [member(w.channels[0], "a"), left];
    assert_eq!(report(&w, NoticedBy::Check, &both).await, 1);
    assert_eq!(report(&w, NoticedBy::User, &both).await, 0, "nothing new");
    // One that had left keeps that reason; one that simply is no longer named gets its own.
    assert_eq!(report(&w, NoticedBy::Check, &[member(w.channels[0], "c")]).await, 1);
    assert_eq!(
        line(&w, "a").await,
        "EXPIRED UNLISTED: ACTIVE  by BIND, EXPIRED UNLISTED by CHECK"
    );
    assert_eq!(
        line(&w, "b").await,
        "EXPIRED MEMBER_LEFT: ACTIVE  by BIND, EXPIRED MEMBER_LEFT by CHECK"
    );
    assert_eq!(line(&w, "c").await, "ACTIVE : ACTIVE  by CHECK");
    let offline = Standing::of(StatusCode::DeviceOffline);
    for expected in [3, 0] {
        let set = w
            .store
            .set_account_status(w.channels[0], &offline, NoticedBy::Callback, NOW + secs(2))
            .await;
        assert_eq!(set.expect("a write").len(), expected);
    }
    assert_eq!(
        line(&w, "c").await,
        "OFFLINE DEVICE_OFFLINE: ACTIVE  by CHECK, OFFLINE DEVICE_OFFLINE by CALLBACK"
    );
    let id = account(w.channels[0], "a");
    let page = w
        .store
        .account_history(USER, &id, 1, 1)
        .await
        .expect("a read")
        .expect("an account");
    assert_eq!(
        (page.total, page.events.len(), page.events[0].to),
        (3, 1, AccountStatus::Expired)
    );
    assert_eq!(
        w.store
            .account_history(USER, &id, 3, 1)
            .await
            .expect("a read")
            .map(|page| page.events.len()),
        Some(0)
    );
    assert_eq!(
        w.store.account_history(UserId(2), &id, 0, 1).await.expect("a read"),
        None,
        "another's"
    );
    w.store
        .remove_channel(USER, w.channels[0], Waiting::Fail, &told(AuditAction::Unbind))
        .await
        .expect("a write");
    let theirs = "SELECT COUNT(*) AS n FROM t_moment_account_event";
    assert_eq!(w.number(theirs).await, 2, "the other channel's");
}

pub(crate) async fn a_suspicion_is_noted_once_and_ends_with_a_verdict_on_the_same_credential(w: World) {
    let (id, at) = (w.channels[0], NOW + secs(45));
    let suspect = |version| w.store.suspect_channel(id, version, NOW, at);
    assert!(!suspect(7).await.expect("a write"), "another credential");
    assert!(suspect(1).await.expect("a write"));
    assert!(!suspect(1).await.expect("a write"), "noted already");
    assert_eq!(found(&w).await.suspect_since, Some(NOW));
    let ready = w.store.claim_checks(at, at + secs(300), 10).await.expect("a claim");
    assert!(
        ready.iter().any(|check| check.channel.id == id && !check.is_unplanned),
        "{ready:?}"
    );
    let why = "企业微信拒绝（40001）";
    let broken = w
        .store
        .break_channel(id, 1, why, NoticedBy::Check, at)
        .await
        .expect("a write");
    assert_eq!(broken.len(), 2);
    let channel = found(&w).await;
    assert_eq!(
        (channel.suspect_since, channel.broken_reason.as_deref()),
        (None, Some(why))
    );
    assert!(!suspect(1).await.expect("a write"), "it is known to be broken");
    let note = |secs_on, until| {
        let at = NOW + secs(secs_on);
        w.store
            .note_channel(id, FailReason::PermissionMissing, "60020", at, NOW + secs(until))
    };
    note(1, 60).await.expect("a write");
    note(2, 30).await.expect("a write");
    let channel = found(&w).await;
    let notice = channel.notice.expect("a notice");
    assert_eq!(
        (notice.reason, notice.since),
        (FailReason::PermissionMissing, NOW + secs(1)),
        "since the first"
    );
    assert_eq!(channel.pause_until, NOW + secs(60), "the later end");
    let both = ["a", "b"].map(|name| member(id, name));
    let old = Channel {
        credential_version: 0,
        ..found(&w).await
    };
    let late = w.store.refresh_channel(&old, &both, NoticedBy::Check, NOW).await;
    assert_eq!(late.expect("a write"), [], "a verdict on an old credential");
    assert_eq!(report(&w, NoticedBy::Check, &both).await, 2);
    let channel = found(&w).await;
    assert_eq!(
        (channel.broken_reason, channel.notice, channel.pause_until.0),
        (None, None, 0)
    );
}

pub(crate) async fn a_check_is_made_by_one_process_and_comes_up_again_when_that_dies(w: World) {
    let until = NOW + secs(300);
    let stores = w.three().await;
    let claims = join_all(stores.iter().map(|store| store.claim_checks(NOW, until, 10))).await;
    let claimed: Vec<_> = claims.into_iter().flat_map(|claim| claim.expect("a claim")).collect();
    assert_eq!(claimed.len(), 2, "each once");
    assert!(claimed.iter().all(|check| check.is_unplanned), "{claimed:?}");
    let first = claimed
        .iter()
        .find(|check| check.channel.id == w.channels[0])
        .expect("a claim")
        .lease;
    assert!(
        w.store
            .finish_check(w.channels[1], claimed[1].lease, NOW + secs(900))
            .await
            .expect("a write")
    );
    let again = |at: Duration| claim_of(&w.store, NOW + at, until + at);
    assert_eq!(again(secs(299)).await, [], "somebody has it");
    let second = again(secs(300)).await;
    assert_eq!(second.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [w.channels[0].0]);
    let finish = |lease| w.store.finish_check(w.channels[0], lease, NOW + secs(700));
    assert!(!finish(first).await.expect("a write"), "too late");
    assert!(finish(second[0].1).await.expect("a write"));
    assert_eq!(w.store.next_check().await.expect("a read"), Some(NOW + secs(700)));
    // Who wants a check sooner gets it, and whoever asked before does not put it off.
    let third = again(secs(700)).await;
    w.store
        .check_soon(w.channels[0], NOW + secs(710))
        .await
        .expect("a write");
    assert!(!finish(third[0].1).await.expect("a write"));
    w.store
        .check_soon(w.channels[0], NOW + secs(800))
        .await
        .expect("a write");
    assert_eq!(
        w.store.next_check().await.expect("a read"),
        Some(NOW + secs(710)),
        "sooner is planned already"
    );
    w.store
        .replan_checks(moments_domain::ChannelKind::Wecom, NOW + secs(800))
        .await
        .expect("a write");
    let unplanned = claim_of(&w.store, NOW, until).await;
    assert_eq!(
        unplanned.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
        [w.channels[1].0]
    );
}

async fn claim_of(store: &Store, now: moments_domain::Timestamp, until: moments_domain::Timestamp) -> Vec<(i64, i64)> {
    let claimed = store.claim_checks(now, until, 10).await.expect("a claim");
    claimed.iter().map(|check| (check.channel.id.0, check.lease)).collect()
}
