//! Identifiers. Numbers stay below 2^53, so that a browser reads them exactly.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The largest id that a JSON reader with doubles keeps exact.
pub const MAX_ID: i64 = (1 << 53) - 1;

macro_rules! numeric_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

numeric_id!(
    /// A user of the workbench, as the JWT names it (workbench conventions, "Who calls").
    UserId
);
numeric_id!(
    /// What a user asked for: one row of `t_moment_sync_task` (requirement 3.2).
    TaskId
);
numeric_id!(
    /// One authorised way to a platform: one row of `t_moment_channel`.
    ChannelId
);
numeric_id!(
    /// One platform call with everything that follows from it: one row of `t_moment_publication`.
    PublicationId
);

numeric_id!(
    /// A personal account being logged in: one row of `t_moment_login`.
    LoginId
);

/// A WeChat identity, unique in the whole installation (requirement 3.1, `account_id`).
///
/// `{corpid}:{userid}` for a WeCom member, because a userid is unique only in its corp; the wxid for a personal account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub String);

impl AccountId {
    /// Longest account id in characters: the column is `VARCHAR(100)`.
    pub const MAX_CHARS: usize = 100;

    /// The id of a WeCom member.
    pub fn of_member(corp_id: &str, userid: &str) -> Self {
        Self(format!("{corp_id}:{userid}"))
    }

    /// What the platform calls this account: the userid in its corp, or the wxid.
    pub fn platform_name(&self) -> &str {
        self.0.split_once(':').map_or(self.0.as_str(), |(_, userid)| userid)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
