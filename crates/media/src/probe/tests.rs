use std::io::Write;

use image::{DynamicImage, ImageFormat};
use proptest::prelude::*;
use proptest::test_runner::Config;
use tempfile::NamedTempFile;

use super::*;
use crate::samples::*;

fn probe_bytes(bytes: &[u8]) -> Result<Probed, MediaError> {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    probe(file.path(), format_of(file.path())?)
}

#[track_caller]
fn check(bytes: &[u8], format: MediaFormat, size: (u32, u32), portable: bool) {
    let found = probe_bytes(bytes).unwrap();
    assert_eq!(
        (found.format, (found.width, found.height), found.portable),
        (format, size, portable)
    );
}

#[track_caller]
fn refused(bytes: &[u8], code: &str) {
    assert_eq!(probe_bytes(bytes).unwrap_err().reason_code(), code);
}

#[test]
fn sound_files_are_recognised_by_their_bytes() {
    let picture = quarters(64, 48);
    let plain = jpeg(&picture);
    check(&plain, MediaFormat::Jpeg, (64, 48), true);
    check(
        &encoded(picture.clone(), ImageFormat::Png),
        MediaFormat::Png,
        (64, 48),
        true,
    );
    check(
        &encoded(DynamicImage::ImageRgb8(picture.clone()).into_rgba8(), ImageFormat::Png),
        MediaFormat::Png,
        (64, 48),
        true,
    );
    check(
        &encoded(glass(64, 48), ImageFormat::Png),
        MediaFormat::Png,
        (64, 48),
        false,
    );
    check(
        &encoded(picture.clone(), ImageFormat::WebP),
        MediaFormat::Webp,
        (64, 48),
        false,
    );
    check(
        &encoded(glass(64, 48), ImageFormat::Gif),
        MediaFormat::Gif,
        (64, 48),
        false,
    );
    check(QUARTERS_HEIC, MediaFormat::Heic, (96, 64), false);
    check(&mp4(Mp4::default()), MediaFormat::Mp4, (1280, 720), true);
    check(
        &mp4(Mp4 {
            brand: b"zzzz",
            ..Mp4::default()
        }),
        MediaFormat::Mp4,
        (1280, 720),
        true,
    );
}

#[test]
fn a_jpeg_that_viewers_show_differently_is_not_portable() {
    let plain = jpeg(&quarters(64, 48));
    check(&with_orientation(&plain, 1), MediaFormat::Jpeg, (64, 48), true);
    check(&with_orientation(&plain, 3), MediaFormat::Jpeg, (64, 48), false);
    check(&with_orientation(&plain, 6), MediaFormat::Jpeg, (48, 64), false);
    check(&cmyk_jpeg(16, 16), MediaFormat::Jpeg, (16, 16), false);
}

#[test]
fn a_profile_of_srgb_is_no_reason_to_convert_and_another_is() {
    let plain = jpeg(&quarters(64, 48));
    for (profile, portable) in [
        (moxcms::ColorProfile::new_srgb(), true),
        (moxcms::ColorProfile::new_display_p3(), false),
    ] {
        let bytes = with_profile(&plain, &profile.encode().unwrap());
        check(&bytes, MediaFormat::Jpeg, (64, 48), portable);
    }
}

#[test]
fn an_animation_is_told_and_not_passed_on_as_it_is() {
    for bytes in [moving_png(), moving_gif(), moving_webp()] {
        let found = probe_bytes(&bytes).unwrap();
        assert!(found.animated && !found.portable, "{found:?}");
    }
}

#[test]
fn only_h264_in_an_mp4_is_a_video_for_everybody() {
    for (brand, codec, format, portable) in [
        (b"isom", b"avc1", MediaFormat::Mp4, true),
        (b"qt  ", b"avc1", MediaFormat::Mov, false),
        (b"qt  ", b"apch", MediaFormat::Mov, false),
        (b"isom", b"hvc1", MediaFormat::Mp4, false),
        (b"mp42", b"vp09", MediaFormat::Mp4, false),
        (b"3gp5", b"avc1", MediaFormat::Mp4, false),
    ] {
        let bytes = mp4(Mp4 {
            brand,
            codec,
            ..Mp4::default()
        });
        check(&bytes, format, (1280, 720), portable);
    }
}

#[test]
fn pictures_that_would_fill_the_memory_are_refused() {
    for (width, height) in [(20_000, 6_000), (65_536, 1), (16_000, 16_000), (1, 100_000_001)] {
        refused(&lying_png(width, height), "MEDIA_TOO_MANY_PIXELS");
    }
}

#[test]
fn broken_and_foreign_files_are_refused() {
    let picture = quarters(64, 48);
    let (plain, png) = (jpeg(&picture), encoded(picture, ImageFormat::Png));
    refused(&[], "MEDIA_BROKEN");
    refused(&plain[..plain.len() - 60], "MEDIA_BROKEN");
    refused(&png[..png.len() / 2], "MEDIA_BROKEN");
    refused(&lying_png(64, 64), "MEDIA_BROKEN");
    refused(b"<!DOCTYPE html><html></html>", "MEDIA_NOT_SUPPORTED");
    refused(b"plain words", "MEDIA_NOT_SUPPORTED");
    refused(b"%PDF-1.7 and so on", "MEDIA_NOT_SUPPORTED");
    // The container of a HEIC, with a film in it.
    let film = Mp4 {
        brand: b"heic",
        ..Mp4::default()
    };
    refused(&mp4(film), "MEDIA_BROKEN");
}

/// One sound file of each kind.
fn sound() -> [Vec<u8>; 6] {
    let picture = quarters(24, 16);
    [
        with_orientation(&jpeg(&picture), 6),
        encoded(picture, ImageFormat::Png),
        encoded(glass(16, 12), ImageFormat::Gif),
        encoded(glass(16, 12), ImageFormat::WebP),
        mp4(Mp4::default()),
        QUARTERS_HEIC.to_vec(),
    ]
}

proptest! {
    // The bounded companion of the fuzz target in `fuzz/`.
    #![proptest_config(Config { failure_persistence: None, ..Config::with_cases(256) })]

    #[test]
    fn a_damaged_file_is_refused_or_still_has_a_size(
        kind in 0..6_usize,
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        kept in any::<prop::sample::Index>(),
        cut in any::<bool>(),
    ) {
        let mut bytes = sound()[kind].clone();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if cut {
            bytes.truncate(kept.index(bytes.len()) + 1);
        }
        if let Ok(found) = probe_bytes(&bytes) {
            prop_assert!(found.width > 0 && found.height > 0, "{found:?}");
        }
    }
}
