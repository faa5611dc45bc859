//! A file on its way in, from whatever side: hashed and counted as it is written.

use std::path::Path;

use sha2::{Digest, Sha256};
use tempfile::{NamedTempFile, TempPath};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use crate::error::MediaError;

/// A file that is being received. It vanishes with this value unless a [`crate::MediaStore`] adopts it.
#[derive(Debug)]
pub struct Incoming {
    path: TempPath,
    file: File,
    hash: Sha256,
    bytes: u64,
    limit: u64,
}

/// A file that has come in whole.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) path: TempPath,
    pub(crate) sha256: String,
    pub(crate) bytes: u64,
}

impl Incoming {
    /// An empty file in `dir` that may grow to `limit` bytes.
    pub(crate) fn in_folder(dir: &Path, limit: u64) -> Result<Self, MediaError> {
        let (file, path) = NamedTempFile::new_in(dir)?.into_parts();
        Ok(Self {
            path,
            file: File::from_std(file),
            hash: Sha256::new(),
            bytes: 0,
            limit,
        })
    }

    /// Adds what has arrived. [`MediaError::TooLarge`] as soon as the limit is passed: stop sending then.
    pub async fn write(&mut self, chunk: &[u8]) -> Result<(), MediaError> {
        let limit = self.limit;
        self.bytes += chunk.len() as u64;
        if self.bytes > limit {
            return Err(MediaError::TooLarge { bytes: None, limit });
        }
        self.hash.update(chunk);
        Ok(self.file.write_all(chunk).await?)
    }

    pub(crate) async fn end(mut self) -> Result<Received, MediaError> {
        self.file.flush().await?;
        self.file.sync_all().await?;
        Ok(Received {
            path: self.path,
            sha256: hex::encode(self.hash.finalize()),
            bytes: self.bytes,
        })
    }
}
