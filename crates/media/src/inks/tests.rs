use jpeg_encoder::{ColorType, Encoder};

use crate::convert::to_jpeg;
use crate::limits::MediaLimits;
use crate::media::MediaFormat;
use crate::picture::read_picture;
use crate::samples::{decoded, with_profile};

/// A picture of one mixture of inks, as Adobe's programs write it.
fn printed(inks: [u8; 4], coding: ColorType) -> Vec<u8> {
    let mut bytes = Vec::new();
    let pixels = inks.repeat(40 * 24);
    Encoder::new(&mut bytes, 95).encode(&pixels, 40, 24, coding).unwrap();
    bytes
}

/// The same without Adobe's segment: now the numbers mean ink.
fn without_adobe(jpeg: &[u8]) -> Vec<u8> {
    let at = jpeg
        .windows(9)
        .position(|found| found == b"\xff\xee\x00\x0eAdobe")
        .unwrap();
    [&jpeg[..at], &jpeg[at + 16..]].concat()
}

/// The colour that a platform gets, and whether the file would be passed on as it is.
fn published(bytes: &[u8]) -> [u8; 3] {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("picture");
    std::fs::write(&path, bytes).unwrap();
    let picture = read_picture(&path, MediaFormat::Jpeg).unwrap();
    assert!(!picture.portable);
    decoded(&to_jpeg(picture, &MediaLimits::WECOM).unwrap().jpeg)
        .get_pixel(20, 12)
        .0
}

#[track_caller]
fn check(bytes: &[u8], expected: [u8; 3]) {
    let found = published(bytes);
    let near = found.iter().zip(expected).all(|(&a, b)| a.abs_diff(b) <= 5);
    assert!(near, "{found:?} is not {expected:?}");
}

#[test]
fn inks_without_a_profile_become_the_colours_that_browsers_show() {
    for (inks, expected) in [
        ([0, 0, 0, 0], [255, 255, 255]),
        ([255, 0, 0, 0], [0, 255, 255]),
        ([0, 255, 255, 0], [255, 0, 0]),
        ([0, 0, 0, 255], [0, 0, 0]),
        ([51, 102, 204, 51], [163, 122, 41]),
    ] {
        check(&printed(inks, ColorType::Cmyk), expected);
        check(&printed(inks, ColorType::CmykAsYcck), expected);
        let inverse = inks.map(|ink| 255 - ink);
        check(&without_adobe(&printed(inverse, ColorType::Cmyk)), expected);
    }
}

#[test]
fn inks_with_a_profile_become_the_colours_of_the_press() {
    let press = press();
    for (inks, expected) in [
        ([0, 0, 0, 0], [255, 255, 255]),
        ([255, 0, 0, 0], [48, 152, 205]),
        ([0, 255, 0, 0], [214, 30, 120]),
        ([0, 0, 255, 0], [250, 230, 40]),
        ([0, 0, 0, 255], [29, 29, 27]),
    ] {
        for coding in [ColorType::Cmyk, ColorType::CmykAsYcck] {
            check(&with_profile(&printed(inks, coding), &press), expected);
        }
    }
}

#[test]
fn a_profile_of_other_colours_is_passed_over() {
    let screen = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let inks = printed([255, 0, 0, 0], ColorType::Cmyk);
    check(&with_profile(&inks, &screen), [0, 255, 255]);
    check(&with_profile(&inks, b"nonsense"), [0, 255, 255]);
}

/// The smallest profile of a press: what each combination of solid inks looks like (ICC.1, 10.10 `lut8Type`).
fn press() -> Vec<u8> {
    let mut table = b"mft1\0\0\0\0\x04\x03\x02\0".to_vec();
    for at in 0..9_u32 {
        table.extend(if at % 4 == 0 { 0x1_0000_u32 } else { 0 }.to_be_bytes());
    }
    let straight: Vec<u8> = (0..=255).collect();
    table.extend(straight.repeat(4));
    table.extend((0..16).flat_map(solid));
    table.extend(straight.repeat(3));
    let mut header = vec![0; 128];
    let size = u32::try_from(144 + table.len()).unwrap();
    header[..4].copy_from_slice(&size.to_be_bytes());
    header[8..24].copy_from_slice(b"\x02\x40\0\0prtrCMYKLab ");
    header[36..40].copy_from_slice(b"acsp");
    for (at, light) in [(68, 0xf6d6_u32), (72, 0x1_0000), (76, 0xd32d)] {
        header[at..at + 4].copy_from_slice(&light.to_be_bytes());
    }
    let tags = [
        &1_u32.to_be_bytes()[..],
        b"A2B0",
        &144_u32.to_be_bytes(),
        &(size - 144).to_be_bytes(),
    ];
    [header, tags.concat(), table].concat()
}

/// Lab, a byte each, of the inks whose bits are set, cyan first: the colours of the test above by the formulas of CSS Color 4
/// (D50). Mixtures are nearly black.
fn solid(inks: u8) -> [u8; 3] {
    match inks {
        0b0000 => [255, 128, 128],
        0b1000 => [150, 111, 92],
        0b0100 => [123, 199, 127],
        0b0010 => [232, 122, 211],
        0b0001 => [27, 128, 129],
        _ => [25, 128, 128],
    }
}
