//! The boxes of ISO 14496-12 as slices of the bytes that hold them: no allocation, no way out of the parent, and
//! each step goes forward.

/// The content of the first child with this name; `None` also where the boxes before it do not add up.
pub(super) fn child(content: &[u8], name: [u8; 4]) -> Option<&[u8]> {
    children(content)
        .find(|&(found, _)| found == name)
        .map(|(_, content)| content)
}

/// The children in file order, up to the first that does not fit.
pub(super) fn children(content: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = content;
    std::iter::from_fn(move || {
        let header = Header::parse(rest, rest.len() as u64)?;
        let end = usize::try_from(header.size).ok()?;
        let content = rest.get(header.length..end)?;
        rest = &rest[end..];
        Some((header.name, content))
    })
}

/// What stands before the content of a box.
pub(super) struct Header {
    pub(super) name: [u8; 4],
    /// Bytes of the header itself: 8 or 16.
    pub(super) length: usize,
    /// Bytes of header and content; at least `length`, at most what is left.
    pub(super) size: u64,
}

impl Header {
    /// Section 4.2: a size of 1 means that 64 bits follow, 0 means "up to the end". `left` counts from the start
    /// of this box to the end of its parent.
    pub(super) fn parse(bytes: &[u8], left: u64) -> Option<Self> {
        let name = *bytes.get(4..)?.first_chunk()?;
        let (length, size) = match u32_at(bytes, 0)? {
            0 => (8, left),
            1 => (16, u64_at(bytes, 8)?),
            size => (8, size.into()),
        };
        (length as u64 <= size && size <= left).then_some(Self { name, length, size })
    }
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|raw| u32::from_be_bytes(*raw))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|raw| u64::from_be_bytes(*raw))
}
