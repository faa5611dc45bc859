//! The program's processes as one.

use futures::future::try_join_all;
use hyper::StatusCode;

use crate::http::{self, Ask, Connection};
use crate::program::Program;
use crate::usage::Usage;

/// The processes of one installation; there is at least the first, which answers users.
#[derive(Debug)]
pub(crate) struct Cluster {
    front: Program,
    others: Vec<Program>,
}

impl Cluster {
    pub(crate) fn new(front: Program, others: Vec<Program>) -> Self {
        Self { front, others }
    }

    /// Where users are answered: `127.0.0.1:port`.
    pub(crate) fn address(&self) -> &str {
        self.front.address()
    }

    /// What all of them have used so far. The peaks are added up, whenever each was.
    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        self.all().map(Program::usage).sum()
    }

    /// Counts what they settle.
    pub(crate) async fn meter(&self) -> anyhow::Result<Meter> {
        let mut meters = Vec::new();
        for program in self.all() {
            let ask = http::get(program.address(), "/metrics")?;
            meters.push((Connection::open(program.address()).await?, ask));
        }
        Ok(Meter(meters))
    }

    /// Tells all of them to stop and waits for that.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        let all = [self.front].into_iter().chain(self.others);
        try_join_all(all.map(Program::stop)).await.map(drop)
    }

    fn all(&self) -> impl Iterator<Item = &Program> {
        [&self.front].into_iter().chain(&self.others)
    }
}

/// Reads `/metrics` of every process.
pub(crate) struct Meter(Vec<(Connection, Ask)>);

impl Meter {
    /// How many publications have settled in the processes' lives.
    pub(crate) async fn settled(&mut self) -> anyhow::Result<usize> {
        let mut sum = 0;
        for (connection, ask) in &mut self.0 {
            let metrics = connection.expect(ask.clone(), StatusCode::OK).await?;
            sum += settled(std::str::from_utf8(&metrics)?);
        }
        Ok(sum)
    }
}

/// `moments_publication_moves_total{to="SETTLED"}`; 0 while there is none.
fn settled(metrics: &str) -> usize {
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix(r#"moments_publication_moves_total{to="SETTLED"} "#));
    line.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests;
