//! Child processes that end with the value that holds them.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::usage::Usage;

/// How long a program may take to print its address.
const STARTS_WITHIN: Duration = Duration::from_secs(30);
/// How long a program may take to end after it was told to.
const STOPS_WITHIN: Duration = Duration::from_secs(20);

/// A program that serves on this machine.
#[derive(Debug)]
pub(crate) struct Program {
    name: &'static str,
    child: Child,
    pid: Pid,
    /// Kept open, so that the program can go on printing.
    _output: Lines<BufReader<ChildStdout>>,
    address: String,
}

impl Program {
    /// Starts it and waits until it prints where it serves.
    pub(crate) async fn start(name: &'static str, mut command: Command) -> anyhow::Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("starting the {name}"))?;
        let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let output = child.stdout.take().context("no output")?;
        let mut lines = BufReader::new(output).lines();
        let address = timeout(STARTS_WITHIN, address(&mut lines))
            .await
            .with_context(|| format!("the {name} did not start in time"))?
            .with_context(|| format!("the {name} ended without an address"))?;
        Ok(Self {
            name,
            child,
            pid: pid.context("no process id")?,
            _output: lines,
            address,
        })
    }

    /// `127.0.0.1:port`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// What it has used so far.
    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        Usage::of(self.pid)
    }

    /// Tells it to stop and waits for that.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        kill_process(self.pid, Signal::TERM).with_context(|| format!("stopping the {}", self.name))?;
        match timeout(STOPS_WITHIN, self.child.wait()).await {
            Ok(ended) => ended
                .map(|_| ())
                .with_context(|| format!("waiting for the {}", self.name)),
            Err(_) => bail!("the {} did not stop in time", self.name),
        }
    }
}

/// The first address in what is printed.
async fn address(lines: &mut Lines<BufReader<ChildStdout>>) -> Option<String> {
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some((_, rest)) = line.split_once("http://") {
            return Some(rest.split(['/', ' ']).next().unwrap_or(rest).to_owned());
        }
    }
    None
}
