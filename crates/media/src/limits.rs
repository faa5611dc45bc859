//! What platforms accept.

use crate::media::KeptMedia;

#[cfg(test)]
mod tests;

/// What one platform accepts. Pictures must be JPEG or PNG, videos H.264 in an MP4; what is not is converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaLimits {
    /// Bytes of one picture.
    pub image_max_bytes: u64,
    /// Pixels of the longer side, whichever way the picture stands.
    pub image_long_side: u32,
    /// Pixels of the shorter side.
    pub image_short_side: u32,
    /// Pixels of the longer side of a long picture (more than twice as long as wide). It may exceed
    /// `image_long_side` as long as its area stays within `image_long_side` × `image_short_side`: squeezed into
    /// the ordinary box, the text on a long poster could not be read.
    pub image_long_picture_side: u32,
    /// Bytes of one video.
    pub video_max_bytes: u64,
    /// Seconds of one video.
    pub video_max_secs: u32,
}

const MIB: u64 = 1024 * 1024;

impl MediaLimits {
    /// Customer Moments of WeCom. Three generations of the vendor's text name three rules for pixels (an area of
    /// 1 555 200; 1440×1080 with long pictures up to 10800; 10800 by 1080): this choice obeys all of them.
    /// Reference wecom 6.1.
    pub const WECOM: Self = Self {
        image_max_bytes: 10 * MIB,
        image_long_side: 1440,
        image_short_side: 1080,
        image_long_picture_side: 10_800,
        video_max_bytes: 10 * MIB,
        video_max_secs: 30,
    };

    /// Moments through a personal gateway. Its vendors publish bytes and seconds; the pixels are our choice,
    /// enough for a full screen. Reference personal-gateway 11.
    pub const GEWE: Self = Self {
        image_max_bytes: 3 * MIB,
        image_long_side: 2160,
        image_short_side: 1440,
        image_long_picture_side: 10_800,
        video_max_bytes: 20 * MIB,
        video_max_secs: 30,
    };

    /// The cover picture of a video. Reference personal-gateway 11 (at most 2 MB).
    pub(crate) const COVER: Self = Self {
        image_max_bytes: 2 * MIB,
        image_long_side: 1280,
        image_short_side: 1080,
        image_long_picture_side: 1280,
        video_max_bytes: 0,
        video_max_secs: 0,
    };

    /// What a list shows: about the size of a hand on a phone, sharp on its screen.
    pub(crate) const THUMBNAIL: Self = Self {
        image_max_bytes: 256 * 1024,
        image_long_side: 480,
        image_short_side: 360,
        image_long_picture_side: 960,
        video_max_bytes: 0,
        video_max_secs: 0,
    };

    /// Whether this is a video that lasts longer: it is published cut, or not at all.
    pub fn is_too_long(&self, media: &KeptMedia) -> bool {
        media.duration_ms > self.longest_ms()
    }

    /// The size to which a picture of this size is scaled: same proportions, never larger, at least 1×1.
    pub fn fit(&self, width: u32, height: u32) -> (u32, u32) {
        let long = f64::from(width.max(height).max(1));
        let short = f64::from(width.min(height).max(1));
        let scale = if long > 2.0 * short {
            self.long_picture_scale(long, short)
        } else {
            (f64::from(self.image_long_side) / long).min(f64::from(self.image_short_side) / short)
        };
        (scaled(width, scale), scaled(height, scale))
    }

    fn long_picture_scale(&self, long: f64, short: f64) -> f64 {
        let area = f64::from(self.image_long_side) * f64::from(self.image_short_side);
        (f64::from(self.image_long_picture_side) / long)
            .min(f64::from(self.image_short_side) / short)
            .min((area / (long * short)).sqrt())
    }

    pub(crate) fn longest_ms(&self) -> u64 {
        u64::from(self.video_max_secs) * 1000
    }

    /// Names the limits for videos, for the name of a cached file.
    pub(crate) fn video_key(&self) -> String {
        format!("{}s-{}", self.video_max_secs, self.video_max_bytes)
    }

    /// Names the limits for pictures, for the name of a cached file.
    pub(crate) fn image_key(&self) -> String {
        let Self {
            image_max_bytes,
            image_long_side,
            image_short_side,
            image_long_picture_side,
            ..
        } = self;
        format!("{image_long_side}x{image_short_side}x{image_long_picture_side}-{image_max_bytes}")
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the result lies between 1 and `side`"
)]
fn scaled(side: u32, scale: f64) -> u32 {
    if scale >= 1.0 {
        return side.max(1);
    }
    // The small addend keeps 1439.999…, which is an exact 1440 after rounding errors, from losing a pixel.
    ((f64::from(side) * scale + 1e-6).floor() as u32).max(1)
}
