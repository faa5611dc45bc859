//! Media of scheduled posts, looked at ahead of their time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Router, routing};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use moments_engine::{early, worker};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::world::{NOW, World};

/// One red pixel each.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";
const GIF: &str = "R0lGODlhAQABAIAAAP8AAAAAACwAAAAAAQABAAACAkQBADs=";
const MINUTE: Duration = Duration::from_mins(1);

/// What a host answers by name, and how often it was asked.
type Shelf = Arc<Mutex<HashMap<String, (u16, Vec<u8>, u32)>>>;

/// A host of media on this machine.
struct Host {
    url: String,
    shelf: Shelf,
}

impl Host {
    async fn start() -> Self {
        let shelf = Shelf::default();
        let router = Router::new()
            .route("/{name}", routing::get(answer))
            .with_state(Arc::clone(&shelf));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(axum::serve(listener, router).into_future());
        Self { url, shelf }
    }

    fn offers(&self, name: &str, status: u16, bytes: &[u8]) {
        let mut shelf = self.shelf.lock().expect("unpoisoned");
        let asked = shelf.get(name).map_or(0, |(_, _, asked)| *asked);
        shelf.insert(name.to_owned(), (status, bytes.to_vec(), asked));
    }

    fn asked(&self, name: &str) -> u32 {
        self.shelf.lock().expect("unpoisoned")[name].2
    }
}

async fn answer(State(shelf): State<Shelf>, Path(name): Path<String>) -> (StatusCode, Vec<u8>) {
    let mut shelf = shelf.lock().expect("unpoisoned");
    let (status, bytes, asked) = shelf.entry(name).or_insert((404, Vec::new(), 0));
    *asked += 1;
    (StatusCode::from_u16(*status).expect("a status"), bytes.clone())
}

impl World {
    async fn with_media(&self, host: &Host, names: &[&str], ahead: Duration) -> i64 {
        let urls: Vec<_> = names.iter().map(|name| format!("{}/{name}", host.url)).collect();
        let at = (self.clock_now() + ahead).to_string();
        let body = json!({ "mediaUrls": urls, "accountIds": ["ww1:zhangsan"], "scheduledTime": at });
        let told = self.post("/sync", body).await.expect(202);
        told["syncTaskId"].as_i64().expect("an id")
    }

    fn clock_now(&self) -> moments_domain::Timestamp {
        moments_domain::Clock::now(&*self.clock)
    }

    /// Time passes; how many tasks were looked at then.
    async fn looks_after(&self, span: Duration) -> usize {
        self.clock.advance(span);
        Box::pin(early::run_due(&self.engine)).await.expect("a round")
    }

    async fn task(&self, id: i64) -> Value {
        self.get(&format!("/tasks/{id}")).await.expect(200)
    }
}

fn decoded(text: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(text).expect("base64")
}

#[tokio::test]
async fn a_bad_address_is_told_in_time_and_what_was_checked_is_published() {
    let (world, host) = (World::fetching().await, Host::start().await);
    host.offers("1.png", 200, &decoded(PNG));
    let task = world.with_media(&host, &["1.png", "2.png"], 60 * MINUTE).await;
    assert_eq!(world.looks_after(Duration::ZERO).await, 1);
    let warnings = world.task(task).await["warnings"].clone();
    assert_eq!(warnings.as_array().map(Vec::len), Some(1), "{warnings}");
    assert_eq!(
        (&warnings[0]["accountId"], &warnings[0]["code"]),
        (&Value::Null, &json!("MEDIA_REJECTED"))
    );
    assert_eq!(warnings[0]["since"], NOW.to_string());
    assert_eq!(
        warnings[0]["message"],
        "第 2 个媒体：素材所在的服务器返回 404，文件不存在，请检查链接。发布前会自动重新检查，到时仍有问题则发布失败"
    );
    // The owner puts the second right; whatever the first has become, it was checked as it was.
    host.offers("1.png", 200, &decoded(GIF));
    host.offers("2.png", 200, &decoded(GIF));
    assert_eq!(
        world.looks_after(29 * MINUTE).await,
        0,
        "half of the time has not passed"
    );
    assert_eq!(world.looks_after(MINUTE).await, 1);
    assert_eq!(world.task(task).await["warnings"], json!([]));
    assert_eq!(
        world.looks_after(30 * MINUTE).await,
        0,
        "there is nothing left to look at"
    );
    assert_eq!(Box::pin(worker::run_due(&world.engine)).await.expect("a round"), 1);
    let offered = world.platform.offered.lock().expect("unpoisoned").clone();
    assert_eq!(offered, [hex::encode(Sha256::digest(decoded(PNG)))]);
    assert_eq!((host.asked("1.png"), host.asked("2.png")), (1, 2));
}

#[tokio::test]
async fn trouble_that_lasts_fails_the_post_when_it_is_due_and_not_before() {
    for (status, bytes, code) in [
        (200, &b"<html>log in</html>"[..], "MEDIA_REJECTED"),
        (503, b"", "MEDIA_UNAVAILABLE"),
    ] {
        let (world, host) = (World::fetching().await, Host::start().await);
        host.offers("a.png", status, bytes);
        let task = world.with_media(&host, &["a.png"], 4 * MINUTE).await;
        assert_eq!(world.looks_after(Duration::ZERO).await, 1);
        assert_eq!(
            world.looks_after(MINUTE).await,
            usize::from(status == 503),
            "what may pass is asked sooner"
        );
        let told = world.task(task).await;
        assert_eq!(
            (&told["status"], &told["warnings"][0]["code"]),
            (&json!("PENDING"), &json!(code))
        );
        world.clock.advance(3 * MINUTE);
        let asked = host.asked("a.png");
        assert_eq!(Box::pin(worker::run_due(&world.engine)).await.expect("a round"), 1);
        assert_eq!(host.asked("a.png"), asked + 1, "the address has another chance");
        let told = world.task(task).await;
        let failed = if status == 503 { Value::Null } else { json!(code) };
        assert_eq!(told["results"][0]["errorReason"], failed, "{told}");
    }
}

#[tokio::test]
async fn nothing_is_asked_for_posts_that_are_near_or_cancelled() {
    let (world, host) = (World::fetching().await, Host::start().await);
    host.offers("a.png", 200, &decoded(PNG));
    world.with_media(&host, &["a.png"], MINUTE).await;
    assert_eq!(world.looks_after(Duration::ZERO).await, 0);
    let task = world.with_media(&host, &["a.png"], 10 * MINUTE).await;
    world
        .post(&format!("/tasks/{task}/cancel"), json!({}))
        .await
        .expect(200);
    assert_eq!(world.looks_after(Duration::ZERO).await, 1);
    assert_eq!(host.asked("a.png"), 0);
    assert_eq!(world.looks_after(10 * MINUTE).await, 0);
}
