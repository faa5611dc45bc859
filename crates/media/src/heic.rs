//! HEIC, what iPhones write: a picture in tiles, each a still of HEVC. Decoded by a library in safe Rust, tile by tile, so
//! that what is declared bounds memory and time before a tile is touched.

use heifer::color::{ColorParams, frame_to_rgba_sized};
use heifer::heifer_hevc_dec::Error;
use heifer::heifer_hevc_dec::decoder::{DecodeOptions, decode_picture};
use heifer::heifer_hevc_dec::recon::Frame;
use heifer::heifer_isobmff::ItemId;
use heifer::heifer_isobmff::boxes::Grid;
use image::{DynamicImage, RgbImage};

use crate::convert::over_white;
use crate::error::{MAX_PICTURE_PIXELS, MediaError};
use crate::heif::{Heif, broken};
use crate::picture::{Picture, check_size};

#[cfg(test)]
mod tests;

/// What a coder may add to a side to come to whole blocks.
const PADDING: u64 = 64;
/// The most pixels of one tile: what HEVC itself allows at its highest level (ITU-T H.265, table A.8).
const MAX_TILE_PIXELS: u64 = 35_651_584;

/// Decodes the picture; transparency is put on white.
pub(crate) fn read_heic(bytes: &[u8]) -> Result<Picture, MediaError> {
    let heif = Heif::parse(bytes)?;
    let look = heif.look()?;
    let mut pixels = read_item(&heif, heif.picture(), bytes.len())?;
    if let Some(opacity) = heif.opacity() {
        put_on_white(&mut pixels, &read_item(&heif, opacity, bytes.len())?)?;
    }
    Ok(look.of(DynamicImage::ImageRgb8(pixels)))
}

fn read_item(heif: &Heif<'_>, item: ItemId, file_bytes: usize) -> Result<RgbImage, MediaError> {
    match &heif.coding(item)? {
        b"hvc1" => read_tile(heif, item),
        b"grid" => read_grid(heif, item, file_bytes),
        b"av01" => Err(MediaError::NotSupported {
            found: "HEIC 中的 AVIF",
        }),
        _ => Err(MediaError::NotSupported {
            found: "不常见的 HEIC 编码",
        }),
    }
}

fn read_grid(heif: &Heif<'_>, item: ItemId, file_bytes: usize) -> Result<RgbImage, MediaError> {
    let grid = heif.file.grid(item).map_err(|_| broken())?;
    let tiles = heif.file.referenced_items(item, b"dimg");
    let (width, height) = checked(heif, &grid, tiles, file_bytes)?;
    let mut pixels = RgbImage::new(grid.output_width, grid.output_height);
    let columns = u32::from(grid.columns);
    for (&tile, at) in tiles.iter().zip(0_u32..) {
        let part = read_tile(heif, tile)?;
        image::imageops::replace(
            &mut pixels,
            &part,
            i64::from(at % columns * width),
            i64::from(at / columns * height),
        );
    }
    Ok(pixels)
}

/// The size of each tile of a grid that is whole, and no more work than a picture of its size can be: a file may name one
/// tile, or one stretch of bytes, thousands of times.
fn checked(heif: &Heif<'_>, grid: &Grid, tiles: &[ItemId], file_bytes: usize) -> Result<(u32, u32), MediaError> {
    check_size(grid.output_width, grid.output_height)?;
    let (width, height) = heif.size(*tiles.first().ok_or_else(broken)?)?;
    let (columns, rows) = (u64::from(grid.columns), u64::from(grid.rows));
    let covered = columns * u64::from(width) >= u64::from(grid.output_width)
        && rows * u64::from(height) >= u64::from(grid.output_height);
    if !covered || columns * rows != tiles.len() as u64 {
        return Err(broken());
    }
    if padded(width, height).saturating_mul(tiles.len() as u64) > 2 * MAX_PICTURE_PIXELS {
        return Err(MediaError::TooManyPixels);
    }
    let mut bytes = 0;
    for &tile in tiles {
        bytes += heif.data(tile)?.len();
        if heif.coding(tile)? != *b"hvc1" || heif.size(tile)? != (width, height) || bytes > file_bytes {
            return Err(broken());
        }
    }
    Ok((width, height))
}

fn read_tile(heif: &Heif<'_>, item: ItemId) -> Result<RgbImage, MediaError> {
    let (width, height) = heif.size(item)?;
    if u64::from(width) * u64::from(height) > MAX_TILE_PIXELS {
        return Err(MediaError::TooManyPixels);
    }
    let stream = heif.file.hevc_bitstream(item).map_err(|_| broken())?;
    let options = DecodeOptions {
        max_pixels: padded(width, height),
        ..DecodeOptions::default()
    };
    let frame = decode_picture(&stream, options).map_err(|error| decode_error(&error))?;
    if frame.widths[0] < width || frame.heights[0] < height {
        return Err(broken());
    }
    let rgba = frame_to_rgba_sized::<u8>(&frame, meaning(heif, item, &frame), width, height);
    drop(frame);
    RgbImage::from_raw(width, height, without_opacity(rgba.data)).ok_or_else(broken)
}

/// How the numbers of a tile mean colours: as the container says, else as the stream does.
fn meaning(heif: &Heif<'_>, item: ItemId, frame: &Frame) -> ColorParams {
    match heif.code_points(item) {
        Some((_, _, matrix, full_range)) => ColorParams { matrix, full_range },
        None => ColorParams::from_frame(frame),
    }
}

/// Three of four bytes, in place: a second copy of a photo would be felt.
fn without_opacity(mut rgba: Vec<u8>) -> Vec<u8> {
    let pixels = rgba.len() / 4;
    for at in 0..pixels {
        rgba.copy_within(4 * at..4 * at + 3, 3 * at);
    }
    rgba.truncate(3 * pixels);
    rgba
}

/// The shades of `opacity` cover the picture.
pub(crate) fn put_on_white(pixels: &mut RgbImage, opacity: &RgbImage) -> Result<(), MediaError> {
    if opacity.dimensions() != pixels.dimensions() {
        return Err(broken());
    }
    for (pixel, shade) in pixels.pixels_mut().zip(opacity.pixels()) {
        pixel.0 = pixel.0.map(|channel| over_white(channel, shade.0[0]));
    }
    Ok(())
}

fn padded(width: u32, height: u32) -> u64 {
    (u64::from(width) + PADDING) * (u64::from(height) + PADDING)
}

fn decode_error(error: &Error) -> MediaError {
    match error {
        Error::Unimplemented(_) => MediaError::NotSupported {
            found: "不常见的 HEIC 编码",
        },
        Error::UnexpectedEof | Error::Invalid(_) | Error::HashMismatch(_) => MediaError::Broken {
            detail: "HEIC 图片无法解码",
        },
    }
}
