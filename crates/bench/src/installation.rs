//! A fresh installation in a temporary folder, with a stand-in of its own.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use hyper::StatusCode;
use moments_domain::{ChannelId, UserId};
use moments_store::{Options, Store};
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

use crate::cli::{Plan, Seed};
use crate::http::{self, Connection};
use crate::program::Program;
use crate::stand_in;

/// Whose accounts and tasks they are.
pub(crate) const USER: UserId = UserId(1);
/// Corps of the stand-in, all of them bound.
pub(crate) const CORPS: usize = 10;
/// Members of each.
pub(crate) const MEMBERS: usize = 100;
/// Where the routes begin.
pub(crate) const BASE: &str = "/api/v1/workbench/wechat/moments";

/// A database, its secrets, and the platform it publishes to.
pub(crate) struct Installation {
    folder: TempDir,
    server: PathBuf,
    hs256: String,
    vault_keys: String,
    /// The platform.
    pub(crate) stand_in: Program,
    /// A token of the user, with every permission.
    pub(crate) token: String,
    /// The corps' channels, in the stand-in's order.
    pub(crate) channels: Vec<ChannelId>,
}

impl Installation {
    /// Everything bound and nothing running but the stand-in.
    pub(crate) async fn new(plan: &Plan) -> anyhow::Result<Self> {
        let stand_in = start_stand_in().await?;
        let mut made = Self {
            folder: tempfile::Builder::new().prefix("moments-bench-").tempdir()?,
            server: plan.server()?,
            hs256: "a-secret-for-the-benchmark-and-nothing-else".to_owned(),
            vault_keys: String::new(),
            stand_in,
            token: String::new(),
            channels: Vec::new(),
        };
        made.vault_keys = made.printed(&["keys", "new"]).await?;
        made.token = made.printed(&["token", "--user", "1"]).await?;
        let server = made.serve().await?;
        made.bind(&server).await?;
        server.stop().await?;
        made.channels = made
            .store()
            .await?
            .channels(USER)
            .await?
            .iter()
            .map(|channel| channel.id)
            .collect();
        Ok(made)
    }

    /// Starts the server.
    pub(crate) async fn serve(&self) -> anyhow::Result<Program> {
        let mut command = self.command();
        command.arg("serve");
        Program::start("server", command).await
    }

    /// The database, for filling it while no server runs.
    pub(crate) async fn store(&self) -> anyhow::Result<Store> {
        Ok(Store::open(&Options::new(self.database())).await?)
    }

    fn database(&self) -> String {
        format!("sqlite://{}/moments.db", self.folder.path().display())
    }

    /// The program in this installation's environment, and in no other.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.server);
        let stand_in = format!("http://{}", self.stand_in.address());
        let media = self.folder.path().join("media");
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("MOMENTS_HTTP_LISTEN", "127.0.0.1:0")
            .env("MOMENTS_HTTP_REQUESTS_PER_MINUTE", "0")
            .env("MOMENTS_DATABASE_URL", self.database())
            .env("MOMENTS_AUTH_HS256_SECRET", &self.hs256)
            .env("MOMENTS_VAULT_KEYS", &self.vault_keys)
            .env("MOMENTS_WECOM_BASE_URL", stand_in)
            .env("MOMENTS_WECOM_CREATES_PER_MINUTE", "0")
            .env("MOMENTS_MEDIA_DIR", media)
            .env("MOMENTS_LOG_LEVEL", "warn");
        command
    }

    /// What a short command prints.
    async fn printed(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self
            .command()
            .args(arguments)
            .output()
            .await
            .context("running the server's program")?;
        if !output.status.success() {
            bail!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    async fn bind(&self, server: &Program) -> anyhow::Result<()> {
        let mut connection = Connection::open(server.address()).await?;
        for corp in 0..CORPS {
            let body = json!({
                "corpId": stand_in::corpid(corp),
                "agentId": stand_in::AGENT_ID,
                "secret": stand_in::secret(corp),
                "name": format!("corp {corp}"),
            });
            let ask = http::post(server.address(), &format!("{BASE}/channels/wecom"), &self.token, &body)?;
            connection.expect(ask, StatusCode::CREATED).await?;
        }
        Ok(())
    }
}

async fn start_stand_in() -> anyhow::Result<Program> {
    let seed = Seed {
        corps: CORPS,
        members: MEMBERS,
    };
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("stand-in");
    command.args([
        "--corps",
        &seed.corps.to_string(),
        "--members",
        &seed.members.to_string(),
    ]);
    Program::start("stand-in", command).await
}
