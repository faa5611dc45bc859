//! A corp's departments, members by department, customer tags, and an app's visible range (reference wecom 5.3).

use moments_wire::flexible;
use serde::Deserialize;

/// A department. The platform tells apps no names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Department {
    /// Its id; the root's is 1.
    #[serde(deserialize_with = "flexible::number")]
    pub id: i64,
    /// The one above it; 0 above the root.
    #[serde(default, deserialize_with = "flexible::number")]
    pub parentid: i64,
}

/// Answer of `department/simplelist`.
#[derive(Deserialize)]
pub(crate) struct Departments {
    #[serde(default, deserialize_with = "flexible::nullable")]
    pub(crate) department_id: Vec<Department>,
}

/// A member in `user/simplelist`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ListedMember {
    /// Unique in the corp.
    pub userid: String,
    /// The member's name, or the userid where the app may not know it.
    #[serde(default, deserialize_with = "flexible::text")]
    pub name: String,
    /// All departments of the member.
    #[serde(default, deserialize_with = "flexible::nullable")]
    pub department: Vec<i64>,
}

/// Answer of `user/simplelist`.
#[derive(Deserialize)]
pub(crate) struct ListedMembers {
    #[serde(default, deserialize_with = "flexible::nullable")]
    pub(crate) userlist: Vec<ListedMember>,
}

/// A group of customer tags.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TagGroup {
    /// Its id, as this app sees it.
    pub group_id: String,
    /// Its name.
    #[serde(default, deserialize_with = "flexible::text")]
    pub group_name: String,
    /// Its tags, in the platform's order.
    #[serde(default, deserialize_with = "flexible::nullable")]
    pub tag: Vec<Tag>,
}

/// A customer tag.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Tag {
    /// Its id, as this app sees it.
    pub id: String,
    /// Its name.
    #[serde(default, deserialize_with = "flexible::text")]
    pub name: String,
}

/// Answer of `get_corp_tag_list`.
#[derive(Deserialize)]
pub(crate) struct TagGroups {
    #[serde(default, deserialize_with = "flexible::nullable")]
    pub(crate) tag_group: Vec<TagGroup>,
}

/// Answer of `agent/get`: an app with its visible range.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Agent {
    /// Its name.
    #[serde(default, deserialize_with = "flexible::text")]
    pub name: String,
    #[serde(default, deserialize_with = "flexible::number")]
    close: i64,
    #[serde(default, deserialize_with = "flexible::nullable")]
    allow_userinfos: AllowedUsers,
    #[serde(default, deserialize_with = "flexible::nullable")]
    allow_partys: AllowedParties,
    #[serde(default, deserialize_with = "flexible::nullable")]
    allow_tags: AllowedTags,
}

impl Agent {
    /// Whether the corp has switched the app off.
    pub const fn is_closed(&self) -> bool {
        self.close != 0
    }

    /// Members in its visible range, besides those of [`Self::departments`] and [`Self::tags`].
    pub fn users(&self) -> impl Iterator<Item = &str> {
        self.allow_userinfos.user.iter().map(|user| user.userid.as_str())
    }

    /// Departments in its visible range.
    pub fn departments(&self) -> &[i64] {
        &self.allow_partys.partyid
    }

    /// Contact tags in its visible range.
    pub fn tags(&self) -> &[i64] {
        &self.allow_tags.tagid
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct AllowedUsers {
    #[serde(default, deserialize_with = "flexible::nullable")]
    user: Vec<AllowedUser>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct AllowedUser {
    userid: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct AllowedParties {
    #[serde(default, deserialize_with = "flexible::nullable")]
    partyid: Vec<i64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct AllowedTags {
    #[serde(default, deserialize_with = "flexible::nullable")]
    tagid: Vec<i64>,
}

/// Answer of `getcallbackip`.
#[derive(Deserialize)]
pub(crate) struct CallbackAddresses {
    #[serde(default, deserialize_with = "flexible::nullable")]
    pub(crate) ip_list: Vec<String>,
}
