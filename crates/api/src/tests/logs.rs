//! What an operator reads, and what must never be there.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use super::platform::GOOD;
use super::world::{BASE, OWNER, World, request, token};
use crate::PERMISSIONS;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a lock").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_request_is_one_line_with_its_user_and_without_anything_secret() {
    // With one subscriber alone `tracing` decides what is wanted by asking whichever thread comes first; with two it asks both.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false);
    let _logging = tracing::subscriber::set_default(subscriber.with_writer(lines.clone()).finish());
    let world = World::new().await;
    let token = token(OWNER, PERMISSIONS);
    let body = json!({ "corpId": "ww1", "agentId": 1, "secret": GOOD, "name": "门店" }).to_string();
    let path = format!("{BASE}/channels/wecom?phone=13800000000");
    let mut bind = request("POST", &path, Some(&token), Some(body));
    bind.headers_mut()
        .insert("X-Request-ID", "trace-1".parse().expect("a header"));
    world.send(bind).await.expect(201);

    let text = String::from_utf8(lines.0.lock().expect("a lock").clone()).expect("text");
    let answered: Vec<_> = text.lines().filter(|line| line.contains("answered")).collect();
    let [line] = answered.as_slice() else {
        panic!("one line for one request: {text}")
    };
    for part in [
        "method=POST",
        "route=\"/api/v1",
        "status=201",
        "user.id=1",
        "request.id=\"trace-1\"",
    ] {
        assert!(line.contains(part), "{part} is missing in {line}");
    }
    for secret in [token.as_str(), GOOD, "13800000000"] {
        assert!(!text.contains(secret), "{secret} is in the log");
    }
}
