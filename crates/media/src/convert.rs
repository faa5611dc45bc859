//! Pictures made to fit.

use fast_image_resize::{ResizeOptions, Resizer};
use image::{DynamicImage, Rgb, RgbImage, RgbaImage};
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
    let small = resize(eight_bits(pixels), width, height)?;
    let mut pixels = on_white(small);
    if let Some(colours) = to_srgb {
        colours.convert(&mut pixels);
    }
    let mut upright = DynamicImage::ImageRgb8(pixels);
    upright.apply_orientation(orientation);
    encode(&upright.into_rgb8(), limits.image_max_bytes)
}

/// RGB, with transparency where the picture has it; a no-op for most pictures.
fn eight_bits(pixels: DynamicImage) -> DynamicImage {
    if pixels.color().has_alpha() {
        DynamicImage::ImageRgba8(pixels.into_rgba8())
    } else {
        DynamicImage::ImageRgb8(pixels.into_rgb8())
    }
}

fn resize(pixels: DynamicImage, width: u32, height: u32) -> Result<DynamicImage, MediaError> {
    if (pixels.width(), pixels.height()) == (width, height) {
        return Ok(pixels);
    }
    let mut small = DynamicImage::new(width, height, pixels.color());
    Resizer::new()
        .resize(&pixels, &mut small, &ResizeOptions::new())
        .map_err(|_| MediaError::Broken {
            detail: "图片无法缩放"
        })?;
    Ok(small)
}

fn on_white(pixels: DynamicImage) -> RgbImage {
    match pixels {
        DynamicImage::ImageRgba8(pixels) => blend_on_white(&pixels),
        opaque => opaque.into_rgb8(),
    }
}

fn blend_on_white(pixels: &RgbaImage) -> RgbImage {
    RgbImage::from_fn(pixels.width(), pixels.height(), |x, y| {
        let [red, green, blue, alpha] = pixels.get_pixel(x, y).0;
        Rgb([red, green, blue].map(|channel| over_white(channel, alpha)))
    })
}

fn over_white(channel: u8, alpha: u8) -> u8 {
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
