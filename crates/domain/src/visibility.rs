//! Who among an account's customers or friends may see a post. A post without a [`Visibility`] is for all of them; one that has it is never.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::account::ChannelKind;
use crate::error::FieldError;

/// Most entries of one list. No platform states a figure (reference wecom 7.1, personal-gateway 15).
pub const MAX_ENTRIES: usize = 100;
const MAX_ID_CHARS: usize = 100;

/// What narrows the audience: each platform heeds its own lists. As JSON it has the names of the request's field `visibility`.
///
/// Empty lists are the same as absent ones. A platform that finds none of its lists filled must refuse the post: never may nothing mean everyone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Visibility {
    /// WeCom: only customers with at least one of these tags of the corp (`et…`, as the channel's app sees them).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub customer_tags: Vec<String>,
    /// Personal: only friends with at least one of these labels, by id. An id means something for one account only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Personal: all friends but those with one of these labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deny_labels: Vec<String>,
    /// Personal: only these friends, by wxid.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    /// Personal: all friends but these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<String>,
}

/// A personal account's audience: exactly one of the lists, because what two together mean is not documented (personal-gateway 4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Friends<'a> {
    /// Only friends with one of these labels.
    WithLabels(&'a [String]),
    /// All friends but those with one of these labels.
    WithoutLabels(&'a [String]),
    /// Only these friends.
    Only(&'a [String]),
    /// All friends but these.
    AllBut(&'a [String]),
}

impl Visibility {
    /// The personal account's part; `None` when there is none, or more than one list.
    pub fn friends(&self) -> Option<Friends<'_>> {
        let lists = [
            Friends::WithLabels(&self.labels),
            Friends::WithoutLabels(&self.deny_labels),
            Friends::Only(&self.allow),
            Friends::AllBut(&self.deny),
        ];
        let mut given = lists.into_iter().filter(|list| !list.ids().is_empty());
        given.next().filter(|_| given.next().is_none())
    }

    /// Whether it says anything for this platform's accounts.
    pub fn speaks_of(&self, kind: ChannelKind) -> bool {
        match kind {
            ChannelKind::Wecom => !self.customer_tags.is_empty(),
            ChannelKind::Gewe => self.friends().is_some(),
        }
    }

    /// Its ids that the platform lists for a channel: tags of a corp, labels of an account. No platform lists friends.
    pub fn listed_ids(&self, kind: ChannelKind) -> &[String] {
        match (kind, self.friends()) {
            (ChannelKind::Wecom, _) => &self.customer_tags,
            (ChannelKind::Gewe, Some(Friends::WithLabels(ids) | Friends::WithoutLabels(ids))) => ids,
            (ChannelKind::Gewe, _) => &[],
        }
    }

    /// The names of its lists that this platform's accounts would heed, as the request has them; empty when there are none.
    pub fn fields(&self, kind: ChannelKind) -> Vec<&'static str> {
        let wecom = [("customerTags", &self.customer_tags)];
        let gewe = [
            ("labels", &self.labels),
            ("denyLabels", &self.deny_labels),
            ("allow", &self.allow),
            ("deny", &self.deny),
        ];
        let lists = match kind {
            ChannelKind::Wecom => &wecom[..],
            ChannelKind::Gewe => &gewe,
        };
        let given = lists.iter().filter(|(_, list)| !list.is_empty());
        given.map(|(name, _)| *name).collect()
    }

    /// All broken rules of form at once; whether the ids exist only the platform knows.
    pub(crate) fn check(&self) -> Vec<FieldError> {
        let of_friends = [&self.labels, &self.deny_labels, &self.allow, &self.deny];
        let given = of_friends.into_iter().filter(|list| !list.is_empty()).count();
        let mut errors = Vec::new();
        if given == 0 && self.customer_tags.is_empty() {
            let message = "请至少填写一个可见范围；对所有人可见请不要传 visibility";
            errors.push(FieldError::new("visibility", message));
        }
        if given > 1 {
            let message = "labels、denyLabels、allow、deny 只能使用其中一个";
            errors.push(FieldError::new("visibility", message));
        }
        errors.extend(check_list(
            "customerTags",
            &self.customer_tags,
            is_tag,
            "客户标签ID（以 et 开头）",
        ));
        errors.extend(check_list("labels", &self.labels, is_label, "好友标签ID（数字）"));
        errors.extend(check_list(
            "denyLabels",
            &self.deny_labels,
            is_label,
            "好友标签ID（数字）",
        ));
        errors.extend(check_list("allow", &self.allow, is_wxid, "好友的 wxid"));
        errors.extend(check_list("deny", &self.deny, is_wxid, "好友的 wxid"));
        errors
    }
}

impl<'a> Friends<'a> {
    /// What is listed; never empty where [`Visibility::friends`] made it.
    pub const fn ids(self) -> &'a [String] {
        match self {
            Self::WithLabels(ids) | Self::WithoutLabels(ids) | Self::Only(ids) | Self::AllBut(ids) => ids,
        }
    }
}

fn check_list(name: &str, ids: &[String], fits: fn(&str) -> bool, what: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if ids.len() > MAX_ENTRIES {
        let message = format!("最多 {MAX_ENTRIES} 个，当前 {} 个", ids.len());
        errors.push(FieldError::new(format!("visibility.{name}"), message));
    }
    let mut seen = HashSet::new();
    for (index, id) in ids.iter().enumerate() {
        let message = if !fits(id) {
            format!("不是有效的{what}")
        } else if !seen.insert(id) {
            format!("重复：{id}")
        } else {
            continue;
        };
        errors.push(FieldError::new(format!("visibility.{name}[{index}]"), message));
    }
    errors
}

/// `etAbC0001` (reference wecom 1).
fn is_tag(id: &str) -> bool {
    id.len() > 2 && id.starts_with("et") && is_wxid(id)
}

fn is_label(id: &str) -> bool {
    (1..=18).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// A wxid, or the WeChat number that some old accounts have for one.
fn is_wxid(id: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'@' | b'.');
    (1..=MAX_ID_CHARS).contains(&id.len()) && id.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Visibility {
        serde_json::from_str(json).expect("JSON")
    }

    #[test]
    fn nothing_never_means_everyone() {
        for empty in ["{}", r#"{"customerTags":[]}"#, r#"{"labels":[],"deny":[]}"#] {
            let visibility = read(empty);
            assert_eq!(visibility.check().len(), 1, "{empty}");
            for kind in ChannelKind::ALL {
                assert!(!visibility.speaks_of(*kind), "{empty}");
            }
        }
    }

    #[test]
    fn ids_are_judged_by_their_form() {
        for (json, broken) in [
            (r#"{"customerTags":["etAbC0001","et_-9"]}"#, &[][..]),
            (
                r#"{"customerTags":["et","AbC","et 1",""]}"#,
                &[
                    "customerTags[0]",
                    "customerTags[1]",
                    "customerTags[2]",
                    "customerTags[3]",
                ],
            ),
            (r#"{"customerTags":["et1","et1"]}"#, &["customerTags[1]"]),
            (r#"{"labels":["7","12"]}"#, &[]),
            (r#"{"denyLabels":["seven","-1"]}"#, &["denyLabels[0]", "denyLabels[1]"]),
            (r#"{"allow":["wxid_k3","xiaohe-coffee"]}"#, &[]),
            (r#"{"deny":["小禾"]}"#, &["deny[0]"]),
        ] {
            let fields: Vec<_> = read(json).check().into_iter().map(|error| error.field).collect();
            let broken: Vec<_> = broken.iter().map(|field| format!("visibility.{field}")).collect();
            assert_eq!(fields, broken, "{json}");
        }
        let many = Visibility {
            labels: (0..=MAX_ENTRIES).map(|n| n.to_string()).collect(),
            ..Visibility::default()
        };
        assert_eq!(many.check()[0].field, "visibility.labels");
    }

    #[test]
    fn a_personal_account_has_one_list() {
        let one = read(r#"{"customerTags":["et1"],"allow":["wxid_a"]}"#);
        assert_eq!(one.check(), []);
        assert_eq!(one.friends(), Some(Friends::Only(&["wxid_a".to_owned()])));
        let two = read(r#"{"allow":["wxid_a"],"labels":["7"]}"#);
        assert_eq!((two.friends(), two.check().len()), (None, 1));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let visibility = read(r#"{"customerTags":["et1"],"denyLabels":["7"]}"#);
        let json = serde_json::to_string(&visibility).expect("JSON");
        assert_eq!(json, r#"{"customerTags":["et1"],"denyLabels":["7"]}"#);
        assert_eq!(read(&json), visibility);
    }
}
