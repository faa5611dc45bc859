//! Accounts and the channels that reach them.

use serde::{Deserialize, Serialize};

/// A value that is not one of an enumeration's names, such as a row written by a newer program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not a {what}")]
pub struct UnknownName {
    /// The enumeration, such as `AccountStatus`.
    pub what: &'static str,
    /// The text found.
    pub value: String,
}

/// Gives an enumeration its one spelling, used on the wire, in the tables and in logs.
macro_rules! named {
    ($name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The value's one spelling: UPPER_SNAKE, as in the requirement.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::account::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($crate::account::UnknownName { what: stringify!($name), value: text.to_owned() }),
                }
            }
        }
    };
}
pub(crate) use named;

/// Which kind of WeChat identity an account is (requirement 3.1, `account_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum AccountType {
    /// A personal WeChat account, reached through a gateway.
    Personal,
    /// A member of a WeCom corp.
    Wework,
}
named!(AccountType { Personal = "PERSONAL", Wework = "WEWORK" });

/// Whether an account can publish now (requirement 3.1, `status`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum AccountStatus {
    /// It can.
    Active,
    /// Not at the moment: the device is off line, the member is not activated. It can come back by itself.
    Offline,
    /// Not until somebody authorises it again.
    Expired,
}
named!(AccountStatus { Active = "ACTIVE", Offline = "OFFLINE", Expired = "EXPIRED" });

/// Which platform a channel speaks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ChannelKind {
    /// An app of a WeCom corp: many member accounts.
    Wecom,
    /// One device at a personal-account gateway: one account.
    Gewe,
}
named!(ChannelKind { Wecom = "WECOM", Gewe = "GEWE" });

impl ChannelKind {
    /// What operators call the platform.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Wecom => "企业微信",
            Self::Gewe => "个人微信",
        }
    }

    /// The type of the accounts behind such a channel.
    pub const fn account_type(self) -> AccountType {
        match self {
            Self::Wecom => AccountType::Wework,
            Self::Gewe => AccountType::Personal,
        }
    }
}

/// Whose app a WeCom channel is, which says what its credential is and how tokens are got with it (reference wecom 2 and 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AppKind {
    /// The corp's own app; the credential is its secret. Channels of other platforms carry this too, where it means nothing.
    SelfBuilt,
    /// A provider's app that the corp has installed; the credential is the permanent code, which needs the suite's token beside it.
    ThirdParty,
    /// An app that a provider made for the corp from a template; the credential is the permanent code, used like a secret.
    ProviderDeveloped,
}
named!(AppKind {
    SelfBuilt = "SELF_BUILT",
    ThirdParty = "THIRD_PARTY",
    ProviderDeveloped = "PROVIDER_DEVELOPED",
});

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for status in AccountStatus::ALL {
            assert_eq!(AccountStatus::from_str(status.name()), Ok(*status));
        }
        for app in AppKind::ALL {
            assert_eq!(AppKind::from_str(app.name()), Ok(*app));
            assert_eq!(serde_json::to_value(app).expect("JSON"), app.name());
        }
        assert!(AccountType::from_str("wework").is_err());
    }
}
