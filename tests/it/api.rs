//! The one place that calls the API.

use std::sync::Mutex;
use std::time::Duration;

use jsonwebtoken::{EncodingKey, Header};
use moments_sandbox::SandboxClock;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, Method};
use serde_json::{Value, json};

pub(crate) const BASE: &str = "/api/v1/workbench/wechat/moments";
pub(crate) const TOKEN_SECRET: &str = "it-token-secret-Zq81mWv6Kx3Bt0Ry5Nc2";
/// The user of most tests.
pub(crate) const OWNER: i64 = 1;
/// Somebody who must see nothing of the owner's.
pub(crate) const STRANGER: i64 = 2;
pub(crate) const PERMISSIONS: [&str; 7] = [
    "workbench:wechat:moments:accounts:view",
    "workbench:wechat:moments:accounts:manage",
    "workbench:wechat:moments:sync:create",
    "workbench:wechat:moments:task:view",
    "workbench:wechat:moments:compliance:manage",
    "workbench:wechat:moments:audit:view",
    "workbench:wechat:moments:audit:all",
];

/// Calls the API and remembers every answer.
pub(crate) struct Api {
    pub(crate) url: String,
    http: Client,
    heard: Mutex<String>,
}

/// A request before it is sent: by the owner, with every permission, unless something else is said.
pub(crate) struct Request<'a> {
    api: &'a Api,
    method: Method,
    path: String,
    token: Option<String>,
    headers: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Api {
    pub(crate) fn new(url: &str) -> Self {
        let http = Client::builder().no_proxy().timeout(Duration::from_mins(1)).build();
        Self {
            url: url.to_owned(),
            http: http.expect("a client"),
            heard: Mutex::default(),
        }
    }

    /// A request to a path of the module, such as `/accounts`.
    pub(crate) fn get(&self, path: &str) -> Request<'_> {
        self.request(Method::GET, format!("{BASE}{path}"))
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Request<'_> {
        self.request(Method::POST, format!("{BASE}{path}"))
            .body(body.to_string())
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Request<'_> {
        self.request(Method::PUT, format!("{BASE}{path}"))
            .body(body.to_string())
    }

    /// Sends files as a form does.
    pub(crate) fn upload(&self, files: &[(&str, &[u8])]) -> Request<'_> {
        const EDGE: &str = "an-edge-that-no-file-contains";
        let mut body = Vec::new();
        for (name, bytes) in files {
            let head =
                format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n");
            body.extend([head.as_bytes(), bytes, b"\r\n"].concat());
        }
        body.extend(format!("--{EDGE}--\r\n").as_bytes());
        self.request(Method::POST, format!("{BASE}/media"))
            .header("content-type", format!("multipart/form-data; boundary={EDGE}"))
            .body(body)
    }

    pub(crate) fn delete(&self, path: &str) -> Request<'_> {
        self.request(Method::DELETE, format!("{BASE}{path}"))
    }

    /// A request to any path of the server.
    pub(crate) fn request(&self, method: Method, path: String) -> Request<'_> {
        Request {
            api: self,
            method,
            path,
            token: Some(token(OWNER, &PERMISSIONS)),
            headers: Vec::new(),
            body: None,
        }
    }

    /// Headers and bodies of all answers so far.
    pub(crate) fn heard(&self) -> String {
        self.heard.lock().expect("no panic").clone()
    }
}

impl Request<'_> {
    pub(crate) fn by(self, user: i64) -> Self {
        self.token(Some(token(user, &PERMISSIONS)))
    }

    pub(crate) fn token(self, token: Option<String>) -> Self {
        Self { token, ..self }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// A body, declared as JSON whatever it is, unless a header says something else.
    pub(crate) fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self {
            body: Some(body.into()),
            ..self
        }
    }

    pub(crate) async fn send(self) -> Answer {
        let mut request = self
            .api
            .http
            .request(self.method, format!("{}{}", self.api.url, self.path));
        if let Some(token) = self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = self.body {
            request = request.body(body);
        }
        let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        for (name, value) in self.headers {
            headers.insert(name, value.parse().expect("a header"));
        }
        request = request.headers(headers);
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("a whole answer");
        let mut heard = self.api.heard.lock().expect("no panic");
        heard.extend([&format!("{headers:?}"), "\n", &text, "\n"]);
        Answer { status, headers, text }
    }

    /// Sends; the data of an answer with this status.
    pub(crate) async fn expect(self, status: u16) -> Value {
        self.send().await.expect(status)
    }
}

impl Answer {
    /// The envelope's data, once its other parts are as they must be.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        let mut envelope = self.json();
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(envelope["code"], status, "{}", self.text);
        assert_eq!(envelope.as_object().map(serde_json::Map::len), Some(4), "{}", self.text);
        let message = envelope["message"].as_str().expect("a message");
        assert!(!message.is_ascii(), "a message is in Chinese: {message}");
        assert!(envelope["timestamp"].as_i64().is_some(), "{}", self.text);
        envelope["data"].take()
    }

    /// `data.error` of an answer with this status.
    #[track_caller]
    pub(crate) fn error(&self, status: u16) -> String {
        let data = self.expect(status);
        data["error"]
            .as_str()
            .unwrap_or_else(|| panic!("no code: {data}"))
            .to_owned()
    }

    /// The fields that an answer with 422 names, in order.
    #[track_caller]
    pub(crate) fn wrong_fields(&self) -> Vec<String> {
        let data = self.expect(422);
        let errors = data.as_array().unwrap_or_else(|| panic!("no list: {data}"));
        let field = |error: &Value| error["field"].as_str().expect("a field").to_owned();
        errors.iter().map(field).collect()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }
}

/// A token that is good for an hour.
pub(crate) fn token(user: i64, permissions: &[&str]) -> String {
    let end = SandboxClock::real().now_ms() / 1000 + 3600;
    let claims = json!({ "sub": user, "permissions": permissions, "exp": end });
    let key = EncodingKey::from_secret(TOKEN_SECRET.as_bytes());
    jsonwebtoken::encode(&Header::default(), &claims, &key).expect("a token")
}
