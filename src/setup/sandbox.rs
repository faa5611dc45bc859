//! The stand-ins beside the program, for `serve --sandbox` and the demo.

use std::net::SocketAddr;

use anyhow::Context as _;
use moments_domain::UserId;
use moments_engine::{BindGewe, BindWecom, Engine};
use moments_sandbox::{DemoWorld, Sandbox, SandboxClock, SuiteKind, SuiteSeed};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::settings::{Settings, Wecom};

/// The user whose accounts the sandbox binds.
pub(crate) const DEMO_USER: UserId = UserId(1);

/// Stand-ins for WeCom and the gateway, served on this machine.
pub(crate) struct SandboxServer {
    /// `http://127.0.0.1:port`, without a slash at the end.
    pub(crate) url: String,
    world: DemoWorld,
}

impl SandboxServer {
    /// Starts them on the port after the API's, or on any free one, and points the settings at them.
    pub(crate) async fn start(settings: &mut Settings, stop: CancellationToken) -> anyhow::Result<Self> {
        let listener = listen(settings).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let sandbox = Sandbox::new(SandboxClock::default());
        let world = sandbox.demo_world()?;
        for suite in &world.suites {
            let ours = format!(
                "http://{}/callbacks/wecom/suite/{}",
                settings.http.listen, suite.suite_id
            );
            sandbox.set_suite_urls(&suite.suite_id, &format!("{ours}/instruction"), &format!("{ours}/data"))?;
            provide(&mut settings.wecom, suite);
        }
        tokio::spawn(async move {
            if let Err(error) = sandbox.serve(listener, stop.cancelled_owned()).await {
                tracing::error!(%error, "the sandbox stopped");
            }
        });
        settings.wecom.base_url.clone_from(&url);
        settings.wecom.open_url.clone_from(&url);
        settings.gewe.enabled = true;
        settings.gewe.base_url = format!("{url}/gewe/v2/api");
        settings.media.allow_private_addresses = true;
        if settings.content.url.is_empty() {
            settings.content.url = format!("{url}/workbench/content");
        }
        // Nobody restricts a stand-in, and nobody waits three days for a demonstration.
        settings.limits.enabled = false;
        Ok(Self { url, world })
    }
}

/// What the provider's console would say of a suite.
fn provide(wecom: &mut Wecom, suite: &SuiteSeed) {
    let (id, secret, token, aes_key) = match suite.kind {
        SuiteKind::ThirdParty => (
            &mut wecom.suite_id,
            &mut wecom.suite_secret,
            &mut wecom.suite_token,
            &mut wecom.suite_aes_key,
        ),
        SuiteKind::ProviderDeveloped => (
            &mut wecom.template_id,
            &mut wecom.template_secret,
            &mut wecom.template_token,
            &mut wecom.template_aes_key,
        ),
    };
    id.clone_from(&suite.suite_id);
    *secret = suite.secret.as_str().into();
    *token = suite.token.as_str().into();
    *aes_key = suite.aes_key.as_str().into();
    wecom.provider_corp_id.clone_from(&suite.provider_corpid);
    wecom.provider_secret = suite.provider_secret.as_str().into();
}

async fn listen(settings: &Settings) -> anyhow::Result<TcpListener> {
    let api: SocketAddr = settings
        .http
        .listen
        .parse()
        .with_context(|| format!("http.listen = {:?}", settings.http.listen))?;
    let next = SocketAddr::from(([127, 0, 0, 1], api.port().checked_add(1).unwrap_or(0)));
    match TcpListener::bind(next).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind(("127.0.0.1", 0))
            .await
            .context("no port for the sandbox"),
    }
}

/// Binds the stand-ins' corps and personal account to user 1, on a database that has none.
pub(crate) async fn bind_demo_world(engine: &Engine, sandbox: &SandboxServer) -> anyhow::Result<()> {
    if !engine.channels(DEMO_USER).await?.is_empty() {
        return Ok(());
    }
    for corp in &sandbox.world.corps {
        let bind = BindWecom {
            corp_id: corp.corpid.clone(),
            agent_id: i64::try_from(corp.agentid)?,
            secret: SecretString::from(corp.secret.as_str()),
            name: corp.name.clone(),
        };
        engine
            .bind_wecom(DEMO_USER, bind)
            .await
            .with_context(|| format!("binding {}", corp.name))?;
    }
    for device in &sandbox.world.devices {
        let bind = BindGewe {
            app_id: device.app_id.clone(),
            token: SecretString::from(device.token.as_str()),
            base_url: None,
            name: None,
        };
        engine
            .bind_gewe(DEMO_USER, bind)
            .await
            .context("binding the personal account")?;
    }
    Ok(())
}
