//! Media taken in, kept, and handed out so that they fit.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use tempfile::{NamedTempFile, TempPath};
use tokio::sync::Semaphore;
use tracing::warn;

use crate::convert::{Converted, to_jpeg};
use crate::cover::{find_ffmpeg, first_frame, neutral_cover};
use crate::error::MediaError;
use crate::fetch::Fetcher;
use crate::folder::Folder;
use crate::incoming::{Incoming, Received};
use crate::limits::MediaLimits;
use crate::media::{FittedMedia, KeptMedia, MediaFormat, MediaKind};
use crate::picture::read_picture;
use crate::probe::probe;

#[cfg(test)]
mod tests;

/// Takes media in, keeps them, and hands out files that fit. Cheap to clone.
#[derive(Debug, Clone)]
pub struct MediaStore {
    folder: Folder,
    fetcher: Fetcher,
    permits: Arc<Semaphore>,
    ffmpeg: Option<PathBuf>,
}

impl MediaStore {
    /// Opens (and creates) the folder `media.dir`. `concurrency`: pictures decoded at a time, best the number of
    /// cores; the pixels of each take at most 256 MiB, its decoder's buffers come on top. Looks for `ffmpeg` on the search path, which only covers need.
    pub fn open(dir: &Path, fetcher: Fetcher, concurrency: usize) -> Result<Self, MediaError> {
        let folder = Folder::open(dir)?;
        let permits = Arc::new(Semaphore::new(concurrency.max(1)));
        Ok(Self {
            folder,
            fetcher,
            permits,
            ffmpeg: find_ffmpeg(),
        })
    }

    /// Fetches `url` once, proves that it is a sound picture or video, and keeps the original. Taking the same
    /// content again, even at the same time, changes nothing.
    ///
    /// The platform's limits are not applied: [`Self::fitted`] does that.
    pub async fn take(&self, url: &str) -> Result<KeptMedia, MediaError> {
        self.keep(self.fetcher.fetch(url, &self.folder.tmp()).await?).await
    }

    /// Begins to receive a file that somebody sends; its bytes are limited like those of a fetched one.
    pub fn receive(&self) -> Result<Incoming, MediaError> {
        Incoming::in_folder(&self.folder.tmp(), self.fetcher.max_bytes())
    }

    /// Proves that what was received is a sound picture or video, and keeps it, as [`Self::take`] does.
    pub async fn adopt(&self, incoming: Incoming) -> Result<KeptMedia, MediaError> {
        self.keep(incoming.end().await?).await
    }

    async fn keep(&self, received: Received) -> Result<KeptMedia, MediaError> {
        let folder = self.folder.clone();
        self.work(move || {
            let found = probe(&received.path)?;
            folder.adopt(received.path, &received.sha256)?;
            Ok(KeptMedia {
                sha256: received.sha256,
                format: found.format,
                bytes: received.bytes,
                width: found.width,
                height: found.height,
                duration_ms: found.duration_ms,
                animated: found.animated,
                portable: found.portable,
            })
        })
        .await
    }

    /// A file within `limits`: the original where it already fits, else a JPEG made from it, which is kept too.
    ///
    /// A picture is turned upright (platforms and phones differ in heeding EXIF), scaled down, put on white where
    /// transparent. A video is never changed: [`MediaError::TooLarge`] and [`MediaError::TooLong`] name the
    /// figures. [`MediaError::NotKept`] when the original is not here.
    pub async fn fitted(&self, media: &KeptMedia, limits: &MediaLimits) -> Result<FittedMedia, MediaError> {
        let original = self.folder.existing(&media.sha256)?;
        Self::judge(media, limits)?;
        if fits_as_it_is(media, limits) {
            return Ok(unchanged(media, original));
        }
        let note = format!("{}-{}", media.sha256, limits.image_key());
        if let Some(known) = self.folder.recall(&note) {
            return Ok(known);
        }
        let (folder, format, limits) = (self.folder.clone(), media.format, *limits);
        self.work(move || {
            let converted = to_jpeg(read_picture(&original, format)?, &limits)?;
            folder.keep_jpeg(&converted, &note)
        })
        .await
    }

    /// A JPEG cover for a video, at most 2 MB: its first frame if `ffmpeg` is installed and can read it, else a
    /// plain dark picture of the same proportions. Gateways require one (reference personal-gateway 4.4).
    pub async fn cover(&self, video: &KeptMedia) -> Result<FittedMedia, MediaError> {
        let note = format!("{}-cover", video.sha256);
        if let Some(known) = self.folder.recall(&note) {
            return Ok(known);
        }
        let frame = self.first_frame(video).await?;
        let (folder, (width, height)) = (self.folder.clone(), (video.width, video.height));
        self.work(move || {
            let cover = match frame.and_then(|frame| frame_to_cover(&frame)) {
                Some(cover) => cover,
                None => neutral_cover(width, height)?,
            };
            folder.keep_jpeg(&cover, &note)
        })
        .await
    }

    /// Where the file with this hash lies, original or converted. `None` when it is not here, or when the text is
    /// no hash at all: safe to call with what stood in a request.
    pub fn path_of(&self, sha256: &str) -> Option<PathBuf> {
        self.folder.existing(sha256).ok()
    }

    /// Whether `limits` will take it: always for a picture, which is made to fit; a video must be small and short enough as it is.
    pub fn judge(media: &KeptMedia, limits: &MediaLimits) -> Result<(), MediaError> {
        match media.kind() {
            MediaKind::Image => Ok(()),
            MediaKind::Video => check_video(media, limits),
        }
    }

    /// A small JPEG of the picture, or of the video's cover, to be shown in a list.
    pub async fn thumbnail(&self, media: &KeptMedia) -> Result<FittedMedia, MediaError> {
        if media.kind() == MediaKind::Image {
            return self.fitted(media, &MediaLimits::THUMBNAIL).await;
        }
        self.cover(media).await
    }

    /// Originals and conversions that were written before `before`, by their hashes: what may be given up if nobody needs it.
    pub async fn older_than(&self, before: SystemTime) -> Result<Vec<String>, MediaError> {
        let folder = self.folder.clone();
        self.work(move || Ok(folder.older_than(before)?)).await
    }

    /// Gives up a file, unless it came in again since `before`; one that is gone already is no error.
    pub async fn give_up(&self, sha256: &str, before: SystemTime) -> Result<(), MediaError> {
        let (folder, sha256) = (self.folder.clone(), sha256.to_owned());
        self.work(move || Ok(folder.remove(&sha256, before)?)).await
    }

    async fn first_frame(&self, video: &KeptMedia) -> Result<Option<TempPath>, MediaError> {
        let Some(ffmpeg) = &self.ffmpeg else {
            return Ok(None);
        };
        let source = self.folder.existing(&video.sha256)?;
        let target = NamedTempFile::new_in(self.folder.tmp())?.into_temp_path();
        let _permit = self.permits.acquire().await.map_err(io::Error::other)?;
        if first_frame(ffmpeg, &source, &target).await {
            return Ok(Some(target));
        }
        warn!(media.sha256 = %video.sha256, "no cover from ffmpeg: a neutral one is drawn");
        Ok(None)
    }

    /// Runs work on pixels off the async threads, at most `concurrency` at a time. A decoder that panics has met
    /// a broken file.
    async fn work<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T, MediaError> + Send + 'static,
    ) -> Result<T, MediaError> {
        let permit = self.permits.clone().acquire_owned().await.map_err(io::Error::other)?;
        let running = tokio::task::spawn_blocking(move || {
            // Held by the job, not by its caller, who may have gone away.
            let _permit = permit;
            job()
        });
        match running.await {
            Ok(result) => result,
            Err(stopped) if stopped.is_panic() => Err(MediaError::Broken {
                detail: "解码时出错"
            }),
            Err(stopped) => Err(io::Error::other(stopped).into()),
        }
    }
}

fn check_video(video: &KeptMedia, limits: &MediaLimits) -> Result<(), MediaError> {
    let (bytes, limit) = (video.bytes, limits.video_max_bytes);
    if bytes > limit {
        return Err(MediaError::TooLarge {
            bytes: Some(bytes),
            limit,
        });
    }
    let (duration_ms, limit_secs) = (video.duration_ms, limits.video_max_secs);
    if duration_ms > u64::from(limit_secs) * 1000 {
        return Err(MediaError::TooLong {
            duration_ms,
            limit_secs,
        });
    }
    Ok(())
}

/// Videos that passed [`check_video`] always do.
fn fits_as_it_is(media: &KeptMedia, limits: &MediaLimits) -> bool {
    let size = (media.width, media.height);
    media.kind() == MediaKind::Video
        || (media.portable && media.bytes <= limits.image_max_bytes && limits.fit(media.width, media.height) == size)
}

fn unchanged(media: &KeptMedia, path: PathBuf) -> FittedMedia {
    FittedMedia {
        path,
        sha256: media.sha256.clone(),
        format: media.format,
        bytes: media.bytes,
        width: media.width,
        height: media.height,
    }
}

fn frame_to_cover(frame: &Path) -> Option<Converted> {
    let picture = read_picture(frame, MediaFormat::Jpeg).ok()?;
    to_jpeg(picture, &MediaLimits::COVER).ok()
}
