//! The API as any other program would call it.

use anyhow::{Context as _, bail};
use serde_json::Value;

/// Calls with a token; answers are the envelope's `data`.
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Client {
    pub(crate) fn new(url: &str, token: &str) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self {
            http,
            base: format!("{url}/api/v1/workbench/wechat/moments"),
            token: token.to_owned(),
        })
    }

    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.data(self.http.get(format!("{}{path}", self.base)), path).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.data(self.http.post(format!("{}{path}", self.base)).json(body), path)
            .await
    }

    async fn data(&self, request: reqwest::RequestBuilder, path: &str) -> anyhow::Result<Value> {
        let answer = request
            .bearer_auth(&self.token)
            .send()
            .await
            .with_context(|| path.to_owned())?;
        let status = answer.status();
        let mut envelope: Value = answer.json().await.with_context(|| format!("{path}: not JSON"))?;
        if !status.is_success() {
            bail!("{path}: {status} {}", envelope["message"]);
        }
        Ok(envelope["data"].take())
    }
}
