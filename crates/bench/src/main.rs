//! The benchmark: what this machine does in one run, beside figures it can be compared with.
//!
//! It starts the release build of `moments-sync` and the stand-ins as programs of their own, loads them from this process, and prints
//! one table. Machines differ and are noisy, so every measure carries a comparison, and only the ratios mean something.
//! Everything happens on 127.0.0.1 and in temporary folders; the run ends by itself, and so do its programs.

mod bare;
mod cli;
mod create;
mod drain;
mod fill;
mod http;
mod installation;
mod lateness;
mod load;
mod program;
mod report;
mod stand_in;
mod stats;
mod usage;
mod waiting;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Parser as _;
use tokio::signal::unix::{SignalKind, signal};

use cli::{Cli, Command, Measure, Plan};
use report::Report;

/// A run that takes longer than this has met something that no figure would show.
const AT_MOST: Duration = Duration::from_mins(8);

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Some(Command::StandIn(seed)) => stand_in::run(seed).await,
        None => bounded(&cli.plan).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("moments-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The measures, until they are done, the time is up, or a signal comes. Dropping them ends the programs that they started.
async fn bounded(plan: &Plan) -> anyhow::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        done = tokio::time::timeout(AT_MOST, measures(plan)) => done.context("the run took too long")?,
        _ = tokio::signal::ctrl_c() => bail!("stopped"),
        _ = terminated.recv() => bail!("stopped"),
    }
}

async fn measures(plan: &Plan) -> anyhow::Result<()> {
    let mut report = Report::default();
    for measure in &plan.only {
        eprintln!("measuring {measure} …");
        let rows = match measure {
            Measure::Create => create::run(plan).await,
            Measure::Drain => drain::run(plan).await,
            Measure::Lateness => lateness::run(plan).await,
            Measure::Waiting => waiting::run(plan).await,
        };
        report.add(rows.with_context(|| format!("measuring {measure}"))?);
    }
    println!("{}", report.table());
    Ok(())
}
