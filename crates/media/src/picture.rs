//! Decoding of pictures, within limits.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use image::error::ImageError;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::colour::ToSrgb;
use crate::error::{MAX_PICTURE_MEMORY, MAX_PICTURE_PIXELS, MAX_PICTURE_SIDE, MediaError};
use crate::heic::read_heic;
use crate::heif::Heif;
use crate::inks::{Stored, read_inks};
use crate::jpeg;
use crate::media::MediaFormat;
use crate::moving::moves;

/// A decoded picture, not yet turned upright.
pub(crate) struct Picture {
    pub(crate) pixels: DynamicImage,
    pub(crate) orientation: Orientation,
    /// How its colours become sRGB; `None`: they are.
    pub(crate) to_srgb: Option<ToSrgb>,
    /// Of an animation only the first frame was decoded.
    pub(crate) animated: bool,
    /// Everyone shows the file as it is alike: upright, still, opaque, in sRGB.
    pub(crate) portable: bool,
}

impl Picture {
    /// Width and height as shown.
    pub(crate) fn upright_size(&self) -> (u32, u32) {
        let (width, height) = (self.pixels.width(), self.pixels.height());
        if swaps_sides(self.orientation) {
            (height, width)
        } else {
            (width, height)
        }
    }
}

/// Decodes the whole picture (of an animation, its first frame); nothing less proves that it can be shown.
pub(crate) fn read_picture(path: &Path, format: MediaFormat) -> Result<Picture, MediaError> {
    let bytes = fs::read(path)?;
    if format == MediaFormat::Heic {
        return read_heic(&bytes);
    }
    let inks = if format == MediaFormat::Jpeg {
        inks_of_jpeg(&bytes)?
    } else {
        None
    };
    let mut decoder = decoder_within_limits(&bytes, image_format(format)?)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let grey = !decoder.color_type().has_color();
    let profile = decoder.icc_profile().ok().flatten();
    let to_srgb = profile.as_ref().and_then(|profile| ToSrgb::from_profile(profile, grey));
    let pixels = match inks {
        Some(stored) => DynamicImage::ImageRgb8(read_inks(&bytes, stored, profile.as_deref())?),
        None => DynamicImage::from_decoder(decoder).map_err(|error| decode_error(&error))?,
    };
    let animated = moves(&bytes, format);
    let portable = matches!(format, MediaFormat::Jpeg | MediaFormat::Png)
        && orientation == Orientation::NoTransforms
        && to_srgb.is_none()
        && !animated
        && !see_through(&pixels)
        && inks.is_none();
    Ok(Picture {
        pixels,
        orientation,
        to_srgb,
        animated,
        portable,
    })
}

/// Pixels across and down by the file's header; nothing of one that decoding refuses. Blocks.
pub(crate) fn announced_pixels(path: &Path, format: MediaFormat) -> Result<(u32, u32), MediaError> {
    let bytes = fs::read(path)?;
    let size = match format {
        MediaFormat::Heic | MediaFormat::Avif => announced_by_heif(&bytes),
        _ => image_format(format)
            .and_then(|format| decoder_within_limits(&bytes, format).map(|decoder| decoder.dimensions())),
    };
    Ok(size.unwrap_or_default())
}

fn announced_by_heif(bytes: &[u8]) -> Result<(u32, u32), MediaError> {
    let heif = Heif::parse(bytes)?;
    heif.size(heif.picture())
}

/// The library checks memory in its shortcut only, not when the decoder is used directly.
fn decoder_within_limits(bytes: &[u8], format: ImageFormat) -> Result<impl ImageDecoder + '_, MediaError> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_PICTURE_SIDE);
    limits.max_image_height = Some(MAX_PICTURE_SIDE);
    limits.max_alloc = Some(MAX_PICTURE_MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|error| decode_error(&error))?;
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    if decoder.total_bytes() > MAX_PICTURE_MEMORY {
        return Err(MediaError::TooManyPixels);
    }
    Ok(decoder)
}

/// [`MediaError::TooManyPixels`] for a picture that is not decoded at all.
pub(crate) fn check_size(width: u32, height: u32) -> Result<(), MediaError> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PICTURE_PIXELS || width.max(height) > MAX_PICTURE_SIDE {
        return Err(MediaError::TooManyPixels);
    }
    Ok(())
}

/// How inks are stored, where the colours are inks; refuses a file that was cut off.
fn inks_of_jpeg(bytes: &[u8]) -> Result<Option<Stored>, MediaError> {
    let shape = jpeg::shape(bytes).ok_or(MediaError::Broken {
        detail: "不是有效的 JPEG 图片",
    })?;
    if !shape.complete {
        return Err(MediaError::Broken {
            detail: "JPEG 图片不完整",
        });
    }
    let stored = if shape.adobe { Stored::AsPaper } else { Stored::AsInk };
    Ok((shape.components == 4).then_some(stored))
}

fn image_format(format: MediaFormat) -> Result<ImageFormat, MediaError> {
    match format {
        MediaFormat::Jpeg => Ok(ImageFormat::Jpeg),
        MediaFormat::Png => Ok(ImageFormat::Png),
        MediaFormat::Webp => Ok(ImageFormat::WebP),
        MediaFormat::Gif => Ok(ImageFormat::Gif),
        MediaFormat::Heic
        | MediaFormat::Avif
        | MediaFormat::Mp4
        | MediaFormat::Mov
        | MediaFormat::Webm
        | MediaFormat::Mkv
        | MediaFormat::Avi => Err(MediaError::NotSupported {
            found: "不能直接当图片处理",
        }),
    }
}

/// Whether anything behind the picture would show; platforms and phones put it on white, on black or on squares.
fn see_through(pixels: &DynamicImage) -> bool {
    match pixels {
        DynamicImage::ImageRgba8(pixels) => pixels.pixels().any(|pixel| pixel.0[3] != u8::MAX),
        other => other.color().has_alpha(),
    }
}

fn swaps_sides(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
    )
}

fn decode_error(error: &ImageError) -> MediaError {
    match error {
        ImageError::Limits(_) => MediaError::TooManyPixels,
        ImageError::Unsupported(_) => MediaError::NotSupported {
            found: "不常见的图片编码",
        },
        ImageError::IoError(_) | ImageError::Decoding(_) | ImageError::Encoding(_) | ImageError::Parameter(_) => {
            MediaError::Broken {
                detail: "图片无法解码"
            }
        }
    }
}
