//! All processes of a run.

use tokio::sync::{Mutex, watch};

use crate::process::{Launch, Process};

/// What runs: two API processes, two schedulers, three workers.
const ROLES: [&str; 7] = ["api", "api", "scheduler", "scheduler", "worker", "worker", "worker"];

/// The processes, each in its turn in the hands of the weather.
pub(crate) struct Cluster(Vec<Mutex<Process>>);

impl Cluster {
    /// Starts all at once, on an empty database.
    pub(crate) async fn start(launch: &Launch) -> Self {
        let processes: Vec<_> = ROLES.iter().map(|role| Process::start(role, launch)).collect();
        for process in &processes {
            process.is_up().await;
        }
        Self(processes.into_iter().map(Mutex::new).collect())
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Process number `n`, as soon as nobody else has it in hands.
    pub(crate) fn process(&self, n: usize) -> &Mutex<Process> {
        &self.0[n]
    }

    /// Where the API processes answer, from life to life.
    pub(crate) async fn apis(&self) -> Vec<watch::Receiver<String>> {
        let mut apis = Vec::new();
        for (process, role) in self.0.iter().zip(ROLES) {
            if role == "api" {
                apis.push(process.lock().await.address.subscribe());
            }
        }
        apis
    }
}
