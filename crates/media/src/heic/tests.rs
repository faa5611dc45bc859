use moxcms::ColorProfile;

use super::*;
use crate::convert::to_jpeg;
use crate::limits::MediaLimits;
use crate::samples::*;

/// Width and height, and the colours in the middle of the four quarters, of what a platform gets.
fn published(bytes: &[u8]) -> ((u32, u32), [[u8; 3]; 4]) {
    let made = to_jpeg(read_heic(bytes).unwrap(), &MediaLimits::WECOM).unwrap();
    ((made.width, made.height), corners(&decoded(&made.jpeg)))
}

#[track_caller]
fn check(bytes: &[u8], size: (u32, u32), expected: [[u8; 3]; 4]) {
    let (found, colours) = published(bytes);
    assert_eq!(found, size);
    check_colours(colours, expected);
}

#[track_caller]
fn refused(bytes: &[u8], code: &str) {
    let error = read_heic(bytes).err().unwrap();
    assert_eq!(error.reason_code(), code, "{error:?}");
}

/// A photo in tiles, as phones write it, with a profile where one is given.
fn in_tiles(pixels: &RgbImage, icc_profile: Option<Vec<u8>>) -> Vec<u8> {
    let rgba = DynamicImage::ImageRgb8(pixels.clone()).into_rgba16();
    let image = heifer::Image {
        width: pixels.width(),
        height: pixels.height(),
        bit_depth: 8,
        has_alpha: false,
        data: rgba.into_raw().into_iter().map(|value| value >> 8).collect(),
    };
    let metadata = heifer::Metadata {
        icc_profile,
        ..heifer::Metadata::default()
    };
    heifer::encode_with_metadata(&image, &metadata, &heifer::EncodeOptions::default()).unwrap()
}

#[test]
fn a_heic_arrives_in_its_colours_and_upright() {
    check(QUARTERS_HEIC, (96, 64), [RED, GREEN, BLUE, GREY]);
    for (quarters, size, expected) in [
        (1, (64, 96), [GREEN, GREY, RED, BLUE]),
        (2, (96, 64), [GREY, BLUE, GREEN, RED]),
        (3, (64, 96), [BLUE, RED, GREY, GREEN]),
    ] {
        check(&turned_heif(QUARTERS_HEIC, quarters), size, expected);
    }
}

#[test]
fn transparency_is_put_on_white() {
    check(GLASS_HEIC, (96, 64), [[255; 3], [255; 3], BLUE, GREY]);
}

#[test]
fn tiles_are_put_together_and_cut_at_the_edge() {
    check(
        &in_tiles(&quarters(1100, 600), None),
        (1100, 600),
        [RED, GREEN, BLUE, GREY],
    );
}

#[test]
fn the_colours_of_phones_become_srgb() {
    let p3 = ColorProfile::new_display_p3().encode().unwrap();
    // sRGB's red as Display P3 writes it.
    let pixels = RgbImage::from_pixel(600, 200, image::Rgb([234, 51, 35]));
    check(&in_tiles(&pixels, Some(p3)), (600, 200), [[254, 2, 2]; 4]);
}

#[test]
fn what_claims_too_much_is_refused_before_it_is_decoded() {
    refused(&claiming(QUARTERS_HEIC, 60_000, 60_000), "MEDIA_TOO_MANY_PIXELS");
    refused(&claiming(QUARTERS_HEIC, 9000, 9000), "MEDIA_TOO_MANY_PIXELS");
    // Six tiles, each as large as a photo may be.
    let tiles = in_tiles(&quarters(1100, 600), None);
    refused(&claiming(&tiles, 6000, 6000), "MEDIA_TOO_MANY_PIXELS");
    // The stream is smaller than what the container says.
    refused(&claiming(QUARTERS_HEIC, 200, 200), "MEDIA_BROKEN");
}

#[test]
fn what_does_not_hold_together_is_refused() {
    for kept in [20, 200, QUARTERS_HEIC.len() - 10] {
        refused(&QUARTERS_HEIC[..kept], "MEDIA_BROKEN");
    }
    refused(QUARTERS_AVIF, "MEDIA_NOT_SUPPORTED");
}
