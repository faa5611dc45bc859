//! Downloads from addresses that users typed.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::Resolve;
use reqwest::header::{ACCEPT, LOCATION};
use reqwest::{Client, Response, StatusCode, redirect};
use url::Url;

use crate::address::{AddressRule, UrlProblem, check_parsed};
use crate::error::MediaError;
use crate::incoming::{Incoming, Received};
use crate::resolve::{Guarded, SystemLookup};

#[cfg(test)]
pub(crate) mod tests;

/// Names formats one by one: a CDN that negotiates would answer `image/*` with AVIF.
const ACCEPTED: &str = "image/jpeg, image/png, image/webp, image/gif, video/mp4, */*;q=0.1";

/// What a download may cost.
#[derive(Debug, Clone, Copy)]
pub struct FetchPolicy {
    /// Also fetch from loopback and private networks (setting `media.allow_private_addresses`): for tests, the
    /// sandbox, and installations whose media lie in their own network.
    pub allow_private_addresses: bool,
    /// Bytes of one file. More than platforms take, because pictures are shrunk afterwards.
    pub max_bytes: u64,
    /// Until the connection stands, TLS included.
    pub connect_timeout: Duration,
    /// The longest silence within a transfer.
    pub read_timeout: Duration,
    /// From the first look-up to the last byte, redirects included: a host that trickles ends here.
    pub total_timeout: Duration,
    /// Redirects followed, each checked like the first address.
    pub max_redirects: usize,
}

impl Default for FetchPolicy {
    /// Public addresses, 50 MiB, 10 s to connect, 20 s of silence, 120 s in all, 5 redirects.
    fn default() -> Self {
        Self {
            allow_private_addresses: false,
            max_bytes: 50 * 1024 * 1024,
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(20),
            total_timeout: Duration::from_mins(2),
            max_redirects: 5,
        }
    }
}

/// Fetches media from untrusted addresses. One for the process: it holds a connection pool.
#[derive(Debug, Clone)]
pub struct Fetcher {
    client: Client,
    rule: AddressRule,
    policy: FetchPolicy,
}

impl Fetcher {
    /// Fails only when the TLS stack cannot start.
    pub fn new(policy: FetchPolicy) -> Result<Self, MediaError> {
        let rule = AddressRule::from_setting(policy.allow_private_addresses);
        Self::with(policy, rule, Arc::new(SystemLookup))
    }

    pub(crate) fn with(policy: FetchPolicy, rule: AddressRule, lookup: Arc<dyn Resolve>) -> Result<Self, MediaError> {
        let client = Client::builder()
            .user_agent(concat!("moments-sync/", env!("CARGO_PKG_VERSION")))
            // A proxy from the environment would resolve names itself, past the guard.
            .no_proxy()
            .redirect(redirect::Policy::none())
            .dns_resolver(Guarded { inner: lookup, rule })
            .connect_timeout(policy.connect_timeout)
            .read_timeout(policy.read_timeout)
            .build()
            .map_err(transfer_error)?;
        Ok(Self { client, rule, policy })
    }

    /// Streams the file at `url` into a temporary file in `dir`, hashing on the way.
    pub(crate) async fn fetch(&self, url: &str, dir: &Path) -> Result<Received, MediaError> {
        let url = Url::parse(url.trim()).map_err(|_| UrlProblem::Unparsable)?;
        let transfer = async {
            let response = self.open(url).await?;
            self.save(response, dir).await
        };
        tokio::time::timeout(self.policy.total_timeout, transfer)
            .await
            .map_err(|_| MediaError::TimedOut)?
    }

    /// Follows redirects by hand: each target is checked before anything is sent to it.
    async fn open(&self, mut url: Url) -> Result<Response, MediaError> {
        for _ in 0..=self.policy.max_redirects {
            check_parsed(&url, self.rule)?;
            let request = self.client.get(url.clone()).header(ACCEPT, ACCEPTED);
            let response = request.send().await.map_err(transfer_error)?;
            if !is_redirect(response.status()) {
                return Ok(response);
            }
            url = redirect_target(&url, &response).ok_or(MediaError::Redirects)?;
        }
        Err(MediaError::Redirects)
    }

    async fn save(&self, mut response: Response, dir: &Path) -> Result<Received, MediaError> {
        if response.status() != StatusCode::OK {
            return Err(MediaError::HttpStatus(response.status().as_u16()));
        }
        let limit = self.policy.max_bytes;
        if let Some(announced) = response.content_length().filter(|&length| length > limit) {
            return Err(MediaError::TooLarge {
                bytes: Some(announced),
                limit,
            });
        }
        let mut incoming = Incoming::in_folder(dir, limit)?;
        while let Some(chunk) = response.chunk().await.map_err(transfer_error)? {
            incoming.write(&chunk).await?;
        }
        incoming.end().await
    }

    /// The most bytes that one file may have, however it comes.
    pub(crate) fn max_bytes(&self) -> u64 {
        self.policy.max_bytes
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn redirect_target(from: &Url, response: &Response) -> Option<Url> {
    from.join(response.headers().get(LOCATION)?.to_str().ok()?).ok()
}

/// Tells the guard's refusal and time-outs from other network trouble, and drops the URL from the text.
fn transfer_error(error: reqwest::Error) -> MediaError {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(inner) = cause {
        if let Some(problem) = inner.downcast_ref::<UrlProblem>() {
            return (*problem).into();
        }
        cause = inner.source();
    }
    if error.is_timeout() {
        return MediaError::TimedOut;
    }
    MediaError::Unreachable(error.without_url())
}
