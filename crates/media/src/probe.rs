//! What a file really is, told from its bytes; its name and its headers are not asked.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::codec::VideoCodec;
use crate::error::MediaError;
use crate::media::{MediaFormat, MediaKind};
use crate::picture::{Picture, read_picture};
use crate::video::{VideoFacts, read_video};

#[cfg(test)]
mod tests;

/// What [`crate::KeptMedia`] says beside hash and size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Probed {
    pub(crate) format: MediaFormat,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) duration_ms: u64,
    pub(crate) codec: Option<VideoCodec>,
    pub(crate) animated: bool,
    pub(crate) portable: bool,
}

impl Probed {
    pub(crate) fn of_video(format: MediaFormat, facts: VideoFacts) -> Self {
        Self {
            format,
            width: facts.width,
            height: facts.height,
            duration_ms: facts.duration_ms,
            codec: Some(facts.codec),
            animated: false,
            portable: facts.plain,
        }
    }

    pub(crate) fn of_picture(format: MediaFormat, picture: &Picture) -> Self {
        let (width, height) = picture.upright_size();
        Self {
            format,
            width,
            height,
            duration_ms: 0,
            codec: None,
            animated: picture.animated,
            portable: picture.portable,
        }
    }
}

/// Recognises the file.
pub(crate) fn format_of(path: &Path) -> Result<MediaFormat, MediaError> {
    sniff(&head(path)?)
}

/// Proves that a file can be shown: pictures are decoded, videos of the MP4 family parsed. Blocks.
pub(crate) fn probe(path: &Path, format: MediaFormat) -> Result<Probed, MediaError> {
    if format.kind() == MediaKind::Video {
        return Ok(Probed::of_video(format, read_video(path)?));
    }
    Ok(Probed::of_picture(format, &read_picture(path, format)?))
}

fn head(path: &Path) -> Result<Vec<u8>, MediaError> {
    let mut head = Vec::new();
    File::open(path)?.take(8192).read_to_end(&mut head)?;
    Ok(head)
}

fn sniff(head: &[u8]) -> Result<MediaFormat, MediaError> {
    if head.is_empty() {
        return Err(MediaError::Broken {
            detail: "文件是空的"
        });
    }
    if let Some(still) = still_in_mp4(head) {
        return Ok(still);
    }
    match infer::get(head).map(|found| found.mime_type()) {
        Some("image/jpeg") => Ok(MediaFormat::Jpeg),
        Some("image/png") => Ok(MediaFormat::Png),
        Some("image/webp") => Ok(MediaFormat::Webp),
        Some("image/gif") => Ok(MediaFormat::Gif),
        Some("video/mp4" | "video/x-m4v" | "video/3gpp") => Ok(MediaFormat::Mp4),
        Some("video/quicktime") => Ok(MediaFormat::Mov),
        Some("video/webm") => Ok(MediaFormat::Webm),
        Some("video/x-matroska") => Ok(MediaFormat::Mkv),
        Some("video/x-msvideo") => Ok(MediaFormat::Avi),
        Some(other) => Err(MediaError::NotSupported {
            found: usual_name(other),
        }),
        // Encoders invent new brands for the same container; whether it is one, parsing will tell.
        None if head.get(4..8) == Some(b"ftyp") => Ok(MediaFormat::Mp4),
        None => Err(MediaError::NotSupported { found: "无法识别" }),
    }
}

/// Pictures that lie in the container of an MP4, by its brands (ISO 23008-12, 10; AVIF 1.1, 6).
fn still_in_mp4(head: &[u8]) -> Option<MediaFormat> {
    let size = usize::try_from(u32::from_be_bytes(*head.first_chunk()?)).ok()?;
    let brands = head.get(4..size)?.strip_prefix(b"ftyp")?;
    match brands.first_chunk()? {
        b"avif" | b"avis" => Some(MediaFormat::Avif),
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" => Some(MediaFormat::Heic),
        b"mif1" | b"mif2" | b"msf1" if brands.chunks_exact(4).any(|brand| brand == b"avif") => Some(MediaFormat::Avif),
        b"mif1" | b"mif2" | b"msf1" => Some(MediaFormat::Heic),
        _ => None,
    }
}

fn usual_name(mime: &str) -> &'static str {
    match mime {
        "image/bmp" => "BMP",
        "image/tiff" => "TIFF",
        "video/x-flv" => "FLV",
        "video/x-ms-wmv" => "WMV",
        "text/html" => "网页，请填写文件的直接地址",
        "text/xml" => "XML",
        "application/pdf" => "PDF",
        other if other.starts_with("audio/") => "音频",
        other if other.starts_with("image/") => "其他图片格式",
        other if other.starts_with("video/") => "其他视频格式",
        _ => "不是图片或视频",
    }
}
