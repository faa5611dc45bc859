//! What a video needs that a picture does not.

use std::io;
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};
use tracing::{info, warn};

use super::{MediaStore, unchanged};
use crate::convert::{Converted, to_jpeg};
use crate::cover::{first_frame, neutral_cover};
use crate::error::MediaError;
use crate::ffmpeg::{Ffmpeg, Source};
use crate::limits::MediaLimits;
use crate::media::{FittedMedia, KeptMedia, MediaFormat, MediaKind};
use crate::picture::read_picture;
use crate::transcode::{Plan, make, misfit, plan};
use crate::video::VideoFacts;

#[cfg(test)]
pub(super) mod tests;

impl MediaStore {
    /// Whether `limits` will take it: always for a picture, which is made to fit. Of a video [`MediaError::TooLong`] names the figures, unless
    /// it may be `cut`; without `ffmpeg` so does [`MediaError::NoFfmpeg`] of what could have been made to fit.
    pub fn judge(&self, media: &KeptMedia, limits: &MediaLimits, cut: bool) -> Result<(), MediaError> {
        match media.kind() {
            MediaKind::Image => Ok(()),
            MediaKind::Video => self.way(media, limits, cut).map(|_| ()),
        }
    }

    /// A JPEG cover for a video, at most 2 MB: its first frame if `ffmpeg` is installed and can read it, else a
    /// plain dark picture of the same proportions. Gateways require one (reference personal-gateway 4.4).
    pub async fn cover(&self, video: &KeptMedia) -> Result<FittedMedia, MediaError> {
        let note = format!("{}-cover", video.sha256);
        if let Some(known) = self.recall(&note).await? {
            return Ok(known);
        }
        let frame = self.first_frame(video).await?;
        let (width, height) = (video.width, video.height);
        let room = self.room_for(width, height).await?;
        self.made(note, move |folder| {
            let _room = room;
            let cover = match frame.and_then(|frame| frame_to_cover(&frame)) {
                Some(cover) => cover,
                None => neutral_cover(width, height)?,
            };
            folder.keep_jpeg(&cover)
        })
        .await
    }

    /// The facts of a video in a container that only `ffprobe` reads; `None` for a format that we read ourselves.
    pub(super) async fn foreign_facts(
        &self,
        path: &Path,
        format: MediaFormat,
    ) -> Result<Option<VideoFacts>, MediaError> {
        let found = match format {
            MediaFormat::Webm => "WebM",
            MediaFormat::Mkv => "MKV",
            MediaFormat::Avi => "AVI",
            _ => return Ok(None),
        };
        let Some(ffmpeg) = &self.ffmpeg else {
            return Err(MediaError::NotSupported { found });
        };
        let _permit = self.permits.acquire().await.map_err(io::Error::other)?;
        ffmpeg.facts(Source { path, format }).await.map(Some)
    }

    /// The original where it fits, else what `ffmpeg` makes of it, once.
    pub(super) async fn fitted_video(
        &self,
        video: &KeptMedia,
        (limits, cut): (&MediaLimits, bool),
        original: PathBuf,
    ) -> Result<FittedMedia, MediaError> {
        let Some((ffmpeg, plan)) = self.way(video, limits, cut)? else {
            return Ok(unchanged(video, original));
        };
        let ending = if plan == Plan::Cut { "-cut" } else { "" };
        let note = format!("{}-video-{}{ending}", video.sha256, limits.video_key());
        let _permit = self.encoders.acquire().await.map_err(io::Error::other)?;
        // Asked after the wait: whoever waited for the same video finds it made.
        if let Some(known) = self.recall(&note).await? {
            return Ok(known);
        }
        let source = Source {
            path: &original,
            format: video.format,
        };
        let target = NamedTempFile::new_in(self.folder.tmp())?.into_temp_path();
        info!(media.sha256 = %video.sha256, ?plan, "a video is made to fit");
        let facts = make(ffmpeg, source, video, (plan, limits), &target).await?;
        self.made(note, move |folder| folder.keep_video(target, facts)).await
    }

    /// How a video is made to fit, and by what; `None` when it fits.
    fn way(&self, video: &KeptMedia, limits: &MediaLimits, cut: bool) -> Result<Option<(&Ffmpeg, Plan)>, MediaError> {
        match (plan(video, limits, cut)?, &self.ffmpeg) {
            (Plan::AsIs, _) => Ok(None),
            (plan, Some(ffmpeg)) => Ok(Some((ffmpeg, plan))),
            (_, None) => Err(MediaError::NoFfmpeg(Box::new(misfit(video, limits)))),
        }
    }

    async fn first_frame(&self, video: &KeptMedia) -> Result<Option<TempPath>, MediaError> {
        let Some(ffmpeg) = &self.ffmpeg else {
            return Ok(None);
        };
        let path = self.at_hand(&video.sha256).await?;
        let source = Source {
            path: &path,
            format: video.format,
        };
        let target = NamedTempFile::new_in(self.folder.tmp())?.into_temp_path();
        let _permit = self.permits.acquire().await.map_err(io::Error::other)?;
        if first_frame(ffmpeg, source, &target).await {
            return Ok(Some(target));
        }
        warn!(media.sha256 = %video.sha256, "no cover from ffmpeg: a neutral one is drawn");
        Ok(None)
    }
}

fn frame_to_cover(frame: &Path) -> Option<Converted> {
    let picture = read_picture(frame, MediaFormat::Jpeg).ok()?;
    to_jpeg(picture, &MediaLimits::COVER).ok()
}
