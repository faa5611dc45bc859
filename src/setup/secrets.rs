//! The installation's own secrets: from the settings, or, with the sandbox, from a file beside the database.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use moments_vault::KeyRing;
use secrecy::{ExposeSecret as _, SecretString};

use crate::settings::Settings;

/// What seals credentials and, unless a public key is set, signs tokens.
pub(crate) struct Secrets {
    pub(crate) vault_keys: SecretString,
    pub(crate) hs256: SecretString,
}

impl Secrets {
    /// From the settings; with the sandbox, what they leave out is made once and kept beside the database.
    pub(crate) fn read(settings: &Settings, sandbox: bool) -> anyhow::Result<Self> {
        let mut secrets = Self {
            vault_keys: settings.vault.keys.clone(),
            hs256: settings.auth.hs256_secret.clone(),
        };
        if sandbox {
            secrets.complete(settings)?;
        }
        if secrets.vault_keys.expose_secret().is_empty() {
            bail!("vault.keys is empty: no credential could be sealed. Make a key with `moments-sync keys new`");
        }
        Ok(secrets)
    }

    fn complete(&mut self, settings: &Settings) -> anyhow::Result<()> {
        let file = secrets_beside(settings);
        if !file.exists() {
            make(&file)?;
        }
        let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        let mut lines = text.lines();
        let mut take = |into: &mut SecretString| {
            let line = lines.next().unwrap_or_default();
            if into.expose_secret().is_empty() {
                *into = SecretString::from(line);
            }
        };
        take(&mut self.vault_keys);
        take(&mut self.hs256);
        Ok(())
    }
}

/// Where the sandbox keeps its secrets: beside the database's file, or, with a database on a server, where that file would be by default.
pub(crate) fn secrets_beside(settings: &Settings) -> PathBuf {
    let path = match settings.database.url.strip_prefix("sqlite:") {
        Some(path) => path.trim_start_matches("//"),
        None => "data/moments.db",
    };
    PathBuf::from(format!("{}.secrets", path.split('?').next().unwrap_or(path)))
}

/// Two lines, readable by the owner only: the key ring and the token secret.
fn make(file: &PathBuf) -> anyhow::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    let keys = KeyRing::generate()?;
    let secret = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let mut options = fs::OpenOptions::new();
    let mut made = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .with_context(|| format!("making {}", file.display()))?;
    made.write_all(format!("{}\n{secret}\n", keys.expose_secret()).as_bytes())
        .with_context(|| format!("writing {}", file.display()))
}
