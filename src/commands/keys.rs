//! `keys`: the ring that seals credentials.

use std::process::ExitCode;

use anyhow::Context as _;
use moments_engine::reseal;
use moments_vault::KeyRing;
use secrecy::ExposeSecret as _;

use crate::cli::Keys;
use crate::commands::print;
use crate::settings::Settings;
use crate::setup::{self, Secrets, secrets_beside};

pub(crate) async fn run(settings: Settings, keys: Keys) -> anyhow::Result<ExitCode> {
    match keys {
        Keys::New => print(&format!("{}\n", KeyRing::generate()?.expose_secret())),
        Keys::Rotate => rotate(settings).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn rotate(settings: Settings) -> anyhow::Result<()> {
    let secrets = Secrets::read(&settings, secrets_beside(&settings).exists())?;
    let keys = KeyRing::parse(&secrets.vault_keys).context("vault.keys")?;
    let store = setup::store(&settings).await?;
    let sealed = reseal(&store, &keys).await?;
    print(&format!(
        "{sealed} credentials sealed with the newest key; older keys may now be removed from vault.keys\n"
    ));
    Ok(())
}
