//! `keys`: the ring that seals credentials.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::Context as _;
use moments_domain::{AuditAction, AuditActor, AuditObject, Clock as _, NewAudit};
use moments_engine::{Resealing, Survey, reseal};
use moments_vault::KeyRing;
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::cli::{Keys, Rotate};
use crate::clock::SystemClock;
use crate::commands::print;
use crate::settings::Settings;
use crate::setup::{self, Secrets, secrets_beside};

pub(crate) async fn run(settings: Settings, keys: Keys) -> anyhow::Result<ExitCode> {
    match keys {
        Keys::New => {
            print(&format!("{}\n", KeyRing::generate()?.expose_secret()));
            Ok(ExitCode::SUCCESS)
        }
        Keys::Rotate(rotate) => run_rotate(settings, rotate).await,
    }
}

/// What to do about a key that is gone.
pub(crate) const PUT_BACK: &str =
    "Put the missing key back into vault.keys, at its end; if it is lost, bind the channels that need it again";

/// Which keys are gone, and how many values need each; `None` when none is.
pub(crate) fn missing_keys(survey: &Survey) -> Option<String> {
    let missing = survey.missing();
    let each: Vec<_> = missing
        .iter()
        .map(|(key, count)| format!("the key {key}, which {count} sealed values need"))
        .collect();
    (!each.is_empty()).then(|| format!("vault.keys lacks {}", each.join(", and ")))
}

/// Beside whoever uses the database: a text that changes meanwhile is left to whoever changes it.
async fn run_rotate(settings: Settings, rotate: Rotate) -> anyhow::Result<ExitCode> {
    let secrets = Secrets::read(&settings, secrets_beside(&settings).exists())?;
    let keys = KeyRing::parse(&secrets.vault_keys).context("vault.keys")?;
    let store = setup::store_beside(&settings).await?;
    let mut sealed = BTreeMap::new();
    let after = reseal(&store, &keys, |done| {
        sealed.insert(done.place.to_string(), done.sealed);
        tell(done, rotate);
    })
    .await?;
    store.audit(&entry(&keys, &sealed)).await?;
    print(&summary(&after));
    Ok(if after.is_complete() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn entry(keys: &KeyRing, sealed: &BTreeMap<String, u64>) -> NewAudit {
    NewAudit {
        user: NewAudit::INSTALLATION,
        actor: AuditActor::Operator,
        action: AuditAction::Rotate,
        object: AuditObject::Keys,
        object_id: keys.newest_id().to_owned(),
        detail: json!(sealed),
        request_id: None,
        time: SystemClock.now(),
    }
}

fn tell(done: Resealing, rotate: Rotate) {
    print(&format!(
        "{}: {} looked at, {} sealed anew\n",
        done.place, done.seen, done.sealed
    ));
    while rotate.hold_after.is_some_and(|most| done.seen >= most) {
        std::thread::park();
    }
}

fn summary(survey: &Survey) -> String {
    let mut text = String::new();
    for place in &survey.places {
        let newest = place.values - place.older - place.broken - place.missing.values().sum::<u64>();
        text += &format!("{}: {newest} of {} under the newest key\n", place.place, place.values);
        for (key, count) in &place.missing {
            text += &format!("{}: {count} need the key {key}, which vault.keys lacks\n", place.place);
        }
        if place.broken > 0 {
            text += &format!("{}: {} do not open; doctor tells more\n", place.place, place.broken);
        }
    }
    text + if survey.is_complete() {
        "older keys may now be removed from vault.keys\n"
    } else {
        "older keys are still needed: keep them in vault.keys, and run this again\n"
    }
}
