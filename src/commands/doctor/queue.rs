//! Whether the hand-over of ready publications works.

use std::sync::Arc;
use std::time::Duration;

use moments_queue::{Address, Broker, Depth, Options};

use super::finding::Finding;
use crate::clock::SystemClock;
use crate::settings::Settings;

const CHECK: &str = "queue";
/// Longer than a broker that is there takes to let a client in.
const PATIENCE: Duration = Duration::from_secs(8);
const GLANCE: Duration = Duration::from_millis(100);
const ACTION: &str = "Check queue.url, that the broker runs, and that its user may configure, write and read the queue in that virtual host. \
    Posts go on without it";

/// Connects as a scheduler does, which declares the queue, and takes no message.
pub(crate) async fn look(settings: &Settings) -> Finding {
    match settings.queue.address() {
        Ok(None) => Finding::ok(CHECK, "none: workers look for work by themselves"),
        Ok(Some(address)) => connect(settings, address).await,
        Err(error) => Finding::fail(CHECK, error.to_string(), ACTION),
    }
}

async fn connect(settings: &Settings, address: Address) -> Finding {
    let shown = address.to_string();
    let broker = Broker::start(Options {
        address,
        queue: settings.queue.name.clone(),
        prefetch: None,
        clock: Arc::new(SystemClock),
    });
    let connected = async {
        loop {
            if let Some(depth) = broker.link().depth {
                return depth;
            }
            tokio::time::sleep(GLANCE).await;
        }
    };
    if let Ok(Depth { messages, consumers }) = tokio::time::timeout(PATIENCE, connected).await {
        let name = &settings.queue.name;
        let detail = format!("{shown}, {name}: {messages} messages, {consumers} consumers");
        return Finding::ok(CHECK, detail);
    }
    let why = broker.link().down.unwrap_or_else(|| "no answer".to_owned());
    Finding::fail(CHECK, format!("{shown}: {why}"), ACTION)
}
