//! The facts of an MP4, read from its index without decoding.
//!
//! Six small boxes with a fixed layout are all that is needed. They are read by hand, because the parsers at hand
//! trust sizes: with one, 84 bytes were enough to end the process by asking for terabytes, 32 to keep it busy for
//! ever.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::codec::VideoCodec;
use crate::error::MediaError;

mod boxes;
#[cfg(test)]
mod tests;

use boxes::{Header, child, children, u32_at, u64_at};

/// What is known of a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VideoFacts {
    /// Pixels across as shown: a rotation of the track is applied.
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Rounded up, so that a video a hair over a limit is over it.
    pub(crate) duration_ms: u64,
    pub(crate) codec: VideoCodec,
    /// H.264 in what calls itself an MP4, which everybody plays.
    pub(crate) plain: bool,
}

/// The index of half an hour takes about one MiB.
const MAX_INDEX_BYTES: u64 = 16 * 1024 * 1024;

/// Reads an MP4 that has a video track, picture data, a length, and no missing end.
pub(crate) fn read_video(path: &Path) -> Result<VideoFacts, MediaError> {
    let Index { moov, brand } = read_index(&mut File::open(path)?)?;
    let track = video_track(&moov).ok_or(MediaError::NotSupported {
        found: "没有视频画面的 MP4",
    })?;
    let (width, height) = shown_size(track).ok_or(MediaError::Broken {
        detail: "MP4 画面尺寸无效",
    })?;
    let duration_ms = duration_ms(&moov, track).ok_or(MediaError::NotSupported {
        found: "读不出时长的 MP4，请重新导出",
    })?;
    let codec = codec(track);
    Ok(VideoFacts {
        width,
        height,
        duration_ms,
        codec,
        plain: codec == VideoCodec::H264 && brand.is_some_and(is_mp4),
    })
}

struct Index {
    /// The content of `moov`.
    moov: Vec<u8>,
    /// What the file calls itself in `ftyp`, section 4.3.
    brand: Option<[u8; 4]>,
}

/// Every brand but those of QuickTime and of old telephones.
fn is_mp4(brand: [u8; 4]) -> bool {
    brand != *b"qt  " && !brand.starts_with(b"3g")
}

/// Walks the outermost boxes: each must lie within the file.
fn read_index(file: &mut File) -> Result<Index, MediaError> {
    let length = file.metadata()?.len();
    let (mut index, mut brand, mut has_data) = (None, None, false);
    let mut position = 0;
    // Fewer than eight bytes at the end are padding that players ignore.
    while length - position >= 8 {
        let header = header_at(file, position, length - position)?;
        match &header.name {
            b"moov" => index = Some(content(file, position, &header)?),
            b"ftyp" => brand = content(file, position, &header)?.first_chunk().copied(),
            b"mdat" => has_data = true,
            _ => (),
        }
        position += header.size;
    }
    match index {
        Some(moov) if has_data => Ok(Index { moov, brand }),
        _ => Err(MediaError::Broken {
            detail: "MP4 缺少索引或画面数据",
        }),
    }
}

fn header_at(file: &mut File, position: u64, left: u64) -> Result<Header, MediaError> {
    let mut start = Vec::with_capacity(16);
    file.seek(SeekFrom::Start(position))?;
    file.take(16).read_to_end(&mut start)?;
    Header::parse(&start, left).ok_or(MediaError::Broken {
        detail: "MP4 文件不完整",
    })
}

fn content(file: &mut File, position: u64, header: &Header) -> Result<Vec<u8>, MediaError> {
    let before = header.length as u64;
    if header.size - before > MAX_INDEX_BYTES {
        return Err(MediaError::Broken {
            detail: "MP4 索引过大"
        });
    }
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(position + before))?;
    file.take(header.size - before).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn video_track(moov: &[u8]) -> Option<&[u8]> {
    children(moov)
        .filter(|(name, _)| name == b"trak")
        .map(|(_, track)| track)
        .find(|track| handler(track) == Some(u32::from_be_bytes(*b"vide")))
}

fn handler(track: &[u8]) -> Option<u32> {
    u32_at(child(child(track, *b"mdia")?, *b"hdlr")?, 8)
}

/// The first sample entry names the codec (section 8.5.2).
fn codec(track: &[u8]) -> VideoCodec {
    let entries = [*b"mdia", *b"minf", *b"stbl", *b"stsd"]
        .into_iter()
        .try_fold(track, child);
    let name = entries.and_then(|entries| entries.get(12..)?.first_chunk());
    name.map_or(VideoCodec::Other, |name| VideoCodec::by_entry(*name))
}

/// From `tkhd`, section 8.3.2: a matrix, then width and height as 16.16 fixed point. Phones store upright videos
/// lying down, with a matrix that turns them by 90 degrees.
fn shown_size(track: &[u8]) -> Option<(u32, u32)> {
    let header = child(track, *b"tkhd")?;
    let matrix = if is_long(header) { 52 } else { 40 };
    let turned = u32_at(header, matrix)? == 0 && u32_at(header, matrix + 4)? != 0;
    let width = u32_at(header, matrix + 36)? >> 16;
    let height = u32_at(header, matrix + 40)? >> 16;
    if width == 0 || height == 0 {
        return None;
    }
    Some(if turned { (height, width) } else { (width, height) })
}

/// The length of the presentation (which edit lists may have cut), else of its fragments, else of the track.
fn duration_ms(moov: &[u8], track: &[u8]) -> Option<u64> {
    let movie = child(moov, *b"mvhd")?;
    milliseconds(duration(movie)?, timescale(movie)?)
        .or_else(|| milliseconds(fragments_duration(moov)?, timescale(movie)?))
        .or_else(|| {
            let media = child(child(track, *b"mdia")?, *b"mdhd")?;
            milliseconds(duration(media)?, timescale(media)?)
        })
}

/// `mvhd` (8.2.2) and `mdhd` (8.4.2) begin alike.
fn timescale(header: &[u8]) -> Option<u32> {
    u32_at(header, if is_long(header) { 20 } else { 12 })
}

fn duration(header: &[u8]) -> Option<u64> {
    if is_long(header) {
        u64_at(header, 24)
    } else {
        u32_at(header, 16).map(u64::from)
    }
}

fn fragments_duration(moov: &[u8]) -> Option<u64> {
    let header = child(child(moov, *b"mvex")?, *b"mehd")?;
    if is_long(header) {
        u64_at(header, 4)
    } else {
        u32_at(header, 4).map(u64::from)
    }
}

/// Version 1 of a box has times of 64 bits instead of 32.
fn is_long(header: &[u8]) -> bool {
    header.first() == Some(&1)
}

/// `None` for "unknown", which is 0 or all bits set.
fn milliseconds(duration: u64, timescale: u32) -> Option<u64> {
    if timescale == 0 || matches!(duration, 0 | 0xffff_ffff | u64::MAX) {
        return None;
    }
    u64::try_from((u128::from(duration) * 1000).div_ceil(u128::from(timescale))).ok()
}
