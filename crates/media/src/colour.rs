//! Colours brought to sRGB, which platforms and phones take for granted: they drop or ignore profiles, and a photo
//! of a newer phone (Display P3) turns pale.

use std::fmt;
use std::sync::Arc;

use image::RgbImage;
use moxcms::{ColorProfile, DataColorSpace, Layout, Transform8BitExecutor, TransformOptions};

#[cfg(test)]
mod tests;

/// How the colours of a picture become sRGB.
#[derive(Clone)]
pub(crate) enum ToSrgb {
    /// Each pixel by itself.
    Rgb(Arc<Transform8BitExecutor>),
    /// What each shade of grey becomes.
    Grey(Box<[u8; 256]>),
}

impl fmt::Debug for ToSrgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rgb(_) => "Rgb",
            Self::Grey(_) => "Grey",
        })
    }
}

impl ToSrgb {
    /// From the profile of a picture; `None` where there is nothing to do: it describes sRGB, or other pixels than
    /// these (`grey`: they have no colours), or cannot be read, when viewers take the colours for sRGB too.
    pub(crate) fn from_profile(profile: &[u8], grey: bool) -> Option<Self> {
        let profile = ColorProfile::new_from_slice(profile).ok()?;
        match profile.color_space {
            DataColorSpace::Rgb if !grey => by_pixel(&profile),
            DataColorSpace::Gray if grey => by_shade(&profile),
            _ => None,
        }
    }

    /// From the code point of a picture's primaries (ITU-T H.273) with the usual curve; `None` where there is nothing to do.
    pub(crate) fn from_primaries(primaries: u16) -> Option<Self> {
        match primaries {
            9 => by_pixel(&ColorProfile::new_bt2020()),
            11 | 12 => by_pixel(&ColorProfile::new_display_p3()),
            _ => None,
        }
    }

    /// Converts in place; a row of memory is all that it takes.
    pub(crate) fn convert(&self, pixels: &mut RgbImage) {
        match self {
            Self::Grey(shades) => {
                for value in pixels.iter_mut() {
                    *value = shades[usize::from(*value)];
                }
            }
            Self::Rgb(transform) => {
                let row = pixels.width() as usize * 3;
                let mut before = vec![0; row];
                for after in pixels.chunks_exact_mut(row.max(1)) {
                    before.copy_from_slice(after);
                    transform_row(transform.as_ref(), &before, after);
                }
            }
        }
    }
}

/// Both sides are of one length and whole pixels, the only things that the library refuses.
fn transform_row(transform: &Transform8BitExecutor, before: &[u8], after: &mut [u8]) {
    if let Err(error) = transform.transform(before, after) {
        tracing::warn!(%error, "a row of pixels keeps its colours");
    }
}

/// From inks (cyan, magenta, yellow, black; 255 is all the ink there is) to sRGB by the profile of a press. `None`: it
/// describes other colours, or cannot be read.
pub(crate) fn from_inks(profile: &[u8]) -> Option<Arc<Transform8BitExecutor>> {
    let profile = ColorProfile::new_from_slice(profile).ok()?;
    // The library takes four inks in the layout of four channels.
    let inks = profile.color_space == DataColorSpace::Cmyk;
    inks.then(|| transform(&profile, Layout::Rgba)).flatten()
}

fn by_pixel(profile: &ColorProfile) -> Option<ToSrgb> {
    let transform = transform(profile, Layout::Rgb)?;
    (!changes_little(transform.as_ref())).then_some(ToSrgb::Rgb(transform))
}

fn by_shade(profile: &ColorProfile) -> Option<ToSrgb> {
    let mut pixels = [0; 256 * 3];
    let shades: Vec<u8> = (0..=255).collect();
    transform(profile, Layout::Gray)?.transform(&shades, &mut pixels).ok()?;
    let mut table = Box::new([0; 256]);
    for (shade, pixel) in table.iter_mut().zip(pixels.chunks_exact(3)) {
        *shade = pixel[1];
    }
    Some(ToSrgb::Grey(table))
}

fn transform(profile: &ColorProfile, layout: Layout) -> Option<Arc<Transform8BitExecutor>> {
    let options = TransformOptions::default();
    profile
        .create_transform_8bit(layout, &ColorProfile::new_srgb(), Layout::Rgb, options)
        .ok()
}

/// Whether nobody would see a difference. There are dozens of profiles of sRGB; what they do tells them best.
fn changes_little(transform: &Transform8BitExecutor) -> bool {
    const STEPS: [u8; 6] = [0, 51, 102, 153, 204, 255];
    let mut before = Vec::with_capacity(STEPS.len().pow(3) * 3);
    for red in STEPS {
        for green in STEPS {
            for blue in STEPS {
                before.extend([red, green, blue]);
            }
        }
    }
    let mut after = vec![0; before.len()];
    let done = transform.transform(&before, &mut after).is_ok();
    done && before.iter().zip(&after).all(|(a, b)| a.abs_diff(*b) <= 3)
}
