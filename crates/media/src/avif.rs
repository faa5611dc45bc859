//! AVIF, what web sites serve. There is no decoder of AV1 in safe Rust under a licence that suits; `ffmpeg` has one. It is
//! given nothing but the bare stream of the picture and of its opacity, because it knows little of the container.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::time::Duration;

use heifer::heifer_isobmff::ItemId;
use image::DynamicImage;
use tempfile::{NamedTempFile, TempPath};

use crate::error::MediaError;
use crate::ffmpeg::{Ffmpeg, Source};
use crate::heic::put_on_white;
use crate::heif::{Heif, Look, broken};
use crate::media::MediaFormat;
use crate::picture::{Picture, read_picture};

/// The largest photo takes a few seconds on a slow core.
const PATIENCE: Duration = Duration::from_mins(1);
/// What begins a stream of AV1: a temporal delimiter, which files leave out (AV1 specification, 5.6).
const BEGIN: [u8; 2] = [0x12, 0];

/// The streams of a picture, unpacked.
pub(crate) struct Unpacked {
    look: Look,
    colours: Stream,
    opacity: Option<Stream>,
}

struct Stream {
    path: TempPath,
    filter: String,
}

/// What `ffmpeg` made of the streams.
pub(crate) struct Developed {
    look: Look,
    colours: TempPath,
    opacity: Option<TempPath>,
}

/// Reads the container at `path` and writes its streams to files in `dir`. Blocks.
pub(crate) fn unpack(path: &Path, dir: &Path) -> Result<Unpacked, MediaError> {
    let bytes = fs::read(path)?;
    let heif = Heif::parse(&bytes)?;
    let colours = write_stream(&heif, heif.picture(), dir)?;
    let opacity = heif.opacity().map(|item| write_stream(&heif, item, dir)).transpose()?;
    Ok(Unpacked {
        look: heif.look()?,
        colours,
        opacity,
    })
}

fn write_stream(heif: &Heif<'_>, item: ItemId, dir: &Path) -> Result<Stream, MediaError> {
    match &heif.coding(item)? {
        b"av01" => {}
        b"grid" => {
            return Err(MediaError::NotSupported {
                found: "分块的 AVIF"
            });
        }
        _ => {
            return Err(MediaError::NotSupported {
                found: "不常见的 AVIF 编码",
            });
        }
    }
    heif.size(item)?;
    let path = NamedTempFile::new_in(dir)?.into_temp_path();
    fs::write(&path, [&BEGIN, &*heif.data(item)?].concat())?;
    let filter = meaning(heif.code_points(item));
    Ok(Stream { path, filter })
}

/// How the numbers of a stream mean colours, where the container says it.
fn meaning(points: Option<(u16, u16, u16, bool)>) -> String {
    let Some((_, _, matrix, full_range)) = points else {
        return "scale".to_owned();
    };
    let range = if full_range { "full" } else { "limited" };
    match matrix {
        1 => format!("scale=in_color_matrix=bt709:in_range={range}"),
        5 | 6 => format!("scale=in_color_matrix=bt601:in_range={range}"),
        9 => format!("scale=in_color_matrix=bt2020:in_range={range}"),
        _ => "scale".to_owned(),
    }
}

impl Unpacked {
    /// Lets `ffmpeg` decode the streams into files in `dir`.
    pub(crate) async fn developed(self, ffmpeg: &Ffmpeg, dir: &Path) -> Result<Developed, MediaError> {
        let colours = decoded(ffmpeg, &self.colours, "rgb24", dir).await?;
        let opacity = match &self.opacity {
            Some(stream) => Some(decoded(ffmpeg, stream, "gray", dir).await?),
            None => None,
        };
        Ok(Developed {
            look: self.look,
            colours,
            opacity,
        })
    }
}

async fn decoded(ffmpeg: &Ffmpeg, stream: &Stream, pixels: &str, dir: &Path) -> Result<TempPath, MediaError> {
    const FAILED: MediaError = MediaError::Broken {
        detail: "AVIF 图片无法解码",
    };
    let target = NamedTempFile::new_in(dir)?.into_temp_path();
    let output = [
        "-frames:v",
        "1",
        "-threads",
        "1",
        "-vf",
        &stream.filter,
        "-sws_flags",
        "accurate_rnd+full_chroma_int",
        "-pix_fmt",
        pixels,
        "-f",
        "image2",
        "-c:v",
        "png",
        "-y",
    ];
    let output: Vec<&OsStr> = output.iter().map(OsStr::new).chain([target.as_os_str()]).collect();
    let source = Source {
        path: &stream.path,
        format: MediaFormat::Avif,
    };
    if !ffmpeg.run(source, &output, PATIENCE).await {
        return Err(FAILED);
    }
    Ok(target)
}

impl Developed {
    /// The picture; transparency is put on white. Blocks.
    pub(crate) fn read(self) -> Result<Picture, MediaError> {
        let mut pixels = read_picture(&self.colours, MediaFormat::Png)?.pixels.into_rgb8();
        if let Some(opacity) = &self.opacity {
            let shades = read_picture(opacity, MediaFormat::Png)?.pixels.into_rgb8();
            put_on_white(&mut pixels, &shades)?;
        }
        if pixels.is_empty() {
            return Err(broken());
        }
        Ok(self.look.of(DynamicImage::ImageRgb8(pixels)))
    }
}
