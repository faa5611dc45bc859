//! How the pictures of a video are written.

use serde::{Deserialize, Serialize};

/// The codec of a video track. Platforms play H.264; everything else has to be transcoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum VideoCodec {
    /// H.264, also called AVC.
    H264,
    /// HEVC, also called H.265: what newer phones write.
    Hevc,
    /// AV1.
    Av1,
    /// VP8 or VP9.
    Vp9,
    /// Apple's ProRes.
    ProRes,
    /// Any other, or one that nobody can tell.
    Other,
}

impl VideoCodec {
    /// By the name of a sample entry (ISO 14496-12, 8.5.2; the registry of MP4RA).
    pub(crate) fn by_entry(name: [u8; 4]) -> Self {
        match &name {
            b"avc1" | b"avc2" | b"avc3" | b"avc4" => Self::H264,
            b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" => Self::Hevc,
            b"av01" => Self::Av1,
            b"vp08" | b"vp09" => Self::Vp9,
            b"apch" | b"apcn" | b"apcs" | b"apco" | b"ap4h" | b"ap4x" => Self::ProRes,
            _ => Self::Other,
        }
    }

    /// By the name that `ffprobe` prints.
    pub(crate) fn by_name(name: &str) -> Self {
        match name {
            "h264" => Self::H264,
            "hevc" => Self::Hevc,
            "av1" => Self::Av1,
            "vp8" | "vp9" => Self::Vp9,
            "prores" => Self::ProRes,
            _ => Self::Other,
        }
    }

    /// The usual name, for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::H264 => "H.264",
            Self::Hevc => "HEVC（H.265）",
            Self::Av1 => "AV1",
            Self::Vp9 => "VP8/VP9",
            Self::ProRes => "ProRes",
            Self::Other => "其他编码",
        }
    }
}
