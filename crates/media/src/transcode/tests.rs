use super::*;
use crate::media::MediaFormat;

fn video(format: MediaFormat, codec: VideoCodec, duration_ms: u64, bytes: u64) -> KeptMedia {
    KeptMedia {
        sha256: String::new(),
        format,
        bytes,
        width: 1920,
        height: 1080,
        duration_ms,
        codec: Some(codec),
        animated: false,
        portable: (format, codec) == (MediaFormat::Mp4, VideoCodec::H264),
    }
}

#[test]
fn as_little_as_possible_is_done() {
    use MediaFormat::{Mov, Mp4, Webm};
    use VideoCodec::{H264, Hevc, Vp9};
    let ample = 10 << 20;
    for (video, todo) in [
        (video(Mp4, H264, 30_000, ample), Plan::AsIs),
        (video(Mp4, H264, 30_000, ample + 1), Plan::Encode),
        (video(Mov, H264, 12_000, ample), Plan::Rewrap),
        (video(Mov, H264, 12_000, ample + 1), Plan::Encode),
        (video(Mp4, Hevc, 12_000, ample), Plan::Encode),
        (video(Webm, Vp9, 12_000, ample), Plan::Encode),
    ] {
        assert_eq!(plan(&video, &MediaLimits::WECOM, false).unwrap(), todo, "{video:?}");
    }
    let long = plan(&video(Mov, Hevc, 30_001, 1), &MediaLimits::WECOM, false).unwrap_err();
    assert_eq!(long.reason_code(), "MEDIA_TOO_LONG");
    for (ms, wanted) in [(30_000, Plan::AsIs), (30_001, Plan::Cut)] {
        let cut = plan(&video(Mp4, H264, ms, 1), &MediaLimits::WECOM, true).unwrap();
        assert_eq!(cut, wanted, "{ms} ms");
    }
}

/// What an older program took in stands in the table without a codec, and was passed on as it is.
#[test]
fn a_video_of_unknown_codec_that_was_good_stays_good() {
    let old = KeptMedia {
        codec: None,
        ..video(MediaFormat::Mp4, VideoCodec::H264, 12_000, 1)
    };
    assert_eq!(plan(&old, &MediaLimits::WECOM, false).unwrap(), Plan::AsIs);
}

#[test]
fn pictures_are_never_scaled_up_and_have_even_sides() {
    for (size, made) in [
        ((1920, 1080), (1280, 720)),
        ((1080, 1920), (720, 1280)),
        ((641, 481), (640, 480)),
        ((3840, 100), (1280, 32)),
        ((9000, 3), (1280, 2)),
        ((1, 1), (2, 2)),
    ] {
        assert_eq!(smaller(size.0, size.1), made, "{size:?}");
    }
}

#[test]
fn all_bits_together_fit_the_limit() {
    let limits = MediaLimits::WECOM;
    for length_ms in [1000, 12_000, 29_800] {
        let bits = (video_bits(length_ms, &limits) + AUDIO_BITS) * (length_ms + 1000) / 1000;
        assert!(bits / 8 < limits.video_max_bytes, "{length_ms} ms");
    }
    assert!(video_bits(29_800, &limits) > 2_000_000, "no worse than it must be");
}
