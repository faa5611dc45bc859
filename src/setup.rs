//! The program's parts, put together from the settings.

mod provider;
mod sandbox;
mod secrets;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use moments_api::{Api, ClaimNames, Limits, MetricsHandle, Verifier};
use moments_domain::Clock;
use moments_engine::words::{Compliance, Moderator};
use moments_engine::{Engine, Library, Parts, Probe, Provider, SealedShelf};
use moments_media::{Bucket, BucketOptions, FetchPolicy, Fetcher, Ffmpeg, MediaStore};
use moments_platforms::gewe::GewePlatform;
use moments_platforms::wecom::WecomPlatform;
use moments_platforms::{Gateway, Platform, Platforms};
use moments_queue::Broker;
use moments_store::{Options, Store};
use moments_vault::KeyRing;
use moments_wecom::WecomClient;
use moments_wire::WireClient;
use secrecy::{ExposeSecret as _, SecretString};

use crate::clock::SystemClock;
use crate::roles::Roles;
use crate::settings::Settings;

pub(crate) use sandbox::{DEMO_USER, SandboxServer, bind_demo_world};
pub(crate) use secrets::{Secrets, secrets_beside};

/// Whether the database can belong to one process only.
pub(crate) fn is_held_alone(settings: &Settings) -> bool {
    settings.database.url.starts_with("sqlite:")
}

/// Opens the database, for this process alone where it must be, and brings its schema up to date.
pub(crate) async fn store(settings: &Settings) -> anyhow::Result<Store> {
    let options = Options {
        alone: is_held_alone(settings),
        ..Options::new(&settings.database.url)
    };
    Ok(Store::open(&options).await?)
}

/// Opens the database beside whoever else uses it.
pub(crate) async fn store_beside(settings: &Settings) -> anyhow::Result<Store> {
    Ok(Store::open(&Options::new(&settings.database.url)).await?)
}

/// The engine over an open store.
pub(crate) fn engine(
    settings: &Settings,
    secrets: &Secrets,
    store: Store,
    probe: Arc<dyn Probe>,
    roles: Roles,
) -> anyhow::Result<Engine> {
    let keys =
        Arc::new(KeyRing::parse(&secrets.vault_keys).context("vault.keys (make a key with `moments-sync keys new`)")?);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let shelf = Arc::new(SealedShelf::new(store.clone(), Arc::clone(&keys)));
    let wire = WireClient::new()?;
    let wecom = WecomClient::new(wire.clone(), settings.wecom.base_url.parse().context("wecom.base_url")?);
    let provider = provider::provider(settings, &wecom, Arc::clone(&shelf), &clock)?;
    let engine = Engine::new(Parts {
        platforms: platforms(settings, (wecom, shelf), provider.as_ref(), wire, &clock)?,
        provider,
        media: media(settings)?,
        broker: broker(settings, roles, &clock)?,
        settings: settings.engine(public_url(settings)?, compliance(settings)?, library(settings)?),
        store,
        keys,
        clock,
        probe,
        owner: format!("{}-{:08x}", std::process::id(), rand::random::<u32>()),
        seed: rand::random(),
    });
    Ok(engine)
}

/// The way to workers, for those who use it.
fn broker(settings: &Settings, roles: Roles, clock: &Arc<dyn Clock>) -> anyhow::Result<Option<Broker>> {
    /// Enough that a worker is never idle, so little that nothing waits at one worker while another is.
    const MOST_WAITING: usize = 256;
    let address = settings.queue.address().context("queue.url")?;
    let Some(address) = address.filter(|_| roles.scheduler || roles.worker) else {
        return Ok(None);
    };
    let prefetch = (settings.publish.concurrency / 2).clamp(1, MOST_WAITING);
    Ok(Some(Broker::start(moments_queue::Options {
        address,
        queue: settings.queue.name.clone(),
        prefetch: if roles.worker {
            Some(u16::try_from(prefetch)?)
        } else {
            None
        },
        clock: Arc::clone(clock),
    })))
}

/// The HTTP edge of an engine.
pub(crate) fn api(
    settings: &Settings,
    secrets: &Secrets,
    engine: Engine,
    metrics: MetricsHandle,
    roles: Roles,
) -> anyhow::Result<Api> {
    let limits = Limits {
        requests_per_minute: settings.http.requests_per_minute,
        ..Limits::default()
    };
    Ok(Api {
        engine,
        verifier: if roles.api {
            verifier(settings, secrets)?
        } else {
            nobody(settings)?
        },
        clock: Arc::new(SystemClock),
        limits,
        metrics,
    })
}

pub(crate) fn claim_names(settings: &Settings) -> ClaimNames {
    ClaimNames {
        user: settings.auth.user_claim.clone(),
        permissions: settings.auth.permissions_claim.clone(),
    }
}

/// For a process that offers nothing for which anybody would have to be known.
fn nobody(settings: &Settings) -> anyhow::Result<Verifier> {
    let secret = SecretString::from(hex::encode(rand::random::<[u8; 32]>()));
    Ok(Verifier::hs256(&secret, claim_names(settings))?)
}

fn verifier(settings: &Settings, secrets: &Secrets) -> anyhow::Result<Verifier> {
    let (auth, names) = (&settings.auth, claim_names(settings));
    if !auth.public_key_file.is_empty() {
        let pem = std::fs::read(&auth.public_key_file)
            .with_context(|| format!("auth.public_key_file {}", auth.public_key_file))?;
        return Verifier::public_key(&pem, names).context("auth.public_key_file");
    }
    if !auth.jwks_url.is_empty() {
        let url = auth.jwks_url.parse().context("auth.jwks_url")?;
        return Verifier::jwks(url, names).context("auth.jwks_url");
    }
    if secrets.hs256.expose_secret().is_empty() {
        bail!(
            "nobody could log in: set auth.hs256_secret, auth.public_key_file or auth.jwks_url, or start with --sandbox"
        );
    }
    Verifier::hs256(&secrets.hs256, names).context("auth.hs256_secret")
}

fn platforms(
    settings: &Settings,
    (client, shelf): (WecomClient, Arc<SealedShelf>),
    provider: Option<&Provider>,
    wire: WireClient,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Platforms> {
    let mut wecom = WecomPlatform::new(client, shelf, Arc::clone(clock));
    if let Some(provider) = provider {
        wecom = wecom.with_suites(Arc::clone(&provider.calls));
    }
    let base_url = settings.gewe.base_url.parse().context("gewe.base_url")?;
    let gewe = Arc::new(GewePlatform::new(wire, base_url, settings.gewe.token_header.clone()));
    let gewe = Some(gewe).filter(|_| settings.gewe.enabled);
    Ok(Platforms {
        wecom: Arc::new(wecom),
        gateway: gewe.clone().map(|gewe| gewe as Arc<dyn Gateway>),
        gewe: gewe.map(|gewe| gewe as Arc<dyn Platform>),
    })
}

/// What posts are judged by.
fn compliance(settings: &Settings) -> anyhow::Result<Compliance> {
    let compliance = &settings.compliance;
    let moderator = if compliance.moderation_url.is_empty() {
        None
    } else {
        Some(Moderator {
            wire: WireClient::new()?,
            url: compliance.moderation_url.parse().context("compliance.moderation_url")?,
            secret: compliance.moderation_secret.clone(),
            timeout: Duration::from_millis(compliance.moderation_timeout_ms),
            when_down: compliance.when_down().context("compliance.moderation_when_down")?,
        })
    };
    Ok(Compliance {
        builtin: compliance.builtin,
        dir: (!compliance.dir.is_empty()).then(|| compliance.dir.clone().into()),
        moderator,
    })
}

/// Where drafts are read, when it is not the shared table.
fn library(settings: &Settings) -> anyhow::Result<Option<Library>> {
    let content = &settings.content;
    if content.url.is_empty() {
        return Ok(None);
    }
    Ok(Some(Library {
        wire: WireClient::new()?,
        url: content.url.parse().context("content.url")?,
        token: Some(content.token.clone()).filter(|token| !token.expose_secret().is_empty()),
        timeout: Duration::from_secs(content.timeout_secs),
        max_bytes: content.max_bytes,
    }))
}

fn media(settings: &Settings) -> anyhow::Result<MediaStore> {
    let policy = FetchPolicy {
        allow_private_addresses: settings.media.allow_private_addresses,
        ..FetchPolicy::default()
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let dir = Path::new(&settings.media.dir);
    let store = MediaStore::open(dir, Fetcher::new(policy)?, cores);
    let store = store.with_context(|| format!("media.dir {}", dir.display()))?;
    let store = store.with_ffmpeg(Ffmpeg::find(&settings.media.ffmpeg));
    Ok(match bucket(settings)? {
        Some(bucket) => store.shared_through(bucket),
        None => store,
    })
}

/// The bucket that machines share; `None`: they share a folder, or there is one machine.
pub(crate) fn bucket(settings: &Settings) -> anyhow::Result<Option<Bucket>> {
    let media = &settings.media;
    if media.store == "folder" {
        return Ok(None);
    }
    let endpoint = Some(&media.s3_endpoint).filter(|text| !text.is_empty());
    let options = BucketOptions {
        address: media.store.parse().context("media.store")?,
        endpoint: endpoint
            .map(|text| text.parse())
            .transpose()
            .context("media.s3_endpoint")?,
        region: media.s3_region.clone(),
        bucket_in_host: media.s3_bucket_in_host,
        access_key_id: media.s3_access_key_id.clone(),
        secret_access_key: media.s3_secret_access_key.clone(),
    };
    Ok(Some(Bucket::open(&options).context("media.store")?))
}

/// Where gateways reach this server.
pub(crate) fn public_url(settings: &Settings) -> anyhow::Result<String> {
    if !settings.http.public_url.is_empty() {
        return Ok(settings.http.public_url.trim_end_matches('/').to_owned());
    }
    let listen: SocketAddr = settings
        .http
        .listen
        .parse()
        .with_context(|| format!("http.listen = {:?}", settings.http.listen))?;
    Ok(format!("http://{listen}"))
}

/// Keeps measured durations from piling up while nobody reads them.
pub(crate) async fn upkeep(metrics: MetricsHandle) {
    let mut ticks = tokio::time::interval(Duration::from_secs(5));
    loop {
        ticks.tick().await;
        metrics.run_upkeep();
    }
}
