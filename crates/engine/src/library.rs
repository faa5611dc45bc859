//! The content library over HTTP, where the modules share no database (workbench conventions, "The content library").
//!
//! `GET {content.url}/{contentId}`, asked once for each request that names a draft: with the caller's own token, so that the library judges
//! what the caller may read; or with a token of the installation (`content.token`), and then the answer must say whose the draft is (`userId`).

mod answer;

use std::time::{Duration, Instant};

use moments_domain::UserId;
use moments_domain::library::Draft;
use moments_wire::{Call, WireClient};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::audit::request_id;
use crate::metrics;

use answer::{Found, Verdict};

/// Who asks for a use case that may have to ask elsewhere in that name.
#[derive(Clone, Debug)]
pub struct Asker {
    /// The user.
    pub user: UserId,
    /// The token that the user came with; `None`: nobody came.
    pub token: Option<SecretString>,
}

impl From<UserId> for Asker {
    fn from(user: UserId) -> Self {
        Self { user, token: None }
    }
}

/// Where the content library is. It may be in a private network: only the operator can name it.
#[derive(Clone, Debug)]
pub struct Library {
    /// Makes the calls.
    pub wire: WireClient,
    /// To which `/{contentId}` is added (`content.url`).
    pub url: Url,
    /// The installation's own token (`content.token`); `None`: the caller's is passed on.
    pub token: Option<SecretString>,
    /// How long an answer may take (`content.timeout_secs`).
    pub timeout: Duration,
    /// The most bytes of an answer (`content.max_bytes`).
    pub max_bytes: usize,
}

/// Why the library gives no draft. Each tells who can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LibraryProblem {
    /// The library refuses the caller's token (403): the caller lacks `workbench:content:view`.
    #[error("没有查看内容库的权限（workbench:content:view），请联系管理员开通")]
    Denied,
    /// The library refuses the installation's token (502).
    #[error("内容库拒绝了本服务的访问令牌，请管理员检查 content.token")]
    TokenRefused,
    /// It did not answer in time, could not be reached, or is in trouble (503). A later try may work.
    #[error("内容库暂时不可用，请稍后重试")]
    Unavailable,
    /// It answered with what is no draft by the conventions, or with more than is read (502).
    #[error("内容库的答复不符合约定或过大，请管理员检查 content.url")]
    BadAnswer,
}

impl LibraryProblem {
    /// The stable code for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Denied => "CONTENT_DENIED",
            Self::TokenRefused => "CONTENT_TOKEN_REFUSED",
            Self::Unavailable => "CONTENT_UNAVAILABLE",
            Self::BadAnswer => "CONTENT_BAD_ANSWER",
        }
    }
}

impl Library {
    /// The asker's draft; `None` when the asker has no such draft, as far as the library tells.
    #[tracing::instrument(name = "library", skip_all, fields(content_id = id))]
    pub(crate) async fn draft(&self, asker: &Asker, id: i64) -> Result<Option<Draft>, LibraryProblem> {
        let begun = Instant::now();
        let outcome = self.ask(asker, id).await;
        let label = match &outcome {
            Ok(Some(_)) => "ok",
            Ok(None) => "not_found",
            Err(LibraryProblem::Denied | LibraryProblem::TokenRefused) => "refused",
            Err(LibraryProblem::Unavailable | LibraryProblem::BadAnswer) => "failed",
        };
        metrics::library_call(label, begun.elapsed());
        outcome
    }

    async fn ask(&self, asker: &Asker, id: i64) -> Result<Option<Draft>, LibraryProblem> {
        let answer = self.wire.exchange(self.call(asker, id)).await.map_err(|error| {
            tracing::warn!(%error, "the content library gave no answer");
            LibraryProblem::Unavailable
        })?;
        match answer::read(&answer, id) {
            Verdict::Found(found) => self.owned(asker.user, found),
            Verdict::Missing => Ok(None),
            Verdict::Refused => Err(self.refused()),
            Verdict::Trouble(status) => {
                tracing::warn!(status, "the content library is in trouble");
                Err(LibraryProblem::Unavailable)
            }
            Verdict::Strange(why) => {
                tracing::error!(why, "the content library's answer cannot be read");
                Err(LibraryProblem::BadAnswer)
            }
        }
    }

    /// Another user's draft is as good as none. Whom a token of the installation lets read everything must know whose a draft is.
    fn owned(&self, user: UserId, found: Found) -> Result<Option<Draft>, LibraryProblem> {
        match found.owner {
            Some(owner) if owner != user.0 => Ok(None),
            None if self.token.is_some() => {
                tracing::error!("content.token is set, but the content library does not say whose a draft is (userId)");
                Err(LibraryProblem::BadAnswer)
            }
            _ => Ok(Some(found.draft)),
        }
    }

    fn refused(&self) -> LibraryProblem {
        if self.token.is_none() {
            return LibraryProblem::Denied;
        }
        tracing::error!("the content library refuses content.token");
        LibraryProblem::TokenRefused
    }

    fn call(&self, asker: &Asker, id: i64) -> Call {
        let mut call = Call::get(&self.url, &format!("/{id}"))
            .timeout(self.timeout)
            .at_most(self.max_bytes);
        if let Some(token) = self.token.as_ref().or(asker.token.as_ref()) {
            let bearer = SecretString::from(format!("Bearer {}", token.expose_secret()));
            call = call.secret_header("authorization", &bearer);
        }
        match request_id() {
            Some(request) => call.header("x-request-id", &request),
            None => call,
        }
    }
}
