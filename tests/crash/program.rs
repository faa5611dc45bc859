//! The real program as a child process, to be killed.

use std::fs::OpenOptions;
use std::process::Stdio;
use std::time::Duration;

use moments_engine::Step;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::world::World;

/// How long a line may take; a start writes the schema, a held step may wait for a gate.
const PATIENCE: Duration = Duration::from_mins(1);

/// `moments-sync serve` on a world's database. Dropping it kills it.
pub(crate) struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Program {
    /// Starts the process; it may not answer yet. With `hold_at` every publication stops at that step and says so.
    pub(crate) fn spawn(world: &World, hold_at: Option<Step>) -> Self {
        let log = OpenOptions::new().create(true).append(true).open(world.log());
        let mut command = command(world);
        command
            .arg("serve")
            .stdout(Stdio::piped())
            .stderr(log.expect("the log file"));
        if let Some(step) = hold_at {
            command.args(["--hold-at", &format!("{step:?}")]);
        }
        let mut child = command.spawn().expect("the program starts");
        let stdout = child.stdout.take().expect("its output");
        Self {
            child,
            lines: BufReader::new(stdout).lines(),
        }
    }

    /// Waits for the greeting: the API's address, another one at each start.
    pub(crate) async fn address(&mut self) -> String {
        self.rest_of_line("moments-sync 已启动：").await
    }

    /// Waits until one more publication is held.
    pub(crate) async fn held(&mut self) {
        self.rest_of_line("held publication ").await;
    }

    /// SIGKILL: the process gets no chance to tidy up. Returns when it is gone.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.expect("the program is killed");
    }

    async fn rest_of_line(&mut self, start: &str) -> String {
        let wanted = async {
            while let Some(line) = self.lines.next_line().await.expect("readable output") {
                if let Some(rest) = line.strip_prefix(start) {
                    return rest.to_owned();
                }
            }
            panic!("the program ended before it said {start:?}");
        };
        let rest = timeout(PATIENCE, wanted).await;
        rest.unwrap_or_else(|_| panic!("the program did not say {start:?} in {PATIENCE:?}"))
    }
}

/// Runs a command that prints one line and ends.
pub(crate) async fn printed(world: &World, arguments: &[&str]) -> String {
    let output = command(world).args(arguments).output().await.expect("the program runs");
    assert!(output.status.success(), "{arguments:?} failed");
    let text = String::from_utf8(output.stdout).expect("text");
    text.trim().to_owned()
}

/// The program in the world's folder, with the world's settings and no others.
fn command(world: &World) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_moments-sync"));
    command
        .env_clear()
        .envs(world.settings())
        .current_dir(world.folder())
        .kill_on_drop(true);
    command
}
