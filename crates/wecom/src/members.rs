//! Members of a corp (reference wecom 5.2).

use moments_wire::flexible;
use serde::Deserialize;

/// Answer of `user/get`, as far as publishing needs it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Member {
    /// Unique in the corp; letters may come back in another case than they were asked for.
    pub userid: String,
    /// The member's name. Equals the userid, or is empty, where the app may not know it.
    #[serde(default, deserialize_with = "flexible::text")]
    pub name: String,
    /// The departments of the member; empty where the app may not know them.
    #[serde(default, deserialize_with = "flexible::nullable")]
    pub department: Vec<i64>,
    /// Whether the member can publish.
    #[serde(default, deserialize_with = "flexible::number")]
    status: i64,
}

/// A member's `status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberStatus {
    /// 1: activated.
    Activated,
    /// 2: disabled by an administrator.
    Disabled,
    /// 4: has not activated the account yet.
    NotActivated,
    /// 5: left the corp.
    Left,
    /// Not told, or a value that the reference does not know.
    Unknown,
}

impl Member {
    /// The member's standing.
    pub const fn status(&self) -> MemberStatus {
        match self.status {
            1 => MemberStatus::Activated,
            2 => MemberStatus::Disabled,
            4 => MemberStatus::NotActivated,
            5 => MemberStatus::Left,
            _ => MemberStatus::Unknown,
        }
    }
}

/// Answer of `get_follow_user_list`.
#[derive(Deserialize)]
pub(crate) struct FollowUsers {
    #[serde(default, deserialize_with = "flexible::nullable")]
    pub(crate) follow_user: Vec<String>,
}
