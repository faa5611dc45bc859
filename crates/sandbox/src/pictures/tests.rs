use image::ImageReader;

use super::*;
use crate::wecom::probe::video_ms;

fn made(name: &str, shape: &str) -> Bytes {
    let query = format!("http://host/?{shape}").parse().unwrap();
    let Query(shape) = Query::<Shape>::try_from_uri(&query).unwrap();
    Wanted::new(name.to_owned(), &shape).unwrap().make().unwrap()
}

#[test]
fn every_format_decodes_at_the_size_asked_for() {
    for name in ["a.jpg", "a.jpeg", "a.png", "a.webp", "a.gif"] {
        let reader = ImageReader::new(std::io::Cursor::new(made(name, "w=61&h=47")))
            .with_guessed_format()
            .unwrap();
        assert_eq!(reader.format(), image::ImageFormat::from_path(name).ok(), "{name}");
        let picture = reader.decode().unwrap();
        assert_eq!((picture.width(), picture.height()), (61, 47), "{name}");
    }
}

#[test]
fn the_name_alone_decides_the_picture() {
    assert_eq!(made("coffee-1.png", "w=40&h=30"), made("coffee-1.png", "w=40&h=30"));
    assert_ne!(made("coffee-1.png", "w=40&h=30"), made("coffee-2.png", "w=40&h=30"));
}

#[test]
fn the_video_has_the_length_asked_for() {
    assert_eq!(video_ms(&made("clip.mp4", "")), Some(2000));
    assert_eq!(video_ms(&made("clip.mp4", "secs=31")), Some(31_000));
}

#[test]
fn the_video_s_samples_are_where_its_tables_say() {
    let bytes = made("clip.mp4", "secs=3");
    let mp4 = re_mp4::Mp4::read_bytes(&bytes).unwrap();
    let track = mp4.tracks().values().next().unwrap();
    assert_eq!((track.width, track.height, track.samples.len()), (128, 96, 3));
    for sample in &track.samples {
        let nal = &bytes[sample.byte_range()];
        let length = u32::from_be_bytes(nal[..4].try_into().unwrap());
        assert_eq!(
            (length as usize + 4, nal[4]),
            (nal.len(), 0x65),
            "an IDR slice with its length before it"
        );
    }
}

#[test]
fn a_name_without_a_known_ending_is_nothing() {
    let shape = Shape {
        w: None,
        h: None,
        secs: None,
        ms: None,
    };
    assert!(Wanted::new("notes.txt".to_owned(), &shape).is_none());
    assert!(Wanted::new("coffee".to_owned(), &shape).is_none());
}
