use std::io::Write;

use image::ImageFormat;
use tempfile::NamedTempFile;

use super::*;
use crate::media::MediaFormat;
use crate::picture::read_picture;
use crate::samples::*;

fn convert(bytes: &[u8], format: MediaFormat, limits: &MediaLimits) -> Result<Converted, MediaError> {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    to_jpeg(read_picture(file.path(), format)?, limits)
}

#[track_caller]
fn check_corners(made: &Converted, expected: [[u8; 3]; 4]) {
    check_colours(corners(&decoded(&made.jpeg)), expected);
}

#[test]
fn every_orientation_ends_upright_and_without_metadata() {
    let plain = jpeg(&quarters(160, 96));
    for (orientation, size, expected) in [
        (1, (160, 96), [RED, GREEN, BLUE, GREY]),
        (2, (160, 96), [GREEN, RED, GREY, BLUE]),
        (3, (160, 96), [GREY, BLUE, GREEN, RED]),
        (4, (160, 96), [BLUE, GREY, RED, GREEN]),
        (5, (96, 160), [RED, BLUE, GREEN, GREY]),
        (6, (96, 160), [BLUE, RED, GREY, GREEN]),
        (7, (96, 160), [GREY, GREEN, BLUE, RED]),
        (8, (96, 160), [GREEN, GREY, RED, BLUE]),
    ] {
        let source = with_orientation(&plain, orientation);
        let made = convert(&source, MediaFormat::Jpeg, &MediaLimits::WECOM).unwrap();
        assert_eq!((made.width, made.height), size, "orientation {orientation}");
        check_corners(&made, expected);
        assert!(!made.jpeg.windows(4).any(|bytes| bytes == b"Exif"));
    }
}

#[test]
fn large_pictures_are_scaled_down_in_their_proportions() {
    let source = encoded(quarters(2000, 3000), ImageFormat::Png);
    let made = convert(&source, MediaFormat::Png, &MediaLimits::WECOM).unwrap();
    assert_eq!((made.width, made.height), (960, 1440));
    check_corners(&made, [RED, GREEN, BLUE, GREY]);
}

#[test]
fn long_pictures_and_panoramas_arrive_within_the_platforms_area() {
    for ((width, height), size) in [((120, 20_000), (64, 10_800)), ((18_000, 150), (10_800, 90))] {
        let pixels = RgbImage::from_raw(width, height, BLUE.repeat((width * height) as usize)).unwrap();
        let made = convert(&jpeg(&pixels), MediaFormat::Jpeg, &MediaLimits::WECOM).unwrap();
        assert_eq!((made.width, made.height), size);
        check_corners(&made, [BLUE; 4]);
    }
}

#[test]
fn webp_gif_and_cmyk_become_ordinary_jpegs() {
    let picture = quarters(96, 64);
    let gif = encoded(DynamicImage::ImageRgb8(picture.clone()).into_rgba8(), ImageFormat::Gif);
    for (source, format) in [
        (encoded(picture, ImageFormat::WebP), MediaFormat::Webp),
        (gif, MediaFormat::Gif),
    ] {
        let made = convert(&source, format, &MediaLimits::WECOM).unwrap();
        check_corners(&made, [RED, GREEN, BLUE, GREY]);
    }
    let made = convert(&cmyk_jpeg(32, 32), MediaFormat::Jpeg, &MediaLimits::WECOM).unwrap();
    assert_eq!(crate::jpeg::shape(&made.jpeg).unwrap().components, 3);
}

#[test]
fn transparency_is_put_on_white() {
    let made = |source: Vec<u8>, format| convert(&source, format, &MediaLimits::WECOM).unwrap();
    let white = [255; 3];
    let png = made(encoded(glass(3000, 2000), ImageFormat::Png), MediaFormat::Png);
    check_corners(&png, [white, white, BLUE, BLUE]);
    let gif = made(encoded(glass(96, 64), ImageFormat::Gif), MediaFormat::Gif);
    check_corners(&gif, [white, white, BLUE, BLUE]);
}

#[test]
fn half_transparency_is_mixed() {
    for (channel, alpha, mixed) in [(0, 255, 0), (0, 0, 255), (0, 128, 127), (200, 128, 227), (255, 7, 255)] {
        assert_eq!(over_white(channel, alpha), mixed, "{channel} at {alpha}");
    }
}

#[test]
fn quality_falls_until_the_file_fits() {
    let (picture, ample) = (noise(400, 300), 10_000_000);
    let best = encode(&picture, ample).unwrap().jpeg.len() as u64;
    let small = encode(&picture, best / 2).unwrap();
    assert!(small.jpeg.len() as u64 <= best / 2);
    let error = encode(&picture, 1000).unwrap_err();
    assert_eq!(error.reason_code(), "MEDIA_TOO_LARGE");
}

#[test]
fn other_colours_become_srgb_and_no_profile_stays() {
    let p3 = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    // sRGB's red as Display P3 writes it.
    let pixels = RgbImage::from_pixel(96, 64, image::Rgb([234, 51, 35]));
    let source = with_profile(&jpeg(&pixels), &p3);
    let made = convert(&source, MediaFormat::Jpeg, &MediaLimits::WECOM).unwrap();
    check_corners(&made, [[254, 2, 2]; 4]);
    assert!(!made.jpeg.windows(12).any(|bytes| bytes == b"ICC_PROFILE\0"));
}

#[test]
fn of_an_animation_the_first_frame_is_kept() {
    for (source, format) in [
        (moving_png(), MediaFormat::Png),
        (moving_gif(), MediaFormat::Gif),
        (moving_webp(), MediaFormat::Webp),
    ] {
        let made = convert(&source, format, &MediaLimits::WECOM).unwrap();
        assert_eq!((made.width, made.height), (16, 12), "{format:?}");
    }
}
