//! `serve`: the API and the worker in one process.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use moments_api::{development_token, install_metrics};
use moments_domain::{Clock as _, Timestamp};
use moments_engine::{Engine, NoProbe, Probe, worker};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::cli::Serve;
use crate::clock::SystemClock;
use crate::commands::hold::Hold;
use crate::commands::print;
use crate::settings::Settings;
use crate::setup::{self, SandboxServer, Secrets};

/// How long a stop waits for open requests.
const CLOSE_WITHIN: Duration = Duration::from_secs(10);

/// A program that serves; ends when it is told to.
pub(crate) struct Running {
    /// `http://host:port` of the API.
    pub(crate) url: String,
    /// The stand-ins beside it.
    pub(crate) sandbox: Option<SandboxServer>,
    /// A token of user 1 with every permission, with the sandbox.
    pub(crate) token: Option<String>,
    stop: CancellationToken,
    parts: Vec<JoinHandle<()>>,
}

pub(crate) async fn run(settings: Settings, serve: Serve) -> anyhow::Result<ExitCode> {
    setup::logging(&settings)?;
    let running = Running::start(settings, &serve).await?;
    print(&running.greeting());
    running.until_told().await;
    Ok(ExitCode::SUCCESS)
}

impl Running {
    /// Starts everything; the API answers when this returns.
    pub(crate) async fn start(mut settings: Settings, serve: &Serve) -> anyhow::Result<Self> {
        check_roles(&serve.roles)?;
        let stop = CancellationToken::new();
        let listener = TcpListener::bind(&settings.http.listen)
            .await
            .with_context(|| format!("cannot listen on {} (http.listen)", settings.http.listen))?;
        settings.http.listen = listener.local_addr()?.to_string();
        let sandbox = if serve.sandbox {
            Some(SandboxServer::start(&mut settings, stop.clone()).await?)
        } else {
            None
        };
        let secrets = Secrets::read(&settings, serve.sandbox)?;
        let store = setup::store(&settings).await?;
        let freed = store.void_leases(SystemClock.now()).await?;
        tracing::info!(freed, "took over what an earlier process held");
        let engine = setup::engine(&settings, &secrets, store.clone(), probe(serve)?)?;
        let metrics = install_metrics()?;
        let api = setup::api(&settings, &secrets, engine.clone(), metrics.clone())?;
        let parts = vec![
            tokio::spawn(serve_http(listener, moments_api::router(api), stop.clone())),
            tokio::spawn(work(engine.clone(), stop.clone())),
        ];
        tokio::spawn(setup::housekeeping(store, metrics));
        tokio::spawn(moments_engine::watch(engine.clone(), stop.clone()));
        let token = sandbox.as_ref().map(|_| token(&settings, &secrets)).transpose()?;
        if let Some(sandbox) = &sandbox {
            setup::bind_demo_world(&engine, sandbox).await?;
        }
        Ok(Self {
            url: format!("http://{}", settings.http.listen),
            sandbox,
            token,
            stop,
            parts,
        })
    }

    /// What a person wants to know first.
    pub(crate) fn greeting(&self) -> String {
        let mut text = format!("\nmoments-sync 已启动：{}\n接口文档：{}/docs\n", self.url, self.url);
        if let (Some(sandbox), Some(token)) = (&self.sandbox, &self.token) {
            text += &format!(
                "沙箱（模拟的企业微信与个人号网关）看到的朋友圈：{}/sandbox/\n",
                sandbox.url
            );
            text += &format!("开发令牌（用户 1，24 小时有效）：\n{token}\n");
        }
        text + "按 Ctrl-C 停止\n"
    }

    /// Serves until a signal comes, then stops in order.
    pub(crate) async fn until_told(self) {
        told_to_stop().await;
        tracing::info!("stopping: no new work is taken, what is under way is finished");
        self.stop().await;
    }

    /// Takes no new work and finishes what is under way.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        for part in self.parts {
            if let Err(error) = part.await {
                tracing::error!(%error, "a part of the program ended badly");
            }
        }
    }
}

fn check_roles(roles: &[String]) -> anyhow::Result<()> {
    let all = ["api", "scheduler", "worker"];
    if let Some(unknown) = roles.iter().find(|role| !all.contains(&role.as_str())) {
        bail!("--roles: {unknown} is none of api, scheduler, worker");
    }
    if all.iter().any(|role| !roles.iter().any(|given| given == role)) {
        bail!("--roles: this version needs api, scheduler and worker in one process");
    }
    Ok(())
}

fn probe(serve: &Serve) -> anyhow::Result<Arc<dyn Probe>> {
    Ok(match &serve.hold_at {
        Some(step) => Arc::new(Hold::at(step)?),
        None => Arc::new(NoProbe),
    })
}

fn token(settings: &Settings, secrets: &Secrets) -> anyhow::Result<String> {
    let end: Timestamp = SystemClock.now() + Duration::from_hours(24);
    let names = setup::claim_names(settings);
    let user = setup::DEMO_USER;
    Ok(development_token(
        &secrets.hs256,
        &names,
        user,
        moments_api::PERMISSIONS,
        end,
    )?)
}

async fn serve_http(listener: TcpListener, router: axum::Router, stop: CancellationToken) {
    use axum::serve::ListenerExt as _;
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let closing = stop.clone();
    let serving = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
    tokio::select! {
        served = serving.into_future() => {
            if let Err(error) = served {
                tracing::error!(%error, "the API stopped");
            }
        }
        () = async { closing.cancelled().await; tokio::time::sleep(CLOSE_WITHIN).await } => {
            tracing::warn!("requests that did not end in time were cut");
        }
    }
}

async fn work(engine: Engine, stop: CancellationToken) {
    worker::run(engine, stop).await;
}

async fn told_to_stop() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => (),
        () = terminated => (),
    }
}
