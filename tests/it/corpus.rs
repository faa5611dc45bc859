//! What phones, designers and web sites really produce, and what strangers send: from the upload to what the platform received.

use image::{ImageFormat, Rgba, RgbaImage};
use moments_media::Ffmpeg;
use serde_json::Value;

use crate::files::{Arrived, encoded, jpeg, turned};
use crate::world::World;

const RED: [u8; 3] = [254, 0, 0];

/// A file, and what a member's friends see of it: its measures, and a colour at a place.
struct Sample {
    name: &'static str,
    bytes: Vec<u8>,
    size: (u32, u32),
    seen: ((u32, u32), [u8; 3]),
}

fn sample(name: &'static str, bytes: impl Into<Vec<u8>>, size: (u32, u32), seen: ((u32, u32), [u8; 3])) -> Sample {
    Sample {
        name,
        bytes: bytes.into(),
        size,
        seen,
    }
}

/// As many as one post can show.
fn sound() -> [Sample; 9] {
    let heic = include_bytes!("../../crates/media/src/samples/quarters.heic");
    let avif = include_bytes!("../../crates/media/src/samples/glass.avif");
    [
        sample(
            "竖拍.jpg",
            turned(&jpeg(600, 200)),
            (200, 600),
            ((100, 100), [210, 20, 20]),
        ),
        sample("p3.jpg", include_bytes!("corpus/p3.jpg"), (96, 64), ((48, 32), RED)),
        sample("印刷.jpg", include_bytes!("corpus/cmyk.jpg"), (16, 16), ((8, 8), RED)),
        sample("玻璃.png", glass(), (90, 60), ((45, 10), [255; 3])),
        sample("动.gif", include_bytes!("corpus/moving.gif"), (80, 60), ((40, 30), RED)),
        sample("动.png", include_bytes!("corpus/moving.png"), (80, 60), ((40, 30), RED)),
        sample("IMG_0042.HEIC", heic, (96, 64), ((24, 48), [30, 40, 210])),
        sample("网图.jpg", avif, (96, 64), ((24, 16), [255; 3])),
        sample("全景.jpg", jpeg(18_000, 60), (10_800, 36), ((2700, 18), [210, 20, 20])),
    ]
}

/// Nothing above, blue below.
fn glass() -> Vec<u8> {
    let pixels = RgbaImage::from_fn(90, 60, |_, y| Rgba([20, 20, 210, if y < 30 { 0 } else { 255 }]));
    encoded(pixels, ImageFormat::Png)
}

/// Each with the code of its refusal.
fn hostile() -> [(&'static str, Vec<u8>, &'static str); 5] {
    let whole = jpeg(60, 40);
    let mut claims = include_bytes!("../../crates/media/src/samples/quarters.heic").to_vec();
    let at = claims.windows(4).position(|name| name == b"ispe").expect("measures") + 8;
    claims[at..at + 8].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    [
        ("断.jpg", whole[..whole.len() - 30].to_vec(), "MEDIA_BROKEN"),
        (
            "登录.jpg",
            b"<!doctype html><title>login</title>".to_vec(),
            "MEDIA_NOT_SUPPORTED",
        ),
        (
            "炸弹.png",
            include_bytes!("corpus/bomb.png").to_vec(),
            "MEDIA_TOO_MANY_PIXELS",
        ),
        ("炸弹.heic", claims, "MEDIA_TOO_MANY_PIXELS"),
        ("空.png", Vec::new(), "MEDIA_BROKEN"),
    ]
}

#[tokio::test]
async fn what_people_have_arrives_as_they_see_it_and_the_rest_is_refused_by_name() {
    // One picture needs a program that may be missing; where tests are a gate it is not.
    let ffmpeg = Ffmpeg::find("auto").map(|ffmpeg| ffmpeg.program().display().to_string());
    assert!(
        ffmpeg.is_some() || std::env::var_os("CI").is_none(),
        "ffmpeg is not installed"
    );
    let readable = |one: &Sample| ffmpeg.is_some() || one.name != "网图.jpg";
    let samples: Vec<_> = sound().into_iter().filter(readable).collect();
    let setting = ffmpeg.as_deref().unwrap_or("off");
    let (world, hostile) = (World::with(&[("MEDIA_FFMPEG", setting)]).await, hostile());
    let corp = world.corp("ww_corpus").await;
    let accepted = samples.iter().map(|one| (one.name, &one.bytes[..]));
    let refused = hostile.iter().map(|(name, bytes, _)| (*name, &bytes[..]));
    let files: Vec<_> = accepted.chain(refused).collect();
    let upload = world.api.upload(&files).expect(201).await;
    let codes: Vec<_> = list(&upload, "refused")
        .iter()
        .map(|one| one["error"].clone())
        .collect();
    assert_eq!(codes, hostile.map(|(_, _, code)| code));
    let urls: Vec<_> = list(&upload, "files").iter().map(|one| text(&one["url"])).collect();
    let id = world
        .sync("九宫格")
        .to([corp.account("li.na")])
        .media(&urls)
        .accepted()
        .await;
    world.check(id, "li.na SUCCESS").await;
    let moment = world.moments_of(&corp.id).pop().expect("a Moment");
    assert_eq!(moment.media.len(), samples.len());
    for (sample, sha256) in samples.iter().zip(&moment.media) {
        check(sample, &Arrived::at(&world, sha256).await);
    }
    world.assert_no_violation();
}

fn check(sample: &Sample, arrived: &Arrived) {
    let (name, pixels, ((x, y), wanted)) = (sample.name, arrived.pixels(), sample.seen);
    assert_eq!(
        (arrived.format, pixels.dimensions()),
        (Some(ImageFormat::Jpeg), sample.size),
        "{name}"
    );
    let found = pixels.get_pixel(x, y).0;
    let near = found.iter().zip(wanted).all(|(&a, b)| a.abs_diff(b) <= 12);
    assert!(near, "{name}: {found:?} is not {wanted:?}");
}

fn list<'a>(answer: &'a Value, name: &str) -> &'a Vec<Value> {
    answer[name].as_array().expect("a list")
}

fn text(value: &Value) -> String {
    value.as_str().expect("an address").to_owned()
}
