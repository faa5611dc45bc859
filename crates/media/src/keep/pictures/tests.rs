use super::*;
use crate::keep::videos::tests::{ffmpeg, kept, store};
use crate::limits::MediaLimits;
use crate::samples::*;

/// The colours in the middle of the four quarters of what a platform gets.
async fn published(store: &MediaStore, bytes: &[u8]) -> ((u32, u32), [[u8; 3]; 4]) {
    let media = kept(store, bytes).await.unwrap();
    assert_eq!((media.format, media.portable), (MediaFormat::Avif, false));
    let fitted = store.fitted(&media, &MediaLimits::WECOM, false).await.unwrap();
    assert_eq!((fitted.width, fitted.height), (media.width, media.height));
    let jpeg = std::fs::read(&fitted.path).unwrap();
    ((fitted.width, fitted.height), corners(&decoded(&jpeg)))
}

#[tokio::test]
async fn an_avif_arrives_in_its_colours_upright_and_on_white() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).with_ffmpeg(Some(ffmpeg));
    let white = [255; 3];
    for (bytes, size, expected) in [
        (QUARTERS_AVIF.to_vec(), (96, 64), [RED, GREEN, BLUE, GREY]),
        (turned_heif(QUARTERS_AVIF, 3), (64, 96), [BLUE, RED, GREY, GREEN]),
        (GLASS_AVIF.to_vec(), (96, 64), [white, white, BLUE, GREY]),
    ] {
        let (found, colours) = published(&store, &bytes).await;
        assert_eq!(found, size);
        check_colours(colours, expected);
    }
    assert_eq!(std::fs::read_dir(store.folder.tmp()).unwrap().count(), 0);
}

#[tokio::test]
async fn an_avif_that_cannot_be_read_is_refused_by_what_is_wrong() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let dir = tempfile::tempdir().unwrap();
    let without = store(dir.path());
    let with = without.clone().with_ffmpeg(Some(ffmpeg));
    let cut = &QUARTERS_AVIF[..QUARTERS_AVIF.len() - 20];
    for (store, bytes, code) in [
        (&without, QUARTERS_AVIF.to_vec(), "MEDIA_NOT_SUPPORTED"),
        (&with, cut.to_vec(), "MEDIA_BROKEN"),
        (&with, claiming(QUARTERS_AVIF, 60_000, 60_000), "MEDIA_TOO_MANY_PIXELS"),
        (&with, mp4_box(*b"ftyp", b"avif\0\0\0\0"), "MEDIA_BROKEN"),
    ] {
        let error = kept(store, &bytes).await.unwrap_err();
        assert_eq!(error.reason_code(), code, "{error:?}");
        assert_eq!(std::fs::read_dir(store.folder.tmp()).unwrap().count(), 0);
    }
}

#[tokio::test]
async fn without_ffmpeg_the_administrator_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let error = kept(&store(dir.path()), QUARTERS_AVIF).await.unwrap_err();
    let message = error.operator_message();
    assert!(message.contains("AVIF") && message.contains("ffmpeg"), "{message}");
}
