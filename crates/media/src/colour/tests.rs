use image::Rgb;

use super::*;

/// What a one-coloured picture of this profile becomes.
fn seen(profile: &ColorProfile, colour: [u8; 3]) -> [u8; 3] {
    let grey = profile.color_space == DataColorSpace::Gray;
    let colours = ToSrgb::from_profile(&profile.encode().unwrap(), grey).unwrap();
    let mut pixels = RgbImage::from_pixel(5, 3, Rgb(colour));
    colours.convert(&mut pixels);
    let first = pixels.get_pixel(0, 0).0;
    assert!(pixels.pixels().all(|pixel| pixel.0 == first), "every pixel alike");
    first
}

/// The known coordinates of sRGB's primaries in the other spaces (CSS Color 4, and Adobe's own figures).
#[test]
fn known_colours_become_what_they_are_in_srgb() {
    let p3 = ColorProfile::new_display_p3();
    let adobe = ColorProfile::new_adobe_rgb();
    let linear_grey = ColorProfile::new_gray_with_gamma(1.0);
    for (space, profile, before, after) in [
        ("p3", &p3, [234, 51, 35], [255, 0, 0]),
        ("p3", &p3, [117, 251, 76], [0, 255, 0]),
        ("p3", &p3, [0, 0, 245], [0, 0, 255]),
        ("p3", &p3, [128, 128, 128], [128, 128, 128]),
        ("p3", &p3, [255, 0, 0], [255, 0, 0]),
        ("adobe", &adobe, [219, 0, 0], [255, 0, 0]),
        ("adobe", &adobe, [144, 255, 60], [0, 255, 0]),
        ("adobe", &adobe, [255, 255, 255], [255, 255, 255]),
        ("grey", &linear_grey, [55, 55, 55], [128, 128, 128]),
    ] {
        let found = seen(profile, before);
        let near = found.iter().zip(after).all(|(a, b)| a.abs_diff(b) <= 6);
        assert!(near, "{space} {before:?} became {found:?}, not {after:?}");
    }
}

#[test]
fn there_is_nothing_to_do_for_srgb_and_for_what_describes_other_pixels() {
    let encoded = |profile: ColorProfile| profile.encode().unwrap();
    for (what, profile, grey) in [
        ("sRGB", encoded(ColorProfile::new_srgb()), false),
        (
            "grey for colours",
            encoded(ColorProfile::new_gray_with_gamma(1.0)),
            false,
        ),
        ("colours for grey", encoded(ColorProfile::new_display_p3()), true),
        (
            "cut off",
            encoded(ColorProfile::new_display_p3())[..200].to_vec(),
            false,
        ),
        ("nothing", Vec::new(), false),
        ("nonsense", vec![0xff; 4096], false),
    ] {
        assert!(ToSrgb::from_profile(&profile, grey).is_none(), "{what}");
    }
}
