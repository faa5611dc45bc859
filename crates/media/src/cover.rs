//! The still picture that stands for a video until it is played.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use image::{Rgb, RgbImage};

use crate::convert::{Converted, encode};
use crate::error::MediaError;
use crate::ffmpeg::{Ffmpeg, Source};
use crate::limits::MediaLimits;

/// A first frame takes well under a second; a hostile file shall not take longer than this.
const PATIENCE: Duration = Duration::from_secs(20);

/// Writes the first frame of `video` as JPEG to `target`; `false` when the program fails, in whatever way.
pub(crate) async fn first_frame(ffmpeg: &Ffmpeg, video: Source<'_>, target: &Path) -> bool {
    let output = [
        "-map",
        "0:v:0",
        "-frames:v",
        "1",
        "-threads",
        "1",
        "-f",
        "image2",
        "-c:v",
        "mjpeg",
        "-q:v",
        "3",
        "-y",
    ];
    let output: Vec<&OsStr> = output.iter().map(OsStr::new).chain([target.as_os_str()]).collect();
    ffmpeg.run(video, &output, PATIENCE).await
}

/// A plain dark cover with a play sign, in the proportions of the video.
pub(crate) fn neutral_cover(width: u32, height: u32) -> Result<Converted, MediaError> {
    let (width, height) = match (width, height) {
        (0, _) | (_, 0) => (1280, 720),
        (width, height) => MediaLimits::COVER.fit(width, height),
    };
    let pixels = RgbImage::from_fn(width, height, |x, y| {
        if in_play_sign(x, y, width, height) {
            Rgb([226, 228, 232])
        } else {
            Rgb([38, 42, 50])
        }
    });
    encode(&pixels, MediaLimits::COVER.image_max_bytes)
}

/// A triangle pointing right, in the middle, a quarter of the shorter side high.
fn in_play_sign(x: u32, y: u32, width: u32, height: u32) -> bool {
    let half = i64::from(width.min(height) / 8);
    let right = i64::from(x) - i64::from(width / 2) + half;
    let down = i64::from(y) - i64::from(height / 2);
    (0..=2 * half).contains(&right) && 2 * down.abs() <= 2 * half - right
}

/// Both sides of a link's own cover, pixels; a card shows it as a small square.
const LINK_COVER: u32 = 480;

/// A plain square with two rings that hold each other.
pub(crate) fn link_cover() -> Result<Converted, MediaError> {
    let pixels = RgbImage::from_fn(LINK_COVER, LINK_COVER, |x, y| {
        if in_ring(x, y, 185) || in_ring(x, y, 295) {
            Rgb([226, 228, 232])
        } else {
            Rgb([59, 91, 140])
        }
    });
    encode(&pixels, MediaLimits::COVER.image_max_bytes)
}

/// A ring around the point `center` to the right, halfway down.
fn in_ring(x: u32, y: u32, center: u32) -> bool {
    let right = i64::from(x) - i64::from(center);
    let down = i64::from(y) - i64::from(LINK_COVER / 2);
    (64 * 64..=88 * 88).contains(&(right * right + down * down))
}
