//! The programs `ffmpeg` and `ffprobe`, where they are installed. What they read comes from users, so they run as if it wanted to do harm:
//! without our environment (it holds keys), without network and playlists (the container is named, never guessed),
//! on a budget of memory, processor time and patience, and they die with whoever waits for them.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::process::Command;

use crate::codec::VideoCodec;
use crate::error::MediaError;
use crate::media::MediaFormat;
use crate::video::VideoFacts;

/// The most that one allocation of theirs may take.
const MAX_ALLOC: &str = "536870912";
/// The most pixels of one frame: 8K.
const MAX_PIXELS: &str = "35389440";
/// Seconds of processor time, whatever the clock says.
const MAX_CPU_SECS: &str = "300";
/// Reading an index takes well under a second.
const PROBE_PATIENCE: Duration = Duration::from_secs(20);

/// Optional programs that decode and encode videos.
#[derive(Debug, Clone)]
pub struct Ffmpeg {
    program: PathBuf,
}

impl Ffmpeg {
    /// By the setting `media.ffmpeg`: `auto` takes the first `ffmpeg` of the search path, `off` none, anything else is a program's path.
    /// `None` when there is no such file.
    pub fn find(setting: &str) -> Option<Self> {
        let program = match setting {
            "off" => None,
            "auto" => on_search_path(),
            path => Some(PathBuf::from(path)),
        };
        program
            .filter(|program| program.is_file())
            .map(|program| Self { program })
    }

    /// Where it lies.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Reads `source` and does with its first video track what `output` says; `false` when that fails or takes longer than `patience`.
    pub(crate) async fn run(&self, source: Source<'_>, output: &[&OsStr], patience: Duration) -> bool {
        let mut command = quiet(&self.program);
        command.args(["-nostdin", "-v", "error", "-timelimit", MAX_CPU_SECS]);
        source.arguments(&mut command);
        let run = command.args(output).stdout(Stdio::null()).status();
        matches!(tokio::time::timeout(patience, run).await, Ok(Ok(status)) if status.success())
    }

    /// The facts of a container that we do not read ourselves, by `ffprobe`, which is installed beside `ffmpeg`.
    pub(crate) async fn facts(&self, source: Source<'_>) -> Result<VideoFacts, MediaError> {
        const BROKEN: MediaError = MediaError::Broken {
            detail: "读不出视频的画面和时长",
        };
        let mut command = quiet(&self.program.with_file_name("ffprobe"));
        command.args(["-v", "error", "-of", "json", "-select_streams", "v:0"]);
        command.args(["-show_entries", "stream=codec_name,width,height:format=duration"]);
        source.arguments(&mut command);
        let run = command.stdout(Stdio::piped()).output();
        match tokio::time::timeout(PROBE_PATIENCE, run).await {
            Ok(Ok(done)) if done.status.success() => read_report(&done.stdout).ok_or(BROKEN),
            Ok(Err(error)) => Err(error.into()),
            Ok(Ok(_)) | Err(_) => Err(BROKEN),
        }
    }
}

/// A file of which the container is known.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) path: &'a Path,
    pub(crate) format: MediaFormat,
}

impl Source<'_> {
    fn arguments(&self, command: &mut Command) {
        let demuxer = match self.format {
            MediaFormat::Webm | MediaFormat::Mkv => "matroska",
            MediaFormat::Avi => "avi",
            // Of an AVIF it is given the bare stream.
            MediaFormat::Avif => "obu",
            _ => "mov",
        };
        command.args(["-max_alloc", MAX_ALLOC, "-protocol_whitelist", "file"]);
        command.args(["-threads", "2", "-max_pixels", MAX_PIXELS, "-f", demuxer, "-i"]);
        command.arg(self.path);
    }
}

fn quiet(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command
}

fn on_search_path() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|dir| dir.join("ffmpeg"))
        .find(|program| program.is_file())
}

#[derive(Deserialize)]
struct Report {
    streams: Vec<Stream>,
    format: Container,
}

#[derive(Deserialize)]
struct Stream {
    codec_name: String,
    width: u32,
    height: u32,
}

#[derive(Deserialize)]
struct Container {
    duration: String,
}

fn read_report(json: &[u8]) -> Option<VideoFacts> {
    let report: Report = serde_json::from_slice(json).ok()?;
    let stream = report.streams.first()?;
    let duration = Duration::try_from_secs_f64(report.format.duration.parse().ok()?).ok()?;
    let whole = !duration.is_zero() && stream.width > 0 && stream.height > 0;
    whole.then_some(VideoFacts {
        width: stream.width,
        height: stream.height,
        duration_ms: u64::try_from(duration.as_micros().div_ceil(1000)).ok()?,
        codec: VideoCodec::by_name(&stream.codec_name),
        plain: false,
    })
}
