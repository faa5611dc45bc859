//! One process of the cluster, in one life after the other.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::timeout;

/// How long a start may take, with everything around it starting too.
const PATIENCE: Duration = Duration::from_mins(1);

/// How every process of a run is started.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    /// Where it works and logs.
    pub(crate) folder: PathBuf,
    /// Its environment, and no other.
    pub(crate) environment: Vec<(String, String)>,
}

impl Launch {
    /// The program with `arguments`, in the run's folder and environment. Dropping the child kills it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_moments-sync"));
        command
            .args(arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Runs a command that prints one line and ends.
    pub(crate) async fn printed(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().await.expect("the program runs");
        assert!(output.status.success(), "{arguments:?} failed");
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    }
}

/// A `serve` with one role.
pub(crate) struct Process {
    role: &'static str,
    launch: Launch,
    child: Child,
    /// Where it answers; empty while it is down.
    pub(crate) address: watch::Sender<String>,
}

impl Process {
    /// Starts it; it may not answer yet.
    pub(crate) fn start(role: &'static str, launch: &Launch) -> Self {
        let address = watch::Sender::default();
        Self {
            role,
            child: spawn(role, launch, &address),
            launch: launch.clone(),
            address,
        }
    }

    /// Waits until it answers.
    pub(crate) async fn is_up(&self) {
        let mut address = self.address.subscribe();
        let up = timeout(PATIENCE, address.wait_for(|address| !address.is_empty())).await;
        assert!(
            up.is_ok(),
            "{} does not start: see its log in {}",
            self.role,
            self.launch.folder.display()
        );
    }

    /// Starts it anew after it has ended.
    pub(crate) fn restart(&mut self) {
        self.child = spawn(self.role, &self.launch, &self.address);
    }

    /// SIGKILL.
    pub(crate) async fn kill(&mut self) {
        self.address.send_replace(String::new());
        self.child.kill().await.expect("it is killed");
    }

    /// SIGTERM, and until it has ended; it must end well.
    pub(crate) async fn stop(&mut self) {
        self.address.send_replace(String::new());
        self.signal("TERM").await;
        let ended = timeout(PATIENCE, self.child.wait())
            .await
            .expect("it stops when told to");
        let status = ended.expect("a status");
        assert!(status.success(), "{} stopped with {status}", self.role);
    }

    /// Stands still for `span`, as a machine does that moves to another host.
    pub(crate) async fn pause(&self, span: Duration) {
        self.signal("STOP").await;
        tokio::time::sleep(span).await;
        self.signal("CONT").await;
    }

    async fn signal(&self, name: &str) {
        let Some(pid) = self.child.id() else {
            return;
        };
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &pid.to_string()])
            .status()
            .await;
        assert!(sent.expect("kill").success(), "SIG{name} to {}", self.role);
    }
}

fn spawn(role: &str, launch: &Launch, address: &watch::Sender<String>) -> Child {
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(log_of(&launch.folder, role));
    let mut child = launch
        .command(&["serve", "--roles", role])
        .stdout(Stdio::piped())
        .stderr(log.expect("a log"))
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let address = address.clone();
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some(url) = line.strip_prefix("moments-sync 已启动：") {
                address.send_replace(url.trim().to_owned());
            }
        }
    });
    child
}

/// What the processes of a role have logged.
pub(crate) fn log_of(folder: &Path, role: &str) -> PathBuf {
    folder.join(format!("{role}.log"))
}
