//! Pictures made to fit.

use fast_image_resize::{ResizeOptions, Resizer};
use image::{DynamicImage, RgbImage};
use jpeg_encoder::{ColorType, Encoder};

use crate::error::MediaError;
use crate::limits::MediaLimits;
use crate::picture::Picture;

#[cfg(test)]
mod tests;

/// A JPEG within the limits, upright, in sRGB, without metadata.
#[derive(Debug)]
pub(crate) struct Converted {
    pub(crate) jpeg: Vec<u8>,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// Tried in this order until the file is small enough. Below 40 faces turn into blocks.
const QUALITIES: [u8; 7] = [90, 85, 80, 72, 64, 52, 40];

/// Scales down, puts transparency on white, brings the colours to sRGB, turns upright, encodes.
pub(crate) fn to_jpeg(picture: Picture, limits: &MediaLimits) -> Result<Converted, MediaError> {
    let Picture {
        pixels,
        orientation,
        to_srgb,
        ..
    } = picture;
    // Limits care for the longer and the shorter side only, so turning can wait until the picture is small; so can colours.
    let (width, height) = limits.fit(pixels.width(), pixels.height());
    let mut pixels = resize(flat(pixels)?, width, height)?;
    if let Some(colours) = to_srgb {
        colours.convert(&mut pixels);
    }
    let mut upright = DynamicImage::ImageRgb8(pixels);
    upright.apply_orientation(orientation);
    encode(&upright.into_rgb8(), limits.image_max_bytes)
}

/// Eight bits a colour, transparency on white, before anything is scaled: what is left has no opacity to heed.
fn flat(pixels: DynamicImage) -> Result<RgbImage, MediaError> {
    if !pixels.color().has_alpha() {
        return Ok(pixels.into_rgb8());
    }
    let (width, height) = (pixels.width(), pixels.height());
    let mut pixels = pixels.into_rgba8().into_raw();
    // In place: a second copy of a large picture would be felt.
    let count = pixels.len() / 4;
    for at in 0..count {
        let alpha = pixels[4 * at + 3];
        for channel in 0..3 {
            pixels[3 * at + channel] = over_white(pixels[4 * at + channel], alpha);
        }
    }
    pixels.truncate(3 * count);
    RgbImage::from_raw(width, height, pixels).ok_or(MediaError::TooManyPixels)
}

fn resize(pixels: RgbImage, width: u32, height: u32) -> Result<RgbImage, MediaError> {
    if pixels.dimensions() == (width, height) {
        return Ok(pixels);
    }
    let pixels = DynamicImage::ImageRgb8(pixels);
    let mut small = DynamicImage::ImageRgb8(RgbImage::new(width, height));
    Resizer::new()
        .resize(&pixels, &mut small, &ResizeOptions::new())
        .map_err(|_| MediaError::Broken {
            detail: "图片无法缩放"
        })?;
    Ok(small.into_rgb8())
}

/// A channel seen through this opacity on white paper.
pub(crate) fn over_white(channel: u8, alpha: u8) -> u8 {
    let mixed = u16::from(channel) * u16::from(alpha) + 255 * (255 - u16::from(alpha));
    u8::try_from((mixed + 127) / 255).unwrap_or(u8::MAX)
}

/// Encodes with falling quality until the file fits.
pub(crate) fn encode(pixels: &RgbImage, max_bytes: u64) -> Result<Converted, MediaError> {
    let mut smallest = 0;
    for quality in QUALITIES {
        let jpeg = encode_once(pixels, quality)?;
        smallest = jpeg.len() as u64;
        if smallest <= max_bytes {
            return Ok(Converted {
                jpeg,
                width: pixels.width(),
                height: pixels.height(),
            });
        }
    }
    Err(MediaError::TooLarge {
        bytes: Some(smallest),
        limit: max_bytes,
    })
}

fn encode_once(pixels: &RgbImage, quality: u8) -> Result<Vec<u8>, MediaError> {
    const FAILED: MediaError = MediaError::Broken {
        detail: "图片无法编码为 JPEG",
    };
    let width = u16::try_from(pixels.width()).map_err(|_| MediaError::TooManyPixels)?;
    let height = u16::try_from(pixels.height()).map_err(|_| MediaError::TooManyPixels)?;
    let mut jpeg = Vec::new();
    Encoder::new(&mut jpeg, quality)
        .encode(pixels, width, height, ColorType::Rgb)
        .map_err(|_| FAILED)?;
    Ok(jpeg)
}
