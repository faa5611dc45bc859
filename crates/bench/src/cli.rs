//! What is typed.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Measures the release build of moments-sync on this machine, and prints ratios.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) plan: Plan,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the stand-in for WeCom, without delays and limits, until the standard input closes. Prints its address.
    StandIn(Seed),
}

/// Who lives in the stand-in.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Seed {
    /// Corps.
    #[arg(long, default_value_t = 10)]
    pub(crate) corps: usize,
    /// Members of each corp.
    #[arg(long, default_value_t = 100)]
    pub(crate) members: usize,
}

/// What to measure, and how much of it.
#[derive(Args, Clone, Debug)]
pub(crate) struct Plan {
    /// Only these measures.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Measure::ALL)]
    pub(crate) only: Vec<Measure>,
    /// Only on these databases. When not given: SQLite, and the servers that MOMENTS_TEST_POSTGRES and MOMENTS_TEST_MARIADB name.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) databases: Vec<Database>,
    /// The server's binary; the one beside this program when not given.
    #[arg(long)]
    pub(crate) server: Option<PathBuf>,
    /// Connections that create tasks.
    #[arg(long, default_value_t = 64)]
    pub(crate) connections: usize,
    /// How long tasks are created, for each number of accounts. Seconds.
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u64,
    /// Tasks with one account each that are due at the same second. 0: none.
    #[arg(long, default_value_t = 40_000)]
    pub(crate) tasks: usize,
    /// Tasks with a hundred accounts each that are due at the same second. 0: none.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) batches: usize,
    /// Publications that wait while lateness and memory are measured.
    #[arg(long, default_value_t = 100_000)]
    pub(crate) others: usize,
    /// Tasks due one by one, every 50 ms.
    #[arg(long, default_value_t = 200)]
    pub(crate) punctual: usize,
    /// Waiting rows at which a claim and a creation are timed, ascending.
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000, 1_000_000])]
    pub(crate) rows: Vec<usize>,
    /// On servers: how long tasks are created, for each number of accounts. Seconds.
    #[arg(long, default_value_t = 2)]
    pub(crate) server_seconds: u64,
    /// On servers: tasks with one account each that are due at the same second.
    #[arg(long, default_value_t = 2_000)]
    pub(crate) server_tasks: usize,
    /// On servers: publications that wait while lateness and memory are measured.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) server_others: usize,
    /// On servers: tasks due one by one.
    #[arg(long, default_value_t = 100)]
    pub(crate) server_punctual: usize,
    /// Words on the list that texts are checked against.
    #[arg(long, default_value_t = 100_000)]
    pub(crate) words: usize,
    /// Divides every count and duration above, for a quick look.
    #[arg(long, default_value_t = 1)]
    pub(crate) divide: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Measure {
    /// `POST /sync`: requests a second and their latency.
    Create,
    /// Publications a second, from due to settled.
    Drain,
    /// Lateness and peak memory beside many that wait.
    Lateness,
    /// What claim and creation cost as the tables grow.
    Waiting,
    /// Text a second that is checked against word lists. Needs no database.
    Words,
    /// Memory and time of converting ten large pictures at once. Needs no database.
    Convert,
}

impl Measure {
    const ALL: [Self; 6] = [
        Self::Create,
        Self::Drain,
        Self::Lateness,
        Self::Waiting,
        Self::Words,
        Self::Convert,
    ];

    /// Filling a server with a million rows would take longer than everything else.
    pub(crate) fn runs_on_servers(self) -> bool {
        self.needs_a_database() && self != Self::Waiting
    }

    pub(crate) fn needs_a_database(self) -> bool {
        !matches!(self, Self::Words | Self::Convert)
    }
}

/// What holds the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Database {
    /// A file.
    Sqlite,
    /// A server.
    Postgres,
    /// A server.
    Mariadb,
}

impl Database {
    pub(crate) const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::Mariadb];
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::Mariadb => "MariaDB",
        })
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Drain => "drain",
            Self::Lateness => "lateness",
            Self::Waiting => "waiting",
            Self::Words => "words",
            Self::Convert => "convert",
        })
    }
}

impl Plan {
    /// What is measured on a server in each layout: the same, of smaller sizes.
    pub(crate) fn on_servers(&self) -> Self {
        Self {
            seconds: self.server_seconds,
            tasks: self.server_tasks,
            batches: 0,
            others: self.server_others,
            punctual: self.server_punctual,
            ..self.clone()
        }
    }

    /// `count` as this run wants it; 0 only when it is 0.
    pub(crate) fn share(&self, count: usize) -> usize {
        (count / self.divide.max(1)).max(count.min(1))
    }

    /// How long tasks are created; at least a second.
    pub(crate) fn create_for(&self) -> Duration {
        Duration::from_secs((self.seconds / u64::try_from(self.divide.max(1)).unwrap_or(1)).max(1))
    }

    /// The server's binary.
    pub(crate) fn server(&self) -> anyhow::Result<PathBuf> {
        if let Some(path) = &self.server {
            return path.canonicalize().with_context(|| path.display().to_string());
        }
        let own = std::env::current_exe()?;
        let beside = own.with_file_name("moments-sync");
        beside
            .canonicalize()
            .with_context(|| format!("{} is missing: build it first, or give --server", beside.display()))
    }
}
