//! Staging media and posting (reference personal-gateway 4.4, 4.5).

use moments_domain::Friends;
use moments_wire::{CallError, flexible};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::SnsId;

/// What the gateway said about a staged medium, to be given back unchanged when posting. How long it stays usable is not documented: post at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Staged(Value);

impl Staged {
    /// Where the gateway keeps it; empty when it did not say.
    pub fn file_url(&self) -> &str {
        self.0.get("fileUrl").and_then(Value::as_str).unwrap_or_default()
    }

    /// Itself, if it can be what a gateway returns for a medium: an object with an address.
    pub(crate) fn usable(self) -> Result<Self, CallError> {
        if self.file_url().is_empty() {
            Err(CallError::no_answer("上传的答复里没有 fileUrl"))
        } else {
            Ok(self)
        }
    }
}

/// Answer of every publish call.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Published {
    /// The post's id.
    pub id: SnsId,
    /// Unix seconds; 0 when not told.
    #[serde(default, deserialize_with = "flexible::number")]
    pub create_time: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StageImages<'a> {
    pub(crate) app_id: &'a str,
    pub(crate) img_urls: [&'a str; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StageVideo<'a> {
    pub(crate) app_id: &'a str,
    pub(crate) video_url: &'a str,
    pub(crate) thumb_url: &'a str,
}

/// Who may see a post. Two lists together, or one with `privacy`, are not documented, so there is only ever one (reference personal-gateway 4.5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Audience<'a>(Lists<'a>);

/// As they stand in a publish call; empty lists narrow nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "they are the gateway's own names")]
struct Lists<'a> {
    allow_wx_ids: &'a [String],
    disable_wx_ids: &'a [String],
    at_wx_ids: &'a [String],
    allow_tag_ids: &'a [String],
    disable_tag_ids: &'a [String],
}

impl<'a> Audience<'a> {
    /// All friends.
    pub fn everybody() -> Self {
        Self::default()
    }

    /// What `friends` says; `None` when its list is empty, which the gateway would take for everybody.
    pub fn of(friends: Friends<'a>) -> Option<Self> {
        let mut lists = Lists::default();
        match friends {
            Friends::Only(ids) => lists.allow_wx_ids = ids,
            Friends::AllBut(ids) => lists.disable_wx_ids = ids,
            Friends::WithLabels(ids) => lists.allow_tag_ids = ids,
            Friends::WithoutLabels(ids) => lists.disable_tag_ids = ids,
        }
        (!friends.ids().is_empty()).then_some(Self(lists))
    }
}

/// The card of a link post; the gateway requires all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkCard<'a> {
    /// Where the cover lies; best an address that the gateway has staged, because ours does not last.
    pub thumb_url: &'a str,
    /// What it opens.
    pub link_url: &'a str,
    /// What it says.
    pub title: &'a str,
    /// The smaller line; not empty.
    pub description: &'a str,
}

/// Body of the publish calls. All lists empty is "all friends".
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewPost<'a> {
    pub(crate) app_id: &'a str,
    pub(crate) content: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) img_infos: Option<&'a [Staged]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) video_info: Option<&'a Staged>,
    #[serde(flatten)]
    pub(crate) link: Option<&'a LinkCard<'a>>,
    pub(crate) privacy: bool,
    #[serde(flatten)]
    pub(crate) audience: Audience<'a>,
}

impl<'a> NewPost<'a> {
    pub(crate) fn text(app_id: &'a str, content: &'a str, audience: &Audience<'a>) -> Self {
        Self {
            app_id,
            content,
            img_infos: None,
            video_info: None,
            link: None,
            privacy: false,
            audience: audience.clone(),
        }
    }
}
