use super::*;
use proptest::prelude::*;

#[test]
fn pictures_are_fitted_into_the_platforms_box() {
    for (limits, from, to) in [
        (MediaLimits::WECOM, (4032, 3024), (1440, 1080)),
        (MediaLimits::WECOM, (3024, 4032), (1080, 1440)),
        (MediaLimits::WECOM, (3000, 3000), (1080, 1080)),
        (MediaLimits::WECOM, (1920, 1080), (1440, 810)),
        (MediaLimits::WECOM, (1440, 1080), (1440, 1080)),
        (MediaLimits::WECOM, (800, 600), (800, 600)),
        (MediaLimits::WECOM, (1, 1), (1, 1)),
        (MediaLimits::GEWE, (4320, 2880), (2160, 1440)),
        // Long pictures keep their area instead of their length.
        (MediaLimits::WECOM, (1080, 8000), (458, 3394)),
        (MediaLimits::WECOM, (140, 10_800), (140, 10_800)),
        (MediaLimits::WECOM, (140, 16_000), (94, 10_800)),
        (MediaLimits::WECOM, (16_000, 2), (10_800, 1)),
        (MediaLimits::WECOM, (1080, 20_000), (289, 5366)),
        (MediaLimits::WECOM, (30_000, 3000), (3943, 394)),
        (MediaLimits::GEWE, (1080, 20_000), (409, 7589)),
    ] {
        assert_eq!(limits.fit(from.0, from.1), to, "{from:?}");
    }
}

proptest! {
    #[test]
    fn a_fitted_picture_obeys_every_pixel_rule_and_is_never_scaled_up(width in 1_u32..65_536, height in 1_u32..65_536) {
        let (w, h) = MediaLimits::WECOM.fit(width, height);
        prop_assert!(w <= width && h <= height && w >= 1 && h >= 1);
        prop_assert!(w.max(h) <= 10_800 && w.min(h) <= 1080);
        prop_assert!(w * h <= 1_555_200);
    }
}
