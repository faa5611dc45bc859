//! Whether media can be kept, and what helps with them.

use std::fs;
use std::path::Path;

use moments_media::Ffmpeg;

use super::finding::Finding;
use crate::settings::Settings;
use crate::setup;

const MIB: u64 = 1 << 20;
/// A post has at most nine pictures of 10 MB, or one video; many are kept at once.
const LITTLE: u64 = 1024 * MIB;
const TOO_LITTLE: u64 = 100 * MIB;

pub(crate) async fn look(settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![
        media_dir(Path::new(&settings.media.dir)),
        ffmpeg(&settings.media.ffmpeg),
    ];
    findings.extend(bucket(settings).await);
    findings
}

/// Whether the bucket takes, gives back and removes an object; nothing where there is none.
async fn bucket(settings: &Settings) -> Option<Finding> {
    const ACTION: &str = "Check media.store, media.s3_endpoint, media.s3_region and the key, which must be allowed to read, write, list and delete in the bucket";
    let shown = &settings.media.store;
    let tried = match setup::bucket(settings) {
        Ok(None) => return None,
        Ok(Some(bucket)) => bucket.trial().await.map_err(|error| error.to_string()),
        Err(mistake) => Err(format!("{mistake:#}")),
    };
    Some(match tried {
        Ok(()) => Finding::ok(
            "media.store",
            format!("{shown} can be written, read, listed and cleaned"),
        ),
        Err(why) => Finding::fail("media.store", format!("{shown}: {why}"), ACTION),
    })
}

fn media_dir(dir: &Path) -> Finding {
    let shown = dir.display();
    let trial = dir.join(format!(".doctor-{}", std::process::id()));
    let written = fs::create_dir_all(dir)
        .and_then(|()| fs::write(&trial, b"x"))
        .and_then(|()| fs::read(&trial))
        .and_then(|_| fs::remove_file(&trial));
    if let Err(error) = written {
        let action = "Make it readable and writable for the user that runs moments-sync, or set media.dir";
        return Finding::fail("media.dir", format!("{shown} cannot be used: {error}"), action);
    }
    let Ok(space) = rustix::fs::statvfs(dir) else {
        return Finding::ok("media.dir", format!("{shown} can be written"));
    };
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let detail = format!("{shown} can be written, {} MiB are free", free / MIB);
    let action = "Make room: posts with media fail when the disk is full";
    match free {
        TOO_LITTLE.. if free >= LITTLE => Finding::ok("media.dir", detail),
        TOO_LITTLE.. => Finding::warn("media.dir", detail, action),
        _ => Finding::fail("media.dir", detail, action),
    }
}

fn ffmpeg(setting: &str) -> Finding {
    match Ffmpeg::find(setting) {
        Some(ffmpeg) => Finding::ok("ffmpeg", ffmpeg.program().display().to_string()),
        None => Finding::warn(
            "ffmpeg",
            format!("none by media.ffmpeg = {setting:?}"),
            "Install it (Debian: apt-get install ffmpeg): without it videos other than H.264 in an MP4, those with too many bytes, and AVIF pictures are refused",
        ),
    }
}
