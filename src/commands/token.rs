//! `token`: a development token.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use moments_api::{PERMISSIONS, development_token};
use moments_domain::{Clock as _, UserId};
use secrecy::ExposeSecret as _;

use crate::cli::Token;
use crate::clock::SystemClock;
use crate::commands::print;
use crate::settings::Settings;
use crate::setup::{self, Secrets, secrets_beside};

pub(crate) fn run(settings: &Settings, token: &Token) -> anyhow::Result<ExitCode> {
    let secret = if settings.auth.hs256_secret.expose_secret().is_empty() && secrets_beside(settings).exists() {
        Secrets::read(settings, true)?.hs256
    } else {
        settings.auth.hs256_secret.clone()
    };
    if secret.expose_secret().is_empty() {
        bail!("no auth.hs256_secret to sign with. Real tokens come from the workbench's login service");
    }
    let asked: Vec<_> = match token.permissions.as_str() {
        "all" => PERMISSIONS.to_vec(),
        list => list.split(',').map(str::trim).collect(),
    };
    let end = SystemClock.now() + Duration::from_secs(u64::from(token.hours) * 3600);
    let names = setup::claim_names(settings);
    print(&format!(
        "{}\n",
        development_token(&secret, &names, UserId(token.user), &asked, end)?
    ));
    Ok(ExitCode::SUCCESS)
}
