//! The program as a child process. It dies with the value that holds it.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// How long a start or a stop may take before the test fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// Starts a program as most systems would that let it open few files.
const WITH_FEW_FILES: &str = r#"ulimit -S -n 256 && exec "$0" "$@""#;

/// A `moments-sync serve` that answers.
pub(crate) struct Server {
    /// `http://127.0.0.1:port`.
    pub(crate) url: String,
    child: Child,
    log: PathBuf,
}

impl Server {
    /// Starts it in `folder` with this environment and no other; its log is added to `log.txt` there.
    pub(crate) async fn start(folder: &Path, environment: &[(String, String)]) -> Self {
        Self::start_as("api,scheduler,worker", folder, environment).await
    }

    /// The same with some of the roles.
    pub(crate) async fn start_as(roles: &str, folder: &Path, environment: &[(String, String)]) -> Self {
        let log = folder.join("log.txt");
        let file = OpenOptions::new().create(true).append(true).open(&log).expect("a log");
        let mut child = Command::new("/bin/sh")
            .args(["-c", WITH_FEW_FILES, env!("CARGO_BIN_EXE_moments-sync")])
            .args(["serve", "--roles", roles])
            .current_dir(folder)
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let url = tokio::time::timeout(PATIENCE, address(&mut lines)).await;
        let Ok(Some(url)) = url else {
            panic!("no address was printed; its log:\n{}", read(&log))
        };
        // Whoever prints into a pipe that nobody reads comes to a halt.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { url, child, log }
    }

    /// Asks it to stop (SIGTERM).
    pub(crate) async fn tell_to_stop(&self) {
        let pid = self.child.id().expect("it runs").to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status().await;
        assert!(asked.expect("kill").success());
    }

    /// Asks it to stop and waits for its end.
    pub(crate) async fn stop(self) -> ExitStatus {
        self.tell_to_stop().await;
        self.ended().await
    }

    /// Waits for the end of one that was told to stop.
    pub(crate) async fn ended(mut self) -> ExitStatus {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        ended.expect("it stops when told to").expect("a status")
    }

    /// Ends it at once, as a power cut would.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.expect("it runs");
    }

    /// Ends it as a defect would that nobody catches (SIGABRT). It was not let to write its memory to disk.
    pub(crate) async fn crash(mut self) {
        assert_eq!(self.limit("Max core file size"), ["0", "0"], "of its core dump");
        let pid = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-ABRT", &pid]).status().await;
        assert!(sent.expect("kill").success());
        self.child.wait().await.expect("it ends");
    }

    /// What the system limits it to, by the name that `/proc` has for it: what holds now, and the most that it may choose.
    pub(crate) fn limit(&self, name: &str) -> [String; 2] {
        let pid = self.child.id().expect("it runs");
        let limits = fs::read_to_string(format!("/proc/{pid}/limits")).expect("its limits");
        let mut values = limits.lines().filter_map(|line| line.strip_prefix(name));
        let mut words = values.next().expect("a limit").split_whitespace().map(str::to_owned);
        [words.next().expect("what holds"), words.next().expect("the most")]
    }

    /// Everything that it has logged, earlier runs in the same folder included.
    pub(crate) fn log(&self) -> String {
        read(&self.log)
    }
}

/// Whoever reads of a failed test wants to know what the program said.
impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<_> = log.lines().collect();
            let tail = &lines[lines.len().saturating_sub(40)..];
            eprintln!("--- the end of the program's log\n{}\n---", tail.join("\n"));
        }
    }
}

async fn address(lines: &mut Lines<BufReader<ChildStdout>>) -> Option<String> {
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(url) = line.strip_prefix("moments-sync 已启动：") {
            return Some(url.trim().to_owned());
        }
    }
    None
}

fn read(log: &Path) -> String {
    String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned()
}
