//! Rotations and reflections, one after another.

use image::metadata::Orientation;

/// First turned by quarters against the clock, then perhaps left and right exchanged: all that turns can add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Turns {
    quarters: u8,
    mirrored: bool,
}

impl Turns {
    /// Turns what is there by quarters against the clock (`irot`).
    pub(super) fn turn(&mut self, quarters: u8) {
        // Seen in a mirror, a clock runs backwards.
        let quarters = if self.mirrored { 4 - quarters % 4 } else { quarters };
        self.quarters = (self.quarters + quarters) % 4;
    }

    /// Exchanges top and bottom, or left and right (`imir`).
    pub(super) fn mirror(&mut self, top_bottom: bool) {
        if top_bottom {
            self.turn(2);
        }
        self.mirrored = !self.mirrored;
    }

    /// The same in the words of EXIF, which turns with the clock.
    pub(super) fn orientation(self) -> Orientation {
        match (self.quarters, self.mirrored) {
            (1, false) => Orientation::Rotate270,
            (2, false) => Orientation::Rotate180,
            (3, false) => Orientation::Rotate90,
            (_, false) => Orientation::NoTransforms,
            (1, true) => Orientation::Rotate270FlipH,
            (2, true) => Orientation::FlipVertical,
            (3, true) => Orientation::Rotate90FlipH,
            (_, true) => Orientation::FlipHorizontal,
        }
    }
}
