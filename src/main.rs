//! moments-sync: publishes and schedules posts to WeChat Moments for many accounts at once.

mod cli;
mod clock;
mod commands;
mod roles;
mod settings;
mod setup;
mod telemetry;

use std::process::ExitCode;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match commands::run(cli) {
        Ok(code) => code,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the last word of a program that could not start")]
            {
                eprintln!("moments-sync: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}
