//! Why an account can or cannot publish, and who noticed.

use crate::account::{AccountStatus, named};

/// Whether an account can publish and, when it cannot, why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It can.
    Active,
    /// It cannot.
    Not(StatusReason),
}

/// Why an account cannot publish: a stable code, and a Chinese sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusReason {
    /// For programs.
    pub code: StatusCode,
    /// For people. Holds no secret.
    pub message: String,
}

/// Why an account is OFFLINE or EXPIRED (`statusCode`). Stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatusCode {
    /// The member has left the corp (reference wecom 5.2, `status` 5).
    MemberLeft,
    /// The corp no longer knows the member, or the app may not see it any more (reference wecom 5.5, 60111).
    MemberNotFound,
    /// An administrator has disabled the member (`status` 2).
    MemberDisabled,
    /// The member has not activated the account yet (`status` 4).
    MemberNotActivated,
    /// The member is there, but no longer among those who may use customer contact (reference wecom 5.4, condition 3).
    NoCustomerContact,
    /// The platform no longer names the account and does not say why.
    Unlisted,
    /// The channel's credential no longer works.
    CredentialBroken,
    /// The device is off line at the gateway, and one attempt to bring it back did not help (reference personal-gateway 10, RELOGIN).
    DeviceOffline,
    /// Its owner has unbound the account; no check changes that.
    Unbound,
}
named!(StatusCode {
    MemberLeft = "MEMBER_LEFT",
    MemberNotFound = "MEMBER_NOT_FOUND",
    MemberDisabled = "MEMBER_DISABLED",
    MemberNotActivated = "MEMBER_NOT_ACTIVATED",
    NoCustomerContact = "NO_CUSTOMER_CONTACT",
    Unlisted = "UNLISTED",
    CredentialBroken = "CREDENTIAL_BROKEN",
    DeviceOffline = "DEVICE_OFFLINE",
    Unbound = "UNBOUND",
});

/// Who noticed that an account's status has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoticedBy {
    /// A check of the channel.
    Check,
    /// A post.
    Publish,
    /// The platform, by itself.
    Callback,
    /// A person who asked for a check.
    User,
    /// The binding of the channel.
    Bind,
}
named!(NoticedBy {
    Check = "CHECK",
    Publish = "PUBLISH",
    Callback = "CALLBACK",
    User = "USER",
    Bind = "BIND",
});

impl Standing {
    /// The code's own standing, in its usual words.
    pub fn of(code: StatusCode) -> Self {
        Self::because(code, code.words())
    }

    /// The same in other words.
    pub fn because(code: StatusCode, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Not(StatusReason { code, message })
    }

    /// The status that it comes to.
    pub const fn status(&self) -> AccountStatus {
        match self {
            Self::Active => AccountStatus::Active,
            Self::Not(reason) => reason.code.status(),
        }
    }

    /// Why not.
    pub const fn reason(&self) -> Option<&StatusReason> {
        match self {
            Self::Active => None,
            Self::Not(reason) => Some(reason),
        }
    }
}

impl StatusCode {
    /// The status of an account for this reason.
    pub const fn status(self) -> AccountStatus {
        match self {
            Self::MemberNotActivated | Self::DeviceOffline => AccountStatus::Offline,
            Self::MemberLeft
            | Self::MemberNotFound
            | Self::MemberDisabled
            | Self::NoCustomerContact
            | Self::Unlisted
            | Self::CredentialBroken
            | Self::Unbound => AccountStatus::Expired,
        }
    }

    /// What happened and who must act.
    pub const fn words(self) -> &'static str {
        match self {
            Self::MemberLeft => "该成员已离职。请改用在职成员发布。",
            Self::MemberNotFound => "企业中已没有该成员，或其不在应用可见范围内。请管理员检查应用的可见范围。",
            Self::MemberDisabled => "该成员已被企业禁用。请管理员启用该成员后再发布。",
            Self::MemberNotActivated => "该成员尚未激活企业微信。请该成员登录手机企业微信。",
            Self::NoCustomerContact => "该成员已没有客户联系权限。请管理员将其加入客户联系的使用范围。",
            Self::Unlisted => "平台不再列出该账号。请重新检查或重新绑定渠道。",
            Self::CredentialBroken => "渠道的授权已失效。请管理员重新授权该渠道。",
            Self::DeviceOffline => "微信已离线，自动重连未成功。请重新扫码登录。",
            Self::Unbound => "该账号已解绑。如需再次使用，请恢复该账号。",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_keeps_an_account_from_publishing_and_says_what_to_do() {
        for code in StatusCode::ALL {
            let standing = Standing::of(*code);
            assert_ne!(standing.status(), AccountStatus::Active, "{code}");
            assert!(
                standing.reason().is_some_and(|reason| reason.message.contains('请')),
                "{code}"
            );
        }
        assert_eq!(
            (Standing::Active.status(), Standing::Active.reason()),
            (AccountStatus::Active, None)
        );
    }
}
