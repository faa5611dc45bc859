//! `health`: asks a running program whether it lives.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;

use crate::cli::Health;
use crate::commands::print;
use crate::settings::Settings;

const TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) async fn run(settings: &Settings, health: Health) -> anyhow::Result<ExitCode> {
    let url = match health.url {
        Some(url) => url,
        None => default_url(&settings.http.listen)?,
    };
    let http = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build()?;
    let answer = http.get(&url).send().await.with_context(|| format!("asking {url}"))?;
    let status = answer.status();
    print(&format!("{} {}\n", status.as_u16(), answer.text().await?));
    Ok(if status.is_success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A program that listens everywhere is asked here.
fn default_url(listen: &str) -> anyhow::Result<String> {
    let mut address: SocketAddr = listen.parse().with_context(|| format!("http.listen = {listen:?}"))?;
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    Ok(format!("http://{address}/healthz"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_listens_everywhere_is_asked_on_this_machine() {
        for (listen, url) in [
            ("0.0.0.0:8080", "http://127.0.0.1:8080/healthz"),
            ("[::]:80", "http://127.0.0.1:80/healthz"),
            ("10.0.0.5:8080", "http://10.0.0.5:8080/healthz"),
        ] {
            assert_eq!(default_url(listen).expect("a url"), url);
        }
    }
}
