//! Requests over many connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use hyper::StatusCode;

use crate::http::{Ask, Connection};
use crate::stats::{percentile, rate};

/// Most requests in one load: a bound for machines much faster than ours.
const MOST: usize = 400_000;

/// Makes the request of each number.
pub(crate) type Asks = Arc<dyn Fn(usize) -> Ask + Send + Sync>;

/// What to send, how wide and how long.
pub(crate) struct Load<'a> {
    pub(crate) address: &'a str,
    pub(crate) asks: Asks,
    pub(crate) expected: StatusCode,
    pub(crate) connections: usize,
    pub(crate) lasts: Duration,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// Answers.
    pub(crate) count: usize,
    /// From the first request to the last answer.
    pub(crate) took: Duration,
    /// Ascending.
    latencies: Vec<Duration>,
}

impl Loaded {
    /// Answers a second.
    pub(crate) fn rate(&self) -> f64 {
        rate(self.count, self.took)
    }

    /// A percentile of the latency.
    pub(crate) fn latency(&self, per_mille: usize) -> Duration {
        percentile(&self.latencies, per_mille).unwrap_or_default()
    }
}

impl Load<'_> {
    /// Loads; any answer but the expected one ends it with that answer.
    pub(crate) async fn run(self) -> anyhow::Result<Loaded> {
        let mut connections = Vec::with_capacity(self.connections);
        for _ in 0..self.connections {
            let mut connection = Connection::open(self.address).await?;
            connection
                .expect((self.asks)(MOST + connections.len()), self.expected)
                .await?;
            connections.push(connection);
        }
        let sent = Arc::new(AtomicUsize::new(0));
        let begun = Instant::now();
        let until = begun + self.lasts;
        let running = connections.into_iter().map(|connection| {
            let (asks, expected, sent) = (Arc::clone(&self.asks), self.expected, Arc::clone(&sent));
            tokio::spawn(repeat(connection, asks, expected, until, sent))
        });
        let mut latencies = Vec::new();
        for one in try_join_all(running).await? {
            latencies.extend(one?);
        }
        let took = begun.elapsed();
        latencies.sort_unstable();
        Ok(Loaded {
            count: latencies.len(),
            took,
            latencies,
        })
    }
}

async fn repeat(
    mut connection: Connection,
    asks: Asks,
    expected: StatusCode,
    until: Instant,
    sent: Arc<AtomicUsize>,
) -> anyhow::Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    let mut begun = Instant::now();
    while begun < until {
        let number = sent.fetch_add(1, Ordering::Relaxed);
        if number >= MOST {
            break;
        }
        connection.expect(asks(number), expected).await?;
        let done = Instant::now();
        latencies.push(done - begun);
        begun = done;
    }
    Ok(latencies)
}
