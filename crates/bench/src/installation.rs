//! A fresh installation in a temporary folder, with a stand-in of its own.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use futures::future::try_join_all;
use hyper::StatusCode;
use moments_domain::{ChannelId, UserId};
use moments_store::{Options, Store};
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

use crate::cli::Seed;
use crate::cluster::Cluster;
use crate::database::Database;
use crate::http::{self, Connection};
use crate::program::Program;
use crate::site::{Layout, Site};
use crate::spent::Spent;
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
    database: Database,
    layout: Layout,
    /// `queue.url`; `None`: the default.
    broker: Option<String>,
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
    pub(crate) async fn new(site: &Site) -> anyhow::Result<Self> {
        let stand_in = start_stand_in().await?;
        let folder = tempfile::Builder::new().prefix("moments-bench-").tempdir()?;
        let mut made = Self {
            database: Database::new(folder.path(), site.server.as_ref()).await?,
            folder,
            layout: site.layout,
            broker: site.broker.clone(),
            server: site.plan.server()?,
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

    /// Starts the server, in all its processes.
    pub(crate) async fn serve(&self) -> anyhow::Result<Cluster> {
        let started = self.layout.roles().into_iter().map(|roles| {
            let mut command = self.command();
            command.args(["serve", "--roles", roles]);
            Program::start("server", command)
        });
        let mut started = try_join_all(started).await?.into_iter();
        let front = started.next().context("a layout without a process")?;
        Ok(Cluster::new(front, started.collect()))
    }

    /// What the server and its database have spent so far.
    pub(crate) fn spent(&self, server: &Cluster) -> anyhow::Result<Spent> {
        Ok(Spent {
            program: server.usage()?,
            database_secs: self.database.cpu_secs()?,
        })
    }

    /// Removes what would burden the next installation.
    pub(crate) async fn remove(self) -> anyhow::Result<()> {
        self.database.remove().await
    }

    /// The database, for filling it while no server runs.
    pub(crate) async fn store(&self) -> anyhow::Result<Store> {
        Ok(Store::open(&Options::new(self.database.url())).await?)
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
            .env("MOMENTS_DATABASE_URL", self.database.url())
            .env("MOMENTS_AUTH_HS256_SECRET", &self.hs256)
            .env("MOMENTS_VAULT_KEYS", &self.vault_keys)
            .env("MOMENTS_WECOM_BASE_URL", stand_in)
            .env("MOMENTS_WECOM_CREATES_PER_MINUTE", "0")
            .env("MOMENTS_MEDIA_DIR", media)
            .env("MOMENTS_LOG_LEVEL", "warn");
        if let Some(broker) = &self.broker {
            let queue = format!("moments.{}", self.database.name());
            command
                .env("MOMENTS_QUEUE_URL", broker)
                .env("MOMENTS_QUEUE_NAME", queue);
        }
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

    async fn bind(&self, server: &Cluster) -> anyhow::Result<()> {
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

pub(crate) async fn start_stand_in() -> anyhow::Result<Program> {
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
