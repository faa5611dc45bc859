//! Media built by code, for the tests of all modules.

use std::io::Cursor;

use image::codecs::gif::GifEncoder;
use image::{DynamicImage, Frame, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use jpeg_encoder::{ColorType, Encoder};

pub(crate) const RED: [u8; 3] = [220, 30, 30];
pub(crate) const GREEN: [u8; 3] = [30, 200, 40];
pub(crate) const BLUE: [u8; 3] = [30, 40, 210];
pub(crate) const GREY: [u8; 3] = [128, 128, 128];

/// Four quarters, so that every turn shows: red and green above, blue and grey below.
pub(crate) fn quarters(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        Rgb(match (x < width / 2, y < height / 2) {
            (true, true) => RED,
            (false, true) => GREEN,
            (true, false) => BLUE,
            (false, false) => GREY,
        })
    })
}

/// Colours in the middle of the four quarters: top left, top right, bottom left, bottom right.
pub(crate) fn corners(pixels: &RgbImage) -> [[u8; 3]; 4] {
    let (w, h) = (pixels.width(), pixels.height());
    [
        (w / 4, h / 4),
        (3 * w / 4, h / 4),
        (w / 4, 3 * h / 4),
        (3 * w / 4, 3 * h / 4),
    ]
    .map(|(x, y)| pixels.get_pixel(x, y).0)
}

/// As near as encoders keep colours.
#[track_caller]
pub(crate) fn check_colours(found: [[u8; 3]; 4], expected: [[u8; 3]; 4]) {
    for (found, wanted) in found.iter().zip(expected) {
        let near = found.iter().zip(wanted).all(|(&a, b)| a.abs_diff(b) <= 12);
        assert!(near, "{found:?} is not {wanted:?}");
    }
}

/// [`quarters`] of 96 by 64, made by other people's encoders (`heif-enc` 1.15 with x265 and libaom).
pub(crate) const QUARTERS_HEIC: &[u8] = include_bytes!("samples/quarters.heic");
pub(crate) const QUARTERS_AVIF: &[u8] = include_bytes!("samples/quarters.avif");
/// The same with an upper half that is not to be seen.
pub(crate) const GLASS_HEIC: &[u8] = include_bytes!("samples/glass.heic");
pub(crate) const GLASS_AVIF: &[u8] = include_bytes!("samples/glass.avif");

/// The same file with its first property that nobody misses, the depth of its colours, made a rotation by quarters against
/// the clock.
pub(crate) fn turned_heif(heif: &[u8], quarters: u8) -> Vec<u8> {
    let at = heif.windows(4).position(|name| name == b"pixi").unwrap();
    let mut turned = heif.to_vec();
    turned[at..at + 5].copy_from_slice(&[b'i', b'r', b'o', b't', quarters]);
    turned
}

/// The same file whose items all claim other measures.
pub(crate) fn claiming(heif: &[u8], width: u32, height: u32) -> Vec<u8> {
    let mut lying = heif.to_vec();
    for at in 0..heif.len() - 16 {
        if heif[at..].starts_with(b"ispe") {
            lying[at + 8..at + 12].copy_from_slice(&width.to_be_bytes());
            lying[at + 12..at + 16].copy_from_slice(&height.to_be_bytes());
        }
    }
    lying
}

/// Random-looking pixels, which compress badly.
pub(crate) fn noise(width: u32, height: u32) -> RgbImage {
    let mut state = 1_u32;
    RgbImage::from_fn(width, height, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [a, b, c, _] = state.to_be_bytes();
        Rgb([a, b, c])
    })
}

pub(crate) fn encoded(pixels: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    pixels.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

pub(crate) fn decoded(jpeg: &[u8]) -> RgbImage {
    image::load_from_memory_with_format(jpeg, ImageFormat::Jpeg)
        .unwrap()
        .into_rgb8()
}

pub(crate) fn jpeg(pixels: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (width, height) = (pixels.width().try_into().unwrap(), pixels.height().try_into().unwrap());
    Encoder::new(&mut bytes, 92)
        .encode(pixels, width, height, ColorType::Rgb)
        .unwrap();
    bytes
}

pub(crate) fn cmyk_jpeg(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    let pixels = [0, 255, 255, 0].repeat(usize::from(width) * usize::from(height));
    Encoder::new(&mut bytes, 92)
        .encode(&pixels, width, height, ColorType::Cmyk)
        .unwrap();
    bytes
}

/// The same file with an EXIF segment that asks viewers to turn it.
pub(crate) fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    with_segment(jpeg, 0xe1, &exif)
}

/// The same file with one more segment right after its start.
pub(crate) fn with_segment(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, marker], &length, content, &jpeg[2..]].concat()
}

/// Half transparent above, opaque blue below.
pub(crate) fn glass(width: u32, height: u32) -> RgbaImage {
    RgbaImage::from_fn(width, height, |_, y| {
        if y < height / 2 {
            Rgba([0, 0, 0, 0])
        } else {
            Rgba([30, 40, 210, 255])
        }
    })
}

/// The same file with a colour profile.
pub(crate) fn with_profile(jpeg: &[u8], profile: &[u8]) -> Vec<u8> {
    with_segment(jpeg, 0xe2, &[b"ICC_PROFILE\0\x01\x01", profile].concat())
}

/// Two frames.
pub(crate) fn moving_gif() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    let frames = [glass(16, 12), DynamicImage::ImageRgb8(quarters(16, 12)).into_rgba8()];
    encoder.encode_frames(frames.map(Frame::new)).unwrap();
    drop(encoder);
    bytes
}

/// A PNG that says, in the chunk before its pixels, that it is an animation of two frames.
pub(crate) fn moving_png() -> Vec<u8> {
    let still = encoded(quarters(16, 12), ImageFormat::Png);
    let (header, rest) = still.split_at(33);
    let control = png_chunk(*b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]);
    let frame = [
        &[0; 4][..],
        &16_u32.to_be_bytes(),
        &12_u32.to_be_bytes(),
        &[0; 8],
        &[0, 1, 0, 10, 0, 0],
    ]
    .concat();
    [header, &control, &png_chunk(*b"fcTL", &frame), rest].concat()
}

fn png_chunk(name: [u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let named = [&name[..], content].concat();
    [&length[..], &named, &crc32(&named).to_be_bytes()].concat()
}

/// A WebP in its extended form, with one frame that is a still of the simple form.
pub(crate) fn moving_webp() -> Vec<u8> {
    let still = encoded(glass(16, 12), ImageFormat::WebP);
    let frame = [&[0; 6][..], &[15, 0, 0], &[11, 0, 0], &[100, 0, 0, 0], &still[12..]].concat();
    let body = [
        b"WEBP".to_vec(),
        riff_chunk(*b"VP8X", &[0x12, 0, 0, 0, 15, 0, 0, 11, 0, 0]),
        riff_chunk(*b"ANIM", &[0; 6]),
        riff_chunk(*b"ANMF", &frame),
        riff_chunk(*b"ANMF", &frame),
    ]
    .concat();
    riff_chunk(*b"RIFF", &body)
}

fn riff_chunk(name: [u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_le_bytes();
    [&name[..], &length, content, &vec![0; content.len() % 2]].concat()
}

/// A tiny PNG whose header claims other measures.
pub(crate) fn lying_png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = encoded(RgbImage::new(1, 1), ImageFormat::Png);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&sum.to_be_bytes());
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| {
            if sum & 1 == 1 {
                (sum >> 1) ^ 0xedb8_8320
            } else {
                sum >> 1
            }
        })
    })
}

/// An MP4 box: size, name, content.
pub(crate) fn mp4_box(name: [u8; 4], content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len() + 8).unwrap().to_be_bytes();
    [&size[..], &name, content].concat()
}

/// What [`mp4`] writes; change a field to get another file.
#[derive(Clone, Copy)]
pub(crate) struct Mp4 {
    pub(crate) brand: &'static [u8; 4],
    pub(crate) codec: &'static [u8; 4],
    pub(crate) handler: &'static [u8; 4],
    pub(crate) size: (u16, u16),
    pub(crate) turned: bool,
    pub(crate) movie_ms: u32,
    pub(crate) track_ms: u32,
    pub(crate) fragments_ms: Option<u32>,
    pub(crate) data_bytes: usize,
}

impl Default for Mp4 {
    fn default() -> Self {
        Self {
            brand: b"isom",
            codec: b"avc1",
            handler: b"vide",
            size: (1280, 720),
            turned: false,
            movie_ms: 12_345,
            track_ms: 12_000,
            fragments_ms: None,
            data_bytes: 1000,
        }
    }
}

pub(crate) fn mp4(video: Mp4) -> Vec<u8> {
    let mut moov = mp4_box(*b"mvhd", &clock(video.movie_ms));
    if let Some(length) = video.fragments_ms {
        let mehd = mp4_box(*b"mehd", &[[0; 4], length.to_be_bytes()].concat());
        moov.extend(mp4_box(*b"mvex", &mehd));
    }
    moov.extend(mp4_box(*b"trak", &track(video)));
    [
        mp4_box(*b"ftyp", &[&video.brand[..], &[0, 0, 2, 0], b"isommp41"].concat()),
        mp4_box(*b"moov", &moov),
        mp4_box(*b"mdat", &vec![7; video.data_bytes]),
    ]
    .concat()
}

fn track(video: Mp4) -> Vec<u8> {
    let mut tkhd = vec![0; 40];
    let (a, b) = if video.turned {
        (0_u32, 0x1_0000_u32)
    } else {
        (0x1_0000, 0)
    };
    tkhd.extend(a.to_be_bytes());
    tkhd.extend(b.to_be_bytes());
    tkhd.extend([0; 28]);
    tkhd.extend((u32::from(video.size.0) << 16).to_be_bytes());
    tkhd.extend((u32::from(video.size.1) << 16).to_be_bytes());
    let hdlr = [&[0; 8], &video.handler[..], &[0; 13]].concat();
    let entries = [&[0, 0, 0, 0, 0, 0, 0, 1][..], &mp4_box(*video.codec, &[0; 78])].concat();
    let minf = mp4_box(*b"stbl", &mp4_box(*b"stsd", &entries));
    let mdia = [
        mp4_box(*b"mdhd", &clock(video.track_ms)),
        mp4_box(*b"hdlr", &hdlr),
        mp4_box(*b"minf", &minf),
    ]
    .concat();
    [mp4_box(*b"tkhd", &tkhd), mp4_box(*b"mdia", &mdia)].concat()
}

/// The common start of `mvhd` and `mdhd`, counting in milliseconds.
fn clock(length: u32) -> Vec<u8> {
    [&[0; 12], &1000_u32.to_be_bytes()[..], &length.to_be_bytes(), &[0; 80]].concat()
}
