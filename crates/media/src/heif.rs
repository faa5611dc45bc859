//! The container of HEIC and AVIF (ISO 23008-12): which of its items is the picture, how it is turned and cropped, and
//! what its colours mean. Pixels are read elsewhere: see [`crate::heic`] and [`crate::avif`].

use std::borrow::Cow;

use heifer::heifer_isobmff::boxes::{ColorInfo, Property};
use heifer::heifer_isobmff::{HeifFile, ItemId};
use image::DynamicImage;

use crate::colour::ToSrgb;
use crate::error::MediaError;
use crate::heif::turns::Turns;
use crate::picture::{Picture, check_size};

#[cfg(test)]
mod tests;
mod turns;

/// The transfer characteristics of PQ (ITU-T H.273): a scale of light up to 10 000 cd/m², not one of shades.
const PQ: u16 = 16;

/// A parsed file.
pub(crate) struct Heif<'a> {
    pub(crate) file: HeifFile<'a>,
}

/// How the coded pixels become what is shown.
#[derive(Debug)]
pub(crate) struct Look {
    turns: Turns,
    crop: Option<Crop>,
    to_srgb: Option<ToSrgb>,
    animated: bool,
}

/// A part of a picture: its left upper corner, width and height.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Crop {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
}

impl<'a> Heif<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, MediaError> {
        let file = HeifFile::parse(bytes).map_err(|_| broken())?;
        Ok(Self { file })
    }

    /// The item that is the picture.
    pub(crate) fn picture(&self) -> ItemId {
        self.file.primary_id
    }

    /// The item whose shades are the opacity of the picture.
    pub(crate) fn opacity(&self) -> Option<ItemId> {
        let beside = self.file.referencing_items(self.picture(), b"auxl");
        beside.into_iter().find(|&id| self.is_opacity(id))
    }

    /// Four letters that say how an item is coded.
    pub(crate) fn coding(&self, item: ItemId) -> Result<[u8; 4], MediaError> {
        let item = self.file.item(item).map_err(|_| broken())?;
        Ok(item.item_type.0)
    }

    /// Width and height of an item as it is coded. [`MediaError::TooManyPixels`] before anything is decoded.
    pub(crate) fn size(&self, item: ItemId) -> Result<(u32, u32), MediaError> {
        let size = self.file.image_size(item).map_err(|_| broken())?;
        let (width, height) = size.filter(|&(w, h)| w > 0 && h > 0).ok_or_else(broken)?;
        check_size(width, height)?;
        Ok((width, height))
    }

    /// What is stored of an item.
    pub(crate) fn data(&self, item: ItemId) -> Result<Cow<'a, [u8]>, MediaError> {
        self.file.item_data(item).map_err(|_| broken())
    }

    /// [`MediaError::NotSupported`] for light that cannot be shown as it is.
    pub(crate) fn look(&self) -> Result<Look, MediaError> {
        let mut look = Look {
            turns: Turns::default(),
            crop: None,
            to_srgb: self.colours()?,
            animated: matches!(
                &self.file.file_type.major_brand.0,
                b"avis" | b"msf1" | b"hevc" | b"hevx"
            ),
        };
        for property in self.properties(self.picture())? {
            match *property {
                Property::Rotation(quarters) => look.turns.turn(quarters),
                Property::Mirror(top_bottom) => look.turns.mirror(top_bottom),
                Property::CleanAperture { .. } => look.crop = self.crop(property)?,
                _ => {}
            }
        }
        Ok(look)
    }

    /// How an item means its numbers (ITU-T H.273): primaries, transfer, matrix, full range.
    pub(crate) fn code_points(&self, item: ItemId) -> Option<(u16, u16, u16, bool)> {
        self.properties(item).ok()?.find_map(|property| match *property {
            Property::Color(ColorInfo::Nclx {
                primaries,
                transfer,
                matrix,
                full_range,
            }) => Some((primaries, transfer, matrix, full_range)),
            _ => None,
        })
    }

    /// By the profile, else by code points; those of a picture in tiles may stand with its first tile only.
    fn colours(&self) -> Result<Option<ToSrgb>, MediaError> {
        let profile = self.file.icc_profile(self.picture()).map_err(|_| broken())?;
        if let Some(profile) = profile {
            return Ok(ToSrgb::from_profile(profile, false));
        }
        let first_tile = self.file.referenced_items(self.picture(), b"dimg").first();
        let points = self.code_points(self.picture());
        match points.or_else(|| self.code_points(*first_tile?)) {
            Some((_, PQ, ..)) => Err(MediaError::NotSupported {
                found: "HDR（PQ）照片，请导出为普通 JPG",
            }),
            Some((primaries, ..)) => Ok(ToSrgb::from_primaries(primaries)),
            None => Ok(None),
        }
    }

    /// The part that is shown, by fractions around the middle (ISO 14496-12, 12.1.4).
    fn crop(&self, aperture: &Property) -> Result<Option<Crop>, MediaError> {
        let Property::CleanAperture {
            width,
            height,
            horiz_offset,
            vert_offset,
        } = *aperture
        else {
            return Ok(None);
        };
        let (whole_width, whole_height) = self.size(self.picture())?;
        let across = span(whole_width, width, horiz_offset);
        let down = span(whole_height, height, vert_offset);
        let ((x, width), (y, height)) = across.zip(down).ok_or_else(broken)?;
        Ok(Some(Crop { x, y, width, height }))
    }

    fn is_opacity(&self, item: ItemId) -> bool {
        const KINDS: [&str; 2] = [
            "urn:mpeg:hevc:2015:auxid:1",
            "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha",
        ];
        self.properties(item).is_ok_and(|mut properties| {
            properties
                .any(|property| matches!(property, Property::AuxiliaryType(kind) if KINDS.contains(&kind.as_str())))
        })
    }

    fn properties(&self, item: ItemId) -> Result<impl Iterator<Item = &Property>, MediaError> {
        self.file.item_properties(item).map_err(|_| broken())
    }
}

impl Look {
    /// The picture of these pixels.
    pub(crate) fn of(self, pixels: DynamicImage) -> Picture {
        let pixels = match self.crop {
            Some(Crop { x, y, width, height }) => pixels.crop_imm(x, y, width, height),
            None => pixels,
        };
        Picture {
            pixels,
            orientation: self.turns.orientation(),
            to_srgb: self.to_srgb,
            animated: self.animated,
            portable: false,
        }
    }
}

/// Begin and length of the middle part of `whole`, moved by `offset`; `None` for nonsense.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "both are clamped to 0..=whole"
)]
fn span(whole: u32, length: (u32, u32), offset: (i32, u32)) -> Option<(u32, u32)> {
    if length.1 == 0 || offset.1 == 0 {
        return None;
    }
    let wanted = f64::from(length.0) / f64::from(length.1);
    let middle = f64::from(whole) / 2.0 + f64::from(offset.0) / f64::from(offset.1);
    let begin = (middle - wanted / 2.0).round().clamp(0.0, f64::from(whole));
    let length = wanted.round().clamp(0.0, f64::from(whole) - begin);
    (length >= 1.0).then_some((begin as u32, length as u32))
}

/// The boxes of the container do not hold together.
pub(crate) fn broken() -> MediaError {
    MediaError::Broken {
        detail: "HEIC/AVIF 图片的结构不完整",
    }
}
