//! A request for a post, and what became of it.

use serde_json::{Map, Value, json};

use crate::api::{Answer, Api, OWNER};

/// A `POST /sync` before it is sent.
pub(crate) struct Sync<'a> {
    api: &'a Api,
    user: i64,
    key: Option<String>,
    body: Map<String, Value>,
}

impl<'a> Sync<'a> {
    /// Of the owner, at once.
    pub(crate) fn new(api: &'a Api, text: &str) -> Self {
        let mut body = Map::new();
        if !text.is_empty() {
            body.insert("text".to_owned(), json!(text));
        }
        Self {
            api,
            user: OWNER,
            key: None,
            body,
        }
    }

    pub(crate) fn to<T: Into<String>>(self, accounts: impl IntoIterator<Item = T>) -> Self {
        let accounts: Vec<String> = accounts.into_iter().map(Into::into).collect();
        self.field("accountIds", json!(accounts))
    }

    pub(crate) fn media<T: Into<String>>(self, urls: impl IntoIterator<Item = T>) -> Self {
        let urls: Vec<String> = urls.into_iter().map(Into::into).collect();
        self.field("mediaUrls", json!(urls))
    }

    /// ISO 8601.
    pub(crate) fn at(self, time: impl Into<String>) -> Self {
        self.field("scheduledTime", json!(time.into()))
    }

    pub(crate) fn field(mut self, name: &str, value: Value) -> Self {
        self.body.insert(name.to_owned(), value);
        self
    }

    pub(crate) fn by(self, user: i64) -> Self {
        Self { user, ..self }
    }

    /// With this `Idempotency-Key`.
    pub(crate) fn once(self, key: &str) -> Self {
        Self {
            key: Some(key.to_owned()),
            ..self
        }
    }

    pub(crate) async fn send(self) -> Answer {
        let request = self.api.post("/sync", &Value::Object(self.body)).by(self.user);
        match self.key {
            Some(key) => request.header("Idempotency-Key", key).send().await,
            None => request.send().await,
        }
    }

    /// Sends what must be accepted; the task's id.
    pub(crate) async fn accepted(self) -> i64 {
        let data = self.send().await.expect(202);
        data["syncTaskId"].as_i64().expect("an id")
    }
}

/// A task as the API shows it.
#[derive(Clone, Debug)]
pub(crate) struct Task(pub(crate) Value);

impl Task {
    pub(crate) fn results(&self) -> &[Value] {
        self.0["results"].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// Each account in order: `li.na SUCCESS`, `li.na FAILED MEMBER_INVALID`, or its stage while it is not over.
    pub(crate) fn outcome(&self) -> String {
        let lines: Vec<_> = self.results().iter().map(line).collect();
        lines.join(", ")
    }

    /// Whether every account has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.results()
            .iter()
            .all(|result| matches!(text(result, "status"), "SUCCESS" | "FAILED"))
    }

    pub(crate) fn status(&self) -> &str {
        text(&self.0, "status")
    }

    /// What the first account's failure says.
    pub(crate) fn message(&self) -> &str {
        self.results()
            .first()
            .map(|result| text(result, "errorMessage"))
            .unwrap_or_default()
    }
}

fn line(result: &Value) -> String {
    let account = text(result, "accountId");
    let name = account.split_once(':').map_or(account, |(_, userid)| userid);
    match (text(result, "status"), text(result, "errorReason")) {
        ("SUCCESS", _) => format!("{name} SUCCESS"),
        ("FAILED", reason) => format!("{name} FAILED {reason}"),
        _ => format!("{name} {}", text(result, "stage")),
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}
