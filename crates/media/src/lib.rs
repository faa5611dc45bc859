//! Media of a post: fetch safely, probe, convert, keep.
//!
//! A post names its pictures or its video by URL. Those URLs come from users, so they are fetched as hostile
//! input ([`Fetcher`]: no private addresses, limits on size and time), recognised by their bytes, and kept once
//! under their SHA-256 ([`MediaStore::take`]). Each platform then gets a file inside its own limits
//! ([`MediaStore::fitted`]). What is not ours to read or to make, which is most of video, and AVIF, is left to [`Ffmpeg`],
//! a program that may be missing; then a video that does not fit is refused.
//!
//! What a video that fits costs: nothing but reading its index. What a picture costs: its decoded pixels and the
//! decoder's own buffers, about 200 MiB for all that are decoded at once; a larger one is decoded alone (pixels of at most
//! 400 MiB, and the buffers).

mod address;
mod avif;
mod bucket;
mod codec;
mod colour;
mod convert;
mod cover;
mod error;
mod fetch;
mod ffmpeg;
mod folder;
mod heic;
mod heif;
mod incoming;
mod inks;
mod jpeg;
mod keep;
mod limits;
mod media;
mod moving;
mod picture;
mod probe;
mod resolve;
mod shared;
mod transcode;
mod video;

#[cfg(test)]
mod samples;

pub use address::{UrlProblem, check_url};
pub use bucket::{Bucket, BucketOptions};
pub use codec::VideoCodec;
pub use error::MediaError;
pub use fetch::{FetchPolicy, Fetcher};
pub use ffmpeg::Ffmpeg;
pub use incoming::Incoming;
pub use keep::MediaStore;
pub use limits::MediaLimits;
pub use media::{FittedMedia, KeptMedia, MediaFormat, MediaKind};
