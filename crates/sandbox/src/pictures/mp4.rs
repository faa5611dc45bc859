//! A real MP4 with one H.264 track, written by hand: one frame a second, each made of uncompressed macroblocks.
//!
//! `I_PCM` macroblocks need no transform and no entropy coder, and every decoder must accept them, so this stays small
//! and plays everywhere. A frame of 128×96 takes 18 KB.

use bytes::Bytes;

use crate::ids::mix;

const BLOCK: u32 = 16;
const TIMESCALE: u32 = 1000;
/// Rows of the unit matrix as fixed-point numbers.
const MATRIX: [u32; 9] = [0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000];

/// A video of `secs` seconds; sides are rounded down to full macroblocks.
pub(crate) fn video(seed: u64, width: u32, height: u32, secs: u32) -> Bytes {
    let size = Blocks {
        wide: (width / BLOCK).max(1),
        high: (height / BLOCK).max(1),
    };
    let frames: Vec<Vec<u8>> = (0..secs).map(|n| size.frame(seed, n)).collect();
    let ftyp = boxed(*b"ftyp", &[b"isom", &be(0x200), b"isomiso2avc1mp41"]);
    // The offset of the data depends only on the length of the header, which does not depend on the offset.
    let header = moov(size, &frames, 0);
    let data_at = u32::try_from(ftyp.len() + header.len() + 8).unwrap_or(0);
    let header = moov(size, &frames, data_at);
    let data = boxed(*b"mdat", &frames.iter().map(Vec::as_slice).collect::<Vec<_>>());
    [ftyp, header, data].concat().into()
}

/// A picture's size in macroblocks.
#[derive(Debug, Clone, Copy)]
struct Blocks {
    wide: u32,
    high: u32,
}

impl Blocks {
    /// One sample: a length and an IDR slice.
    fn frame(self, seed: u64, number: u32) -> Vec<u8> {
        let mut bits = Bits::default();
        bits.ue(0); // first macroblock
        bits.ue(7); // all slices are I
        bits.ue(0); // picture parameter set
        bits.put(0, 4); // frame_num
        bits.ue(number % 2); // neighbouring IDR pictures need different ids
        bits.put(0, 2); // nothing about reference marking
        bits.ue(0); // slice_qp_delta
        for block in 0..self.wide * self.high {
            bits.ue(25); // I_PCM
            bits.align();
            let (column, row) = (block % self.wide, block / self.wide);
            bits.bytes.extend(block_samples(seed, number, column, row));
        }
        let slice = nal(0x65, bits.finish());
        [be(u32::try_from(slice.len()).unwrap_or(0)).to_vec(), slice].concat()
    }

    fn sequence_parameters(self) -> Vec<u8> {
        let mut bits = Bits {
            bytes: vec![66, 0xC0, 30],
            ..Bits::default()
        }; // constrained baseline, level 3
        bits.ue(0);
        bits.ue(0); // frame_num has 4 bits
        bits.ue(2); // output order is decoding order
        bits.ue(0); // no reference frames
        bits.put(0, 1);
        bits.ue(self.wide - 1);
        bits.ue(self.high - 1);
        bits.put(0b1100, 4); // frames only, direct 8x8; no cropping, no VUI
        nal(0x67, bits.finish())
    }

    fn picture_parameters() -> Vec<u8> {
        let mut bits = Bits::default();
        bits.ue(0);
        bits.ue(0);
        bits.put(0, 2); // CAVLC
        bits.ue(0);
        bits.ue(0);
        bits.ue(0);
        bits.put(0, 3);
        bits.ue(0);
        bits.ue(0);
        bits.ue(0);
        bits.put(0, 3);
        nal(0x68, bits.finish())
    }
}

/// 256 luma, 64 Cb and 64 Cr samples of one flat block that changes from second to second.
fn block_samples(seed: u64, number: u32, column: u32, row: u32) -> impl Iterator<Item = u8> {
    let tone = mix(seed ^ (u64::from(column) << 8) ^ u64::from(row)).to_le_bytes();
    let step = u8::try_from((number * 24) % 96).unwrap_or(0);
    let luma = 60 + tone[0] / 4 + step;
    let [cb, cr] = [tone[1], tone[2]].map(|byte| 64 + byte / 2);
    std::iter::repeat_n(luma, 256)
        .chain(std::iter::repeat_n(cb, 64))
        .chain(std::iter::repeat_n(cr, 64))
}

/// Writes bit fields, highest bit first.
#[derive(Debug, Default)]
struct Bits {
    bytes: Vec<u8>,
    open: u8,
    count: u8,
}

impl Bits {
    fn put(&mut self, value: u32, width: u32) {
        for place in (0..width).rev() {
            self.open = (self.open << 1) | u8::from((value >> place) & 1 == 1);
            self.count += 1;
            if self.count == 8 {
                self.bytes.push(self.open);
                (self.open, self.count) = (0, 0);
            }
        }
    }

    /// Exponential-Golomb code of an unsigned number; a signed zero has the same code.
    fn ue(&mut self, value: u32) {
        let width = 32 - (value + 1).leading_zeros();
        self.put(0, width - 1);
        self.put(value + 1, width);
    }

    fn align(&mut self) {
        while self.count != 0 {
            self.put(0, 1);
        }
    }

    fn finish(mut self) -> Vec<u8> {
        self.put(1, 1);
        self.align();
        self.bytes
    }
}

/// A NAL unit: two zero bytes may not be followed by a byte below 4, so a 3 goes between.
fn nal(head: u8, payload: Vec<u8>) -> Vec<u8> {
    let mut unit = vec![head];
    let mut zeros = 0;
    for byte in payload {
        if zeros == 2 && byte < 4 {
            unit.push(3);
            zeros = 0;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        unit.push(byte);
    }
    unit
}

fn moov(size: Blocks, frames: &[Vec<u8>], data_at: u32) -> Vec<u8> {
    let duration = u32::try_from(frames.len()).unwrap_or(0) * TIMESCALE;
    let (width, height) = (size.wide * BLOCK, size.high * BLOCK);
    let mvhd = full(
        *b"mvhd",
        0,
        &[0, 0, TIMESCALE, duration, 0x0001_0000, 0x0100_0000, 0, 0],
        &words(&[&MATRIX[..], &[0; 6], &[2]].concat()),
    );
    let tkhd = full(
        *b"tkhd",
        3,
        &[0, 0, 1, 0, duration, 0, 0, 0, 0],
        &words(&[&MATRIX[..], &[width << 16, height << 16]].concat()),
    );
    let mdhd = full(*b"mdhd", 0, &[0, 0, TIMESCALE, duration, 0x55C4_0000], &[]);
    let hdlr = full(*b"hdlr", 0, &[0], b"vide\0\0\0\0\0\0\0\0\0\0\0\0video\0");
    let dref = full(*b"dref", 0, &[1], &full(*b"url ", 1, &[], &[]));
    let minf = boxed(
        *b"minf",
        &[
            &full(*b"vmhd", 1, &[0, 0], &[]),
            &boxed(*b"dinf", &[&dref]),
            &stbl(size, frames, data_at),
        ],
    );
    let mdia = boxed(*b"mdia", &[&mdhd, &hdlr, &minf]);
    boxed(*b"moov", &[&mvhd, &boxed(*b"trak", &[&tkhd, &mdia])])
}

/// The sample tables: one chunk with all frames.
fn stbl(size: Blocks, frames: &[Vec<u8>], data_at: u32) -> Vec<u8> {
    let count = u32::try_from(frames.len()).unwrap_or(0);
    let lengths: Vec<u32> = frames
        .iter()
        .map(|frame| u32::try_from(frame.len()).unwrap_or(0))
        .collect();
    boxed(
        *b"stbl",
        &[
            &full(*b"stsd", 0, &[1], &avc1(size)),
            &full(*b"stts", 0, &[1, count, TIMESCALE], &[]),
            &full(*b"stsc", 0, &[1, 1, count, 1], &[]),
            &full(*b"stsz", 0, &[0, count], &words(&lengths)),
            &full(*b"stco", 0, &[1, data_at], &[]),
        ],
    )
}

fn avc1(size: Blocks) -> Vec<u8> {
    let (sps, pps) = (size.sequence_parameters(), Blocks::picture_parameters());
    let avcc = boxed(
        *b"avcC",
        &[
            &[1, sps[1], sps[2], sps[3], 0xFF, 0xE1],
            &short(sps.len()),
            &sps,
            &[1],
            &short(pps.len()),
            &pps,
        ],
    );
    let sides = words(&[((size.wide * BLOCK) << 16) | (size.high * BLOCK)]);
    // Reserved, data reference 1, reserved; then the size, 72 dpi, one frame a sample, no name, 24 bit.
    boxed(
        *b"avc1",
        &[
            &[0; 6],
            &[0, 1],
            &[0; 16],
            &sides,
            &words(&[0x0048_0000, 0x0048_0000, 0]),
            &[0, 1],
            &[0; 32],
            &[0, 24, 0xFF, 0xFF],
            &avcc,
        ],
    )
}

fn boxed(kind: [u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum::<usize>() + 8;
    let mut bytes = be(u32::try_from(length).unwrap_or(0)).to_vec();
    bytes.extend(kind);
    for part in parts {
        bytes.extend(*part);
    }
    bytes
}

/// A box that begins with version 0 and flags, then numbers, then the rest.
fn full(kind: [u8; 4], flags: u32, numbers: &[u32], rest: &[u8]) -> Vec<u8> {
    boxed(kind, &[&be(flags), &words(numbers), rest])
}

fn words(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

fn be(number: u32) -> [u8; 4] {
    number.to_be_bytes()
}

fn short(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap_or(0).to_be_bytes()
}
