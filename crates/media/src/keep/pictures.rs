//! What a picture needs that we do not decode ourselves.

use std::io;
use std::path::Path;

use super::MediaStore;
use crate::avif::{Developed, unpack};
use crate::error::MediaError;
use crate::media::MediaFormat;

#[cfg(test)]
mod tests;

impl MediaStore {
    /// A picture that only `ffmpeg` decodes, decoded by it; `None` for a format that we read ourselves.
    /// [`MediaError::NoFfmpeg`] where there is none.
    pub(super) async fn developed(&self, path: &Path, format: MediaFormat) -> Result<Option<Developed>, MediaError> {
        if format != MediaFormat::Avif {
            return Ok(None);
        }
        let Some(ffmpeg) = &self.ffmpeg else {
            let found = "AVIF";
            return Err(MediaError::NoFfmpeg(Box::new(MediaError::NotSupported { found })));
        };
        let (path, tmp) = (path.to_owned(), self.folder.tmp());
        let unpacked = self.work(move || unpack(&path, &tmp)).await?;
        let _permit = self.permits.acquire().await.map_err(io::Error::other)?;
        unpacked.developed(ffmpeg, &self.folder.tmp()).await.map(Some)
    }
}
