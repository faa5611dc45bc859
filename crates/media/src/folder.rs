//! The folder in which media lie: content-addressed, written once, safe to share between tasks and processes.
//!
//! ```text
//! ab/ab12…    every file, original or converted, named by its SHA-256
//! notes/      which converted file an original has for some limits
//! tmp/        files being written; a rename ends that
//! ```

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tempfile::{NamedTempFile, TempPath};

use crate::convert::Converted;
use crate::error::MediaError;
use crate::media::{FittedMedia, MediaFormat};
use crate::video::VideoFacts;

/// All access to the folder. Blocks, if only for the time of a rename.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    root: PathBuf,
}

/// Remembers a conversion.
#[derive(Serialize, Deserialize)]
struct Note {
    sha256: String,
    /// An older program made pictures only, and did not say so.
    #[serde(default = "jpeg")]
    format: MediaFormat,
    bytes: u64,
    width: u32,
    height: u32,
}

fn jpeg() -> MediaFormat {
    MediaFormat::Jpeg
}

impl Folder {
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        let folder = Self {
            root: std::path::absolute(root)?,
        };
        fs::create_dir_all(folder.tmp())?;
        fs::create_dir_all(folder.root.join("notes"))?;
        Ok(folder)
    }

    pub(crate) fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// The path of a file that is there.
    pub(crate) fn existing(&self, sha256: &str) -> Result<PathBuf, MediaError> {
        let path = self.place(sha256).ok_or(MediaError::NotKept)?;
        if path.is_file() {
            Ok(path)
        } else {
            Err(MediaError::NotKept)
        }
    }

    /// Moves a finished temporary file to its place. Whoever comes second replaces it by the same bytes.
    pub(crate) fn adopt(&self, file: TempPath, sha256: &str) -> Result<PathBuf, MediaError> {
        let place = self.place(sha256).ok_or(MediaError::NotKept)?;
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent)?;
        }
        file.persist(&place).map_err(|failed| failed.error)?;
        Ok(place)
    }

    /// Keeps a converted picture.
    pub(crate) fn keep_jpeg(&self, made: &Converted) -> Result<FittedMedia, MediaError> {
        let sha256 = hex::encode(Sha256::digest(&made.jpeg));
        let path = self.adopt(self.write_temporary(&made.jpeg)?, &sha256)?;
        Ok(FittedMedia {
            path,
            sha256,
            format: MediaFormat::Jpeg,
            bytes: made.jpeg.len() as u64,
            width: made.width,
            height: made.height,
        })
    }

    /// Keeps a converted video, which lies in a temporary file. It is within a platform's limits, so that it can be hashed in one piece.
    pub(crate) fn keep_video(&self, made: TempPath, facts: VideoFacts) -> Result<FittedMedia, MediaError> {
        let bytes = fs::read(&made)?;
        let sha256 = hex::encode(Sha256::digest(&bytes));
        let path = self.adopt(made, &sha256)?;
        Ok(FittedMedia {
            path,
            sha256,
            format: MediaFormat::Mp4,
            bytes: bytes.len() as u64,
            width: facts.width,
            height: facts.height,
        })
    }

    /// Notes a conversion, for [`Self::recall`].
    pub(crate) fn note(&self, note: &str, made: &FittedMedia) -> io::Result<()> {
        let known = Note {
            sha256: made.sha256.clone(),
            format: made.format,
            bytes: made.bytes,
            width: made.width,
            height: made.height,
        };
        let file = self.write_temporary(&serde_json::to_vec(&known)?)?;
        file.persist(self.note_path(note)).map_err(|failed| failed.error)
    }

    /// The conversion noted under this name, if its file is still there.
    pub(crate) fn recall(&self, note: &str) -> Option<FittedMedia> {
        let text = fs::read(self.note_path(note)).ok()?;
        self.fitted(serde_json::from_slice(&text).ok()?).ok()
    }

    /// Files and notes that were last written before `before`. Notes that old are removed on the way: what they name can be made again.
    pub(crate) fn older_than(&self, before: SystemTime) -> io::Result<Vec<String>> {
        let mut old = Vec::new();
        for entry in fs::read_dir(&self.root)? {
            let shelf = entry?.path();
            let Some(name) = shelf.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            if name == "notes" || name == "tmp" {
                written_before(&shelf, before)?
                    .iter()
                    .try_for_each(|path| gone(fs::remove_file(path)))?;
                continue;
            }
            let names = written_before(&shelf, before)?.into_iter().filter_map(|path| {
                let name = path.file_name()?.to_str()?.to_owned();
                self.place(&name).map(|_| name)
            });
            old.extend(names);
        }
        Ok(old)
    }

    /// Removes a file, unless it was written again since `before`.
    pub(crate) fn remove(&self, sha256: &str, before: SystemTime) -> io::Result<()> {
        let Some(path) = self.place(sha256) else {
            return Ok(());
        };
        match fs::metadata(&path).and_then(|facts| facts.modified()) {
            Ok(written) if written >= before => Ok(()),
            _ => gone(fs::remove_file(path)),
        }
    }

    fn fitted(&self, note: Note) -> Result<FittedMedia, MediaError> {
        let Note {
            sha256,
            format,
            bytes,
            width,
            height,
        } = note;
        let path = self.existing(&sha256)?;
        Ok(FittedMedia {
            path,
            sha256,
            format,
            bytes,
            width,
            height,
        })
    }

    fn write_temporary(&self, bytes: &[u8]) -> io::Result<TempPath> {
        let mut file = NamedTempFile::new_in(self.tmp())?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        Ok(file.into_temp_path())
    }

    fn note_path(&self, note: &str) -> PathBuf {
        self.root.join("notes").join(format!("{note}.json"))
    }

    /// Whether the text is a hash, and so may name a file.
    pub(crate) fn is_name(&self, sha256: &str) -> bool {
        self.place(sha256).is_some()
    }

    /// `None` for anything but 64 lower-case hexadecimal digits: hashes reach us in requests and become paths.
    fn place(&self, sha256: &str) -> Option<PathBuf> {
        let hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let valid = sha256.len() == 64 && sha256.bytes().all(hexadecimal);
        valid.then(|| self.root.join(&sha256[..2]).join(sha256))
    }
}

/// The plain files of a folder that were last written before `before`. One that vanishes meanwhile is passed over.
fn written_before(folder: &Path, before: SystemTime) -> io::Result<Vec<PathBuf>> {
    let mut old = Vec::new();
    if !folder.is_dir() {
        return Ok(old);
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(facts) = entry.metadata() else {
            continue;
        };
        if facts.is_file() && facts.modified()? < before {
            old.push(entry.path());
        }
    }
    Ok(old)
}

/// Another process may have been quicker.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
