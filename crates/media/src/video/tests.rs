use std::io::Write;

use proptest::prelude::*;
use tempfile::NamedTempFile;

use super::*;
use crate::samples::{Mp4, mp4, mp4_box};

fn read(bytes: &[u8]) -> Result<VideoFacts, MediaError> {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    read_video(file.path())
}

#[track_caller]
fn check(video: Mp4, expected: (u32, u32, u64)) {
    let facts = read(&mp4(video)).unwrap();
    assert_eq!((facts.width, facts.height, facts.duration_ms), expected);
}

#[track_caller]
fn refused(bytes: &[u8], code: &str) {
    assert_eq!(read(bytes).unwrap_err().reason_code(), code);
}

#[test]
fn facts_come_from_the_index() {
    check(Mp4::default(), (1280, 720, 12_345));
    check(
        Mp4 {
            turned: true,
            ..Mp4::default()
        },
        (720, 1280, 12_345),
    );
}

#[test]
fn a_movie_without_length_is_measured_by_fragments_then_by_its_track() {
    let silent = Mp4 {
        movie_ms: 0,
        ..Mp4::default()
    };
    check(
        Mp4 {
            fragments_ms: Some(9000),
            ..silent
        },
        (1280, 720, 9000),
    );
    check(silent, (1280, 720, 12_000));
    check(
        Mp4 {
            movie_ms: u32::MAX,
            ..silent
        },
        (1280, 720, 12_000),
    );
    refused(&mp4(Mp4 { track_ms: 0, ..silent }), "MEDIA_NOT_SUPPORTED");
}

#[test]
fn boxes_with_64_bit_sizes_and_open_ends_are_followed() {
    let plain = mp4(Mp4::default());
    let head = &plain[..plain.len() - 1008];
    let large = [&1_u32.to_be_bytes()[..], b"mdat", &116_u64.to_be_bytes(), &[7; 100]].concat();
    let open = [&0_u32.to_be_bytes()[..], b"mdat", &[7; 100]].concat();
    let padded = [&plain[..], &[0; 7]].concat();
    for bytes in [[head, &large].concat(), [head, &open].concat(), padded] {
        assert_eq!(read(&bytes).unwrap().duration_ms, 12_345);
    }
}

#[test]
fn what_is_not_a_whole_video_is_refused() {
    let plain = mp4(Mp4::default());
    refused(
        &mp4(Mp4 {
            handler: b"soun",
            ..Mp4::default()
        }),
        "MEDIA_NOT_SUPPORTED",
    );
    refused(
        &mp4(Mp4 {
            size: (0, 720),
            ..Mp4::default()
        }),
        "MEDIA_BROKEN",
    );
    refused(&plain[..plain.len() - 1], "MEDIA_BROKEN");
    refused(&plain[..plain.len() - 1008], "MEDIA_BROKEN");
    refused(&plain[..200], "MEDIA_BROKEN");
    refused(&[], "MEDIA_BROKEN");
    refused(&mp4_box(*b"ftyp", b"isom"), "MEDIA_BROKEN");
}

#[test]
fn boxes_that_lie_about_their_size_end_the_reading() {
    let ftyp = mp4_box(*b"ftyp", b"isom\0\0\0\0");
    let mdat = mp4_box(*b"mdat", &[0; 8]);
    let huge = [&1_u32.to_be_bytes()[..], b"abcd", &(1_u64 << 42).to_be_bytes()].concat();
    for moov in [&b"\0\0\0\0abcd"[..], b"\0\0\0\x04abcd", b"\0\0\0\x01abcd", &huge] {
        refused(
            &[&ftyp[..], &mdat, &mp4_box(*b"moov", moov)].concat(),
            "MEDIA_NOT_SUPPORTED",
        );
    }
    let too_small = [&1_u32.to_be_bytes()[..], b"moov", &15_u64.to_be_bytes()].concat();
    for outermost in [&huge[..], &too_small, b"\0\0\0\x07moov\0"] {
        refused(&[&ftyp[..], outermost].concat(), "MEDIA_BROKEN");
    }
    let monster = [&[0; 4][..], b"moov", &vec![0; 17 << 20]].concat();
    refused(&monster, "MEDIA_BROKEN");
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(
        at in 0_usize..400,
        bytes in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let mut video = mp4(Mp4 { data_bytes: 20, ..Mp4::default() });
        let at = at.min(video.len() - 1);
        let end = (at + bytes.len()).min(video.len());
        video[at..end].copy_from_slice(&bytes[..end - at]);
        let _ = read(&video);
    }
}
