//! What `add_moment_task` is told (reference wecom 7.1).

use serde::{Serialize, Serializer};

/// Most senders in one task.
const MAX_SENDERS: usize = 100_000;

/// A sender list that the vendor would take for "everyone", or would refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSenders {
    /// An empty list: on the wire it means every member in the app's visible range.
    #[error("发表成员为空：企业微信会把它当作全体成员，已拒绝发送")]
    Empty,
    /// More than a task may have.
    #[error("发表成员超过 {MAX_SENDERS} 人")]
    TooMany,
}

/// The members who are to confirm a moment, by userid. Never empty, so that no code path can address everyone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Senders(Vec<String>);

impl Senders {
    /// At least 1 and at most 100 000 userids; empty ids do not count.
    pub fn new(userids: impl IntoIterator<Item = String>) -> Result<Self, InvalidSenders> {
        let userids: Vec<_> = userids.into_iter().filter(|userid| !userid.is_empty()).collect();
        match userids.len() {
            0 => Err(InvalidSenders::Empty),
            n if n > MAX_SENDERS => Err(InvalidSenders::TooMany),
            _ => Ok(Self(userids)),
        }
    }
}

/// The customer tags that narrow an audience to customers with any of them. Never empty: on the wire that would be everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct CustomerTags(Vec<String>);

impl CustomerTags {
    /// At least one tag of the corp, by id; `None` when there is none. Empty ids do not count.
    pub fn new(ids: impl IntoIterator<Item = String>) -> Option<Self> {
        let ids: Vec<_> = ids.into_iter().filter(|id| !id.is_empty()).collect();
        (!ids.is_empty()).then_some(Self(ids))
    }
}

/// What kind of medium an attachment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachmentKind {
    /// JPG or PNG; up to nine in a moment.
    Image,
    /// MP4; one, alone.
    Video,
}

impl AttachmentKind {
    /// The vendor's word for it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
        }
    }
}

/// What a moment shows besides its text: `{"msgtype":"image","image":{"media_id":"…"}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attachment {
    msgtype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<MediaRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    video: Option<MediaRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<LinkRef>,
}

/// `media_id` is the cover, a picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct LinkRef {
    title: String,
    url: String,
    media_id: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct MediaRef {
    media_id: String,
}

impl Attachment {
    /// A medium that [`upload_attachment`](crate::WecomClient::upload_attachment) took as the same kind, at most three days ago.
    pub fn new(kind: AttachmentKind, media_id: String) -> Self {
        let media = Some(MediaRef { media_id });
        let (image, video) = match kind {
            AttachmentKind::Image => (media, None),
            AttachmentKind::Video => (None, media),
        };
        Self {
            msgtype: kind.name(),
            image,
            video,
            link: None,
        }
    }

    /// A link, alone in its moment; `cover` is a picture that [`upload_attachment`](crate::WecomClient::upload_attachment) took.
    pub fn link(title: &str, url: String, cover: String) -> Self {
        let link = LinkRef {
            title: printable(title),
            url,
            media_id: cover,
        };
        Self {
            msgtype: "link",
            image: None,
            video: None,
            link: Some(link),
        }
    }
}

/// Body of `add_moment_task`: the same content for all senders, shown to all their customers or to those with a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewMoment {
    #[serde(skip_serializing_if = "Text::is_empty")]
    text: Text,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment>,
    visible_range: VisibleRange,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Text {
    content: String,
}

impl Text {
    fn is_empty(&self) -> bool {
        self.content.is_empty()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct VisibleRange {
    senders: Senders,
    tags: Option<CustomerTags>,
}

impl Serialize for VisibleRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Range<'a> {
            sender_list: SenderList<'a>,
            #[serde(skip_serializing_if = "Option::is_none")]
            external_contact_list: Option<ContactList<'a>>,
        }
        #[derive(Serialize)]
        struct SenderList<'a> {
            user_list: &'a Senders,
        }
        #[derive(Serialize)]
        struct ContactList<'a> {
            tag_list: &'a CustomerTags,
        }
        Range {
            sender_list: SenderList {
                user_list: &self.senders,
            },
            external_contact_list: self.tags.as_ref().map(|tag_list| ContactList { tag_list }),
        }
        .serialize(serializer)
    }
}

impl NewMoment {
    /// A moment of `text` (may be empty when there are attachments) and `attachments`, confirmed by `senders`.
    pub fn new(text: &str, attachments: Vec<Attachment>, senders: Senders) -> Self {
        Self {
            text: Text {
                content: printable(text),
            },
            attachments,
            visible_range: VisibleRange { senders, tags: None },
        }
    }

    /// The same, for customers with one of `tags` only: senders without such a customer get no task (reference wecom 7.1).
    #[must_use]
    pub fn for_customers_with(mut self, tags: CustomerTags) -> Self {
        self.visible_range.tags = Some(tags);
        self
    }
}

/// The text without control characters other than tab and line breaks: JSON could carry those only as `\uXXXX`, which the vendor refuses (40033).
pub fn printable(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'))
        .collect()
}

#[cfg(test)]
mod tests;
