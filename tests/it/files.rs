//! A host of files of the tests, for what the sandbox's own pictures do not offer; and a look at what arrived.

use std::io::Cursor;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::get;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use reqwest::Client;
use sha2::{Digest as _, Sha256};

use crate::world::World;

/// `/files/{name}`: the files below, without any extension or type that would tell what they are.
pub(crate) fn routes() -> Router {
    Router::new().route("/files/{name}", get(file))
}

async fn file(Path(name): Path<String>) -> Result<Bytes, StatusCode> {
    let bytes = match name.as_str() {
        "turned" => turned(&jpeg(600, 200)),
        "noise" => png_noise(2400, 1800),
        "page" => b"<!doctype html><title>404</title>".to_vec(),
        "forbidden" => return Err(StatusCode::FORBIDDEN),
        _ => return Err(StatusCode::NOT_FOUND),
    };
    Ok(bytes.into())
}

/// Half red, half blue.
pub(crate) fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let left_is_red = |x: u32, _| {
        if x < width / 2 {
            Rgb([210, 20, 20])
        } else {
            Rgb([20, 20, 210])
        }
    };
    encoded(RgbImage::from_fn(width, height, left_is_red), ImageFormat::Jpeg)
}

/// Pixels without any order: a PNG of some 13 MB, which no platform takes as it is.
fn png_noise(width: u32, height: u32) -> Vec<u8> {
    let mut state = 7_u64;
    let mut dice = |_, _| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let [.., a, b, c] = state.to_le_bytes();
        Rgb([a, b, c])
    };
    encoded(RgbImage::from_fn(width, height, &mut dice), ImageFormat::Png)
}

pub(crate) fn encoded(pixels: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    pixels.into().write_to(&mut bytes, format).expect("a picture");
    bytes.into_inner()
}

/// The JPEG with an Exif segment: "turn me a quarter to the right" (orientation 6), as a phone held upright writes it.
pub(crate) fn turned(jpeg: &[u8]) -> Vec<u8> {
    let exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let length = u16::try_from(exif.len() + 2).expect("a short segment").to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, exif, &jpeg[2..]].concat()
}

/// A medium as the platform holds it.
pub(crate) struct Arrived {
    pub(crate) format: Option<ImageFormat>,
    pub(crate) bytes: Vec<u8>,
}

impl Arrived {
    pub(crate) async fn at(world: &World, sha256: &str) -> Self {
        let bytes = fetch(&format!("{}/sandbox/media/{sha256}", world.sandbox_url)).await;
        Self {
            format: image::guess_format(&bytes).ok(),
            bytes,
        }
    }

    pub(crate) fn pixels(&self) -> RgbImage {
        image::load_from_memory(&self.bytes).expect("a picture").into_rgb8()
    }
}

/// The hash of what this address serves.
pub(crate) async fn hash_of(url: &str) -> String {
    hex::encode(Sha256::digest(fetch(url).await))
}

async fn fetch(url: &str) -> Vec<u8> {
    let http = Client::builder().no_proxy().build().expect("a client");
    let answer = http.get(url).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "{url}");
    answer.bytes().await.expect("a body").to_vec()
}
