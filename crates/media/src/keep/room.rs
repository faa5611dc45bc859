//! Memory for pixels: how many pictures are decoded at once depends on their size, not on the number of cores alone.

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::MediaStore;
use crate::error::MediaError;
use crate::media::{MediaFormat, MediaKind};
use crate::picture::announced_pixels;

#[cfg(test)]
mod tests;

/// Of all pictures being decoded together, in MiB: two photos of 12 megapixels. A larger picture than this is decoded alone.
const ROOM_MIB: u32 = 208;
/// The most that a decoder of any format takes for a pixel, its buffers (a progressive JPEG, the planes of a HEIC) included.
const BYTES_A_PIXEL: u64 = 8;

/// Shared by all that decode.
pub(super) fn room() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(ROOM_MIB as usize))
}

impl MediaStore {
    /// Waits for room for the picture that the file announces; hold it while pixels are in memory.
    pub(super) async fn room_for_file(
        &self,
        path: &Path,
        format: MediaFormat,
    ) -> Result<OwnedSemaphorePermit, MediaError> {
        if format.kind() == MediaKind::Video {
            return self.room_for(0, 0).await;
        }
        let path = path.to_owned();
        let (width, height) = self.work(move || announced_pixels(&path, format)).await?;
        self.room_for(width, height).await
    }

    /// Waits for room for so many pixels across and down. Take it before [`Self::work`], never within.
    pub(super) async fn room_for(&self, width: u32, height: u32) -> Result<OwnedSemaphorePermit, MediaError> {
        let bytes = u64::from(width) * u64::from(height) * BYTES_A_PIXEL;
        let share = u32::try_from(bytes >> 20).unwrap_or(u32::MAX).min(ROOM_MIB);
        let room = Arc::clone(&self.room).acquire_many_owned(share).await;
        Ok(room.map_err(io::Error::other)?)
    }
}
