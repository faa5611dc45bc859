//! What is typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Publishes and schedules posts to WeChat Moments (朋友圈) for many accounts at once.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Cli {
    /// The settings file; every setting is optional (see `serve --print-config`).
    #[arg(long, global = true, default_value = "moments.toml")]
    pub(crate) config: PathBuf,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the API, schedule and publish.
    Serve(Serve),
    /// Publish one immediate and one scheduled task on the sandbox and print what became of each account.
    Demo(Demo),
    /// Bring the database to the present schema, and end.
    Migrate,
    /// Print a development token (HS256), and nothing else.
    Token(Token),
    /// Keys that seal credentials and tokens.
    #[command(subcommand)]
    Keys(Keys),
    /// The record of who did what.
    #[command(subcommand)]
    Audit(Audit),
    /// Check settings, database, queue, keys, clocks, platforms, trusted IP and disk; say for each what to do.
    ///
    /// Ends with status 1 when anything fails. Changes nothing, save that it brings the database's schema up to date as `serve` does.
    Doctor(Doctor),
    /// Ask a running program whether it is ready; status 0 when it is. For containers, which have no curl.
    Health(Health),
}

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Serve {
    /// Start stand-ins for WeCom and the gateway, and bind their accounts to user 1 on an empty database.
    #[arg(long)]
    pub(crate) sandbox: bool,
    /// What this process does: any of api, scheduler and worker, in any number of processes over one server database.
    #[arg(long, value_delimiter = ',', default_values_t = ["api".to_owned(), "scheduler".to_owned(), "worker".to_owned()])]
    pub(crate) roles: Vec<String>,
    /// Print every setting with its default, and end.
    #[arg(long)]
    pub(crate) print_config: bool,
    /// Stop the world at a named step of a publication: for the crash test.
    #[arg(long, hide = true)]
    pub(crate) hold_at: Option<String>,
}

#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Doctor {
    /// Write the findings as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct Health {
    /// What to ask; by default /healthz at http.listen.
    #[arg(long)]
    pub(crate) url: Option<String>,
}

#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Demo {
    /// Go on serving afterwards.
    #[arg(long)]
    pub(crate) keep_serving: bool,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct Token {
    /// Whom the token names.
    #[arg(long)]
    pub(crate) user: i64,
    /// `all`, or permissions with commas.
    #[arg(long, default_value = "all")]
    pub(crate) permissions: String,
    /// How long it lives. Hours.
    #[arg(long, default_value_t = 2)]
    pub(crate) hours: u32,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum Keys {
    /// Print a new key for `vault.keys`, and nothing else.
    New,
    /// Seal everything anew with the first key of `vault.keys`, while the service runs. May be interrupted and run again.
    Rotate(Rotate),
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum Audit {
    /// Read the whole chain, and name the first entry that is not what it was; status 1 when there is one.
    Verify,
}

#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Rotate {
    /// Stop the world when so many texts of a place are looked at: for the crash test.
    #[arg(long, hide = true)]
    pub(crate) hold_after: Option<u64>,
}
