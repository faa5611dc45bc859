//! What decoders do not tell about a JPEG: they fill the missing half of a cut-off file with grey, and hide that the
//! colours were CMYK.

#[cfg(test)]
mod tests;

/// Facts from the marker segments (ITU T.81, annex B).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct JpegShape {
    /// 1 grey, 3 colour, 4 CMYK.
    pub(crate) components: u8,
    /// Adobe's segment is there: CMYK is stored as what is left of the paper, not as ink.
    pub(crate) adobe: bool,
    /// The end marker follows the picture data. `false`: the file was cut off.
    pub(crate) complete: bool,
}

const END_OF_IMAGE: u8 = 0xd9;
const START_OF_SCAN: u8 = 0xda;
const APP14: u8 = 0xee;

/// `None` when the segments before the first scan cannot be followed.
pub(crate) fn shape(bytes: &[u8]) -> Option<JpegShape> {
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    let (mut components, mut adobe) = (None, false);
    loop {
        let (marker, after) = next_marker(rest)?;
        let length = usize::from(u16::from_be_bytes([*after.first()?, *after.get(1)?]));
        let segment = after.get(2..length)?;
        rest = after.get(length..)?;
        if is_frame(marker) {
            components = segment.get(5).copied();
        }
        adobe |= marker == APP14 && segment.starts_with(b"Adobe");
        if marker == START_OF_SCAN {
            // Inside picture data 0xff is always followed by 0 or a restart marker, so this cannot be data.
            let complete = rest.windows(2).any(|pair| pair == [0xff, END_OF_IMAGE]);
            return Some(JpegShape {
                components: components?,
                adobe,
                complete,
            });
        }
    }
}

fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let filled = bytes.strip_prefix(&[0xff])?;
    let at = filled.iter().position(|&byte| byte != 0xff)?;
    Some((filled[at], &filled[at + 1..]))
}

/// The frame headers SOF0 to SOF15; three codes in their midst mean something else.
fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}
