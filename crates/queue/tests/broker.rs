//! The hand-over against a real RabbitMQ (`MOMENTS_TEST_AMQP`); required where `CI=true`, else passed over with a word.

#![expect(clippy::expect_used, reason = "a test that cannot go on says so")]

mod support;

use std::collections::HashSet;
use std::time::Duration;

use lapin::BasicProperties;
use lapin::options::BasicPublishOptions;
use support::{Bench, GRACE, eventually, ready};

#[tokio::test]
async fn what_is_published_is_confirmed_and_delivered_to_one_worker_each() {
    let Some(bench) = Bench::new("confirms").await else {
        return;
    };
    let (scheduler, one, other) = (bench.scheduler().await, bench.worker(8).await, bench.worker(8).await);
    let sent: Vec<_> = (0..200).map(ready).collect();
    scheduler.publish(&sent, GRACE).await.expect("confirms");
    let mut seen = Vec::new();
    while seen.len() < 200 {
        let delivery = tokio::select! {
            delivery = one.next() => delivery,
            delivery = other.next() => delivery,
            () = tokio::time::sleep(Duration::from_secs(10)) => panic!("only {} came", seen.len()),
        };
        seen.push(delivery.ready);
        delivery.done().await;
    }
    let different: HashSet<_> = seen.iter().collect();
    assert_eq!(different.len(), 200);
    eventually("the queue is empty and both workers are seen", || {
        let depth = scheduler.link().depth;
        depth.is_some_and(|depth| depth.messages == 0 && depth.consumers == 2)
    })
    .await;
}

#[tokio::test]
async fn a_worker_is_given_no_more_than_it_asked_for() {
    let Some(bench) = Bench::new("prefetch").await else {
        return;
    };
    let (scheduler, worker) = (bench.scheduler().await, bench.worker(5).await);
    let sent: Vec<_> = (0..20).map(ready).collect();
    scheduler.publish(&sent, GRACE).await.expect("confirms");
    eventually("the rest waits at the broker", || {
        scheduler.link().depth.is_some_and(|depth| depth.messages == 15)
    })
    .await;
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(worker.next().await);
    }
    assert!(worker.next_here().is_none());
    held.remove(0).done().await;
    let sixth = tokio::time::timeout(Duration::from_mins(1), worker.next()).await;
    sixth.expect("an ack makes room for one more");
}

#[tokio::test]
async fn what_a_dead_worker_held_goes_to_another() {
    let Some(bench) = Bench::new("redelivery").await else {
        return;
    };
    let (scheduler, dead) = (bench.scheduler().await, bench.worker(8).await);
    scheduler.publish(&[ready(1), ready(2)], GRACE).await.expect("confirms");
    let held = (dead.next().await, dead.next().await);
    let other = bench.worker(8).await;
    drop(dead);
    let again = [other.next().await.ready, other.next().await.ready];
    assert_eq!(HashSet::from(again), HashSet::from([ready(1), ready(2)]));
    // An ack that comes after the end of its connection is nobody's matter.
    held.0.done().await;
}

#[tokio::test]
async fn a_worker_that_stops_gives_back_what_it_has_not_acknowledged_and_can_still_publish() {
    let Some(bench) = Bench::new("stop").await else { return };
    let (stopping, other) = (bench.worker(8).await, bench.worker(1).await);
    let sent: Vec<_> = (0..6).map(ready).collect();
    stopping.publish(&sent, GRACE).await.expect("confirms");
    let kept = other.next().await;
    let done = stopping.next().await;
    let mut seen = HashSet::from([kept.ready, done.ready]);
    done.done().await;
    stopping.stop_taking();
    kept.done().await;
    while seen.len() < 6 {
        let delivery = tokio::time::timeout(Duration::from_mins(1), other.next()).await;
        let delivery = delivery.expect("it was given back");
        seen.insert(delivery.ready);
        delivery.done().await;
    }
    stopping.publish(&[ready(9)], GRACE).await.expect("confirms");
    assert_eq!(other.next().await.ready, ready(9));
}

#[tokio::test]
async fn a_poisonous_message_is_dropped_and_does_not_stop_the_others() {
    let Some(bench) = Bench::new("poison").await else {
        return;
    };
    let channel = bench.channel().await;
    let worker = bench.worker(1).await;
    let huge = vec![b'7'; 4_000_000];
    for body in [&b""[..], b"nonsense", b"1 2 3", b"\xff\xfe\x00", &huge] {
        let properties = BasicProperties::default();
        channel
            .basic_publish(
                "".into(),
                bench.queue().into(),
                BasicPublishOptions::default(),
                body,
                properties,
            )
            .await
            .expect("a publish");
    }
    worker.publish(&[ready(1)], GRACE).await.expect("confirms");
    let good = tokio::time::timeout(Duration::from_mins(1), worker.next()).await;
    let good = good.expect("it comes through a prefetch of one");
    assert_eq!(good.ready, ready(1));
    good.done().await;
    eventually("nothing is left", || {
        worker.link().depth.is_some_and(|depth| depth.messages == 0)
    })
    .await;
}

#[tokio::test]
async fn a_message_that_nobody_takes_in_time_is_dropped() {
    let Some(bench) = Bench::new("expiry").await else {
        return;
    };
    let scheduler = bench.scheduler().await;
    let sent: Vec<_> = (0..50).map(ready).collect();
    scheduler
        .publish(&sent, Duration::from_millis(200))
        .await
        .expect("confirms");
    eventually("the queue is empty by itself", || {
        scheduler.link().depth.is_some_and(|depth| depth.messages == 0)
    })
    .await;
}

#[tokio::test]
async fn a_queue_that_somebody_deleted_is_declared_again() {
    let Some(bench) = Bench::new("deleted").await else {
        return;
    };
    let (scheduler, worker) = (bench.scheduler().await, bench.worker(4).await);
    bench.delete_queue().await;
    eventually("messages go through again", || {
        scheduler.link().is_up() && worker.link().is_up()
    })
    .await;
    let sent = tokio::time::timeout(Duration::from_mins(1), async {
        while scheduler.publish(&[ready(1)], GRACE).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        worker.next().await.ready
    });
    assert_eq!(sent.await.expect("it recovers"), ready(1));
}

#[tokio::test]
async fn after_an_outage_everything_goes_on_without_a_restart() {
    let Some(bench) = Bench::new("outage").await else {
        return;
    };
    let (bench, proxy) = bench.by_proxy().await;
    let (scheduler, worker) = (bench.scheduler().await, bench.worker(8).await);
    scheduler.publish(&[ready(1)], GRACE).await.expect("confirms");
    let held = worker.next().await;
    for outage in 2..4 {
        proxy.cut();
        eventually("both notice", || !scheduler.link().is_up() && !worker.link().is_up()).await;
        let link = scheduler.link();
        assert!(link.down.is_some_and(|why| !why.contains("guest")) && link.depth.is_none());
        let begun = std::time::Instant::now();
        let unsent = scheduler
            .publish(&[ready(8), ready(9)], GRACE)
            .await
            .expect_err("nobody is there");
        assert_eq!(unsent.ids, [ready(8).id, ready(9).id]);
        assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
        proxy.mend();
        eventually("both are back", || scheduler.link().is_up() && worker.link().is_up()).await;
        scheduler.publish(&[ready(outage)], GRACE).await.expect("confirms");
    }
    let mut seen = HashSet::new();
    while seen.len() < 3 {
        let delivery = tokio::time::timeout(Duration::from_mins(1), worker.next()).await;
        let delivery = delivery.expect("what was not acknowledged comes again, what was sent since too");
        seen.insert(delivery.ready);
        delivery.done().await;
    }
    assert_eq!(seen, HashSet::from([ready(1), ready(2), ready(3)]));
    held.done().await;
}
