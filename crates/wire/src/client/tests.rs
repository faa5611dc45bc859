use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use secrecy::SecretString;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::*;

/// What the server does with each request it has read, in order; after the last it closes.
#[derive(Clone, Copy)]
enum Step {
    /// Writes this and keeps the connection.
    Say(&'static str),
    /// Writes this, which may be nothing, and closes the connection.
    SayAndClose(&'static str),
    /// Answers nothing.
    Hang,
}

struct Server {
    base: Url,
    /// How long a call waits: short only where nothing will come.
    patience: Duration,
    requests: Arc<AtomicUsize>,
}

impl Server {
    async fn start(steps: &'static [Step]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}/prefix/", listener.local_addr().expect("an address"))
            .parse()
            .expect("a url");
        let requests = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, steps, Arc::clone(&seen)));
            }
        });
        let hangs = steps.iter().any(|step| matches!(step, Step::Hang));
        let patience = if hangs {
            Duration::from_millis(300)
        } else {
            Duration::from_mins(1)
        };
        Self {
            base,
            patience,
            requests,
        }
    }

    async fn post(&self, wire: &WireClient) -> Result<serde_json::Value, CallError> {
        let call = Call::post(&self.base, "/create")
            .secret_query("access_token", &"T0P".into())
            .json(&"好");
        wire.call(call.timeout(self.patience)).await?.read()
    }
}

async fn serve(mut stream: TcpStream, steps: &'static [Step], seen: Arc<AtomicUsize>) {
    let mut buffer = [0; 4096];
    while matches!(stream.read(&mut buffer).await, Ok(1..)) {
        let step = steps.get(seen.fetch_add(1, Ordering::SeqCst)).copied();
        match step {
            Some(Step::Say(text)) => stream.write_all(text.as_bytes()).await.expect("written"),
            Some(Step::SayAndClose(text)) => {
                return stream.write_all(text.as_bytes()).await.expect("written");
            }
            Some(Step::Hang) => std::future::pending().await,
            None => return,
        }
    }
}

fn wire() -> WireClient {
    WireClient::new().expect("a client")
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

/// The class of a call's outcome at a server that does `steps`.
async fn outcome(steps: &'static [Step]) -> &'static str {
    match Server::start(steps).await.post(&wire()).await {
        Ok(_) => "ok",
        Err(CallError::NotSent(_)) => "not sent",
        Err(CallError::NoAnswer(_)) => "no answer",
        Err(CallError::Refused { .. }) => "refused",
    }
}

#[tokio::test]
async fn everything_but_a_whole_200_with_json_is_no_answer() {
    const CASES: &[(&[Step], &str)] = &[
        (&[Step::Say(OK)], "ok"),
        (
            &[Step::Say("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 2\r\n\r\n{}")],
            "no answer",
        ),
        (
            &[Step::Say("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")],
            "no answer",
        ),
        (
            &[
                Step::Say("HTTP/1.1 301 Moved\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n"),
                Step::Say(OK),
            ],
            "no answer",
        ),
        (
            &[Step::Say("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>")],
            "no answer",
        ),
        (
            &[Step::Say("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")],
            "no answer",
        ),
        (
            &[Step::SayAndClose(
                "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{\"errcode\"",
            )],
            "no answer",
        ),
        (&[Step::SayAndClose("")], "no answer"),
        (&[Step::Hang], "no answer"),
    ];
    for (index, (steps, expected)) in CASES.iter().enumerate() {
        assert_eq!(outcome(steps).await, *expected, "case {index}");
    }
}

#[tokio::test]
async fn a_refused_connection_means_that_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base: Url = format!("http://{}", listener.local_addr().expect("an address"))
        .parse()
        .expect("a url");
    drop(listener);
    let answer = wire().call(Call::get(&base, "/x")).await;
    assert!(matches!(answer, Err(CallError::NotSent(_))), "{answer:?}");
}

#[tokio::test]
async fn a_request_cut_off_on_a_used_connection_is_not_sent_again() {
    let server = Server::start(&[Step::Say(OK), Step::SayAndClose(""), Step::Say(OK)]).await;
    let wire = wire();
    assert!(server.post(&wire).await.is_ok());
    assert!(matches!(server.post(&wire).await, Err(CallError::NoAnswer(_))));
    assert_eq!(server.requests.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_failure_shows_no_query() {
    let server = Server::start(&[Step::SayAndClose("")]).await;
    let error = server.post(&wire()).await.expect_err("cut").to_string();
    assert!(!error.contains("T0P") && !error.contains("access_token"), "{error}");
}

#[tokio::test]
async fn a_header_that_http_forbids_sends_nothing() {
    let server = Server::start(&[Step::Say(OK)]).await;
    let call = Call::post(&server.base, "/x")
        .secret_header("token", &SecretString::from("a\nb"))
        .json(&());
    assert!(matches!(wire().call(call).await, Err(CallError::NotSent(_))));
    assert_eq!(server.requests.load(Ordering::SeqCst), 0);
}

#[test]
fn a_path_is_appended_to_the_base() {
    for (base, expected) in [
        ("http://h/", "http://h/cgi-bin/x?a=%E5%A5%BD"),
        ("http://h", "http://h/cgi-bin/x?a=%E5%A5%BD"),
        ("http://h/v2/api/", "http://h/v2/api/cgi-bin/x?a=%E5%A5%BD"),
    ] {
        let call = Call::get(&base.parse().expect("a url"), "/cgi-bin/x").query("a", "好");
        assert_eq!(call.url.as_str(), expected);
    }
}
