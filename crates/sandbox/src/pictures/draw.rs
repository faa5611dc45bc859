//! Draws a colourful picture that its name alone decides.

use std::io::Cursor;

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::{ImageFormat, Rgb, RgbImage};

use crate::ids::mix;

const CIRCLES: u64 = 7;
const JPEG_QUALITY: u8 = 82;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Format {
    Jpeg,
    Png,
    Webp,
    Gif,
}

impl Format {
    pub(crate) fn of(ending: &str) -> Option<Self> {
        match ending {
            "jpg" | "jpeg" => Some(Self::Jpeg),
            "png" => Some(Self::Png),
            "webp" => Some(Self::Webp),
            "gif" => Some(Self::Gif),
            _ => None,
        }
    }

    pub(crate) fn mime(self) -> &'static str {
        self.image().to_mime_type()
    }

    fn image(self) -> ImageFormat {
        match self {
            Self::Jpeg => ImageFormat::Jpeg,
            Self::Png => ImageFormat::Png,
            Self::Webp => ImageFormat::WebP,
            Self::Gif => ImageFormat::Gif,
        }
    }
}

/// A number that depends on every byte of the name (FNV-1a).
pub(crate) fn seed_of(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The encoded picture; `None` when the format cannot hold this size.
pub(crate) fn picture(seed: u64, format: Format, width: u32, height: u32) -> Option<Bytes> {
    let drawn = draw(seed, width, height);
    let mut file = Cursor::new(Vec::new());
    match format {
        Format::Jpeg => JpegEncoder::new_with_quality(&mut file, JPEG_QUALITY)
            .encode_image(&drawn)
            .ok()?,
        Format::Gif => image::DynamicImage::ImageRgb8(drawn)
            .to_rgba8()
            .write_to(&mut file, ImageFormat::Gif)
            .ok()?,
        other => drawn.write_to(&mut file, other.image()).ok()?,
    }
    Some(file.into_inner().into())
}

#[derive(Debug, Clone, Copy)]
struct Circle {
    x: i64,
    y: i64,
    radius: i64,
    colour: [u8; 3],
}

fn draw(seed: u64, width: u32, height: u32) -> RgbImage {
    let (from, to) = (colour(seed, 1), colour(seed, 2));
    let circles: Vec<Circle> = (0..CIRCLES)
        .map(|n| circle(seed, n, i64::from(width), i64::from(height)))
        .collect();
    RgbImage::from_fn(width, height, |x, y| {
        let (px, py) = (i64::from(x), i64::from(y));
        let covering = circles
            .iter()
            .rev()
            .find(|circle| (px - circle.x).pow(2) + (py - circle.y).pow(2) < circle.radius.pow(2));
        let ground = blend(
            from,
            to,
            u64::from(x) + u64::from(y),
            u64::from(width) + u64::from(height),
        );
        Rgb(covering.map_or(ground, |circle| blend(ground, circle.colour, 3, 4)))
    })
}

fn circle(seed: u64, n: u64, width: i64, height: i64) -> Circle {
    let part =
        |salt: u64, whole: i64| i64::try_from(mix(seed ^ (n * 4 + salt + 100)) % 1000).unwrap_or(0) * whole / 1000;
    let short = width.min(height);
    Circle {
        x: part(0, width),
        y: part(1, height),
        radius: short / 12 + part(2, short / 4),
        colour: colour(seed, 10 + n),
    }
}

/// Bright colours only: each channel between 70 and 255.
fn colour(seed: u64, salt: u64) -> [u8; 3] {
    let bytes = mix(seed ^ salt.wrapping_mul(0x9E37_79B9)).to_le_bytes();
    [bytes[0], bytes[1], bytes[2]].map(|byte| 70 + byte / 8 * 5 + byte % 8)
}

/// `part / whole` of the way from one colour to the other.
fn blend(from: [u8; 3], to: [u8; 3], part: u64, whole: u64) -> [u8; 3] {
    std::array::from_fn(|channel| {
        let (from, to) = (u64::from(from[channel]), u64::from(to[channel]));
        u8::try_from((from * (whole - part) + to * part) / whole).unwrap_or(u8::MAX)
    })
}
