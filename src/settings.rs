//! The settings: the compiled-in defaults, then the file, then the environment. All mistakes are told at once.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use config::{Config, File, FileFormat, Value};
use moments_domain::LimitChoice;
use moments_engine::words::WhenDown;
use moments_engine::{DefaultLimits, HealthLimits, SuccessAt};
use moments_store::DuplicateGuard;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

/// Every key with its default: the manual.
pub(crate) const DEFAULTS: &str = include_str!("../moments.default.toml");

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) http: Http,
    pub(crate) database: Address,
    pub(crate) queue: Queue,
    pub(crate) auth: Auth,
    pub(crate) vault: Vault,
    pub(crate) wecom: Wecom,
    pub(crate) gewe: Gewe,
    pub(crate) accounts: Accounts,
    pub(crate) media: Media,
    pub(crate) publish: Publish,
    pub(crate) limits: Limits,
    pub(crate) compliance: Compliance,
    pub(crate) content: Content,
    pub(crate) health: Health,
    pub(crate) log: Log,
    pub(crate) telemetry: Telemetry,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Http {
    pub(crate) listen: String,
    pub(crate) public_url: String,
    pub(crate) requests_per_minute: u32,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Address {
    /// May hold a password: show it with [`moments_store::shown`].
    pub(crate) url: String,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&moments_store::shown(&self.url))
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Queue {
    /// May hold a password.
    pub(crate) url: SecretString,
    pub(crate) name: String,
}

impl Queue {
    /// Where the broker is; `None`: there is none, workers look for work by themselves.
    pub(crate) fn address(&self) -> Result<Option<moments_queue::Address>, moments_queue::BadAddress> {
        match self.url.expose_secret() {
            "memory:" => Ok(None),
            url => url.parse().map(Some),
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Auth {
    pub(crate) hs256_secret: SecretString,
    pub(crate) public_key_file: String,
    pub(crate) jwks_url: String,
    pub(crate) user_claim: String,
    pub(crate) permissions_claim: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vault {
    pub(crate) keys: SecretString,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wecom {
    pub(crate) base_url: String,
    pub(crate) creates_per_minute: u32,
    pub(crate) success_at: String,
    pub(crate) confirm_within_hours: u64,
    pub(crate) dispatch_grace_secs: u64,
    pub(crate) suite_id: String,
    pub(crate) suite_secret: SecretString,
    pub(crate) suite_token: SecretString,
    pub(crate) suite_aes_key: SecretString,
    pub(crate) template_id: String,
    pub(crate) template_secret: SecretString,
    pub(crate) template_token: SecretString,
    pub(crate) template_aes_key: SecretString,
    pub(crate) provider_corp_id: String,
    pub(crate) provider_secret: SecretString,
    pub(crate) open_url: String,
    pub(crate) installed_url: String,
    pub(crate) installed_wait_secs: u64,
    pub(crate) marketplace_user: i64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gewe {
    pub(crate) enabled: bool,
    pub(crate) base_url: String,
    pub(crate) token_header: String,
    pub(crate) resend_when_absent: bool,
    pub(crate) login_poll_secs: u64,
    pub(crate) check_every_minutes: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Accounts {
    pub(crate) check_every_minutes: u64,
    pub(crate) cross_check_secs: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Media {
    pub(crate) dir: String,
    pub(crate) store: String,
    pub(crate) s3_endpoint: String,
    pub(crate) s3_region: String,
    pub(crate) s3_bucket_in_host: bool,
    pub(crate) s3_access_key_id: SecretString,
    pub(crate) s3_secret_access_key: SecretString,
    pub(crate) allow_private_addresses: bool,
    pub(crate) keep_unused_hours: u64,
    pub(crate) keep_days: u64,
    pub(crate) user_quota_mb: u64,
    pub(crate) ffmpeg: String,
}

impl Media {
    fn mistake(&self) -> Option<String> {
        let has_key = [&self.s3_access_key_id, &self.s3_secret_access_key]
            .iter()
            .all(|half| !half.expose_secret().is_empty());
        match self.store.as_str() {
            "folder" => None,
            address if !address.starts_with("s3://") => {
                Some("media.store must be \"folder\" or s3://bucket/prefix".to_owned())
            }
            _ if !has_key => {
                Some("media.store is a bucket: set media.s3_access_key_id and media.s3_secret_access_key".to_owned())
            }
            _ => None,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Publish {
    pub(crate) late_policy_minutes: u64,
    pub(crate) check_ahead_minutes: u64,
    pub(crate) duplicate_window_hours: u64,
    pub(crate) duplicates: String,
    pub(crate) max_attempts: u32,
    pub(crate) concurrency: usize,
    pub(crate) lease_secs: u64,
    pub(crate) call_timeout_secs: u64,
    pub(crate) stop_within_secs: u64,
    pub(crate) reconcile_after_secs: u64,
    pub(crate) absent_after_secs: u64,
}

impl Publish {
    /// What is done about the same content for the same account; `None`: nothing.
    fn duplicate_guard(&self) -> Option<DuplicateGuard> {
        (self.duplicate_window_hours > 0).then(|| DuplicateGuard {
            window: Duration::from_hours(self.duplicate_window_hours),
            refuses: self.duplicates == "refuse",
        })
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    pub(crate) enabled: bool,
    pub(crate) time_zone: String,
    pub(crate) wecom_posts_per_day: u32,
    pub(crate) wecom_posts_per_month: u32,
    pub(crate) wecom_min_gap_minutes: u32,
    pub(crate) wecom_quiet_from: String,
    pub(crate) wecom_quiet_until: String,
    pub(crate) gewe_posts_per_day: u32,
    pub(crate) gewe_min_gap_minutes: u32,
    pub(crate) gewe_gap_jitter_minutes: u32,
    pub(crate) gewe_quiet_from: String,
    pub(crate) gewe_quiet_until: String,
    pub(crate) gewe_warm_up_hours: u32,
    pub(crate) gewe_cool_down_hours: u32,
}

impl Limits {
    fn defaults(&self) -> DefaultLimits {
        if !self.enabled {
            return DefaultLimits::default();
        }
        DefaultLimits {
            wecom: self.wecom(),
            gewe: self.gewe(),
        }
    }

    fn wecom(&self) -> LimitChoice {
        LimitChoice {
            posts_per_day: Some(self.wecom_posts_per_day),
            posts_per_month: Some(self.wecom_posts_per_month),
            min_gap_minutes: Some(self.wecom_min_gap_minutes),
            gap_jitter_minutes: Some(0),
            quiet_from: Some(self.wecom_quiet_from.clone()),
            quiet_until: Some(self.wecom_quiet_until.clone()),
            time_zone: Some(self.time_zone.clone()),
            warm_up_hours: Some(0),
            cool_down_hours: Some(0),
        }
    }

    fn gewe(&self) -> LimitChoice {
        LimitChoice {
            posts_per_day: Some(self.gewe_posts_per_day),
            posts_per_month: Some(0),
            min_gap_minutes: Some(self.gewe_min_gap_minutes),
            gap_jitter_minutes: Some(self.gewe_gap_jitter_minutes),
            quiet_from: Some(self.gewe_quiet_from.clone()),
            quiet_until: Some(self.gewe_quiet_until.clone()),
            time_zone: Some(self.time_zone.clone()),
            warm_up_hours: Some(self.gewe_warm_up_hours),
            cool_down_hours: Some(self.gewe_cool_down_hours),
        }
    }

    /// What breaks a rule, each with the section's name.
    fn mistakes(&self) -> impl Iterator<Item = String> {
        let errors = self.wecom().check().into_iter().chain(self.gewe().check());
        errors.map(|error| format!("limits: {}: {}", error.field, error.message))
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Compliance {
    pub(crate) builtin: bool,
    pub(crate) dir: String,
    pub(crate) moderation_url: String,
    pub(crate) moderation_secret: SecretString,
    pub(crate) moderation_timeout_ms: u64,
    pub(crate) moderation_when_down: String,
}

impl Compliance {
    /// What it means that the moderation service does not answer; `None`: it is none of the words.
    pub(crate) fn when_down(&self) -> Option<WhenDown> {
        match self.moderation_when_down.as_str() {
            "warn" => Some(WhenDown::Warn),
            "block" => Some(WhenDown::Block),
            "pass" => Some(WhenDown::Pass),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Content {
    pub(crate) url: String,
    pub(crate) token: SecretString,
    pub(crate) timeout_secs: u64,
    pub(crate) max_bytes: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the names of settings, with their unit")]
pub(crate) struct Health {
    pub(crate) database_timeout_secs: u64,
    pub(crate) stalled_secs: u64,
    pub(crate) overdue_secs: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Log {
    pub(crate) level: String,
    pub(crate) format: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Telemetry {
    pub(crate) otlp_url: String,
    pub(crate) service_name: String,
    pub(crate) sampling_ratio: f64,
}

impl Settings {
    /// Reads the defaults, `file` if it is there, and the environment.
    pub(crate) fn read(file: &Path, environment: impl Iterator<Item = (String, String)>) -> anyhow::Result<Self> {
        let mut builder = Config::builder()
            .add_source(File::from_str(DEFAULTS, FileFormat::Toml))
            .add_source(File::from(file).format(FileFormat::Toml).required(false));
        let names = environment_names()?;
        let mut unknown = Vec::new();
        for (variable, value) in environment.filter(|(name, _)| name.starts_with("MOMENTS_")) {
            match names.get(&variable) {
                Some(key) => builder = builder.set_override(key, value)?,
                None => unknown.push(variable),
            }
        }
        if !unknown.is_empty() {
            bail!(
                "no setting has this environment variable: {}. See serve --print-config",
                unknown.join(", ")
            );
        }
        let settings: Self = builder
            .build()
            .and_then(Config::try_deserialize)
            .with_context(|| format!("reading settings ({} and MOMENTS_… in the environment)", file.display()))?;
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> anyhow::Result<()> {
        let mut wrong = Vec::new();
        if !matches!(self.wecom.success_at.as_str(), "confirmed" | "created") {
            wrong.push("wecom.success_at must be \"confirmed\" or \"created\"".to_owned());
        }
        if let Err(bad) = self.queue.address() {
            wrong.push(format!("queue.url must be \"memory:\", or {bad}"));
        }
        if self.queue.name.is_empty() || self.queue.name.len() > 255 {
            wrong.push("queue.name must have 1 to 255 bytes".to_owned());
        }
        if !matches!(self.log.format.as_str(), "text" | "json") {
            wrong.push("log.format must be \"text\" or \"json\"".to_owned());
        }
        if !(0.0..=1.0).contains(&self.telemetry.sampling_ratio) {
            wrong.push("telemetry.sampling_ratio must be between 0 and 1".to_owned());
        }
        let secret = self.auth.hs256_secret.expose_secret();
        if !secret.is_empty() && secret.len() < 32 {
            wrong.push("auth.hs256_secret must have at least 32 bytes".to_owned());
        }
        if self.publish.lease_secs < self.publish.call_timeout_secs + 60 {
            wrong.push("publish.lease_secs must exceed publish.call_timeout_secs by at least 60".to_owned());
        }
        if self.publish.concurrency == 0 || self.publish.max_attempts == 0 {
            wrong.push("publish.concurrency and publish.max_attempts must be at least 1".to_owned());
        }
        wrong.extend(self.limits.mistakes());
        if self.gewe.login_poll_secs == 0 {
            wrong.push("gewe.login_poll_secs must be at least 1".to_owned());
        }
        if !matches!(self.publish.duplicates.as_str(), "warn" | "refuse") || self.publish.duplicate_window_hours > 8784
        {
            wrong.push(
                "publish.duplicates must be \"warn\" or \"refuse\", and publish.duplicate_window_hours at most 8784"
                    .to_owned(),
            );
        }
        if self.compliance.when_down().is_none() {
            wrong.push("compliance.moderation_when_down must be \"warn\", \"block\" or \"pass\"".to_owned());
        }
        if !(1..=20_000).contains(&self.compliance.moderation_timeout_ms) {
            wrong.push("compliance.moderation_timeout_ms must be between 1 and 20000".to_owned());
        }
        if !(1..=20).contains(&self.content.timeout_secs) || self.content.max_bytes == 0 {
            wrong.push("content.timeout_secs must be between 1 and 20, and content.max_bytes at least 1".to_owned());
        }
        wrong.extend(self.media.mistake());
        if self.keys_given() > 1 {
            wrong.push("give only one of auth.hs256_secret, auth.public_key_file and auth.jwks_url".to_owned());
        }
        if wrong.is_empty() {
            Ok(())
        } else {
            bail!("settings: {}", wrong.join("; "))
        }
    }

    /// How many ways of checking tokens are set; one is right.
    pub(crate) fn keys_given(&self) -> usize {
        let auth = &self.auth;
        let given = [
            auth.hs256_secret.expose_secret(),
            auth.public_key_file.as_str(),
            auth.jwks_url.as_str(),
        ];
        given.iter().filter(|text| !text.is_empty()).count()
    }

    /// What the engine needs of them.
    pub(crate) fn engine(
        &self,
        public_url: String,
        compliance: moments_engine::words::Compliance,
        library: Option<moments_engine::Library>,
    ) -> moments_engine::Settings {
        moments_engine::Settings {
            creates_per_minute: self.wecom.creates_per_minute,
            success_at: if self.wecom.success_at == "created" {
                SuccessAt::Created
            } else {
                SuccessAt::Confirmed
            },
            confirm_within: Duration::from_secs(self.wecom.confirm_within_hours * 3600),
            dispatch_grace: Duration::from_secs(self.wecom.dispatch_grace_secs),
            late_policy: Duration::from_secs(self.publish.late_policy_minutes * 60),
            duplicates: self.publish.duplicate_guard(),
            max_attempts: self.publish.max_attempts,
            lease: Duration::from_secs(self.publish.lease_secs),
            call_timeout: Duration::from_secs(self.publish.call_timeout_secs),
            reconcile_after: Duration::from_secs(self.publish.reconcile_after_secs),
            absent_after: Duration::from_secs(self.publish.absent_after_secs),
            gewe_resend_when_absent: self.gewe.resend_when_absent,
            check_every: Duration::from_secs(self.accounts.check_every_minutes * 60),
            gewe_check_every: Duration::from_secs(self.gewe.check_every_minutes * 60),
            cross_check: Duration::from_secs(self.accounts.cross_check_secs),
            check_ahead: Duration::from_secs(self.publish.check_ahead_minutes * 60),
            concurrency: self.publish.concurrency,
            stop_within: Duration::from_secs(self.publish.stop_within_secs),
            limits: self.limits.defaults(),
            allow_private_addresses: self.media.allow_private_addresses,
            keep_unused: Duration::from_hours(self.media.keep_unused_hours),
            keep_media: Duration::from_hours(24 * self.media.keep_days),
            user_quota_bytes: self.media.user_quota_mb << 20,
            health: HealthLimits {
                database_timeout: Duration::from_secs(self.health.database_timeout_secs),
                stalled: Duration::from_secs(self.health.stalled_secs),
                overdue: Duration::from_secs(self.health.overdue_secs),
            },
            compliance,
            library,
            public_url,
            events_url: Some(&self.http.public_url)
                .filter(|url| !url.is_empty())
                .map(|url| format!("{}/callbacks/gewe", url.trim_end_matches('/'))),
            login_poll: Duration::from_secs(self.gewe.login_poll_secs),
        }
    }
}

/// The environment variable of every key: `MOMENTS_` + section + `_` + key in capitals.
fn environment_names() -> anyhow::Result<BTreeMap<String, String>> {
    let defaults = Config::builder()
        .add_source(File::from_str(DEFAULTS, FileFormat::Toml))
        .build()?;
    let sections: BTreeMap<String, BTreeMap<String, Value>> = defaults.try_deserialize()?;
    let name = |section: &str, key: &str| format!("MOMENTS_{section}_{key}").to_uppercase();
    let names = sections.iter().flat_map(|(section, keys)| {
        keys.keys()
            .map(move |key| (name(section, key), format!("{section}.{key}")))
    });
    Ok(names.collect())
}

#[cfg(test)]
mod tests;
