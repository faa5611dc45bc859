//! Media taken in, kept, and handed out so that they fit.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::bucket::Bucket;
use crate::convert::to_jpeg;
use crate::cover::link_cover;
use crate::error::MediaError;
use crate::fetch::Fetcher;
use crate::ffmpeg::Ffmpeg;
use crate::folder::Folder;
use crate::incoming::{Incoming, Received};
use crate::limits::MediaLimits;
use crate::media::{FittedMedia, KeptMedia, MediaKind};
use crate::picture::read_picture;
use crate::probe::{Probed, format_of, probe};

mod pictures;
mod room;
#[cfg(test)]
mod tests;
mod videos;

/// Takes media in, keeps them, and hands out files that fit. Cheap to clone.
#[derive(Debug, Clone)]
pub struct MediaStore {
    pub(crate) folder: Folder,
    pub(crate) fetcher: Fetcher,
    /// Where other machines find what is kept here; `None`: the folder is all there is.
    pub(crate) bucket: Option<Bucket>,
    permits: Arc<Semaphore>,
    /// MiB for pixels that are in memory.
    room: Arc<Semaphore>,
    /// Videos encoded at a time: each has two threads.
    encoders: Arc<Semaphore>,
    ffmpeg: Option<Ffmpeg>,
}

impl MediaStore {
    /// Opens (and creates) the folder `media.dir`. `concurrency`: pictures decoded at a time, best the number of
    /// cores; fewer when they are large, so that together they stay within about 200 MiB. One that is larger is decoded alone.
    pub fn open(dir: &Path, fetcher: Fetcher, concurrency: usize) -> Result<Self, MediaError> {
        let folder = Folder::open(dir)?;
        let permits = Arc::new(Semaphore::new(concurrency.max(1)));
        let encoders = Arc::new(Semaphore::new((concurrency / 2).max(1)));
        Ok(Self {
            folder,
            fetcher,
            bucket: None,
            permits,
            room: room::room(),
            encoders,
            ffmpeg: None,
        })
    }

    /// With a program for what only it can do: covers that show the video, and videos that do not fit as they are.
    #[must_use]
    pub fn with_ffmpeg(self, ffmpeg: Option<Ffmpeg>) -> Self {
        Self { ffmpeg, ..self }
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
        let format = format_of(&received.path)?;
        let foreign = self.foreign_facts(&received.path, format).await?;
        let developed = self.developed(&received.path, format).await?;
        let room = self.room_for_file(&received.path, format).await?;
        let folder = self.folder.clone();
        let adopted = self.work(move || {
            let _room = room;
            let found = match (foreign, developed) {
                (Some(facts), _) => Probed::of_video(format, facts),
                (_, Some(developed)) => Probed::of_picture(format, &developed.read()?),
                _ => probe(&received.path, format)?,
            };
            let path = folder.adopt(received.path, &received.sha256)?;
            let kept = KeptMedia {
                sha256: received.sha256,
                format: found.format,
                bytes: received.bytes,
                width: found.width,
                height: found.height,
                duration_ms: found.duration_ms,
                codec: found.codec,
                animated: found.animated,
                portable: found.portable,
            };
            Ok((kept, path))
        });
        let (kept, path) = adopted.await?;
        self.share(&kept.sha256, &path).await?;
        Ok(kept)
    }

    /// A file within `limits`: the original where it already fits, else a JPEG or MP4 made from it, which is kept too.
    ///
    /// A picture is turned upright (platforms and phones differ in heeding EXIF), scaled down, put on white where
    /// transparent. A video takes up to minutes where it must be encoded; see [`Self::judge`] for what is refused,
    /// and for `cut`. [`MediaError::NotKept`] when the original is not here.
    pub async fn fitted(&self, media: &KeptMedia, limits: &MediaLimits, cut: bool) -> Result<FittedMedia, MediaError> {
        let original = self.at_hand(&media.sha256).await?;
        if media.kind() == MediaKind::Video {
            return self.fitted_video(media, (limits, cut), original).await;
        }
        if fits_as_it_is(media, limits) {
            return Ok(unchanged(media, original));
        }
        let note = format!("{}-{}", media.sha256, limits.image_key());
        if let Some(known) = self.recall(&note).await? {
            return Ok(known);
        }
        let (format, limits) = (media.format, *limits);
        let developed = self.developed(&original, format).await?;
        let room = self.room_for(media.width, media.height).await?;
        self.made(note, move |folder| {
            let _room = room;
            let picture = match developed {
                Some(developed) => developed.read()?,
                None => read_picture(&original, format)?,
            };
            folder.keep_jpeg(&to_jpeg(picture, &limits)?)
        })
        .await
    }

    /// The cover of a link that names none: the same picture for all of them, kept like one that was fetched.
    pub async fn link_cover(&self) -> Result<KeptMedia, MediaError> {
        let cover = self.work(link_cover).await?;
        let mut incoming = self.receive()?;
        incoming.write(&cover.jpeg).await?;
        self.adopt(incoming).await
    }

    /// Keeps what `make` makes under `note`, once others can have it as well.
    pub(crate) async fn made(
        &self,
        note: String,
        make: impl FnOnce(&Folder) -> Result<FittedMedia, MediaError> + Send + 'static,
    ) -> Result<FittedMedia, MediaError> {
        let folder = self.folder.clone();
        let made = self.work(move || make(&folder)).await?;
        self.share(&made.sha256, &made.path).await?;
        let folder = self.folder.clone();
        self.work(move || {
            folder.note(&note, &made)?;
            Ok(made)
        })
        .await
    }

    /// Where the file with this hash lies on this machine, original or converted. `None` when it is not here, or when the text is
    /// no hash at all: safe to call with what stood in a request. [`Self::at_hand`] looks further.
    pub fn path_of(&self, sha256: &str) -> Option<PathBuf> {
        self.folder.existing(sha256).ok()
    }

    /// A small JPEG of the picture, or of the video's cover, to be shown in a list.
    pub async fn thumbnail(&self, media: &KeptMedia) -> Result<FittedMedia, MediaError> {
        if media.kind() == MediaKind::Image {
            return self.fitted(media, &MediaLimits::THUMBNAIL, false).await;
        }
        self.cover(media).await
    }

    /// Runs work on pixels off the async threads, at most `concurrency` at a time. A decoder that panics has met
    /// a broken file.
    pub(crate) async fn work<T: Send + 'static>(
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

fn fits_as_it_is(picture: &KeptMedia, limits: &MediaLimits) -> bool {
    let size = (picture.width, picture.height);
    picture.portable && picture.bytes <= limits.image_max_bytes && limits.fit(picture.width, picture.height) == size
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
