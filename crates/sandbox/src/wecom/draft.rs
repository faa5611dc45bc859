//! The content of `add_moment_task`, checked in the order of reference wecom 12 and 7.1.

use serde_json::Value;

use crate::blobs::Sha;
use crate::wecom::call::wrong_type;
use crate::wecom::media::MediaKind;
use crate::wecom::post::{Attachment, Content, Link};
use crate::wecom::refusal::Refusal;

const MAX_TEXT: usize = 2000;
const MAX_TITLE: usize = 64;
const MAX_URL_BYTES: usize = 1024;
const MAX_IMAGES: usize = 9;

/// Content whose media are not resolved yet.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    text: &'a str,
    attachment: Named<'a>,
}

#[derive(Debug)]
enum Named<'a> {
    None,
    Images(Vec<&'a str>),
    Video(&'a str),
    Link {
        title: &'a str,
        url: &'a str,
        cover: &'a str,
    },
}

impl<'a> Draft<'a> {
    /// Both empty, kinds, counts, text size: in this order. Media are looked up by [`resolve`](Self::resolve).
    pub(crate) fn read(body: &'a Value) -> Result<Self, Refusal> {
        let text = text_of(body)?;
        let attachments = attachments_of(body)?;
        if text.is_empty() && attachments.is_none_or(<[Value]>::is_empty) {
            return Err(Refusal::new(41089, "text and attachments are both empty"));
        }
        let attachment = attachments.map_or(Ok(Named::None), Named::read)?;
        if text.encode_utf16().count() > MAX_TEXT {
            return Err(Refusal::parameter("invalid text size"));
        }
        Ok(Self { text, attachment })
    }

    /// Turns media ids into bytes' hashes with `find`, which knows the corp's media.
    pub(crate) fn resolve(&self, find: impl Fn(&str, MediaKind) -> Result<Sha, Refusal>) -> Result<Content, Refusal> {
        let image = |id: &&str| find(id, MediaKind::Image);
        let attachment = match &self.attachment {
            Named::None => Attachment::None,
            Named::Images(ids) => Attachment::Images(ids.iter().map(image).collect::<Result<_, _>>()?),
            Named::Video(id) => Attachment::Video(find(id, MediaKind::Video)?),
            Named::Link { title, url, cover } => Attachment::Link(Box::new(Link {
                title: (*title).to_owned(),
                url: (*url).to_owned(),
                cover: image(cover)?,
            })),
        };
        Ok(Content {
            text: self.text.into(),
            attachment,
        })
    }
}

impl<'a> Named<'a> {
    fn read(attachments: &'a [Value]) -> Result<Self, Refusal> {
        let kinds = attachments.iter().map(kind_of).collect::<Result<Vec<_>, _>>()?;
        let Some(kind) = kinds.first().copied() else {
            return Err(Refusal::new(41088, "attachments are empty"));
        };
        if kinds.iter().any(|other| *other != kind) {
            return Err(Refusal::new(41065, "invalid attachments msgtype"));
        }
        if attachments.len() > if kind == "image" { MAX_IMAGES } else { 1 } {
            return Err(Refusal::new(41064, "invalid attachments size"));
        }
        match (kind, &attachments[0]) {
            ("image", _) => attachments
                .iter()
                .map(|item| media_id(item, "image"))
                .collect::<Result<_, _>>()
                .map(Self::Images),
            ("video", video) => media_id(video, "video").map(Self::Video),
            (_, link) => Self::link(link),
        }
    }

    fn link(item: &'a Value) -> Result<Self, Refusal> {
        let title = item["link"]["title"].as_str().unwrap_or_default();
        let url = item["link"]["url"]
            .as_str()
            .ok_or_else(|| Refusal::new(41010, "url missing"))?;
        if title.encode_utf16().count() > MAX_TITLE {
            return Err(Refusal::parameter("invalid link title size"));
        }
        if url.len() > MAX_URL_BYTES {
            return Err(Refusal::new(40039, "url too long"));
        }
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(Refusal::new(45034, "url without scheme"));
        }
        Ok(Self::Link {
            title,
            url,
            cover: media_id(item, "link")?,
        })
    }
}

fn text_of(body: &Value) -> Result<&str, Refusal> {
    match body.get("text") {
        None | Some(Value::Null) => Ok(""),
        Some(Value::Object(text)) => match text.get("content") {
            None | Some(Value::Null) => Ok(""),
            Some(content) => content.as_str().ok_or_else(wrong_type),
        },
        Some(_) => Err(wrong_type()),
    }
}

fn attachments_of(body: &Value) -> Result<Option<&[Value]>, Refusal> {
    match body.get("attachments") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(items)) => Ok(Some(items)),
        Some(_) => Err(wrong_type()),
    }
}

fn kind_of(item: &Value) -> Result<&str, Refusal> {
    match item["msgtype"].as_str() {
        Some(kind @ ("image" | "video" | "link")) => Ok(kind),
        _ => Err(Refusal::new(41065, "invalid attachments msgtype")),
    }
}

fn media_id<'a>(item: &'a Value, kind: &str) -> Result<&'a str, Refusal> {
    item[kind]["media_id"]
        .as_str()
        .filter(|id| !id.is_empty())
        .ok_or_else(|| Refusal::parameter("invalid msg"))
}
