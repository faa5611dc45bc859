//! Lists in files: every `*.txt` in one folder.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use moments_compliance::{Header, List, Source, hash};

use super::{LoadError, told};

/// A file as it was at the last look.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seen {
    path: PathBuf,
    changed: Option<SystemTime>,
    bytes: u64,
}

/// The lists in the folder, by name. A folder that is not there is a mistake in the settings.
pub(super) fn look(dir: Option<&Path>) -> Result<Vec<Seen>, LoadError> {
    let Some(dir) = dir else {
        return Ok(Vec::new());
    };
    let failed = |error| LoadError::File(dir.to_owned(), error);
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension() != Some(OsStr::new("txt")) {
            continue;
        }
        let facts = std::fs::metadata(&path).map_err(|error| LoadError::File(path.clone(), error))?;
        seen.push(Seen {
            path,
            changed: facts.modified().ok(),
            bytes: facts.len(),
        });
    }
    seen.sort_unstable();
    Ok(seen)
}

pub(super) fn read(files: &[Seen]) -> Result<Vec<List>, LoadError> {
    files.iter().map(|file| read_one(&file.path)).collect()
}

fn read_one(path: &Path) -> Result<List, LoadError> {
    let text = std::fs::read_to_string(path).map_err(|error| LoadError::File(path.to_owned(), error))?;
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let bad = |bad: &[_]| LoadError::Lines(path.display().to_string(), told(bad));
    let header = Header::read(&text).map_err(|line| bad(&[line]))?;
    let source = Source {
        name: header.name.unwrap_or_else(|| file.clone()),
        id: format!("file:{file}"),
        version: hash(&text).chars().take(12).collect(),
    };
    List::read(source, header.kind, header.level, &text).map_err(|lines| bad(&lines))
}
