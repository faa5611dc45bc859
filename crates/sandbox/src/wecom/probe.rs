//! Whether a file may become an attachment: by its bytes, not by what it is called (reference wecom 6.1, "Limits").

use std::io::Cursor;
use std::panic::catch_unwind;

use image::{ImageFormat, ImageReader};

use crate::wecom::media::MediaKind;
use crate::wecom::multipart::File;
use crate::wecom::refusal::Refusal;

const MIN_BYTES: usize = 6;
const MAX_BYTES: usize = 10 * 1024 * 1024;
const LONG_SIDE: u32 = 10_800;
const SHORT_SIDE: u32 = 1_080;
const MAX_VIDEO_MS: u64 = 30_000;

/// The media type of a sound file.
pub(crate) fn check(kind: MediaKind, file: &File) -> Result<&'static str, Refusal> {
    if file.bytes.len() < MIN_BYTES {
        return Err(Refusal::new(40006, "invalid file size"));
    }
    if file.bytes.len() > MAX_BYTES {
        return Err(Refusal::new(41080, "attachment size out of limit"));
    }
    match kind {
        MediaKind::Image => image(file),
        MediaKind::Video => video(file),
        MediaKind::File => Ok("application/octet-stream"),
    }
}

fn image(file: &File) -> Result<&'static str, Refusal> {
    let (mime, endings): (_, &[&str]) = match image::guess_format(&file.bytes) {
        Ok(ImageFormat::Jpeg) => ("image/jpeg", &["jpg", "jpeg"]),
        Ok(ImageFormat::Png) => ("image/png", &["png"]),
        Ok(_) => return Err(Refusal::new(40004, "invalid media type")),
        Err(_) => return Err(Refusal::new(40123, "invalid image data")),
    };
    check_ending(file, endings)?;
    let reader = ImageReader::new(Cursor::new(&file.bytes)).with_guessed_format();
    let size = reader.ok().and_then(|reader| reader.into_dimensions().ok());
    let (width, height) = size.ok_or_else(|| Refusal::new(40123, "invalid image data"))?;
    if width.max(height) > LONG_SIDE || width.min(height) > SHORT_SIDE {
        return Err(Refusal::new(41081, "image resolution out of limit"));
    }
    Ok(mime)
}

fn video(file: &File) -> Result<&'static str, Refusal> {
    check_ending(file, &["mp4"])?;
    let duration_ms = video_ms(&file.bytes).ok_or_else(|| Refusal::new(41090, "invalid video format"))?;
    if duration_ms > MAX_VIDEO_MS {
        return Err(Refusal::new(41082, "video length out of limit"));
    }
    Ok("video/mp4")
}

/// Length of the longest video track; `None` when it is not an MP4 with one.
pub(crate) fn video_ms(bytes: &[u8]) -> Option<u64> {
    if bytes.get(4..8) != Some(b"ftyp") {
        return None;
    }
    // The parser may panic on hostile boxes; for the platform that is just a damaged video.
    let parsed = catch_unwind(|| re_mp4::Mp4::read_bytes(bytes)).ok()?.ok()?;
    let tracks = parsed
        .tracks()
        .values()
        .filter(|track| track.kind == Some(re_mp4::TrackKind::Video));
    tracks
        .map(|track| track.duration.saturating_mul(1000) / track.timescale.max(1))
        .max()
}

fn check_ending(file: &File, endings: &[&str]) -> Result<(), Refusal> {
    let ending = file
        .name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase());
    match ending {
        Some(ending) if endings.contains(&ending.as_str()) => Ok(()),
        _ => Err(Refusal::new(40004, "invalid media type")),
    }
}
