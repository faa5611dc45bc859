//! Whether a picture is an animation, of which a Moment shows the first frame only.

use std::io::Cursor;

use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;

use crate::media::MediaFormat;

#[cfg(test)]
mod tests;

/// Told from the headers; `false` also for what cannot be read, which decoding refuses.
pub(crate) fn moves(bytes: &[u8], format: MediaFormat) -> bool {
    let bytes = Cursor::new(bytes);
    match format {
        MediaFormat::Gif => gif_moves(bytes).unwrap_or(false),
        MediaFormat::Png => PngDecoder::new(bytes).is_ok_and(|png| png.is_apng().unwrap_or(false)),
        MediaFormat::Webp => WebPDecoder::new(bytes).is_ok_and(|webp| webp.has_animation()),
        _ => false,
    }
}

/// A GIF says nothing of its kind in its header: it moves if a second frame follows. Neither is decoded.
fn gif_moves(bytes: Cursor<&[u8]>) -> Result<bool, gif::DecodingError> {
    let mut options = gif::DecodeOptions::new();
    options.skip_frame_decoding(true);
    let mut frames = options.read_info(bytes)?;
    Ok(frames.next_frame_info()?.is_some() && frames.next_frame_info()?.is_some())
}
