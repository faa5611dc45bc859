use image::metadata::Orientation;

use super::*;

#[test]
fn turns_and_mirrors_add_up_to_one_orientation() {
    use Step::{LeftRight, TopBottom, Turn};
    for (steps, expected) in [
        (&[][..], Orientation::NoTransforms),
        (&[Turn(1)], Orientation::Rotate270),
        (&[Turn(2)], Orientation::Rotate180),
        (&[Turn(3)], Orientation::Rotate90),
        (&[LeftRight], Orientation::FlipHorizontal),
        (&[TopBottom], Orientation::FlipVertical),
        (&[LeftRight, TopBottom], Orientation::Rotate180),
        (&[Turn(1), LeftRight], Orientation::Rotate270FlipH),
        (&[LeftRight, Turn(1)], Orientation::Rotate90FlipH),
        (&[Turn(1), TopBottom], Orientation::Rotate90FlipH),
        (&[Turn(3), LeftRight, Turn(3), LeftRight], Orientation::NoTransforms),
    ] {
        let mut turns = Turns::default();
        for step in steps {
            match step {
                Turn(quarters) => turns.turn(*quarters),
                LeftRight => turns.mirror(false),
                TopBottom => turns.mirror(true),
            }
        }
        assert_eq!(turns.orientation(), expected, "{steps:?}");
    }
}

#[derive(Debug)]
enum Step {
    Turn(u8),
    LeftRight,
    TopBottom,
}

#[test]
fn a_crop_lies_around_the_middle() {
    for (whole, length, offset, expected) in [
        (100, (80, 1), (0, 1), Some((10, 80))),
        (100, (161, 2), (-10, 1), Some((0, 81))),
        (100, (50, 1), (25, 1), Some((50, 50))),
        (100, (50, 1), (40, 1), Some((65, 35))),
        (100, (500, 1), (0, 1), Some((0, 100))),
        (100, (0, 1), (0, 1), None),
        (100, (80, 0), (0, 1), None),
        (100, (80, 1), (0, 0), None),
    ] {
        assert_eq!(span(whole, length, offset), expected, "{length:?} {offset:?}");
    }
}
