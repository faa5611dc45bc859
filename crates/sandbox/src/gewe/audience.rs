//! Who may see a post (reference personal-gateway 4.5).

use serde_json::Value;

use crate::gewe::device::DeviceState;
use crate::gewe::envelope::Refusal;
use crate::gewe::seed::FriendSeed;

/// The four lists of a publish call.
#[derive(Debug, Default)]
pub(crate) struct Audience<'a> {
    allow: Vec<&'a str>,
    deny: Vec<&'a str>,
    with_labels: Vec<&'a str>,
    without_labels: Vec<&'a str>,
}

/// What a publish call says of who may see its post.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Every friend.
    ByAll,
    /// These friends.
    By(Box<[String]>),
    /// Labels were named of which the account has none. What a gateway does then is not documented; this one leaves them out, so that the post
    /// is every friend's: the worst that a caller can meet.
    ByAllForUnknownLabels,
}

impl<'a> Audience<'a> {
    pub(crate) fn read(body: &'a Value) -> Result<Self, Refusal> {
        let audience = Self {
            allow: list(body, "allowWxIds")?,
            deny: list(body, "disableWxIds")?,
            with_labels: list(body, "allowTagIds")?,
            without_labels: list(body, "disableTagIds")?,
        };
        let given = audience.lists().filter(|list| !list.is_empty()).count();
        let private = body["privacy"].as_bool().unwrap_or(false);
        if given + usize::from(private) > 1 {
            return Err(Refusal::cause("可见范围不能同时使用多种方式（沙箱虚构文案）"));
        }
        Ok(audience)
    }

    fn lists(&self) -> impl Iterator<Item = &Vec<&'a str>> {
        [&self.allow, &self.deny, &self.with_labels, &self.without_labels].into_iter()
    }

    /// Applied to the account's friends.
    pub(crate) fn seen(&self, state: &DeviceState) -> Seen {
        if self.lists().all(Vec::is_empty) {
            return Seen::ByAll;
        }
        let labels = [&self.with_labels, &self.without_labels];
        let known = |id: &&str| state.labels.iter().any(|label| label.label_id.to_string() == **id);
        if labels.iter().any(|ids| !ids.is_empty() && !ids.iter().any(known)) {
            return Seen::ByAllForUnknownLabels;
        }
        let seeing = state.friends.iter().filter(|friend| self.shows_to(friend));
        Seen::By(seeing.map(|friend| friend.wxid.clone()).collect())
    }

    fn shows_to(&self, friend: &FriendSeed) -> bool {
        let wxid = friend.wxid.as_str();
        let has = |ids: &[&str]| {
            friend
                .labels
                .iter()
                .any(|label| ids.contains(&label.to_string().as_str()))
        };
        (self.allow.is_empty() || self.allow.contains(&wxid))
            && !self.deny.contains(&wxid)
            && (self.with_labels.is_empty() || has(&self.with_labels))
            && !has(&self.without_labels)
    }
}

fn list<'a>(body: &'a Value, name: &str) -> Result<Vec<&'a str>, Refusal> {
    let wrong = || Refusal::Flat(format!("{name}类型错误"));
    match &body[name] {
        Value::Null => Ok(Vec::new()),
        Value::Array(ids) => ids.iter().map(|id| id.as_str().ok_or_else(wrong)).collect(),
        _ => Err(wrong()),
    }
}
