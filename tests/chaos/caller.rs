//! A careful caller: what was not answered, or answered with "not now", is asked again at another API process, with the same key.

use std::time::Duration;

use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::order::Order;

/// How long one request may need, over all its repetitions.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(10);
/// Between two tries.
const BREATH: Duration = Duration::from_millis(100);

/// Calls as user 1.
pub(crate) struct Caller {
    http: reqwest::Client,
    token: String,
    apis: Vec<watch::Receiver<String>>,
}

impl Caller {
    /// Of the API processes whose addresses these are.
    pub(crate) fn new(token: &str, apis: Vec<watch::Receiver<String>>) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(ANSWER).build();
        Self {
            http: http.expect("a client"),
            token: token.to_owned(),
            apis,
        }
    }

    /// Places an order: the task's id.
    pub(crate) async fn place(&self, order: &Order) -> i64 {
        let request = |url: &str| {
            let request = self.http.post(format!("{url}/sync")).json(&order.body);
            request.header("Idempotency-Key", &order.key)
        };
        let data = self.ask(&order.key, StatusCode::ACCEPTED, request).await;
        data["syncTaskId"].as_i64().expect("an id")
    }

    pub(crate) async fn task(&self, id: i64) -> Value {
        let path = format!("/tasks/{id}");
        self.ask(&path, StatusCode::OK, |url| self.http.get(format!("{url}{path}")))
            .await
    }

    pub(crate) async fn bind(&self, body: &Value) {
        let request = |url: &str| self.http.post(format!("{url}/channels/wecom")).json(body);
        self.ask("a channel", StatusCode::CREATED, request).await;
    }

    /// The data of the first answer that is one.
    async fn ask(&self, what: &str, wanted: StatusCode, request: impl Fn(&str) -> RequestBuilder) -> Value {
        let deadline = Instant::now() + PATIENCE;
        let turns = (0..self.apis.len())
            .cycle()
            .skip(rand::random_range(0..self.apis.len()));
        for turn in turns {
            let address = self.apis[turn].borrow().clone();
            if !address.is_empty() {
                let url = format!("{address}/api/v1/workbench/wechat/moments");
                match read(request(&url).bearer_auth(&self.token)).await {
                    Ok((status, mut envelope)) if status == wanted => return envelope["data"].take(),
                    Ok((status, envelope)) => assert!(status.is_server_error(), "{what}: {status} {envelope}"),
                    Err(_) => (),
                }
            }
            assert!(Instant::now() < deadline, "{what}: no answer in {PATIENCE:?}");
            sleep(BREATH).await;
        }
        unreachable!("the turns never end")
    }
}

async fn read(request: RequestBuilder) -> reqwest::Result<(StatusCode, Value)> {
    let answer = request.send().await?;
    Ok((answer.status(), answer.json().await?))
}
