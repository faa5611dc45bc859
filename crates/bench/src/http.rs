//! One keep-alive connection. The load must cost less than what it loads, so there is no pool and no policy.

use anyhow::{Context as _, bail};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// A request that can be sent again and again.
pub(crate) type Ask = Request<Full<Bytes>>;

/// Calls one server.
#[derive(Debug)]
pub(crate) struct Connection(SendRequest<Full<Bytes>>);

impl Connection {
    /// `address` is `host:port`.
    pub(crate) async fn open(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)
            .await
            .with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    /// The answer, whatever its status.
    pub(crate) async fn send(&mut self, ask: Ask) -> anyhow::Result<(StatusCode, Bytes)> {
        self.0.ready().await?;
        let answer = self.0.send_request(ask).await?;
        let status = answer.status();
        Ok((status, answer.into_body().collect().await?.to_bytes()))
    }

    /// The answer's body, when its status is `expected`.
    pub(crate) async fn expect(&mut self, ask: Ask, expected: StatusCode) -> anyhow::Result<Bytes> {
        let what = format!("{} {}", ask.method(), ask.uri());
        let (status, body) = self.send(ask).await?;
        if status != expected {
            bail!("{what}: {status} {}", String::from_utf8_lossy(&body));
        }
        Ok(body)
    }
}

/// A GET without a token.
pub(crate) fn get(address: &str, path: &str) -> anyhow::Result<Ask> {
    Ok(Request::builder()
        .uri(path)
        .header(HOST, address)
        .body(Full::default())?)
}

/// A POST with a token.
pub(crate) fn post(address: &str, path: &str, token: &str, body: &Value) -> anyhow::Result<Ask> {
    Ok(Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(HOST, address)
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .header(CONTENT_TYPE, "application/json")
        .body(Full::from(body.to_string()))?)
}
