//! What is known about a medium.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::codec::VideoCodec;

/// The two kinds of media a Moment can show; never both in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MediaKind {
    /// A still picture.
    Image,
    /// A short video.
    Video,
}

impl MediaKind {
    /// `IMAGE` or `VIDEO`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Image => "IMAGE",
            Self::Video => "VIDEO",
        }
    }
}

/// The file formats that are taken in, told from the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MediaFormat {
    /// JPEG, which platforms accept.
    Jpeg,
    /// PNG, which platforms accept.
    Png,
    /// WebP; converted before it is published.
    Webp,
    /// GIF; its first frame is converted before it is published.
    Gif,
    /// HEIC, as iPhones write it; converted before it is published.
    Heic,
    /// AVIF; taken in only where `ffmpeg` is, and converted before it is published.
    Avif,
    /// MP4 with a video track, or a close relative (3GP).
    Mp4,
    /// QuickTime, as iPhones and cameras write it; made an MP4 by `ffmpeg` before it is published.
    Mov,
    /// WebM; taken in only where `ffmpeg` is, like the next two.
    Webm,
    /// Matroska.
    Mkv,
    /// AVI.
    Avi,
}

impl MediaFormat {
    /// Every format.
    pub const ALL: [Self; 11] = [
        Self::Jpeg,
        Self::Png,
        Self::Webp,
        Self::Gif,
        Self::Heic,
        Self::Avif,
        Self::Mp4,
        Self::Mov,
        Self::Webm,
        Self::Mkv,
        Self::Avi,
    ];

    /// Picture or video.
    pub fn kind(self) -> MediaKind {
        match self {
            Self::Jpeg | Self::Png | Self::Webp | Self::Gif | Self::Heic | Self::Avif => MediaKind::Image,
            Self::Mp4 | Self::Mov | Self::Webm | Self::Mkv | Self::Avi => MediaKind::Video,
        }
    }

    /// The media type for a `Content-Type`.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
            Self::Heic => "image/heic",
            Self::Avif => "image/avif",
            Self::Mp4 => "video/mp4",
            Self::Mov => "video/quicktime",
            Self::Webm => "video/webm",
            Self::Mkv => "video/x-matroska",
            Self::Avi => "video/x-msvideo",
        }
    }

    /// The usual extension, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
            Self::Gif => "gif",
            Self::Heic => "heic",
            Self::Avif => "avif",
            Self::Mp4 => "mp4",
            Self::Mov => "mov",
            Self::Webm => "webm",
            Self::Mkv => "mkv",
            Self::Avi => "avi",
        }
    }
}

/// An original as it came, kept under its hash. Plain data: may be stored beside the post and used again later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptMedia {
    /// SHA-256 of the bytes, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Told from the bytes.
    pub format: MediaFormat,
    /// Size of the file.
    pub bytes: u64,
    /// Pixels across, as shown (a rotation asked for by the file is applied).
    pub width: u32,
    /// Pixels down, as shown.
    pub height: u32,
    /// Length of a video in milliseconds, rounded up; 0 for a picture.
    pub duration_ms: u64,
    /// How a video's pictures are written; `None` for a picture, and for a video that an older program took in.
    #[serde(default)]
    pub codec: Option<VideoCodec>,
    /// A picture that moves; a Moment shows its first frame. Not known of what an older program took in.
    #[serde(default)]
    pub animated: bool,
    /// `false`: even if it is small enough the file must be re-encoded, because platforms and phones show it
    /// differently (a rotation written in EXIF, other colours than sRGB, transparency, an animation) or do not take its format. Of videos
    /// only H.264 in an MP4 is.
    pub portable: bool,
}

impl KeptMedia {
    /// Picture or video.
    pub fn kind(&self) -> MediaKind {
        self.format.kind()
    }
}

/// A file that fits a platform's limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FittedMedia {
    /// Where it lies. Never write to it.
    pub path: PathBuf,
    /// SHA-256 of the bytes; differs from the original's when it was converted.
    pub sha256: String,
    /// JPEG, PNG or MP4.
    pub format: MediaFormat,
    /// Size of the file.
    pub bytes: u64,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl FittedMedia {
    /// A name for uploads: plain ASCII with the right extension, since WeCom's multipart parser does not
    /// understand encoded names (reference wecom 6.1).
    pub fn file_name(&self) -> String {
        let stem: String = self.sha256.chars().take(16).collect();
        format!("{stem}.{}", self.format.extension())
    }
}
