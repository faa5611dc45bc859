//! `upload_attachment` and `media/get` (reference wecom 6.1).

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::blobs::{Blobs, Sha};
use crate::ids::{IdKind, IdMaker};
use crate::wecom::call::Call;
use crate::wecom::corp::Corp;
use crate::wecom::multipart;
use crate::wecom::probe;
use crate::wecom::refusal::Refusal;

/// Temporary media live three days from `created_at`.
const LIFE_MS: i64 = 3 * 24 * 3600 * 1000;

/// `attachment_type` for moments; 2 is the product album.
pub(crate) const MOMENTS: u8 = 1;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Medium {
    pub(crate) sha: Sha,
    pub(crate) kind: MediaKind,
    pub(crate) scene: u8,
    created_ms: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MediaKind {
    Image,
    Video,
    File,
}

impl Medium {
    pub(crate) fn expired(&self, now_ms: i64) -> bool {
        now_ms >= self.created_ms + LIFE_MS
    }
}

impl MediaKind {
    fn of(media_type: &str) -> Option<Self> {
        match media_type {
            "image" => Some(Self::Image),
            "video" => Some(Self::Video),
            "file" => Some(Self::File),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::File => "file",
        }
    }
}

pub(crate) async fn upload(corp: &Corp, blobs: &Blobs, ids: IdMaker, call: &Call) -> Result<Value, Refusal> {
    let (kind, scene) = wanted(call)?;
    let file = multipart::read(call).await?;
    let mime = probe::check(kind, &file)?;
    let sha = blobs.keep(&file.bytes, mime);
    let media_id = {
        let mut state = corp.state();
        let media_id = ids.make(IdKind::Media, corp.no, state.media.next());
        state.media.push(Medium {
            sha,
            kind,
            scene,
            created_ms: call.now_ms,
        });
        media_id
    };
    Ok(json!({
        "errcode": 0, "errmsg": "", "type": kind.name(), "media_id": media_id, "created_at": call.now_ms / 1000,
    }))
}

pub(crate) fn get(corp: &Corp, blobs: &Blobs, ids: IdMaker, call: &Call) -> Result<Answer, Refusal> {
    let media_id = call
        .query("media_id")
        .ok_or_else(|| Refusal::new(41006, "media_id missing"))?;
    let invalid = || Refusal::new(40007, "invalid media_id");
    let (owner, seq) = ids.read(IdKind::Media, media_id).ok_or_else(invalid)?;
    let medium = corp
        .state()
        .media
        .get(seq)
        .copied()
        .filter(|medium| owner == corp.no && !medium.expired(call.now_ms));
    let (bytes, mime) = medium.and_then(|medium| blobs.get(&medium.sha)).ok_or_else(invalid)?;
    Ok(Answer::File { mime, bytes })
}

/// Kind and scene from the query, before the body is looked at.
fn wanted(call: &Call) -> Result<(MediaKind, u8), Refusal> {
    let kind = call
        .query("media_type")
        .and_then(MediaKind::of)
        .ok_or_else(|| Refusal::new(40005, "invalid file type"))?;
    let scene = match call.query("attachment_type") {
        Some("1") => MOMENTS,
        Some("2") => 2,
        _ => return Err(Refusal::parameter("invalid attachment_type")),
    };
    let fits = if scene == MOMENTS {
        kind != MediaKind::File
    } else {
        kind == MediaKind::Image
    };
    if !fits {
        return Err(Refusal::new(41072, "attachment resource used in the wrong scene"));
    }
    Ok((kind, scene))
}
