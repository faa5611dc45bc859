//! What can be said about a post before it is due.

use serde::{Deserialize, Serialize};

use crate::account::{AccountStatus, named};
use crate::ids::AccountId;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum FindingLevel {
    /// The task is accepted; the post may come out later or otherwise than expected.
    Warning,
    /// The task is refused.
    Blocked,
}
named!(FindingLevel { Warning = "WARNING", Blocked = "BLOCKED" });

/// What was found. Stable codes for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FindingCode {
    /// The account cannot publish at the moment; it can come back by itself.
    AccountOffline,
    /// The account cannot publish until somebody authorises it again.
    AccountExpired,
    /// A platform of the post will not take one of its media.
    MediaUnfit,
    /// A medium will look different from what was sent.
    MediaChanged,
    /// A limit lets the post go only later than it is wanted.
    LimitDelays,
    /// Another task shows the account the same at nearly the same time.
    DuplicateContent,
    /// The request's visibility does not fit the account's platform, or not all accounts at once.
    VisibilityUnsupported,
    /// The text holds a word of a list.
    ListedWord,
    /// The text links to a host that a list denies.
    LinkDenied,
    /// The text links to a host that no list allows, where only listed ones are.
    LinkNotAllowed,
    /// The moderation service wants a person to look at it.
    ModerationReview,
    /// The moderation service refuses it.
    ModerationBlocked,
    /// The moderation service gave no answer; the installation says what that means.
    ModerationDown,
    /// The content library does not call the draft ready.
    ContentUnready,
    /// The draft's body is HTML; only its text is published.
    ContentStripped,
    /// The draft's text is too long and was cut.
    ContentCut,
    /// Some of the draft's media are left out.
    ContentReduced,
}
named!(FindingCode {
    AccountOffline = "ACCOUNT_OFFLINE",
    AccountExpired = "ACCOUNT_EXPIRED",
    MediaUnfit = "MEDIA_UNFIT",
    MediaChanged = "MEDIA_CHANGED",
    LimitDelays = "LIMIT_DELAYS",
    DuplicateContent = "DUPLICATE_CONTENT",
    VisibilityUnsupported = "VISIBILITY_UNSUPPORTED",
    ListedWord = "LISTED_WORD",
    LinkDenied = "LINK_DENIED",
    LinkNotAllowed = "LINK_NOT_ALLOWED",
    ModerationReview = "MODERATION_REVIEW",
    ModerationBlocked = "MODERATION_BLOCKED",
    ModerationDown = "MODERATION_DOWN",
    ContentUnready = "CONTENT_UNREADY",
    ContentStripped = "CONTENT_STRIPPED",
    ContentCut = "CONTENT_CUT",
    ContentReduced = "CONTENT_REDUCED",
});

impl FindingCode {
    /// An account of this status cannot publish; [`AccountStatus::Active`] is nothing to tell of.
    pub const fn of_status(status: AccountStatus) -> Option<Self> {
        match status {
            AccountStatus::Active => None,
            AccountStatus::Offline => Some(Self::AccountOffline),
            AccountStatus::Expired => Some(Self::AccountExpired),
        }
    }

    /// The account's status, where that is what was found.
    pub const fn account_status(self) -> Option<AccountStatus> {
        match self {
            Self::AccountOffline => Some(AccountStatus::Offline),
            Self::AccountExpired => Some(AccountStatus::Expired),
            Self::MediaUnfit | Self::MediaChanged | Self::VisibilityUnsupported => None,
            Self::LimitDelays | Self::DuplicateContent => None,
            Self::ListedWord
            | Self::LinkDenied
            | Self::LinkNotAllowed
            | Self::ModerationReview
            | Self::ModerationBlocked
            | Self::ModerationDown => None,
            Self::ContentUnready | Self::ContentStripped | Self::ContentCut | Self::ContentReduced => None,
        }
    }
}

/// One thing that a check has to say about a post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How much it weighs.
    pub level: FindingLevel,
    /// What it is.
    pub code: FindingCode,
    /// The field of the request to be changed, as a refusal (422) names it; not kept with an answer, which refuses nothing.
    #[serde(skip)]
    pub field: &'static str,
    /// What is the matter, in Chinese, without a full stop.
    pub message: String,
    /// What to do about it, in Chinese, without a full stop.
    pub advice: String,
    /// The account that it concerns; `None`: the post as a whole.
    pub account_id: Option<AccountId>,
}

impl Finding {
    /// What is the matter and what to do, as one sentence.
    pub fn sentence(&self) -> String {
        format!("{}，{}", self.message, self.advice)
    }
}

/// What becomes of a post for one account, as far as it can be told now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Nothing stands against it.
    Ready,
    /// It would be accepted, with warnings.
    Warning,
    /// It would be refused.
    Blocked,
}
named!(Verdict { Ready = "READY", Warning = "WARNING", Blocked = "BLOCKED" });

impl Verdict {
    /// As bad as the worst of `findings`.
    pub fn of<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Self {
        match findings.into_iter().map(|finding| finding.level).max() {
            None => Self::Ready,
            Some(FindingLevel::Warning) => Self::Warning,
            Some(FindingLevel::Blocked) => Self::Blocked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(level: FindingLevel) -> Finding {
        Finding {
            level,
            code: FindingCode::AccountOffline,
            field: "accountIds",
            message: "账号当前离线".to_owned(),
            advice: "请重新登录".to_owned(),
            account_id: None,
        }
    }

    #[test]
    fn the_worst_finding_decides() {
        use FindingLevel::{Blocked, Warning};
        for (levels, verdict) in [
            (&[][..], Verdict::Ready),
            (&[Warning], Verdict::Warning),
            (&[Warning, Blocked, Warning], Verdict::Blocked),
        ] {
            let findings: Vec<_> = levels.iter().map(|level| finding(*level)).collect();
            assert_eq!(Verdict::of(&findings), verdict, "{levels:?}");
        }
        assert_eq!(finding(Warning).sentence(), "账号当前离线，请重新登录");
    }

    #[test]
    fn json_and_names_are_the_same() {
        for code in FindingCode::ALL {
            assert_eq!(serde_json::to_value(code).expect("JSON"), code.name());
        }
    }
}
