use super::*;
use crate::samples::{cmyk_jpeg, jpeg, quarters, with_segment};

#[test]
fn shapes_are_read_from_the_segments() {
    let plain = jpeg(&quarters(64, 48));
    // A preview inside a segment has an end marker of its own, which must not count.
    let with_preview = with_segment(&plain, 0xe1, &plain);
    let cut = &with_preview[..with_preview.len() - 40];
    for (bytes, expected) in [
        (&plain[..], Some((3, true))),
        (&cmyk_jpeg(16, 16)[..], Some((4, true))),
        (&with_preview[..], Some((3, true))),
        (cut, Some((3, false))),
        (&plain[..30], None),
        (&[0xff, 0xd8][..], None),
        (&[0xff, 0xd8, 0xff, 0xff, 0xff][..], None),
        (&[0xff, 0xd8, 0xff, 0xe0, 0, 0, 1][..], None),
        (b"\x89PNG", None),
    ] {
        let shape = shape(bytes).map(|shape| (shape.components, shape.complete));
        assert_eq!(shape, expected, "{} bytes", bytes.len());
    }
}
