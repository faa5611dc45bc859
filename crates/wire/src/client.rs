//! The HTTP client of all platforms.

use std::error::Error as _;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use reqwest::{Client, Response};
use tracing::debug;

use crate::{Answer, Call, CallError, Exchanged};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Shorter than servers keep an idle connection (a minute or more), so that we rarely write into one that is being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
/// Idle connections kept for each host: as many as there may be calls at once, so that none is closed only to be opened again.
const IDLE_PER_HOST: usize = 1024;

/// The HTTP client could not be set up, such as for want of root certificates. Nothing can be called.
#[derive(Debug, thiserror::Error)]
#[error("无法建立 HTTP 客户端，请检查系统根证书")]
pub struct BuildError(#[from] reqwest::Error);

/// Makes calls to platforms: HTTP/1.1 over a keep-alive pool, no redirects, no retries. Cheap to clone; clones share the pool.
///
/// The system's proxy settings (`HTTPS_PROXY`, `NO_PROXY`) are heard, because WeCom accepts calls from registered addresses only.
///
/// **A request leaves at most once.** `reqwest` retries nothing here (`retry::never`). Below it, `hyper-util` takes a fresh connection only
/// when the request comes back to it whole: `hyper` gives a request back (`TrySendError::take_message`) only while it still waits in the
/// queue of a pooled connection that turned out closed. Once the connection's task has taken it out to write the first byte, a failure
/// carries no request, cannot be repeated, and is [`CallError::NoAnswer`] here. Read in hyper-util 0.1.21 (`client/legacy/client.rs`,
/// `send_request`) and hyper 1.12.0 (`proto/h1/dispatch.rs`, `client/dispatch.rs`); tested in this crate.
#[derive(Clone, Debug)]
pub struct WireClient {
    http: Client,
}

impl WireClient {
    /// A client with its own pool; a process needs one.
    pub fn new() -> Result<Self, BuildError> {
        let http = Client::builder()
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .tcp_nodelay(true)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .user_agent(concat!("moments-sync/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { http })
    }

    /// Makes the call once. `Ok` is status 200 with a whole body; what the body says is for the caller to read.
    pub async fn call(&self, call: Call) -> Result<Answer, CallError> {
        let exchanged = self.exchange(call).await?;
        match (exchanged.status, exchanged.body) {
            (200, Some(answer)) => Ok(answer),
            (200, None) => Err(CallError::no_answer("答复过大")),
            (status, _) => Err(CallError::no_answer(&format!("HTTP 状态 {status}"))),
        }
    }

    /// The same for servers whose statuses mean something: `Ok` is any status.
    pub async fn exchange(&self, call: Call) -> Result<Exchanged, CallError> {
        let (method, path, begun) = (call.method.clone(), call.url.path().to_owned(), Instant::now());
        let outcome = self.send(call).await;
        let elapsed_ms = begun.elapsed().as_millis();
        match &outcome {
            Ok(Exchanged { status, .. }) => debug!(%method, path, elapsed_ms, status, "answer to {method} {path}"),
            Err(error) => debug!(%method, path, elapsed_ms, %error, "call {method} {path} failed"),
        }
        outcome
    }

    async fn send(&self, call: Call) -> Result<Exchanged, CallError> {
        let most = call.most;
        let response = self
            .http
            .request(call.method, call.url)
            .headers(call.headers)
            .timeout(call.timeout)
            .body(call.body?)
            .send()
            .await
            .map_err(failure)?;
        Ok(Exchanged {
            status: response.status().as_u16(),
            body: whole_body(response, most).await?.map(Answer::new),
        })
    }
}

/// `None`: it has more than `most` bytes.
async fn whole_body(mut response: Response, most: usize) -> Result<Option<Bytes>, CallError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| CallError::no_answer(&story(error)))?
    {
        if body.len() + chunk.len() > most {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body.freeze()))
}

/// Connecting is the only failure after which surely nothing was written; all else is in doubt.
fn failure(error: reqwest::Error) -> CallError {
    if error.is_connect() || error.is_builder() {
        CallError::not_sent(&story(error))
    } else {
        CallError::no_answer(&story(error))
    }
}

/// The error with its causes, without the address.
fn story(error: reqwest::Error) -> String {
    let timeout = error.is_timeout();
    let error = error.without_url();
    let mut text = if timeout {
        format!("超时：{error}")
    } else {
        error.to_string()
    };
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
