//! What a file really is, told from its bytes; its name and its headers are not asked.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::MediaError;
use crate::media::MediaFormat;
use crate::picture::read_picture;
use crate::video::read_video;

#[cfg(test)]
mod tests;

/// What [`crate::KeptMedia`] says beside hash and size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Probed {
    pub(crate) format: MediaFormat,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) duration_ms: u64,
    pub(crate) animated: bool,
    pub(crate) portable: bool,
}

/// Recognises the file and proves that it can be shown: pictures are decoded, videos parsed. Blocks.
pub(crate) fn probe(path: &Path) -> Result<Probed, MediaError> {
    let format = sniff(&head(path)?)?;
    if format == MediaFormat::Mp4 {
        let video = read_video(path)?;
        let (width, height, duration_ms) = (video.width, video.height, video.duration_ms);
        return Ok(Probed {
            format,
            width,
            height,
            duration_ms,
            animated: false,
            portable: true,
        });
    }
    let picture = read_picture(path, format)?;
    let (width, height) = picture.upright_size();
    Ok(Probed {
        format,
        width,
        height,
        duration_ms: 0,
        animated: picture.animated,
        portable: picture.portable,
    })
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
    match infer::get(head).map(|found| found.mime_type()) {
        Some("image/jpeg") => Ok(MediaFormat::Jpeg),
        Some("image/png") => Ok(MediaFormat::Png),
        Some("image/webp") => Ok(MediaFormat::Webp),
        Some("image/gif") => Ok(MediaFormat::Gif),
        Some("video/mp4" | "video/x-m4v") => Ok(MediaFormat::Mp4),
        Some(other) => Err(MediaError::NotSupported {
            found: usual_name(other),
        }),
        // Encoders invent new brands for the same container; whether it is one, parsing will tell.
        None if head.get(4..8) == Some(b"ftyp") => Ok(MediaFormat::Mp4),
        None => Err(MediaError::NotSupported { found: "无法识别" }),
    }
}

fn usual_name(mime: &str) -> &'static str {
    match mime {
        "image/heif" | "image/heic" => "HEIC，请在手机相机设置中改用“兼容性最佳”或导出 JPG",
        "image/avif" => "AVIF",
        "image/bmp" => "BMP",
        "image/tiff" => "TIFF",
        "video/quicktime" => "MOV，请导出为 MP4",
        "video/webm" => "WebM",
        "video/x-matroska" => "MKV",
        "video/x-msvideo" => "AVI",
        "video/x-flv" => "FLV",
        "video/x-ms-wmv" => "WMV",
        "video/3gpp" => "3GP",
        "text/html" => "网页，请填写文件的直接地址",
        "text/xml" => "XML",
        "application/pdf" => "PDF",
        other if other.starts_with("audio/") => "音频",
        other if other.starts_with("image/") => "其他图片格式",
        other if other.starts_with("video/") => "其他视频格式",
        _ => "不是图片或视频",
    }
}
