//! `doctor`: what is wrong with this installation, and what to do.

use std::process::ExitCode;

use moments_store::Store;
use moments_vault::KeyRing;
use moments_wire::{Call, CallError, WireClient};

use crate::commands::print;
use crate::settings::Settings;
use crate::setup::{self, Secrets, secrets_beside};

/// A finding: what was looked at, and what to do if it is not well.
type Finding = (&'static str, Result<String, String>);

pub(crate) async fn run(settings: Settings) -> anyhow::Result<ExitCode> {
    let mut findings = vec![("settings", Ok("read".to_owned())), login(&settings)];
    let (store, database) = database(&settings).await;
    findings.push(database);
    findings.push(keys(&settings, store.as_ref()).await);
    findings.push(platform("wecom.base_url", &settings.wecom.base_url).await);
    if settings.gewe.enabled {
        findings.push(platform("gewe.base_url", &settings.gewe.base_url).await);
    }
    let mut well = true;
    for (what, found) in &findings {
        match found {
            Ok(text) => print(&format!("ok    {what}: {text}\n")),
            Err(text) => {
                well = false;
                print(&format!("WRONG {what}: {text}\n"));
            }
        }
    }
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn login(settings: &Settings) -> Finding {
    let found = match settings.keys_given() {
        0 if secrets_beside(settings).exists() => Ok("the sandbox's own secret".to_owned()),
        0 => Err("set auth.hs256_secret, auth.public_key_file or auth.jwks_url".to_owned()),
        _ => Ok("one way to check tokens is set".to_owned()),
    };
    ("auth", found)
}

async fn database(settings: &Settings) -> (Option<Store>, Finding) {
    match setup::store_beside(settings).await {
        Ok(store) => (
            Some(store),
            (
                "database",
                Ok(format!("{} has the present schema", settings.database.url)),
            ),
        ),
        Err(error) => (None, ("database", Err(format!("{error:#}")))),
    }
}

/// Whether the ring opens every sealed credential.
async fn keys(settings: &Settings, store: Option<&Store>) -> Finding {
    let read = Secrets::read(settings, secrets_beside(settings).exists());
    let found = match read.and_then(|secrets| Ok(KeyRing::parse(&secrets.vault_keys)?)) {
        Err(error) => Err(format!("{error:#}")),
        Ok(ring) => match store {
            None => Ok("readable; not tried on credentials".to_owned()),
            Some(store) => match moments_engine::check_seals(store, &ring).await {
                Ok(count) => Ok(format!("{count} credentials can be opened")),
                Err(error) => Err(format!(
                    "{error}. Put the missing key back into vault.keys, or bind the channel again"
                )),
            },
        },
    };
    ("vault.keys", found)
}

/// Whether the platform answers at all. A refusal is an answer.
async fn platform(name: &'static str, base_url: &str) -> Finding {
    let asked = async {
        let wire = WireClient::new().map_err(|e| e.to_string())?;
        let base = base_url.parse().map_err(|e| format!("not a URL: {e}"))?;
        match wire.call(Call::get(&base, "/cgi-bin/gettoken")).await {
            Ok(_) | Err(CallError::Refused { .. }) => Ok("answers".to_owned()),
            Err(CallError::NoAnswer(why)) => Ok(format!("reached ({why})")),
            Err(CallError::NotSent(why)) => Err(format!("not reachable: {why}. Check the network, the proxy and DNS")),
        }
    };
    (name, asked.await)
}
