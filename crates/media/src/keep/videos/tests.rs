use std::process::{Command, Stdio};

use super::*;
use crate::fetch::{FetchPolicy, Fetcher};
use crate::video::read_video;

/// Where tests are a gate, a missing program is a failure, not a reason to pass them over.
pub(in crate::keep) fn ffmpeg() -> Option<Ffmpeg> {
    let found = Ffmpeg::find("auto");
    assert!(
        found.is_some() || std::env::var_os("CI").is_none(),
        "ffmpeg is not installed"
    );
    if found.is_none() {
        eprintln!("passed over: ffmpeg is not installed");
    }
    found
}

/// A film of moving test cards and a tone.
fn film(ffmpeg: &Ffmpeg, size: &str, secs: u32, output: &[&str], name: &str) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    let done = Command::new(ffmpeg.program())
        .args(["-nostdin", "-v", "error", "-f", "lavfi", "-i"])
        .arg(format!("testsrc2=size={size}:rate=25:duration={secs}"))
        .args(["-f", "lavfi", "-i", &format!("sine=duration={secs}")])
        .args(output)
        .arg(&path)
        .stdin(Stdio::null())
        .status();
    assert!(done.unwrap().success(), "{name}");
    std::fs::read(path).unwrap()
}

pub(in crate::keep) async fn kept(store: &MediaStore, bytes: &[u8]) -> Result<KeptMedia, MediaError> {
    let mut incoming = store.receive()?;
    incoming.write(bytes).await?;
    store.adopt(incoming).await
}

/// Says that it is a WebM, and nothing more.
fn webm_head() -> Vec<u8> {
    [&b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm"[..], &[0; 300]].concat()
}

pub(in crate::keep) fn store(dir: &Path) -> MediaStore {
    MediaStore::open(dir, Fetcher::new(FetchPolicy::default()).unwrap(), 2).unwrap()
}

#[tokio::test]
async fn videos_of_phones_and_screens_arrive_as_h264_in_an_mp4() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let small = MediaLimits {
        video_max_bytes: 200_000,
        ..MediaLimits::WECOM
    };
    let quick = ["-preset", "ultrafast"];
    let x264 = [&["-c:v", "libx264"][..], &quick].concat();
    let h265 = [&["-c:v", "libx265", "-tag:v", "hvc1"][..], &quick].concat();
    for (name, size, output, limits, made) in [
        (
            "camera.mov",
            "320x240",
            [&x264[..], &["-c:a", "pcm_s16le"]].concat(),
            &MediaLimits::WECOM,
            (320, 240),
        ),
        ("phone.mp4", "240x320", h265, &MediaLimits::WECOM, (240, 320)),
        (
            "screen.webm",
            "322x242",
            vec!["-c:v", "libvpx-vp9", "-deadline", "realtime"],
            &MediaLimits::WECOM,
            (322, 242),
        ),
        (
            "old.avi",
            "320x240",
            vec!["-c:v", "mpeg4"],
            &MediaLimits::WECOM,
            (320, 240),
        ),
        ("film.mkv", "320x240", x264.clone(), &MediaLimits::WECOM, (320, 240)),
        ("heavy.mp4", "1920x1080", x264.clone(), &small, (1280, 720)),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path()).with_ffmpeg(Some(ffmpeg.clone()));
        let video = kept(&store, &film(&ffmpeg, size, 2, &output, name)).await.unwrap();
        let fitted = store.fitted(&video, limits, false).await.unwrap();
        let facts = read_video(&fitted.path).unwrap();
        assert!(facts.plain, "{name}");
        assert_eq!((facts.width, facts.height), made, "{name}");
        assert!(
            facts.duration_ms.abs_diff(2000) < 200,
            "{name}: {} ms",
            facts.duration_ms
        );
        assert!(fitted.bytes <= limits.video_max_bytes, "{name}");
        assert_eq!((fitted.format, fitted.width), (MediaFormat::Mp4, made.0), "{name}");
        assert_eq!(
            store.fitted(&video, limits, false).await.unwrap(),
            fitted,
            "{name}: once"
        );
        assert_eq!(std::fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0, "{name}");
    }
}

/// Only for whoever asked for it, however often it was made for others before.
#[tokio::test]
async fn of_what_is_too_long_the_beginning_is_made_for_whoever_wants_that() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).with_ffmpeg(Some(ffmpeg.clone()));
    let short = MediaLimits {
        video_max_secs: 2,
        ..MediaLimits::WECOM
    };
    let film = film(
        &ffmpeg,
        "320x240",
        4,
        &["-c:v", "libx264", "-preset", "ultrafast"],
        "long.mp4",
    );
    let video = kept(&store, &film).await.unwrap();
    store.judge(&video, &short, true).unwrap();
    let made = store.fitted(&video, &short, true).await.unwrap();
    let facts = read_video(&made.path).unwrap();
    assert!(
        facts.plain && (1500..=2000).contains(&facts.duration_ms),
        "{} ms",
        facts.duration_ms
    );
    assert_eq!(store.fitted(&video, &short, true).await.unwrap(), made, "once");
    for refused in [
        store.judge(&video, &short, false).unwrap_err(),
        store.fitted(&video, &short, false).await.unwrap_err(),
    ] {
        assert_eq!(refused.reason_code(), "MEDIA_TOO_LONG");
    }
    let whole = store.fitted(&video, &MediaLimits::WECOM, true).await.unwrap();
    assert_eq!(whole.sha256, video.sha256, "what fits is left alone");
    let bare = self::store(dir.path()).judge(&video, &short, true).unwrap_err();
    assert_eq!(bare.reason_code(), "MEDIA_TOO_LONG");
    assert!(bare.operator_message().contains("ffmpeg"), "{bare}");
}

#[tokio::test]
async fn what_cannot_be_decoded_is_refused() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).with_ffmpeg(Some(ffmpeg.clone()));
    let hollow = crate::samples::mp4(crate::samples::Mp4 {
        codec: b"hvc1",
        ..crate::samples::Mp4::default()
    });
    let video = kept(&store, &hollow).await.unwrap();
    let error = store.fitted(&video, &MediaLimits::WECOM, false).await.unwrap_err();
    assert_eq!(error.reason_code(), "MEDIA_TRANSCODING");
    let nonsense = kept(&store, &webm_head()).await.unwrap_err();
    assert_eq!(nonsense.reason_code(), "MEDIA_BROKEN");
    // The head of a Matroska tells its whole length.
    let whole = film(&ffmpeg, "160x120", 15, &["-c:v", "mpeg4"], "cut.mkv");
    let cut_off = kept(&store, &whole[..whole.len() / 2]).await.unwrap();
    let error = store.fitted(&cut_off, &MediaLimits::WECOM, false).await.unwrap_err();
    assert_eq!(error.reason_code(), "MEDIA_BROKEN");
}

#[tokio::test]
async fn without_the_program_what_it_would_do_is_refused_with_figures_and_a_hint() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let film = |brand, codec| {
        crate::samples::mp4(crate::samples::Mp4 {
            brand,
            codec,
            ..crate::samples::Mp4::default()
        })
    };
    for (bytes, code, told) in [
        (film(b"isom", b"hvc1"), "MEDIA_NOT_PLAYABLE", "HEVC（H.265） 编码的 MP4"),
        (film(b"qt  ", b"avc1"), "MEDIA_NOT_PLAYABLE", "H.264 编码的 MOV"),
    ] {
        let video = kept(&store, &bytes).await.unwrap();
        let error = store.judge(&video, &MediaLimits::WECOM, false).unwrap_err();
        assert_eq!(error.reason_code(), code);
        let message = error.operator_message();
        assert!(message.contains(told) && message.contains("ffmpeg"), "{message}");
    }
    let webm = kept(&store, &webm_head()).await.unwrap_err();
    assert_eq!(webm.to_string(), "media format not supported: WebM");
}
