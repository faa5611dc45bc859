//! What can go wrong, who must act, and the stable codes that programs branch on.

use serde::Serialize;

use crate::account::named;
use crate::ids::AccountId;

/// The four exceptions of the requirement (section 4). Their names are the codes in `data.error`, in results and in logs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MomentError {
    /// Accounts that do not exist, are not authorised, or belong to another user. HTTP 404.
    #[error("微信账号不存在或未授权：{}", list(.0))]
    WechatAccountNotFound(Vec<AccountId>),
    /// The task could not be stored; nothing was written, the caller may send the same request again. HTTP 503.
    #[error("朋友圈同步任务创建失败：{0}")]
    MomentSyncCreation(String),
    /// The platform could not be called, or said that something other than the post is wrong.
    #[error("{}", .0.message)]
    WechatApi(Failure),
    /// The platform was reached, and the post did not come out.
    #[error("{}", .0.message)]
    MomentPublishFailed(Failure),
}

impl MomentError {
    /// The stable code: the name that the requirement gives the exception.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::WechatAccountNotFound(_) => "WechatAccountNotFoundException",
            Self::MomentSyncCreation(_) => "MomentSyncCreationException",
            Self::WechatApi(_) => "WechatApiException",
            Self::MomentPublishFailed(_) => "MomentPublishFailedException",
        }
    }
}

impl From<Failure> for MomentError {
    fn from(failure: Failure) -> Self {
        match failure.reason.exception() {
            Exception::AccountNotFound => Self::WechatAccountNotFound(Vec::new()),
            Exception::Api => Self::WechatApi(failure),
            Exception::PublishFailed => Self::MomentPublishFailed(failure),
        }
    }
}

fn list(accounts: &[AccountId]) -> String {
    accounts
        .iter()
        .map(|account| account.0.as_str())
        .collect::<Vec<_>>()
        .join("、")
}

/// One broken rule of a request; all of them are answered at once (workbench conventions, 422).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field's name on the wire, with an index where it helps: `mediaUrls[2]`.
    pub field: String,
    /// What is wrong and what would be right, in Chinese.
    pub message: String,
}

impl FieldError {
    /// A broken rule of `field`.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}

/// How to react to a platform's "no" (reference wecom 9: T, R, W, C, X, M, B, L; personal-gateway 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// The access token is old: refresh it, then once more.
    Token,
    /// Passing trouble: again, later.
    BackOff,
    /// A limit: wait for its window.
    Window,
    /// Configuration or permission: an administrator must act.
    Configuration,
    /// The content is refused: change the post.
    Content,
    /// Member, tag or account is gone or unfit: go on without it.
    Target,
    /// Our request is wrong: a defect of this program.
    Request,
    /// The corp's licence or standing.
    Licence,
    /// The account is off line at the gateway; it may come back.
    Offline,
    /// The platform says no for a reason that it does not publish: the account may be restricted, and should rest.
    Restricted,
}

/// Why a post did not come out for an account. Stable codes, `errorReason` in a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailReason {
    /// The platform refuses the content.
    ContentRefused,
    /// A medium cannot be published: format, size, length.
    MediaRejected,
    /// A medium's address does not deliver.
    MediaUnavailable,
    /// The targets are gone or unfit.
    TargetGone,
    /// What narrows the audience is gone from the platform, or leaves nobody who could see the post.
    AudienceGone,
    /// The platform names this member as invalid.
    MemberInvalid,
    /// The platform gave this member no task and no reason.
    NotDispatched,
    /// The member did not confirm before the deadline.
    NotConfirmed,
    /// The credential no longer works.
    CredentialBroken,
    /// The app may not do this.
    PermissionMissing,
    /// The corp's licence, certification or standing forbids it.
    LicenceMissing,
    /// The account is off line.
    AccountOffline,
    /// The channel was removed.
    ChannelRemoved,
    /// The account was unbound.
    AccountUnbound,
    /// The platform did not work after every attempt.
    PlatformUnavailable,
    /// The platform calls our request wrong.
    RequestRejected,
    /// Nobody can tell whether the post came out; a person must look.
    Unverifiable,
    /// Its time had passed by more than the late policy allows.
    Missed,
    /// The user cancelled it.
    Cancelled,
}
named!(FailReason {
    ContentRefused = "CONTENT_REFUSED",
    MediaRejected = "MEDIA_REJECTED",
    MediaUnavailable = "MEDIA_UNAVAILABLE",
    TargetGone = "TARGET_GONE",
    AudienceGone = "AUDIENCE_GONE",
    MemberInvalid = "MEMBER_INVALID",
    NotDispatched = "NOT_DISPATCHED",
    NotConfirmed = "NOT_CONFIRMED",
    CredentialBroken = "CREDENTIAL_BROKEN",
    PermissionMissing = "PERMISSION_MISSING",
    LicenceMissing = "LICENCE_MISSING",
    AccountOffline = "ACCOUNT_OFFLINE",
    ChannelRemoved = "CHANNEL_REMOVED",
    AccountUnbound = "ACCOUNT_UNBOUND",
    PlatformUnavailable = "PLATFORM_UNAVAILABLE",
    RequestRejected = "REQUEST_REJECTED",
    Unverifiable = "UNVERIFIABLE",
    Missed = "MISSED",
    Cancelled = "CANCELLED",
});

enum Exception {
    AccountNotFound,
    Api,
    PublishFailed,
}

impl FailReason {
    const fn exception(self) -> Exception {
        match self {
            Self::ChannelRemoved | Self::AccountUnbound => Exception::AccountNotFound,
            Self::CredentialBroken
            | Self::PermissionMissing
            | Self::LicenceMissing
            | Self::AccountOffline
            | Self::PlatformUnavailable
            | Self::RequestRejected => Exception::Api,
            Self::ContentRefused
            | Self::MediaRejected
            | Self::MediaUnavailable
            | Self::TargetGone
            | Self::AudienceGone
            | Self::MemberInvalid
            | Self::NotDispatched
            | Self::NotConfirmed
            | Self::Unverifiable
            | Self::Missed
            | Self::Cancelled => Exception::PublishFailed,
        }
    }

    /// The exception's code of requirement 4 that this reason belongs to (`errorCode` in a result).
    pub const fn error_code(self) -> &'static str {
        match self.exception() {
            Exception::AccountNotFound => "WechatAccountNotFoundException",
            Exception::Api => "WechatApiException",
            Exception::PublishFailed => "MomentPublishFailedException",
        }
    }

    /// Who must act and how, as the last sentence of a message to an operator.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::ContentRefused => "请修改内容后重新发布。",
            Self::MediaRejected => "请更换或压缩该图片、视频后重新发布。",
            Self::MediaUnavailable => "请确认媒体地址可以公开访问后重新发布。",
            Self::TargetGone | Self::MemberInvalid => "请管理员确认该成员仍在企业内且在应用可见范围内。",
            Self::AudienceGone => "请检查可见范围里的标签是否仍然存在、是否有客户带这些标签，再重新发布。",
            Self::NotDispatched => "请管理员确认该成员已开通客户联系与客户朋友圈权限且有客户。",
            Self::NotConfirmed => "请提醒该成员在手机企业微信中及时确认发表。",
            Self::CredentialBroken => "请管理员重新授权该渠道。",
            Self::PermissionMissing => "请管理员在企业微信后台检查应用权限与可信IP。",
            Self::LicenceMissing => "请管理员检查企业认证与接口许可。",
            Self::AccountOffline => "请重新登录该账号后再发布。",
            Self::AccountUnbound => "如仍需用该账号发布，请先恢复账号，再重新创建任务。",
            Self::ChannelRemoved => "请重新绑定账号后再发布。",
            Self::PlatformUnavailable => "请稍后重试；若持续出现，请联系管理员。",
            Self::RequestRejected => "请联系管理员，并提供任务编号。",
            Self::Unverifiable => "请打开该账号的朋友圈人工核对，确认未发布后再重新发布。",
            Self::Missed => "请确认是否仍要发布，并重新创建任务。",
            Self::Cancelled => "如仍需发布，请重新创建任务。",
        }
    }
}

/// Why something failed: the reason for programs, one Chinese sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The stable reason.
    pub reason: FailReason,
    /// What happened and what to do. Holds no secret and no address with a query.
    pub message: String,
}

impl Failure {
    /// What happened, with the reason's advice appended.
    pub fn new(reason: FailReason, what: impl AsRef<str>) -> Self {
        let what = what.as_ref().trim_end_matches('。');
        Self {
            reason,
            message: format!("{what}。{}", reason.advice()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_belongs_to_one_of_the_four_exceptions() {
        for reason in FailReason::ALL {
            let failure = Failure::new(*reason, "出错了");
            assert_eq!(MomentError::from(failure).code(), reason.error_code());
        }
    }

    #[test]
    fn a_message_says_what_to_do() {
        let failure = Failure::new(FailReason::ContentRefused, "企业微信拒绝了该内容（40201）。");
        assert_eq!(failure.message, "企业微信拒绝了该内容（40201）。请修改内容后重新发布。");
    }
}
