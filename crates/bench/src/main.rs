//! The benchmark: what this machine does in one run, beside figures it can be compared with.
//!
//! It starts the release build of `moments-sync` and the stand-ins as programs of their own, loads them from this process, and prints
//! a table for each database. Machines differ and are noisy, so every measure carries a comparison, and only the ratios mean something.
//! Everything happens on 127.0.0.1 and in temporary folders; the run ends by itself, and so do its programs.

mod bare;
mod cli;
mod cluster;
mod convert;
mod create;
mod database;
mod drain;
mod fill;
mod http;
mod installation;
mod lateness;
mod load;
mod program;
mod report;
mod site;
mod spent;
mod stand_in;
mod stats;
mod usage;
mod waiting;
mod words;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Parser as _;
use tokio::signal::unix::{SignalKind, signal};

use cli::{Cli, Command, Database, Measure, Plan};
use report::Row;
use site::Site;

/// A run that takes longer than this has met something that no figure would show.
const AT_MOST: Duration = Duration::from_mins(15);

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

/// Each database has a table, which is printed as soon as it is whole.
async fn measures(plan: &Plan) -> anyhow::Result<()> {
    if plan.only.contains(&Measure::Convert) {
        eprintln!("measuring convert …");
        println!("{}\n", report::table(&convert::run().await?));
    }
    if plan.only.contains(&Measure::Words) {
        eprintln!("measuring words …");
        println!("{}\n", report::table(&words::run(plan)?));
    }
    for database in Database::chosen(plan) {
        let mut columns = Vec::new();
        for site in Site::all(plan, database)? {
            columns.push((site.name(), rows(&site, database).await?));
        }
        match (database, columns.as_slice()) {
            (_, []) => (),
            (Database::Sqlite, [(_, rows)]) if rows.is_empty() => (),
            (Database::Sqlite, [(_, rows)]) => println!("{}\n", report::table(rows)),
            (_, columns) => println!("{}\n", report::across(&database.to_string(), columns)),
        }
    }
    Ok(())
}

async fn rows(site: &Site, database: Database) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for measure in site.measures() {
        let what = format!("{measure} on {database}, {}", site.name());
        eprintln!("measuring {what} …");
        let more = match measure {
            Measure::Create => create::run(site).await,
            Measure::Drain => drain::run(site).await,
            Measure::Lateness => lateness::run(site).await,
            Measure::Waiting => waiting::run(&site.plan).await,
            // Measured once, before all databases.
            Measure::Words | Measure::Convert => Ok(Vec::new()),
        };
        rows.extend(more.with_context(|| format!("measuring {what}"))?);
    }
    Ok(rows)
}
