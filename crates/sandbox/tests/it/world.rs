//! One sandbox on a port of its own, a manual clock, and short words for calling it.

use std::time::Duration;

use moments_sandbox::{DemoWorld, Sandbox, SandboxClock};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// 2026-01-10 12:00:00 in Shanghai.
pub(crate) const NOON: i64 = 1_768_017_600_000;

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) demo: DemoWorld,
    pub(crate) base: String,
    pub(crate) http: reqwest::Client,
}

impl World {
    /// The demo world at noon, with a clock that only the test moves.
    pub(crate) async fn new() -> Self {
        let sandbox = Sandbox::new(SandboxClock::at(NOON));
        let demo = sandbox.demo_world().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let server = sandbox.clone();
        tokio::spawn(async move { server.serve(listener, std::future::pending()).await });
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_mins(1))
            .build()
            .unwrap();
        Self {
            sandbox,
            demo,
            base,
            http,
        }
    }

    pub(crate) fn corpid(&self, corp: usize) -> &str {
        &self.demo.corps[corp].corpid
    }

    pub(crate) fn advance(&self, secs: u64) {
        self.sandbox.advance(Duration::from_secs(secs));
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.http
            .get(format!("{}{path}", self.base))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        self.http
            .post(format!("{}{path}", self.base))
            .json(body)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// A control: answers status and body (null when empty).
    pub(crate) async fn control(&self, path: &str, body: &Value) -> (u16, Value) {
        let answer = self
            .http
            .post(format!("{}/sandbox/{path}", self.base))
            .json(body)
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        (
            status,
            serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default(),
        )
    }

    /// The present token of a corp, by its number in the demo world.
    pub(crate) async fn token(&self, corp: usize) -> String {
        let corp = &self.demo.corps[corp];
        let path = format!("/cgi-bin/gettoken?corpid={}&corpsecret={}", corp.corpid, corp.secret);
        let answer = self.get(&path).await;
        assert_eq!(answer["errcode"], 0, "{answer}");
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// A WeCom POST call of the first corp.
    pub(crate) async fn wecom(&self, call: &str, body: Value) -> Value {
        let token = self.token(0).await;
        self.post(&format!("/cgi-bin/{call}?access_token={token}"), &body).await
    }

    pub(crate) async fn create(&self, body: Value) -> Value {
        self.wecom("externalcontact/add_moment_task", body).await
    }

    /// Creates a text for the given senders; answers the jobid.
    pub(crate) async fn job(&self, text: &str, users: &[&str]) -> String {
        let answer = self.create(text_for(text, users)).await;
        assert_eq!(answer["errcode"], 0, "{answer}");
        answer["jobid"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn result(&self, jobid: &str) -> Value {
        let token = self.token(0).await;
        self.get(&format!(
            "/cgi-bin/externalcontact/get_moment_task_result?access_token={token}&jobid={jobid}"
        ))
        .await
    }

    /// Creates a text and waits until its members have the task; answers the moment id.
    pub(crate) async fn moment(&self, text: &str, users: &[&str]) -> String {
        let jobid = self.job(text, users).await;
        self.advance(1);
        self.result(&jobid).await["result"]["moment_id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Uploads bytes as a moment attachment of a corp, the way the reference wants it.
    pub(crate) async fn upload(&self, corp: usize, kind: &str, name: &str, bytes: Vec<u8>) -> Value {
        let part = Part::bytes(bytes).file_name(name.to_owned());
        self.upload_form(
            corp,
            &format!("media_type={kind}&attachment_type=1"),
            Form::new().part("media", part),
        )
        .await
    }

    pub(crate) async fn upload_form(&self, corp: usize, query: &str, form: Form) -> Value {
        let token = self.token(corp).await;
        let url = format!(
            "{}/cgi-bin/media/upload_attachment?access_token={token}&{query}",
            self.base
        );
        self.http
            .post(url)
            .multipart(form)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// Uploads a generated picture of the first corp; answers its media_id.
    pub(crate) async fn image(&self, name: &str) -> String {
        let bytes = self.picture(&format!("{name}.jpg?w=60&h=40")).await;
        let answer = self.upload(0, "image", &format!("{name}.jpg"), bytes).await;
        assert_eq!(answer["errcode"], 0, "{answer}");
        answer["media_id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn picture(&self, name: &str) -> Vec<u8> {
        let answer = self
            .http
            .get(format!("{}/pictures/{name}", self.base))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{name}");
        answer.bytes().await.unwrap().to_vec()
    }

    /// A gewe call about the demo device.
    pub(crate) async fn gewe(&self, call: &str, mut body: Value) -> Value {
        let device = &self.demo.devices[0];
        if body.get("appId").is_none() {
            body["appId"] = json!(device.app_id);
        }
        let request = self.http.post(format!("{}/gewe/v2/api/{call}", self.base));
        request
            .header("X-GEWE-TOKEN", &device.token)
            .json(&body)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }
}

pub(crate) fn text_for(text: &str, users: &[&str]) -> Value {
    json!({ "text": { "content": text }, "visible_range": { "sender_list": { "user_list": users } } })
}

pub(crate) fn images_for(text: &str, media_ids: &[&str], users: &[&str]) -> Value {
    let mut body = text_for(text, users);
    body["attachments"] = media_ids
        .iter()
        .map(|id| json!({ "msgtype": "image", "image": { "media_id": id } }))
        .collect();
    body
}

#[track_caller]
pub(crate) fn check(answer: &Value, errcode: i64) {
    assert_eq!(answer["errcode"], errcode, "{answer}");
}
