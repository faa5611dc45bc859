//! A call, described before it is made.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use url::Url;

use crate::{CallError, Upload};

/// How long a call may take when nothing else is said; longer than connecting may take, so that a dead host is told apart.
const TIMEOUT: Duration = Duration::from_secs(15);
/// More than any answer of a platform.
const MAX_ANSWER_BYTES: usize = 32 << 20;

/// One request to a platform. Has no `Debug`: its address and headers hold tokens.
pub struct Call {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Result<Vec<u8>, CallError>,
    pub(crate) timeout: Duration,
    /// The most bytes of an answer that are read.
    pub(crate) most: usize,
}

impl Call {
    /// A GET of `path`, which starts with `/` and is appended to the path of `base`.
    pub fn get(base: &Url, path: &str) -> Self {
        Self::new(Method::GET, base, path)
    }

    /// A POST to `path`, which starts with `/` and is appended to the path of `base`.
    pub fn post(base: &Url, path: &str) -> Self {
        Self::new(Method::POST, base, path)
    }

    fn new(method: Method, base: &Url, path: &str) -> Self {
        let mut url = base.clone();
        url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: Ok(Vec::new()),
            timeout: TIMEOUT,
            most: MAX_ANSWER_BYTES,
        }
    }

    /// Adds `key=value` to the query.
    #[must_use]
    pub fn query(mut self, key: &str, value: &str) -> Self {
        self.url.query_pairs_mut().append_pair(key, value);
        self
    }

    /// Adds a secret to the query; queries are never logged.
    #[must_use]
    pub fn secret_query(self, key: &str, value: &SecretString) -> Self {
        self.query(key, value.expose_secret())
    }

    /// Adds a header with a secret. A name or value that HTTP does not allow fails the call as [`CallError::NotSent`].
    #[must_use]
    pub fn secret_header(self, name: &str, value: &SecretString) -> Self {
        self.with_header(name, value.expose_secret(), true)
    }

    /// The same for a value that is no secret.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        self.with_header(name, value, false)
    }

    fn with_header(mut self, name: &str, value: &str, secret: bool) -> Self {
        let parsed = (HeaderName::try_from(name), HeaderValue::try_from(value));
        if let (Ok(name), Ok(mut value)) = parsed {
            value.set_sensitive(secret);
            self.headers.insert(name, value);
        } else {
            self.body = Err(CallError::not_sent(&format!("请求头 {name} 含有不允许的字符")));
        }
        self
    }

    /// Sends `body` as JSON, in raw UTF-8: no `\uXXXX` for anything that can be printed.
    #[must_use]
    pub fn json(mut self, body: &impl Serialize) -> Self {
        self.headers
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.set_body(serde_json::to_vec(body).map_err(|error| CallError::not_sent(&error.to_string())));
        self
    }

    /// Sends one file as `multipart/form-data`.
    #[must_use]
    pub fn upload(mut self, file: Upload) -> Self {
        let (body, content_type) = file.into_body();
        match HeaderValue::try_from(content_type) {
            Ok(value) => {
                self.headers.insert(CONTENT_TYPE, value);
                self.set_body(Ok(body));
            }
            Err(error) => self.set_body(Err(CallError::not_sent(&error.to_string()))),
        }
        self
    }

    /// Lets the call, connecting included, take this long instead of 15 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Reads at most this many bytes of the answer instead of 32 MiB.
    #[must_use]
    pub fn at_most(mut self, bytes: usize) -> Self {
        self.most = bytes;
        self
    }

    /// The first failure stays.
    fn set_body(&mut self, body: Result<Vec<u8>, CallError>) {
        if self.body.is_ok() {
            self.body = body;
        }
    }
}
