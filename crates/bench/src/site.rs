//! Where the measures run: on which database, in which processes, told of work by which means.

use anyhow::Context as _;

use crate::cli::{Database, Measure, Plan};

/// The roles of the process that answers users where workers are processes of their own.
const FRONT: &str = "api,scheduler";

/// One way to run the program, with the sizes that are measured there.
pub(crate) struct Site {
    /// The sizes.
    pub(crate) plan: Plan,
    pub(crate) layout: Layout,
    /// The database's server; `None`: a file.
    pub(crate) server: Option<Server>,
    /// RabbitMQ's address, with its password; `None`: workers look by themselves.
    pub(crate) broker: Option<String>,
}

/// A database server, which must serve nothing else meanwhile.
#[derive(Clone)]
pub(crate) struct Server {
    /// Its address with a password and without a database: databases are made for the run, and dropped.
    pub(crate) url: String,
    /// Its process on this machine, to tell what it costs; `None`: unknown.
    pub(crate) pid: Option<i32>,
}

/// The program's processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One, with every role.
    Whole,
    /// One that takes requests and schedules, and so many workers.
    Workers(usize),
}

impl Site {
    /// Everywhere to measure on `database`; empty when nothing is measured there.
    pub(crate) fn all(plan: &Plan, database: Database) -> anyhow::Result<Vec<Self>> {
        let Some(name) = database.variable() else {
            return Ok(vec![Self::of_file(plan)]);
        };
        if !plan.only.iter().any(|measure| measure.runs_on_servers()) {
            return Ok(Vec::new());
        }
        let server = Server {
            url: variable(name).with_context(|| format!("{name} is not set: scripts/servers start prints it"))?,
            pid: variable(&format!("{name}_PID")).map(|pid| pid.parse()).transpose()?,
        };
        let broker = variable("MOMENTS_TEST_AMQP");
        if broker.is_none() {
            eprintln!("MOMENTS_TEST_AMQP is not set: nothing is measured over RabbitMQ");
        }
        Ok(ways(broker.as_deref())
            .map(|(layout, broker)| Self {
                plan: plan.on_servers(),
                layout,
                server: Some(server.clone()),
                broker: broker.map(str::to_owned),
            })
            .collect())
    }

    fn of_file(plan: &Plan) -> Self {
        Self {
            plan: plan.clone(),
            layout: Layout::Whole,
            server: None,
            broker: None,
        }
    }

    /// What is measured here.
    pub(crate) fn measures(&self) -> impl Iterator<Item = Measure> {
        let file = self.server.is_none();
        let only = self.plan.only.iter().copied();
        only.filter(move |measure| measure.runs_on_servers() || (file && measure.needs_a_database()))
    }

    /// The processes and their queue in a few words.
    pub(crate) fn name(&self) -> String {
        let queue = if self.broker.is_some() { "RabbitMQ" } else { "memory" };
        match self.layout {
            Layout::Whole => "one process".to_owned(),
            Layout::Workers(1) => format!("{queue}, 1 worker"),
            Layout::Workers(count) => format!("{queue}, {count} workers"),
        }
    }
}

/// The layouts of a server: one process needs no broker.
fn ways(broker: Option<&str>) -> impl Iterator<Item = (Layout, Option<&str>)> {
    let apart = [1, 2].map(Layout::Workers);
    let alone = [Layout::Whole].into_iter().chain(apart).map(|layout| (layout, None));
    let told = apart
        .into_iter()
        .filter_map(move |layout| broker.map(|url| (layout, Some(url))));
    alone.chain(told)
}

impl Layout {
    /// The roles of each process, the one that answers users first.
    pub(crate) fn roles(self) -> Vec<&'static str> {
        match self {
            Self::Whole => vec!["api,scheduler,worker"],
            Self::Workers(count) => [FRONT]
                .into_iter()
                .chain(std::iter::repeat_n("worker", count))
                .collect(),
        }
    }
}

impl Database {
    /// Those that are asked for; else the file, and the servers whose variable is set.
    pub(crate) fn chosen(plan: &Plan) -> Vec<Self> {
        if !plan.databases.is_empty() {
            return plan.databases.clone();
        }
        let here = |database: &Self| database.variable().is_none_or(|name| variable(name).is_some());
        Self::ALL.into_iter().filter(here).collect()
    }

    /// Where the address of its server is found; `None`: it is a file.
    fn variable(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some("MOMENTS_TEST_POSTGRES"),
            Self::Mariadb => Some("MOMENTS_TEST_MARIADB"),
        }
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests;
