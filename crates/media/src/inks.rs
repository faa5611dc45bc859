//! JPEG in the colours of a press (CMYK), which designers' programs write and which `image` shows without regard to the
//! profile, and negative where a program other than Adobe's wrote them.

use image::RgbImage;
use moxcms::Transform8BitExecutor;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::colour::from_inks;
use crate::error::{MAX_PICTURE_MEMORY, MediaError};

#[cfg(test)]
mod tests;

/// What a number in the file means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    /// 255 is all the ink there is.
    AsInk,
    /// 255 is bare paper, as Adobe's programs write it.
    AsPaper,
}

/// Decodes to sRGB, by the profile where it can be read, else as browsers do without one.
pub(crate) fn read_inks(bytes: &[u8], stored: Stored, profile: Option<&[u8]>) -> Result<RgbImage, MediaError> {
    let (width, height, mut pixels) = decode(bytes, stored)?;
    match profile.and_then(from_inks) {
        Some(press) => by_profile(&mut pixels, width, press.as_ref()),
        None => by_rule(&mut pixels),
    }
    pixels.truncate(pixels.len() / 4 * 3);
    RgbImage::from_raw(width, height, pixels).ok_or_else(broken)
}

/// Four inks a pixel.
fn decode(bytes: &[u8], stored: Stored) -> Result<(u32, u32, Vec<u8>), MediaError> {
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|_| broken())?;
    let coded = decoder.input_colorspace().ok_or_else(broken)?;
    decoder.set_options(options.jpeg_set_out_colorspace(coded));
    let size = decoder.output_buffer_size().ok_or_else(broken)?;
    if size as u64 > MAX_PICTURE_MEMORY {
        return Err(MediaError::TooManyPixels);
    }
    let (width, height) = decoder.dimensions().ok_or_else(broken)?;
    let mut pixels = decoder.decode().map_err(|_| broken())?;
    match (coded, stored) {
        (ColorSpace::YCCK, _) => pixels.as_chunks_mut().0.iter_mut().for_each(from_ycck),
        (ColorSpace::CMYK, Stored::AsPaper) => pixels.iter_mut().for_each(|value| *value = 255 - *value),
        (ColorSpace::CMYK, Stored::AsInk) => {}
        _ => {
            return Err(MediaError::NotSupported {
                found: "不常见的 CMYK 编码",
            });
        }
    }
    let side = |side: usize| u32::try_from(side).map_err(|_| broken());
    Ok((side(width)?, side(height)?, pixels))
}

/// Only Adobe's programs write this: three inks as brightness and colour (ITU-T T.871), and black as what is left of the paper.
fn from_ycck(pixel: &mut [u8; 4]) {
    let [y, blue, red, black] = pixel.map(i32::from);
    let (blue, red) = (blue - 128, red - 128);
    // In units of 1/65536, rounded.
    let level = |colour: i32| ((y << 16) + colour + (1 << 15)) >> 16;
    let inks = [
        level(91_881 * red),
        level(-22_554 * blue - 46_802 * red),
        level(116_130 * blue),
        255 - black,
    ];
    *pixel = inks.map(|ink| u8::try_from(ink.clamp(0, 255)).unwrap_or(u8::MAX));
}

/// Row by row, each pixel of three bytes over those of four that were read already.
fn by_profile(pixels: &mut [u8], width: u32, press: &Transform8BitExecutor) {
    let (four, three) = (width as usize * 4, width as usize * 3);
    let (mut inks, mut colours) = (vec![0; four], vec![0; three]);
    for row in 0..pixels.len() / four.max(1) {
        inks.copy_from_slice(&pixels[row * four..(row + 1) * four]);
        // Both are whole pixels of one row, the only thing that the library refuses.
        if let Err(error) = press.transform(&inks, &mut colours) {
            tracing::warn!(%error, "a row of inks stays as it is");
        }
        pixels[row * three..(row + 1) * three].copy_from_slice(&colours);
    }
}

/// What the coloured ink leaves of the light, and black leaves of that.
fn by_rule(pixels: &mut [u8]) {
    for at in 0..pixels.len() / 4 {
        let left = 255 - u16::from(pixels[4 * at + 3]);
        for ink in 0..3 {
            let light = (255 - u16::from(pixels[4 * at + ink])) * left;
            pixels[3 * at + ink] = u8::try_from((light + 127) / 255).unwrap_or(u8::MAX);
        }
    }
}

fn broken() -> MediaError {
    MediaError::Broken {
        detail: "CMYK 图片无法解码",
    }
}
