//! Staging media and posting (reference personal-gateway 4.4, 4.5).

use moments_wire::{CallError, flexible};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::SnsId;

/// What the gateway said about a staged medium, to be given back unchanged when posting. How long it stays usable is not documented: post at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Staged(Value);

impl Staged {
    /// Itself, if it can be what a gateway returns for a medium: an object with an address.
    pub(crate) fn usable(self) -> Result<Self, CallError> {
        if self.0.get("fileUrl").is_some_and(Value::is_string) {
            Ok(self)
        } else {
            Err(CallError::no_answer("上传的答复里没有 fileUrl"))
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

/// Body of the publish calls. The lists narrow the audience; all empty is "all friends", which is what we publish to.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewPost<'a> {
    pub(crate) app_id: &'a str,
    pub(crate) content: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) img_infos: Option<&'a [Staged]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) video_info: Option<&'a Staged>,
    pub(crate) privacy: bool,
    pub(crate) allow_wx_ids: [&'a str; 0],
    pub(crate) disable_wx_ids: [&'a str; 0],
    pub(crate) at_wx_ids: [&'a str; 0],
    pub(crate) allow_tag_ids: [&'a str; 0],
    pub(crate) disable_tag_ids: [&'a str; 0],
}

impl<'a> NewPost<'a> {
    pub(crate) fn text(app_id: &'a str, content: &'a str) -> Self {
        Self {
            app_id,
            content,
            img_infos: None,
            video_info: None,
            privacy: false,
            allow_wx_ids: [],
            disable_wx_ids: [],
            at_wx_ids: [],
            allow_tag_ids: [],
            disable_tag_ids: [],
        }
    }
}
