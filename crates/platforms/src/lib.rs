//! WeCom and the personal-account gateway behind one trait.
//!
//! To add a platform: write its plain client as a crate beside this one, implement [`Platform`] here, give it a
//! [`ChannelKind`](moments_domain::ChannelKind), name it in [`Platforms`], and write a stand-in in the sandbox.

mod gateway;
mod platform;
mod tokens;

#[cfg(test)]
mod testing;

pub mod gewe;
pub mod wecom;

pub use gateway::{Begun, Gateway, GatewayLine, LoginCode, LoginReport};
pub use moments_gewe::{LoginProgress, LoginStage};
pub use platform::{
    Answer, CallFailure, Candidate, ChannelAccess, ChannelReport, Confirmations, Department, Directory, JobReport,
    MemberReport, Platform, Platforms, Post, Prepared, Refusal, SearchWindow, SourceMedia, Tag, TagGroup,
};
pub use tokens::{CachedToken, ShelfError, SuiteShelf, TokenShelf};
