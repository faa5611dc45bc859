//! A service of the operator's that judges posts, asked before one is accepted.
//!
//! `POST {"text": "…", "mediaUrls": ["…"]}`, for a link post with `"link": {"title": "…", "url": "…"}` beside, with `Authorization: Bearer` and the secret, where there is one. It answers 200 with
//! `{"verdict": "PASS" | "REVIEW" | "BLOCK", "reason": "…"}`.

use std::time::Duration;

use moments_domain::MomentLink;
use moments_domain::content::MomentContent;
use moments_wire::{Call, CallError, WireClient};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

/// Most characters of a reason that are told and kept.
const MOST_REASON: usize = 200;

/// What it means for a post that the service gives no answer (`compliance.moderation_when_down`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenDown {
    /// The post is accepted, with a warning.
    Warn,
    /// The post is refused.
    Block,
    /// The post is accepted; only its record says so.
    Pass,
}

/// Where the service is. It may be in a private network: only the operator can name it.
#[derive(Clone, Debug)]
pub struct Moderator {
    /// Makes the calls.
    pub wire: WireClient,
    /// The service's address (`compliance.moderation_url`).
    pub url: Url,
    /// Its secret (`compliance.moderation_secret`); empty: none is sent.
    pub secret: SecretString,
    /// How long an answer may take (`compliance.moderation_timeout_ms`).
    pub timeout: Duration,
    /// See [`WhenDown`].
    pub when_down: WhenDown,
}

/// What the service said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ModerationVerdict {
    /// Nothing stands against it.
    Pass,
    /// A person should look at it.
    Review,
    /// It must not be published.
    Block,
    /// The service gave no answer.
    Down,
}

/// The same with its reason, as it is kept with the task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moderated {
    /// What it said.
    pub verdict: ModerationVerdict,
    /// Why, in its own words; at most 200 characters.
    pub reason: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Question<'a> {
    text: &'a str,
    media_urls: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<&'a MomentLink>,
}

#[derive(Debug, Deserialize)]
struct Answer {
    verdict: Said,
    reason: Option<String>,
}

/// What a service may say; [`ModerationVerdict::Down`] is ours.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Said {
    Pass,
    Review,
    Block,
}

impl ModerationVerdict {
    /// As stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Review => "REVIEW",
            Self::Block => "BLOCK",
            Self::Down => "DOWN",
        }
    }
}

impl Moderator {
    /// Asks once.
    pub(crate) async fn ask(&self, content: &MomentContent) -> Moderated {
        match self.call(content).await {
            Ok(answer) => Moderated {
                verdict: match answer.verdict {
                    Said::Pass => ModerationVerdict::Pass,
                    Said::Review => ModerationVerdict::Review,
                    Said::Block => ModerationVerdict::Block,
                },
                reason: answer.reason.map(|reason| reason.chars().take(MOST_REASON).collect()),
            },
            Err(error) => {
                tracing::warn!(%error, "the moderation service gave no answer");
                Moderated {
                    verdict: ModerationVerdict::Down,
                    reason: None,
                }
            }
        }
    }

    async fn call(&self, content: &MomentContent) -> Result<Answer, CallError> {
        let question = Question {
            text: &content.text,
            media_urls: &content.media_urls,
            link: content.link.as_ref(),
        };
        let mut call = Call::post(&self.url, "").json(&question).timeout(self.timeout);
        if !self.secret.expose_secret().is_empty() {
            let bearer = SecretString::from(format!("Bearer {}", self.secret.expose_secret()));
            call = call.secret_header("Authorization", &bearer);
        }
        self.wire.call(call).await?.read()
    }
}
