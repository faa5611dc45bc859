use axum::Router;
use axum::routing::get;
use image::ImageFormat;
use tempfile::TempDir;

use super::*;
use crate::fetch::FetchPolicy;
use crate::fetch::tests::serve;
use crate::media::MediaFormat;
use crate::samples::*;

struct World {
    store: MediaStore,
    server: String,
    dir: TempDir,
}

/// A store beside a server with one file of each sort.
async fn world() -> World {
    let files = [
        ("/small.jpg", jpeg(&quarters(640, 480))),
        ("/large.jpg", jpeg(&quarters(1920, 1440))),
        ("/turned.jpg", with_orientation(&jpeg(&quarters(640, 480)), 6)),
        ("/small.png", encoded(quarters(64, 48), ImageFormat::Png)),
        ("/glass.png", encoded(glass(64, 48), ImageFormat::Png)),
        ("/really-a.png", encoded(quarters(64, 48), ImageFormat::WebP)),
        ("/page.jpg", b"<html><body>login</body></html>".to_vec()),
        ("/ok.mp4", mp4(Mp4::default())),
        (
            "/long.mp4",
            mp4(Mp4 {
                movie_ms: 30_001,
                ..Mp4::default()
            }),
        ),
        (
            "/heavy.mp4",
            mp4(Mp4 {
                data_bytes: 10 << 20,
                ..Mp4::default()
            }),
        ),
    ];
    let routes = files.into_iter().fold(Router::new(), |routes, (path, bytes)| {
        routes.route(path, get(move || async move { bytes }))
    });
    let server = serve(routes).await;
    let dir = tempfile::tempdir().unwrap();
    let policy = FetchPolicy {
        allow_private_addresses: true,
        ..FetchPolicy::default()
    };
    let store = MediaStore::open(dir.path(), Fetcher::new(policy).unwrap(), 2).unwrap();
    World { store, server, dir }
}

impl World {
    async fn take(&self, path: &str) -> KeptMedia {
        self.store.take(&format!("{}{path}", self.server)).await.unwrap()
    }

    async fn fitted(&self, path: &str) -> Result<FittedMedia, MediaError> {
        self.store
            .fitted(&self.take(path).await, &MediaLimits::WECOM, false)
            .await
    }

    fn temporary_files(&self) -> usize {
        std::fs::read_dir(self.dir.path().join("tmp")).unwrap().count()
    }
}

fn hash_of(path: &Path) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(Sha256::digest(std::fs::read(path).unwrap()))
}

#[tokio::test]
async fn an_original_is_kept_under_its_hash_however_often_it_is_taken() {
    let w = world().await;
    let (one, two) = tokio::join!(w.take("/small.jpg"), w.take("/small.jpg"));
    assert_eq!(one, two);
    assert_eq!(
        (one.format, one.width, one.height, one.duration_ms),
        (MediaFormat::Jpeg, 640, 480, 0)
    );
    let path = w.store.path_of(&one.sha256).unwrap();
    assert_eq!(
        (hash_of(&path), path.metadata().unwrap().len()),
        (one.sha256, one.bytes)
    );
    assert_eq!(w.temporary_files(), 0);
}

#[tokio::test]
async fn what_fits_is_handed_out_unchanged() {
    let w = world().await;
    for path in ["/small.jpg", "/small.png", "/ok.mp4"] {
        let kept = w.take(path).await;
        let fitted = w.store.fitted(&kept, &MediaLimits::WECOM, false).await.unwrap();
        assert_eq!((fitted.sha256, fitted.format), (kept.sha256, kept.format), "{path}");
    }
}

#[tokio::test]
async fn what_does_not_fit_is_converted_once() {
    let w = world().await;
    for (path, size) in [
        ("/large.jpg", (1440, 1080)),
        ("/turned.jpg", (480, 640)),
        ("/really-a.png", (64, 48)),
        ("/glass.png", (64, 48)),
    ] {
        let fitted = w.fitted(path).await.unwrap();
        assert_eq!((fitted.width, fitted.height), size, "{path}");
        assert_eq!(fitted.format, MediaFormat::Jpeg, "{path}");
        assert_eq!(hash_of(&fitted.path), fitted.sha256, "{path}");
        assert_eq!(w.store.path_of(&fitted.sha256), Some(fitted.path.clone()), "{path}");
        let written = fitted.path.metadata().unwrap().modified().unwrap();
        assert_eq!(w.fitted(path).await.unwrap(), fitted, "{path}");
        assert_eq!(fitted.path.metadata().unwrap().modified().unwrap(), written, "{path}");
    }
    assert_eq!(w.temporary_files(), 0);
}

#[tokio::test]
async fn each_platform_gets_its_own_size() {
    let w = world().await;
    let kept = w.take("/large.jpg").await;
    w.store.fitted(&kept, &MediaLimits::WECOM, false).await.unwrap();
    let fitted = w.store.fitted(&kept, &MediaLimits::GEWE, false).await.unwrap();
    assert_eq!((fitted.width, fitted.height), (1920, 1440));
}

#[tokio::test]
async fn videos_over_a_limit_are_refused_with_figures() {
    let w = world().await;
    let error = w.fitted("/long.mp4").await.unwrap_err();
    assert!(
        matches!(
            error,
            MediaError::TooLong {
                duration_ms: 30_001,
                limit_secs: 30
            }
        ),
        "{error}"
    );
    let heavy = w.take("/heavy.mp4").await;
    let error = w.store.fitted(&heavy, &MediaLimits::WECOM, false).await.unwrap_err();
    assert_eq!(error.reason_code(), "MEDIA_TOO_LARGE");
    w.store.fitted(&heavy, &MediaLimits::GEWE, false).await.unwrap();
}

#[tokio::test]
async fn what_is_no_medium_is_not_kept() {
    let w = world().await;
    let error = w.store.take(&format!("{}/page.jpg", w.server)).await.unwrap_err();
    assert_eq!((error.reason_code(), error.retryable()), ("MEDIA_NOT_SUPPORTED", false));
    assert_eq!(w.temporary_files(), 0);
    assert_eq!(
        std::fs::read_dir(w.dir.path()).unwrap().count(),
        2,
        "only notes and tmp"
    );
}

#[tokio::test]
async fn an_original_that_went_away_is_said_to_be_gone() {
    let w = world().await;
    let kept = w.take("/large.jpg").await;
    std::fs::remove_file(w.store.path_of(&kept.sha256).unwrap()).unwrap();
    let error = w.store.fitted(&kept, &MediaLimits::WECOM, false).await.unwrap_err();
    assert!(matches!(error, MediaError::NotKept));
}

#[tokio::test]
async fn a_conversion_that_went_away_is_made_again() {
    let w = world().await;
    let first = w.fitted("/large.jpg").await.unwrap();
    std::fs::remove_file(&first.path).unwrap();
    assert_eq!(w.fitted("/large.jpg").await.unwrap(), first);
}

#[tokio::test]
async fn only_hashes_lead_to_files() {
    let w = world().await;
    let kept = w.take("/small.jpg").await;
    for text in [
        "",
        "..",
        "../../etc/passwd",
        "中文",
        &kept.sha256.to_uppercase(),
        &kept.sha256[..63],
    ] {
        assert_eq!(w.store.path_of(text), None, "{text}");
    }
}

#[tokio::test]
async fn upload_names_are_plain_ascii_with_the_right_extension() {
    let w = world().await;
    let name = w.fitted("/really-a.png").await.unwrap().file_name();
    assert!(
        name.is_ascii() && Path::new(&name).extension().is_some_and(|e| e == "jpg"),
        "{name}"
    );
    assert_eq!(name.len(), 20);
}

#[tokio::test]
async fn without_ffmpeg_a_cover_is_drawn_in_the_videos_proportions() {
    let w = world().await;
    let cover = w.store.cover(&w.take("/ok.mp4").await).await.unwrap();
    assert_eq!(
        (cover.format, cover.width, cover.height),
        (MediaFormat::Jpeg, 1280, 720)
    );
    let pixels = decoded(&std::fs::read(&cover.path).unwrap());
    assert!(pixels.get_pixel(640, 360).0[0] > 200, "the play sign");
    assert!(pixels.get_pixel(10, 10).0[0] < 60, "the dark ground");
}

/// A stand-in for ffmpeg: runs `script` with the last argument (the file to write) as `$target`.
#[cfg(unix)]
fn fake_ffmpeg(dir: &Path, script: &str) -> Option<Ffmpeg> {
    use std::os::unix::fs::PermissionsExt;
    let program = dir.join("fake-ffmpeg");
    std::fs::write(&program, format!("#!/bin/sh\nfor target; do :; done\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    Ffmpeg::find(program.to_str().unwrap())
}

#[cfg(unix)]
#[tokio::test]
async fn ffmpeg_provides_the_cover_when_it_works() {
    for (script, size) in [
        ("cp \"$(dirname \"$0\")/frame.jpg\" \"$target\"", (1280, 960)),
        ("exit 1", (1280, 720)),
        ("echo junk > \"$target\"", (1280, 720)),
    ] {
        let w = world().await;
        let tools = tempfile::tempdir().unwrap();
        std::fs::write(tools.path().join("frame.jpg"), jpeg(&quarters(1600, 1200))).unwrap();
        let store = w.store.clone().with_ffmpeg(fake_ffmpeg(tools.path(), script));
        let cover = store.cover(&w.take("/ok.mp4").await).await.unwrap();
        assert_eq!((cover.width, cover.height), size, "{script}");
        assert_eq!(w.temporary_files(), 0, "{script}");
    }
}

#[tokio::test]
async fn what_is_sent_is_proven_and_kept_like_what_is_fetched() {
    let w = world().await;
    let fetched = w.take("/small.jpg").await;
    let mut incoming = w.store.receive().unwrap();
    for chunk in jpeg(&quarters(640, 480)).chunks(1000) {
        incoming.write(chunk).await.unwrap();
    }
    assert_eq!(w.store.adopt(incoming).await.unwrap(), fetched);
    let mut page = w.store.receive().unwrap();
    page.write(b"<html>").await.unwrap();
    let refused = w.store.adopt(page).await.unwrap_err();
    assert_eq!(refused.reason_code(), "MEDIA_NOT_SUPPORTED");
    let mut endless = w.store.receive().unwrap();
    let chunk = vec![0; 10 << 20];
    let refused = loop {
        if let Err(error) = endless.write(&chunk).await {
            break error;
        }
    };
    assert_eq!(refused.reason_code(), "MEDIA_TOO_LARGE");
    drop(endless);
    assert_eq!(w.temporary_files(), 0);
}

#[tokio::test]
async fn a_thumbnail_is_small_whatever_the_medium() {
    let w = world().await;
    for (path, most) in [("/large.jpg", 480), ("/turned.jpg", 480), ("/ok.mp4", 1280)] {
        let thumbnail = w.store.thumbnail(&w.take(path).await).await.unwrap();
        assert_eq!(thumbnail.format, MediaFormat::Jpeg, "{path}");
        assert!(thumbnail.width.max(thumbnail.height) <= most, "{path}");
        assert!(thumbnail.bytes <= 512 * 1024, "{path}");
    }
}

#[tokio::test]
async fn only_old_files_are_given_up_and_notes_go_with_them() {
    let w = world().await;
    let (kept, fitted) = (w.take("/large.jpg").await, w.fitted("/large.jpg").await.unwrap());
    let written = fitted.path.metadata().unwrap().modified().unwrap();
    let hour = std::time::Duration::from_hours(1);
    assert!(w.store.older_than(written - hour).await.unwrap().is_empty());
    let mut old = w.store.older_than(written + hour).await.unwrap();
    old.sort();
    let mut all = vec![kept.sha256.clone(), fitted.sha256.clone()];
    all.sort();
    assert_eq!(old, all);
    w.store.give_up(&kept.sha256, written - hour).await.unwrap();
    assert!(w.store.path_of(&kept.sha256).is_some(), "it came in again meanwhile");
    for sha256 in [&kept.sha256, &kept.sha256] {
        w.store.give_up(sha256, written + hour).await.unwrap();
    }
    assert_eq!(w.store.path_of(&kept.sha256), None);
    assert_eq!(std::fs::read_dir(w.dir.path().join("notes")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_link_without_a_cover_gets_the_same_picture_every_time() {
    let World { store, dir: _dir, .. } = world().await;
    let first = store.link_cover().await.expect("a cover");
    assert_eq!((first.kind(), first.width, first.height), (MediaKind::Image, 480, 480));
    assert_eq!(store.link_cover().await.expect("a cover"), first);
    for limits in [MediaLimits::WECOM, MediaLimits::GEWE] {
        let fitted = store.fitted(&first, &limits, false).await.expect("it fits");
        assert_eq!(fitted.sha256, first.sha256, "as it is");
    }
}
