//! The API as a careful caller uses it: a request whose connection broke is repeated, with the same `Idempotency-Key`.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::orders::Order;
use crate::world::text;

/// How long a task may take to end, and the program to come back.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(20);
/// How often progress is read.
const GLANCE: Duration = Duration::from_millis(150);

/// Where the program is at present.
#[derive(Clone, Debug, Default)]
pub(crate) struct Present {
    /// `http://host:port`.
    pub(crate) address: String,
    /// Grows with each start.
    pub(crate) starts: u32,
}

/// What the client has gone through.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Requests sent, repetitions included.
    pub(crate) sent: u32,
    /// Requests whose connection broke, each repeated.
    pub(crate) broken: u32,
}

/// Calls as user 1. Clones count together.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    token: String,
    present: watch::Receiver<Present>,
    counts: Arc<watch::Sender<Counts>>,
}

impl Client {
    pub(crate) fn new(token: &str, present: watch::Receiver<Present>) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(ANSWER).build();
        Self {
            http: http.expect("a client"),
            token: token.to_owned(),
            present,
            counts: Arc::default(),
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        *self.counts.borrow()
    }

    /// Waits until `sent` requests have been sent since the beginning, or until it is clear that they will not be.
    pub(crate) async fn has_sent(&self, sent: u32) {
        let mut counts = self.counts.subscribe();
        let sent = counts.wait_for(|counts| counts.sent >= sent);
        drop(timeout(Duration::from_secs(2), sent).await);
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, data) = self.answer(path, |url| self.http.get(url)).await;
        assert_eq!(status, StatusCode::OK, "GET {path}: {data}");
        data
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) {
        let (status, data) = self.answer(path, |url| self.http.post(url).json(body)).await;
        assert!(status.is_success(), "POST {path}: {status} {data}");
    }

    /// Places an order, or asks again after one that was placed: the task's id.
    pub(crate) async fn create(&self, order: &Order) -> i64 {
        let request = |url: String| {
            let request = self.http.post(url).header("Idempotency-Key", &order.key);
            request.json(&order.body)
        };
        let (status, data) = self.answer("/sync", request).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{}: {data}", order.text);
        data["syncTaskId"].as_i64().expect("an id")
    }

    /// Reads a task until every result is final.
    pub(crate) async fn finished(&self, id: i64) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let task = self.task(id).await;
            if is_over(&task) {
                return task;
            }
            assert!(Instant::now() < deadline, "not over after {PATIENCE:?}: {task:#}");
            sleep(GLANCE).await;
        }
    }

    pub(crate) async fn task(&self, id: i64) -> Value {
        self.get(&format!("/tasks/{id}")).await
    }

    /// Waits until the program has started `starts` times.
    pub(crate) async fn started(&self, starts: u32) -> Present {
        let mut present = self.present.clone();
        let come = present.wait_for(|present| present.starts >= starts);
        let come = timeout(PATIENCE, come).await.expect("the program comes back");
        come.expect("the world lives").clone()
    }

    /// Status and data of the first answer; a broken connection is tried again in the program's next life.
    async fn answer(&self, path: &str, request: impl Fn(String) -> RequestBuilder) -> (StatusCode, Value) {
        let mut starts = 1;
        loop {
            let present = self.started(starts).await;
            let url = format!("{}/api/v1/workbench/wechat/moments{path}", present.address);
            self.counts.send_modify(|counts| counts.sent += 1);
            match read(request(url).bearer_auth(&self.token)).await {
                Ok(answer) => return answer,
                Err(_) => self.counts.send_modify(|counts| counts.broken += 1),
            }
            starts = present.starts + 1;
        }
    }
}

async fn read(request: RequestBuilder) -> reqwest::Result<(StatusCode, Value)> {
    let answer = request.send().await?;
    let status = answer.status();
    let mut envelope: Value = answer.json().await?;
    let told = if status.is_success() { "data" } else { "message" };
    Ok((status, envelope[told].take()))
}

/// Every result is final.
fn is_over(task: &Value) -> bool {
    let results = task["results"].as_array().expect("results");
    results
        .iter()
        .all(|result| matches!(text(result, "status"), "SUCCESS" | "FAILED"))
}
