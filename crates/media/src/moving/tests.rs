use image::ImageFormat;

use super::*;
use crate::samples::*;

#[test]
fn animations_are_told_from_stills() {
    let still = |format| encoded(glass(16, 12), format);
    for (format, bytes, moving) in [
        (MediaFormat::Gif, still(ImageFormat::Gif), false),
        (MediaFormat::Gif, moving_gif(), true),
        (MediaFormat::Png, still(ImageFormat::Png), false),
        (MediaFormat::Png, moving_png(), true),
        (MediaFormat::Webp, still(ImageFormat::WebP), false),
        (MediaFormat::Webp, moving_webp(), true),
        (MediaFormat::Jpeg, jpeg(&quarters(16, 12)), false),
        (MediaFormat::Gif, b"GIF89a and nothing more".to_vec(), false),
        (MediaFormat::Webp, Vec::new(), false),
    ] {
        assert_eq!(moves(&bytes, format), moving, "{format:?}, {} bytes", bytes.len());
    }
}
