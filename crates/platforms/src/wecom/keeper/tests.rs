use std::sync::atomic::{AtomicU32, Ordering};

use futures::future::join_all;
use moments_domain::{ChannelKind, Timestamp};
use moments_wire::WireClient;

use super::*;
use crate::testing::{FakePlatform, HandClock, MemoryShelf, NOW, Seen, channel, shown};

/// A corp whose `gettoken` gives T1, T2, … and whose business call accepts only the tokens that `good` names.
struct World {
    keeper: TokenKeeper,
    corp: FakePlatform,
    clock: Arc<HandClock>,
    channel: ChannelAccess,
}

impl World {
    async fn new(shelf: Arc<MemoryShelf>, good: &'static [&'static str]) -> Self {
        let issued = AtomicU32::new(0);
        let issue = move || {
            format!(
                r#"{{"access_token":"T{}","expires_in":7200}}"#,
                issued.fetch_add(1, Ordering::SeqCst) + 1
            )
        };
        Self::answering(shelf, move |seen| match seen.api.as_str() {
            "gettoken" => issue(),
            _ if good.contains(&seen.token()) => r#"{"errcode":0,"follow_user":[]}"#.into(),
            _ => r#"{"errcode":40014,"errmsg":"invalid access_token"}"#.into(),
        })
        .await
    }

    async fn answering(shelf: Arc<MemoryShelf>, answer: impl Fn(&Seen) -> String + Send + Sync + 'static) -> Self {
        let corp = FakePlatform::start(answer).await;
        let clock = HandClock::new();
        let client = WecomClient::new(WireClient::new().expect("a client"), corp.base.clone());
        let keeper = TokenKeeper::new(client, shelf, clock.clone());
        Self {
            keeper,
            corp,
            clock,
            channel: channel(ChannelKind::Wecom),
        }
    }

    async fn call(&self) -> String {
        let client = &self.keeper.client;
        let called = self
            .keeper
            .with_token(&self.channel, |token| async move {
                client.get_follow_user_list(&token).await
            })
            .await;
        called.map_or_else(|failure| shown(&failure), |_| "ok".into())
    }

    async fn calls(&self, n: usize) -> Vec<String> {
        let mut outcomes = join_all((0..n).map(|_| self.call())).await;
        outcomes.dedup();
        outcomes
    }

    /// How often the corp was asked for a token.
    fn issued(&self) -> usize {
        self.corp.calls("gettoken").len()
    }

    fn used(&self) -> Vec<String> {
        let mut tokens: Vec<_> = self
            .corp
            .calls("get_follow_user_list")
            .iter()
            .map(|seen| seen.token().to_owned())
            .collect();
        tokens.dedup();
        tokens
    }
}

fn empty() -> Arc<MemoryShelf> {
    Arc::default()
}

fn secs(n: i64) -> Timestamp {
    Timestamp::from_secs(NOW.as_secs() + n)
}

#[tokio::test]
async fn many_calls_share_one_token() {
    let world = World::new(empty(), &["T1"]).await;
    assert_eq!(world.calls(50).await, ["ok"]);
    assert_eq!((world.issued(), world.used()), (1, vec!["T1".to_owned()]));
}

#[tokio::test]
async fn a_token_from_the_shelf_is_used_without_asking() {
    let world = World::new(MemoryShelf::with("S", secs(3600)), &["S"]).await;
    assert_eq!(world.calls(5).await, ["ok"]);
    assert_eq!(world.issued(), 0);
}

#[tokio::test]
async fn a_token_is_replaced_five_minutes_ahead() {
    let world = World::new(empty(), &["T1", "T2"]).await;
    for (now, issued) in [(0, 1), (7200 - 301, 1), (7200 - 299, 2), (7200, 2)] {
        world.clock.set(secs(now));
        assert_eq!(world.call().await, "ok");
        assert_eq!(world.issued(), issued, "after {now} s");
    }
}

#[tokio::test]
async fn a_rejected_token_is_replaced_once_for_all() {
    let world = World::new(empty(), &["T2"]).await;
    assert_eq!(world.calls(20).await, ["ok"]);
    assert_eq!(world.issued(), 2);
}

#[tokio::test]
async fn after_a_rejection_the_shelfs_other_token_goes_first() {
    let shelf = MemoryShelf::with("T0", secs(3600));
    let world = World::new(Arc::clone(&shelf), &["S"]).await;
    let held = world.keeper.with_token(&world.channel, |_| async { Ok(()) });
    assert!(held.await.is_ok());
    shelf.put("S", secs(3000));
    assert_eq!(world.call().await, "ok");
    assert_eq!(
        (world.issued(), world.used()),
        (0, vec!["T0".to_owned(), "S".to_owned()])
    );
}

#[tokio::test]
async fn a_second_rejection_is_an_error() {
    let world = World::new(empty(), &[]).await;
    assert_eq!(world.call().await, "Token 40014");
    assert_eq!((world.issued(), world.used().len()), (2, 2));
}

#[tokio::test]
async fn a_broken_credential_is_asked_about_once_until_it_changes() {
    let mut world = World::answering(empty(), |_| r#"{"errcode":40001,"errmsg":"invalid credential"}"#.into()).await;
    assert_eq!(world.calls(5).await, ["Configuration 40001"]);
    assert!(world.keeper.prove(&world.channel).await.is_err());
    assert_eq!(world.issued(), 1);

    world.channel.credential_version = 2;
    assert_eq!(world.calls(5).await, ["Configuration 40001"]);
    assert_eq!(world.issued(), 2);
}

#[tokio::test]
async fn a_verdict_is_tested_once_more_soon_and_then_every_ten_minutes() {
    let asked = AtomicU32::new(0);
    let world = World::answering(empty(), move |seen| match seen.api.as_str() {
        "gettoken" if asked.fetch_add(1, Ordering::SeqCst) < 2 => r#"{"errcode":50003,"errmsg":"app disabled"}"#.into(),
        "gettoken" => r#"{"access_token":"T","expires_in":7200}"#.into(),
        _ => r#"{"errcode":0}"#.into(),
    })
    .await;
    assert_eq!(world.call().await, "Configuration 50003");
    for (at, issued) in [(19, 1), (20, 2), (21, 2), (20 + 599, 2)] {
        world.clock.set(secs(at));
        assert!(world.keeper.prove(&world.channel).await.is_err());
        assert_eq!(world.call().await, "Configuration 50003");
        assert_eq!(world.issued(), issued, "after {at} s");
    }
    world.clock.set(secs(20 + 600));
    assert!(world.keeper.prove(&world.channel).await.is_ok());
    assert_eq!((world.call().await.as_str(), world.issued()), ("ok", 3));
}

#[tokio::test]
async fn a_credential_that_a_business_call_calls_wrong_is_broken_too() {
    let world = World::answering(MemoryShelf::with("S", secs(3600)), |_| {
        r#"{"errcode":40001,"errmsg":"x"}"#.into()
    })
    .await;
    assert_eq!(world.call().await, "Configuration 40001");
    assert_eq!(world.call().await, "Configuration 40001");
    assert_eq!((world.issued(), world.used().len()), (0, 1));
}

#[tokio::test]
async fn trouble_with_getting_a_token_means_that_nothing_was_sent_and_all_who_wait_share_it() {
    let world = World::answering(empty(), |_| "!".into()).await;
    assert_eq!(world.calls(10).await, ["not sent"]);
    assert_eq!((world.issued(), world.used().len()), (1, 0));
    assert_eq!(world.call().await, "not sent");
    assert_eq!(world.issued(), 2);
}

#[tokio::test]
async fn a_refresh_that_fails_ahead_of_time_leaves_the_old_token_in_use() {
    let world = World::answering(MemoryShelf::with("S", secs(200)), |seen| match seen.api.as_str() {
        "gettoken" => "!".into(),
        _ => r#"{"errcode":0}"#.into(),
    })
    .await;
    assert_eq!(world.call().await, "ok");
    world.clock.set(secs(200));
    assert_eq!(world.call().await, "not sent");
}

#[tokio::test]
async fn another_processs_refresh_is_waited_for() {
    let shelf = empty();
    shelf.refreshed_elsewhere(0, "S", secs(3600));
    let world = World::new(shelf, &["S"]).await;
    assert_eq!(world.calls(3).await, ["ok"]);
    assert_eq!(world.issued(), 0);
}

#[tokio::test]
async fn a_refresh_that_has_just_ended_elsewhere_is_not_repeated() {
    let shelf = empty();
    shelf.refreshed_meanwhile("S", secs(3600));
    let world = World::new(Arc::clone(&shelf), &["S", "T1"]).await;
    assert_eq!((world.call().await.as_str(), world.issued()), ("ok", 0));
    let right = shelf.begin_refresh(world.channel.id, secs(0), secs(1)).await;
    assert!(matches!(right, Ok(Some(_))), "the right was given back");
}

#[tokio::test]
async fn a_token_near_its_end_serves_while_another_process_refreshes() {
    let shelf = MemoryShelf::with("S", secs(200));
    shelf.refreshed_elsewhere(1000, "S2", secs(7200));
    let world = World::new(shelf, &["S"]).await;
    assert_eq!((world.call().await.as_str(), world.issued()), ("ok", 0));
}

#[tokio::test]
async fn a_token_is_shelved_for_other_processes() {
    let shelf = empty();
    let world = World::new(Arc::clone(&shelf), &["T1"]).await;
    assert_eq!(world.call().await, "ok");
    let other = World::new(shelf, &["T1"]).await;
    assert_eq!((other.call().await.as_str(), other.issued()), ("ok", 0));
}

#[tokio::test]
async fn processes_that_race_for_a_token_ask_once_and_replace_a_rejected_one_once() {
    for (good, asked) in [(&["T1"][..], 1), (&["T2"][..], 2)] {
        let shelf = empty();
        let world = World::new(Arc::clone(&shelf), good).await;
        let processes: Vec<_> = (0..4)
            .map(|_| TokenKeeper::new(world.keeper.client.clone(), shelf.clone(), world.clock.clone()))
            .collect();
        let client = &world.keeper.client;
        let calls = processes.iter().flat_map(|keeper| {
            (0..5).map(|_| {
                keeper.with_token(&world.channel, |token| async move {
                    client.get_follow_user_list(&token).await
                })
            })
        });
        assert!(join_all(calls).await.iter().all(Result::is_ok), "{good:?}");
        assert_eq!(world.issued(), asked, "{good:?}");
    }
}

#[tokio::test]
async fn a_new_secret_that_does_not_work_leaves_the_old_one_working() {
    let world = World::answering(MemoryShelf::with("S", secs(3600)), |seen| match seen.api.as_str() {
        "gettoken" => r#"{"errcode":40001,"errmsg":"invalid credential"}"#.into(),
        _ => r#"{"errcode":0}"#.into(),
    })
    .await;
    assert_eq!(world.call().await, "ok");
    let mut trial = world.channel.clone();
    trial.credential = "mistyped".into();
    trial.credential_version = 2;
    assert!(world.keeper.prove(&trial).await.is_err());
    assert_eq!(world.call().await, "ok");
}
