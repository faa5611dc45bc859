//! Videos made to fit by `ffmpeg`: rewrapped where only the container is wrong, else encoded again.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use crate::codec::VideoCodec;
use crate::error::MediaError;
use crate::ffmpeg::{Ffmpeg, Source};
use crate::limits::MediaLimits;
use crate::media::KeptMedia;
use crate::video::{VideoFacts, read_video};

#[cfg(test)]
mod tests;

/// Half a minute of video takes less than that on one slow core. Whoever waits extends the lease of the publication meanwhile.
const PATIENCE: Duration = Duration::from_secs(150);
/// The longer side of what is encoded: at the bits that platforms allow, more pixels look worse.
const LONG_SIDE: u32 = 1280;
const AUDIO_BITS: u64 = 96_000;
/// Encoders round a length up to whole frames of sound.
const ROUNDING_MS: u64 = 200;

/// What has to be done to a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plan {
    AsIs,
    /// The pictures stay as they are; only the container changes.
    Rewrap,
    /// Encoded again.
    Encode,
    /// Encoded again, as far as the platform plays it.
    Cut,
}

/// Decides by the kept facts alone. [`MediaError::TooLong`] unless whoever posts it wants it `cut`: nobody else may shorten what somebody has
/// to say.
pub(crate) fn plan(video: &KeptMedia, limits: &MediaLimits, cut: bool) -> Result<Plan, MediaError> {
    let too_long = limits.is_too_long(video);
    if too_long && !cut {
        return Err(misfit(video, limits));
    }
    Ok(match video.codec {
        _ if too_long => Plan::Cut,
        _ if video.bytes > limits.video_max_bytes => Plan::Encode,
        _ if video.portable => Plan::AsIs,
        Some(VideoCodec::H264) => Plan::Rewrap,
        _ => Plan::Encode,
    })
}

/// What keeps a video from being published as it is, with figures.
pub(crate) fn misfit(video: &KeptMedia, limits: &MediaLimits) -> MediaError {
    if limits.is_too_long(video) {
        return MediaError::TooLong {
            duration_ms: video.duration_ms,
            limit_secs: limits.video_max_secs,
        };
    }
    if video.bytes > limits.video_max_bytes {
        return MediaError::TooLarge {
            bytes: Some(video.bytes),
            limit: limits.video_max_bytes,
        };
    }
    MediaError::NotPlayable {
        container: video.format.extension(),
        codec: video.codec.unwrap_or(VideoCodec::Other),
    }
}

/// Follows the plan and proves by our own reader that the result fits; each way that fails leads to the next.
pub(crate) async fn make(
    ffmpeg: &Ffmpeg,
    source: Source<'_>,
    video: &KeptMedia,
    (plan, limits): (Plan, &MediaLimits),
    target: &Path,
) -> Result<VideoFacts, MediaError> {
    let length_ms = video.duration_ms.min(limits.longest_ms().saturating_sub(ROUNDING_MS));
    if plan == Plan::Rewrap
        && run(ffmpeg, source, &rewrap_arguments(), target).await
        && let Ok(facts) = proven(target, length_ms, limits)
    {
        return Ok(facts);
    }
    // The rate is a bound, not a promise: what misses the size is made once more with less.
    match encode(ffmpeg, source, video, (length_ms, 100), limits, target).await {
        Err(MediaError::TooLarge { .. }) => encode(ffmpeg, source, video, (length_ms, 65), limits, target).await,
        ended => ended,
    }
}

async fn encode(
    ffmpeg: &Ffmpeg,
    source: Source<'_>,
    video: &KeptMedia,
    (length_ms, percent): (u64, u64),
    limits: &MediaLimits,
    target: &Path,
) -> Result<VideoFacts, MediaError> {
    let arguments = encode_arguments(video, length_ms, limits, percent);
    if !run(ffmpeg, source, &arguments, target).await {
        return Err(MediaError::Transcoding);
    }
    proven(target, length_ms, limits)
}

async fn run(ffmpeg: &Ffmpeg, source: Source<'_>, arguments: &[String], target: &Path) -> bool {
    let common = [
        "-map",
        "0:v:0",
        "-map",
        "0:a:0?",
        "-sn",
        "-dn",
        "-map_metadata",
        "-1",
        "-map_chapters",
        "-1",
    ];
    let ending = ["-threads", "2", "-movflags", "+faststart", "-f", "mp4", "-y"];
    let output: Vec<&OsStr> = (common.iter().map(OsStr::new))
        .chain(arguments.iter().map(OsStr::new))
        .chain(ending.iter().map(OsStr::new))
        .chain([target.as_os_str()])
        .collect();
    ffmpeg.run(source, &output, PATIENCE).await
}

/// Sound is encoded anew in any case: cameras write kinds that an MP4 player does not know, and it costs nothing.
fn rewrap_arguments() -> Vec<String> {
    ["-c:v", "copy", "-c:a", "aac", "-b:a", "128k"]
        .map(str::to_owned)
        .into()
}

fn encode_arguments(video: &KeptMedia, length_ms: u64, limits: &MediaLimits, percent: u64) -> Vec<String> {
    let (width, height) = smaller(video.width, video.height);
    let rate = video_bits(length_ms, limits) * percent / 100;
    let secs = format!("{}.{:03}", length_ms / 1000, length_ms % 1000);
    let scale = format!("scale={width}:{height}:flags=lanczos,setsar=1");
    let (rate, audio) = (rate.to_string(), AUDIO_BITS.to_string());
    let video = [
        "-t", &secs, "-vf", &scale, "-fpsmax", "30", "-c:v", "libx264", "-preset", "veryfast",
    ];
    let bounds = [
        "-crf", "23", "-maxrate", &rate, "-bufsize", &rate, "-pix_fmt", "yuv420p",
    ];
    let sound = ["-c:a", "aac", "-b:a", &audio, "-ac", "2"];
    [&video[..], &bounds, &sound]
        .concat()
        .into_iter()
        .map(str::to_owned)
        .collect()
}

/// Bits of picture a second, so that even a video that uses them all, and the encoder's buffer of a second, fits with a little room.
fn video_bits(length_ms: u64, limits: &MediaLimits) -> u64 {
    let all = limits.video_max_bytes * 8 * 92 / 100;
    (all * 1000 / (length_ms + 1000))
        .saturating_sub(AUDIO_BITS)
        .clamp(100_000, 4_000_000)
}

/// Within [`LONG_SIDE`], in proportion, never larger; even, as the encoder wants.
fn smaller(width: u32, height: u32) -> (u32, u32) {
    let long = u64::from(width.max(height)).max(1);
    let scaled = |side: u32| {
        let side = u64::from(side) * u64::from(LONG_SIDE).min(long) / long;
        u32::try_from(side / 2 * 2).unwrap_or(LONG_SIDE).max(2)
    };
    (scaled(width), scaled(height))
}

/// The facts of a result that fits and has no missing end.
fn proven(made: &Path, length_ms: u64, limits: &MediaLimits) -> Result<VideoFacts, MediaError> {
    const MISSING_MS: u64 = 1500;
    let facts = read_video(made).map_err(|_| MediaError::Transcoding)?;
    let bytes = made.metadata()?.len();
    if !facts.plain || facts.duration_ms > limits.longest_ms() {
        return Err(MediaError::Transcoding);
    }
    if bytes > limits.video_max_bytes {
        let (bytes, limit) = (Some(bytes), limits.video_max_bytes);
        return Err(MediaError::TooLarge { bytes, limit });
    }
    if facts.duration_ms + MISSING_MS < length_ms {
        return Err(MediaError::Broken {
            detail: "视频不完整"
        });
    }
    Ok(facts)
}
