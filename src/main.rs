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
use rustix::process::{Resource, Rlimit};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    keep_memory_private();
    allow_many_files();
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

/// Lets nobody have this process's memory, which holds every key and token: no core dump of a crash, and on Linux no debugger of the same user.
/// Nothing depends on it, so a system that refuses is left as it is.
fn keep_memory_private() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = rustix::process::setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Lets this process open as many files as it may: each call to a platform that takes its time holds a connection, and the soft limit of most
/// systems is less than `publish.concurrency`. A system that refuses is left as it is.
fn allow_many_files() {
    let allowed = rustix::process::getrlimit(Resource::Nofile);
    let most = Rlimit {
        current: allowed.maximum,
        maximum: allowed.maximum,
    };
    let _ = rustix::process::setrlimit(Resource::Nofile, most);
}
