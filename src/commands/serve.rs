//! `serve`: what the roles of this process are, until it is told to stop.

use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use moments_api::{development_token, install_metrics};
use moments_domain::{Clock as _, Timestamp};
use moments_engine::{
    Engine, NoProbe, Probe, audit, checker, early, inbox, login, pulse, scheduler, tidy, words, worker,
};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::cli::Serve;
use crate::clock::SystemClock;
use crate::commands::hold::Hold;
use crate::commands::keys::{PUT_BACK, missing_keys};
use crate::commands::print;
use crate::roles::Roles;
use crate::settings::Settings;
use crate::setup::{self, SandboxServer, Secrets};
use crate::telemetry;

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
    roles: Roles,
    stop: worker::Stop,
    parts: Vec<JoinHandle<()>>,
    /// Every part has ended.
    ended: CancellationToken,
    /// Signs of life, until then; `None` where no other process is.
    pulse: Option<JoinHandle<()>>,
}

pub(crate) async fn run(settings: Settings, serve: Serve) -> anyhow::Result<ExitCode> {
    let telemetry = telemetry::start(&settings)?;
    let running = Running::start(settings, &serve).await?;
    print(&running.greeting());
    running.until_told().await;
    telemetry.end().await;
    Ok(ExitCode::SUCCESS)
}

impl Running {
    /// Starts everything; the API answers when this returns.
    pub(crate) async fn start(mut settings: Settings, serve: &Serve) -> anyhow::Result<Self> {
        let roles = Roles::read(&serve.roles)?;
        roles.check(&settings, serve.sandbox)?;
        let stop = worker::Stop::default();
        let listener = TcpListener::bind(&settings.http.listen)
            .await
            .with_context(|| format!("cannot listen on {} (http.listen)", settings.http.listen))?;
        settings.http.listen = listener.local_addr()?.to_string();
        let sandbox = if serve.sandbox {
            Some(SandboxServer::start(&mut settings, stop.in_order.clone()).await?)
        } else {
            None
        };
        let secrets = Secrets::read(&settings, serve.sandbox)?;
        let store = setup::store(&settings).await?;
        let alone = setup::is_held_alone(&settings);
        if alone {
            let freed = store.void_leases(SystemClock.now()).await?;
            tracing::info!(freed, "took over what an earlier process held");
        }
        let engine = setup::engine(&settings, &secrets, store, probe(serve)?, roles)?;
        check_seals(&engine).await?;
        if roles.api {
            engine.load_words().await.context("loading word lists")?;
        }
        let metrics = install_metrics()?;
        let api = setup::api(&settings, &secrets, engine.clone(), metrics.clone(), roles)?;
        let router = if roles.api {
            moments_api::router(api)
        } else {
            moments_api::health_router(api)
        };
        let mut parts = vec![tokio::spawn(serve_http(listener, router, stop.clone()))];
        if roles.api {
            parts.push(tokio::spawn(words::run(engine.clone(), stop.in_order.clone())));
            parts.push(tokio::spawn(inbox::run(engine.clone(), stop.in_order.clone())));
        }
        if roles.scheduler {
            parts.push(tokio::spawn(scheduler::run(engine.clone(), stop.in_order.clone())));
            parts.push(tokio::spawn(audit::run(engine.clone(), stop.in_order.clone())));
            parts.push(tokio::spawn(checker::run(engine.clone(), stop.in_order.clone())));
        }
        if roles.worker {
            parts.push(tokio::spawn(login::run(engine.clone(), stop.in_order.clone())));
            parts.push(tokio::spawn(early::run(engine.clone(), stop.in_order.clone())));
            parts.push(tokio::spawn(worker::run(engine.clone(), stop.clone())));
        }
        if roles.api || roles.worker {
            parts.push(tokio::spawn(tidy::run(engine.clone(), stop.in_order.clone())));
        }
        let ended = CancellationToken::new();
        let pulse = (!alone).then(|| tokio::spawn(pulse::run(engine.clone(), ended.clone())));
        tell_roles(&engine, roles);
        tokio::spawn(setup::upkeep(metrics));
        tokio::spawn(moments_engine::watch(engine.clone(), stop.in_order.clone()));
        let token = sandbox.as_ref().map(|_| token(&settings, &secrets)).transpose()?;
        if let Some(sandbox) = &sandbox {
            setup::bind_demo_world(&engine, sandbox).await?;
        }
        Ok(Self {
            url: format!("http://{}", settings.http.listen),
            sandbox,
            token,
            roles,
            stop,
            parts,
            ended,
            pulse,
        })
    }

    /// What a person wants to know first.
    pub(crate) fn greeting(&self) -> String {
        let mut text = format!("\nmoments-sync 已启动：{}\n", self.url);
        if self.roles.api {
            text += &format!("接口文档：{}/docs\n", self.url);
        } else {
            let roles = self.roles.names();
            text += &format!("角色：{roles}，此地址仅提供 /healthz、/readyz 与 /metrics\n");
        }
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
        tracing::info!("stopping: no new work is taken, what is under way is finished; a second signal stops at once");
        let at_once = self.stop.at_once.clone();
        let mut stopping = pin!(self.stop());
        tokio::select! {
            () = &mut stopping => return,
            () = told_to_stop() => at_once.cancel(),
        }
        stopping.await;
    }

    /// Takes no new work and finishes what is under way.
    pub(crate) async fn stop(self) {
        self.stop.in_order.cancel();
        for part in self.parts {
            end_of(part).await;
        }
        self.ended.cancel();
        if let Some(pulse) = self.pulse {
            end_of(pulse).await;
        }
    }
}

/// A key that is gone is told before anything fails for want of it.
async fn check_seals(engine: &Engine) -> anyhow::Result<()> {
    let survey = moments_engine::survey(&engine.store, &engine.keys).await?;
    if let Some(missing) = missing_keys(&survey) {
        bail!("{missing}. Nothing is lost yet. {PUT_BACK}");
    }
    if survey.broken() > 0 {
        tracing::error!(
            values = survey.broken(),
            "sealed values do not open; see `moments-sync doctor`"
        );
    }
    if survey.older() > 0 {
        tracing::info!(
            values = survey.older(),
            "sealed by an older key of vault.keys; `moments-sync keys rotate` lets the first one take over"
        );
    }
    Ok(())
}

async fn end_of(part: JoinHandle<()>) {
    if let Err(error) = part.await {
        tracing::error!(%error, "a part of the program ended badly");
    }
}

fn tell_roles(engine: &Engine, roles: Roles) {
    tracing::info!(roles = roles.names(), "serving");
    if engine.broker.is_none() && roles.scheduler && !roles.worker {
        tracing::info!(
            "queue.url is memory: this scheduler has nobody to send word to and only keeps house; workers find their work by themselves"
        );
    }
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

async fn serve_http(listener: TcpListener, router: axum::Router, stop: worker::Stop) {
    use axum::serve::ListenerExt as _;
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let serving = axum::serve(listener, router).with_graceful_shutdown(stop.in_order.clone().cancelled_owned());
    tokio::select! {
        served = serving.into_future() => {
            if let Err(error) = served {
                tracing::error!(%error, "the API stopped");
            }
        }
        () = patience_ends(&stop) => {
            tracing::warn!("requests that did not end in time were cut");
        }
    }
}

/// When open requests have had their time.
async fn patience_ends(stop: &worker::Stop) {
    stop.in_order.cancelled().await;
    tokio::select! {
        () = tokio::time::sleep(CLOSE_WITHIN) => (),
        () = stop.at_once.cancelled() => (),
    }
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
