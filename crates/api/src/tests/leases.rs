//! How long a worker may take.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::{Router, routing};
use moments_domain::{Clock as _, Timestamp};
use moments_engine::worker;
use serde_json::json;
use tokio::sync::Semaphore;

use super::world::{NOW, World};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_mins(1);

/// A host that takes its time with a file: the first permit is a question's, the second lets it answer.
async fn slow_host(asked: Arc<Semaphore>, answers: Arc<Semaphore>) -> String {
    let serve = move || {
        let (asked, answers) = (Arc::clone(&asked), Arc::clone(&answers));
        async move {
            asked.add_permits(1);
            answers.acquire().await.expect("open").forget();
            StatusCode::NOT_FOUND
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/slow.mp4", listener.local_addr().expect("an address"));
    let router = Router::new().route("/slow.mp4", routing::get(serve));
    tokio::spawn(axum::serve(listener, router).into_future());
    url
}

impl World {
    /// When the only publication may be looked at next, once that is after `past`.
    async fn next_look_after(&self, past: Timestamp) -> Timestamp {
        let waits = async {
            loop {
                let next = self
                    .engine
                    .store
                    .next_look()
                    .await
                    .expect("a read")
                    .expect("a publication");
                if next > past {
                    return next;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waits)
            .await
            .expect("the lease is extended in time")
    }
}

#[tokio::test]
async fn a_lease_is_kept_however_long_the_media_take() {
    let world = World::fetching().await;
    let (asked, answers) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let url = slow_host(Arc::clone(&asked), Arc::clone(&answers)).await;
    let body = json!({ "mediaUrls": [url], "accountIds": ["ww1:zhangsan"] });
    let id = world.post("/sync", body).await.expect(202)["syncTaskId"].clone();
    let engine = world.engine.clone();
    let work = tokio::spawn(async move { Box::pin(worker::run_due(&engine)).await });
    asked.acquire().await.expect("open").forget();
    let lease = world.engine.settings.lease;
    let mut ends = NOW + lease;
    for _ in 0..3 {
        world.clock.advance(lease * 2 / 3);
        ends = world.next_look_after(ends).await;
        assert_eq!(ends, world.clock.now() + lease);
        assert_eq!(
            Box::pin(worker::run_due(&world.engine)).await.expect("a round"),
            0,
            "it is taken"
        );
    }
    answers.add_permits(1);
    assert_eq!(work.await.expect("no panic").expect("a round"), 1);
    let task = world.get(&format!("/tasks/{id}")).await.expect(200);
    assert_eq!(
        task["results"][0]["errorReason"], "MEDIA_REJECTED",
        "the same worker ends it: {task}"
    );
    assert_eq!(asked.available_permits(), 0, "it was asked once");
}
