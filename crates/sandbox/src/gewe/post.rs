//! A published post and its faces: record, list item, XML (reference personal-gateway 3.1, 3.2, 4.6).

use std::fmt::Write;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::fault::World;
use crate::gewe::media::Staged;
use crate::gewe::seed::Switches;
use crate::record::{LinkRecord, MomentRecord, MomentStage, SenderRecord};

#[derive(Debug)]
pub(crate) struct GewePost {
    /// Unsigned 64 bit: milliseconds shifted left by 23, and a sequence number.
    pub(crate) id: u64,
    pub(crate) text: Box<str>,
    pub(crate) body: PostBody,
    pub(crate) private: bool,
    /// Friends who see it; `None`: all of them.
    pub(crate) visible_to: Option<Box<[String]>>,
    pub(crate) deleted: bool,
    pub(crate) arrival_ms: i64,
    pub(crate) intent: u128,
}

#[derive(Debug)]
pub(crate) enum PostBody {
    Text,
    Images(Box<[Arc<Staged>]>),
    Video(Arc<Staged>),
    Link {
        title: String,
        url: String,
        thumb: String,
        description: String,
        /// The cover, where `thumb` is one of our own addresses.
        cover: Option<Arc<Staged>>,
    },
}

/// Who is named as the author of an item.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Author<'a> {
    pub(crate) wxid: &'a str,
    pub(crate) nick_name: &'a str,
}

impl PostBody {
    fn kind(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Images(_) => "image",
            Self::Video(_) => "video",
            Self::Link { .. } => "link",
        }
    }

    fn content_style(&self) -> u8 {
        match self {
            Self::Images(_) => 1,
            Self::Text => 2,
            Self::Link { .. } => 3,
            Self::Video(_) => 15,
        }
    }

    fn link(&self) -> Option<LinkRecord> {
        match self {
            Self::Link { title, url, .. } => Some(LinkRecord {
                title: title.clone(),
                url: url.clone(),
            }),
            _ => None,
        }
    }

    pub(crate) fn media(&self) -> &[Arc<Staged>] {
        match self {
            Self::Images(images) => images,
            Self::Video(video) => std::slice::from_ref(video),
            Self::Link { cover, .. } => cover.as_slice(),
            Self::Text => &[],
        }
    }
}

impl GewePost {
    pub(crate) fn created_ms(&self) -> i64 {
        i64::try_from(self.id >> 23).unwrap_or(i64::MAX)
    }

    /// One element of `snsList`.
    pub(crate) fn item(&self, author: Author<'_>, switches: &Switches) -> Value {
        json!({
            "id": printed_in_list(self.id, switches), "userName": author.wxid, "nickName": author.nick_name,
            "createTime": self.created_ms() / 1000, "snsXml": self.xml(author.wxid),
            "likeCount": 0, "likeList": null, "commentCount": 0, "commentList": null, "withUserCount": 0, "withUserList": null,
        })
    }

    pub(crate) fn record(&self, wxid: &str) -> MomentRecord {
        let created_ms = self.created_ms();
        MomentRecord {
            world: World::Gewe,
            owner: wxid.to_owned(),
            moment_id: self.id.to_string(),
            stage: if self.deleted {
                MomentStage::Deleted
            } else {
                MomentStage::Live
            },
            creator: None,
            kind: self.body.kind().to_owned(),
            text: self.text.to_string(),
            media: self.body.media().iter().map(|staged| hex::encode(staged.sha)).collect(),
            link: self.body.link(),
            visible_to: self.visible_to.as_deref().map(<[String]>::to_vec),
            senders: vec![SenderRecord {
                userid: wxid.to_owned(),
                published: true,
                published_ms: Some(created_ms),
            }],
            invalid: Vec::new(),
            create_ms: created_ms,
            arrival_ms: self.arrival_ms,
        }
    }

    fn xml(&self, wxid: &str) -> String {
        let (id, time, private) = (self.id, self.created_ms() / 1000, u8::from(self.private));
        let (text, style) = (escaped(&self.text), self.body.content_style());
        let content = self.content_xml();
        format!(
            "<TimelineObject><id>{id}</id><username>{}</username><createTime>{time}</createTime><contentDesc>{text}</contentDesc>\
             <private>{private}</private><ContentObject><contentStyle>{style}</contentStyle>{content}</ContentObject></TimelineObject>",
            escaped(wxid)
        )
    }

    fn content_xml(&self) -> String {
        match &self.body {
            PostBody::Text => "<mediaList/>".to_owned(),
            PostBody::Link {
                title,
                url,
                thumb,
                description,
                ..
            } => format!(
                "<title>{}</title><description>{}</description><contentUrl>{}</contentUrl><mediaList><media><type>2</type>\
                 <url type=\"1\">{}</url></media></mediaList>",
                escaped(title),
                escaped(description),
                escaped(url),
                escaped(thumb)
            ),
            PostBody::Images(_) | PostBody::Video(_) => {
                let mut list = String::from("<mediaList>");
                for (place, staged) in (1_u64..).zip(self.body.media()) {
                    push_medium(&mut list, self.id + place, staged);
                }
                list + "</mediaList>"
            }
        }
    }
}

fn push_medium(list: &mut String, id: u64, staged: &Staged) {
    let is_video = staged.size == (0, 0);
    let (kind, md5_name) = if is_video { (6, "videomd5") } else { (2, "md5") };
    let (url, thumb) = (escaped(&staged.file_url), escaped(&staged.thumb_url));
    let (width, height) = staged.size;
    // Writing into a String cannot fail.
    let _ = write!(
        list,
        "<media><id>{id}</id><type>{kind}</type><url type=\"1\" {md5_name}=\"{}\">{url}</url><thumb type=\"1\">{thumb}</thumb>\
         <size width=\"{width}\" height=\"{height}\" totalSize=\"{}\"/>",
        staged.md5, staged.length
    );
    if is_video {
        let _ = write!(
            list,
            "<videoDuration>{}.{:03}</videoDuration>",
            staged.duration_ms / 1000,
            staged.duration_ms % 1000
        );
    }
    list.push_str("</media>");
}

/// The id as the answer to a publish call prints it.
pub(crate) fn printed(id: u64, switches: &Switches) -> Value {
    if switches.signed_ids {
        Value::from(id.cast_signed())
    } else {
        Value::from(id)
    }
}

/// The id as a list prints it: perhaps rounded, as by a gateway that runs on doubles.
pub(crate) fn printed_in_list(id: u64, switches: &Switches) -> Value {
    if switches.rounded_ids {
        Value::from(rounded(id))
    } else {
        printed(id, switches)
    }
}

#[expect(clippy::cast_precision_loss, reason = "losing the low digits is the point")]
fn rounded(id: u64) -> u64 {
    format!("{}", id as f64).parse().unwrap_or(id)
}

fn escaped(text: &str) -> String {
    let mut xml = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\n' => xml.push_str("&#x0A;"),
            '\r' => xml.push_str("&#x0D;"),
            plain => xml.push(plain),
        }
    }
    xml
}
