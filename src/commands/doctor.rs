//! `doctor`: what is wrong with this installation, and what to do. Changes nothing but the schema, which it brings up to date as `serve` does, and
//! a file that it writes and removes in media.dir, and an object in the bucket of media.store.

mod channels;
mod database;
mod disk;
mod finding;
mod http;
mod provider;
mod queue;

use std::process::ExitCode;

use moments_engine::Survey;
use moments_store::Store;
use moments_vault::KeyRing;

use crate::cli::Doctor;
use crate::commands::audit::told;
use crate::commands::keys::{PUT_BACK, missing_keys};
use crate::commands::print;
use crate::settings::Settings;
use crate::setup::{Secrets, secrets_beside};

use finding::{Finding, as_json, as_text, is_well};

/// Looks at everything, even where something is wrong already.
pub(crate) async fn run(settings: anyhow::Result<Settings>, doctor: Doctor) -> anyhow::Result<ExitCode> {
    let findings = match settings {
        Ok(settings) => examine(&settings).await,
        Err(mistakes) => vec![Finding::fail(
            "settings",
            format!("{mistakes:#}"),
            "Correct them in the settings file or the environment; serve --print-config lists every setting",
        )],
    };
    print(&if doctor.json {
        as_json(&findings)?
    } else {
        as_text(&findings)
    });
    Ok(if is_well(&findings) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn examine(settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![Finding::ok("settings", "read"), login(settings)];
    if !settings.auth.jwks_url.is_empty() {
        findings.extend(http::reach("auth.jwks_url", &settings.auth.jwks_url).await);
    }
    let (store, found) = database::look(settings).await;
    findings.extend(found);
    findings.push(queue::look(settings).await);
    findings.push(keys(settings, store.as_ref()).await);
    findings.extend(http::reach("wecom.base_url", &settings.wecom.base_url).await);
    if settings.gewe.enabled {
        findings.extend(http::reach("gewe.base_url", &settings.gewe.base_url).await);
    }
    if !settings.content.url.is_empty() {
        findings.extend(http::reach("content.url", &settings.content.url).await);
    }
    if let Some(store) = store {
        findings.push(audit(&store).await);
        findings.extend(provider::look(settings, &store).await);
        findings.extend(channels::look(settings, store).await);
    }
    findings.extend(disk::look(settings).await);
    findings
}

fn login(settings: &Settings) -> Finding {
    match settings.keys_given() {
        0 if secrets_beside(settings).exists() => Finding::ok("auth", "the sandbox's own secret"),
        0 => Finding::fail(
            "auth",
            "nobody could log in",
            "Set auth.hs256_secret, auth.public_key_file or auth.jwks_url",
        ),
        _ => Finding::ok("auth", "one way to check tokens is set"),
    }
}

/// Whether nobody has changed what was done.
async fn audit(store: &Store) -> Finding {
    match moments_engine::audit::verify(store).await {
        Ok(verdict) if verdict.broken.is_none() => Finding::ok("audit", told(&verdict).trim_end()),
        Ok(verdict) => Finding::fail(
            "audit",
            told(&verdict).trim_end(),
            "Somebody has changed the table t_moment_audit: keep a copy, compare it with a backup, and find out who can write to the database",
        ),
        Err(error) => Finding::fail(
            "audit",
            format!("the audit cannot be read: {}", causes(&error)),
            "Repair the database first",
        ),
    }
}

/// Whether the ring opens every sealed credential.
async fn keys(settings: &Settings, store: Option<&Store>) -> Finding {
    let read = Secrets::read(settings, secrets_beside(settings).exists());
    let ring = match read.and_then(|secrets| Ok(KeyRing::parse(&secrets.vault_keys)?)) {
        Ok(ring) => ring,
        Err(error) => {
            return Finding::fail(
                "vault.keys",
                format!("{error:#}"),
                "Make a key with `moments-sync keys new`",
            );
        }
    };
    let Some(store) = store else {
        return Finding::warn(
            "vault.keys",
            "readable; not tried on credentials",
            "Repair the database first",
        );
    };
    match moments_engine::survey(store, &ring).await {
        Ok(survey) => seals(&survey),
        Err(error) => Finding::fail(
            "vault.keys",
            format!("sealed values cannot be read: {}", causes(&error)),
            "Repair the database first",
        ),
    }
}

fn seals(survey: &Survey) -> Finding {
    if let Some(missing) = missing_keys(survey) {
        return Finding::fail("vault.keys", missing, PUT_BACK);
    }
    if survey.broken() > 0 {
        return Finding::fail(
            "vault.keys",
            format!(
                "{} sealed values do not open, although their key is there",
                survey.broken()
            ),
            "Compare the key with the one that was in use; if it is the same, restore the rows from a backup, or bind their channels again",
        );
    }
    let values = survey.values();
    match survey.older() {
        0 => Finding::ok("vault.keys", format!("all {values} sealed values can be opened")),
        older => Finding::warn(
            "vault.keys",
            format!("all {values} sealed values can be opened, {older} of them with an older key"),
            "Run `moments-sync keys rotate` before the older keys leave vault.keys",
        ),
    }
}

/// An error with what caused it.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
