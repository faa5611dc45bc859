//! What processes on several machines see of each other's media. The folder is then this machine's copy of what it has met; the bucket has all.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::bucket::Bucket;
use crate::error::MediaError;
use crate::keep::MediaStore;
use crate::media::FittedMedia;

impl MediaStore {
    /// The same store, with its media in a bucket as well, where other machines find them.
    #[must_use]
    pub fn shared_through(mut self, bucket: Bucket) -> Self {
        self.bucket = Some(bucket);
        self
    }

    /// Where the file with this hash lies on this machine, fetched from the bucket if need be. [`MediaError::NotKept`] when it is nowhere, or when
    /// the text is no hash at all: safe to call with what stood in a request. [`MediaError::Bucket`] when nobody can tell.
    pub async fn at_hand(&self, sha256: &str) -> Result<PathBuf, MediaError> {
        if let Some(path) = self.path_of(sha256) {
            return Ok(path);
        }
        let Some(bucket) = self.bucket.as_ref().filter(|_| self.folder.is_name(sha256)) else {
            return Err(MediaError::NotKept);
        };
        let received = bucket.get(sha256, &self.folder.tmp(), self.fetcher.max_bytes()).await?;
        let received = received.ok_or(MediaError::NotKept)?;
        self.folder.adopt(received.path, sha256)
    }

    /// Originals and conversions that were written before `before`, by their hashes: what may be given up if nobody needs it.
    pub async fn older_than(&self, before: SystemTime) -> Result<Vec<String>, MediaError> {
        let folder = self.folder.clone();
        let mut old = self.work(move || Ok(folder.older_than(before)?)).await?;
        if let Some(bucket) = &self.bucket {
            old.extend(bucket.older_than(before).await?);
            old.sort_unstable();
            old.dedup();
        }
        Ok(old)
    }

    /// Gives up a file, here and in the bucket, unless it came in again since `before`; one that is gone already is no error.
    pub async fn give_up(&self, sha256: &str, before: SystemTime) -> Result<(), MediaError> {
        if let Some(bucket) = &self.bucket {
            bucket.remove(sha256, before).await?;
        }
        let (folder, sha256) = (self.folder.clone(), sha256.to_owned());
        self.work(move || Ok(folder.remove(&sha256, before)?)).await
    }

    /// Lets other machines have a file of this one's folder; written anew, because a file that comes in again is young again.
    pub(crate) async fn share(&self, sha256: &str, path: &Path) -> Result<(), MediaError> {
        match &self.bucket {
            Some(bucket) => bucket.put(sha256, path).await,
            None => Ok(()),
        }
    }

    /// The conversion noted under this name, which others have as well by then.
    pub(crate) async fn recall(&self, note: &str) -> Result<Option<FittedMedia>, MediaError> {
        let Some(known) = self.folder.recall(note) else {
            return Ok(None);
        };
        if let Some(bucket) = &self.bucket
            && !bucket.has(&known.sha256).await?
        {
            bucket.put(&known.sha256, &known.path).await?;
        }
        Ok(Some(known))
    }
}
