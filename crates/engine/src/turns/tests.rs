use std::future::pending;
use std::task::Poll;

use futures::poll;
use tokio::sync::oneshot;

use super::*;

/// Turns of which all but none are taken: the calls that have them, and never end by themselves.
async fn crowded(turns: &Turns) -> Vec<impl Future<Output = ()> + Unpin + '_> {
    let mut calls: Vec<_> = (0..AT_ONCE).map(|_| Box::pin(turns.take(pending::<()>()))).collect();
    for call in &mut calls {
        assert!(poll!(call).is_pending());
    }
    calls
}

#[tokio::test(start_paused = true)]
async fn an_answer_gives_the_turn_on() {
    let turns = Turns::default();
    let mut others = crowded(&turns).await;
    others.pop();
    let (answer, asked) = oneshot::channel();
    let mut first = Box::pin(turns.take(asked));
    let mut second = Box::pin(turns.take(async {}));
    assert!(poll!(&mut first).is_pending());
    assert!(poll!(&mut second).is_pending(), "called before its turn");
    answer.send("yes").unwrap();
    assert_eq!(poll!(&mut first), Poll::Ready(Ok("yes")));
    assert!(poll!(&mut second).is_ready(), "still waits for its turn");
}

#[tokio::test(start_paused = true)]
async fn a_slow_platform_holds_nobody_up() {
    let turns = Turns::default();
    let mut slow = crowded(&turns).await;
    let mut quick = Box::pin(turns.take(async {}));
    assert!(poll!(&mut quick).is_pending());
    tokio::time::advance(KEPT).await;
    for call in &mut slow {
        assert!(poll!(call).is_pending(), "a slow call was given up");
    }
    assert!(poll!(&mut quick).is_ready(), "waits for a slow platform");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_gives_its_turn_back() {
    let turns = Turns::default();
    let mut others = crowded(&turns).await;
    let mut waiting = Box::pin(turns.take(async {}));
    assert!(poll!(&mut waiting).is_pending());
    others.pop();
    assert!(poll!(&mut waiting).is_ready(), "the dropped call's turn is lost");
}
