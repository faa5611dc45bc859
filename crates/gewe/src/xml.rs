//! The Moment as WeChat itself keeps it: the XML that every gateway hands through (reference personal-gateway 3.2).

use moments_domain::fingerprint::normalised;
use moments_wire::flexible;
use serde::Deserialize;

use crate::SnsId;

/// What a Moment shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentStyle {
    /// 1: pictures with text.
    Images,
    /// 2: text alone.
    Text,
    /// 3: a link.
    Link,
    /// 15: a short video.
    Video,
    /// Anything else, such as a cover photo.
    Other,
}

/// A parsed `TimelineObject`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineObject {
    /// The exact id; `None` when the XML has none.
    pub id: Option<SnsId>,
    /// The author's wxid.
    pub username: String,
    /// Unix seconds; 0 when not told.
    pub create_time: i64,
    /// The text: entities decoded, CRLF as LF, ends trimmed, Unicode NFC.
    pub text: String,
    /// The kind.
    pub style: ContentStyle,
    /// The md5 of each medium, in the order shown; empty where not told. A server may re-encode a picture, so it is a hint only.
    pub media_md5s: Vec<String>,
    /// What a link opens; empty where it is none, or not told.
    pub link_url: String,
    /// Only the author sees it.
    pub private: bool,
}

impl TimelineObject {
    /// Reads the XML; `None` when it is not a `TimelineObject`, or broken.
    pub fn parse(xml: &str) -> Option<Self> {
        let object: Xml = quick_xml::de::from_str(xml).ok()?;
        let content = object.content_object;
        Some(Self {
            id: object.id.trim().parse().ok(),
            username: object.username.trim().to_owned(),
            create_time: object.create_time.trim().parse().unwrap_or_default(),
            text: normalised(&object.content_desc),
            style: style(&content.content_style),
            media_md5s: content
                .media_list
                .media
                .into_iter()
                .map(|media| media.url.md5)
                .collect(),
            link_url: content.content_url.trim().to_owned(),
            private: object.private.trim() == "1",
        })
    }
}

fn style(code: &str) -> ContentStyle {
    match code.trim() {
        "1" => ContentStyle::Images,
        "2" => ContentStyle::Text,
        "3" => ContentStyle::Link,
        "15" => ContentStyle::Video,
        _ => ContentStyle::Other,
    }
}

#[derive(Deserialize)]
#[serde(rename = "TimelineObject")]
struct Xml {
    #[serde(default)]
    id: String,
    #[serde(default)]
    username: String,
    #[serde(default, rename = "createTime")]
    create_time: String,
    #[serde(default, rename = "contentDesc")]
    content_desc: String,
    #[serde(default)]
    private: String,
    #[serde(rename = "ContentObject")]
    content_object: ContentObject,
}

#[derive(Deserialize)]
struct ContentObject {
    #[serde(rename = "contentStyle")]
    content_style: String,
    #[serde(default, rename = "contentUrl")]
    content_url: String,
    #[serde(default, rename = "mediaList")]
    media_list: MediaList,
}

#[derive(Default, Deserialize)]
struct MediaList {
    #[serde(default)]
    media: Vec<Media>,
}

#[derive(Deserialize)]
struct Media {
    #[serde(default, deserialize_with = "flexible::nullable")]
    url: MediaUrl,
}

#[derive(Default, Deserialize)]
struct MediaUrl {
    #[serde(default, rename = "@md5")]
    md5: String,
}

#[cfg(test)]
mod tests;
