//! A plain client for the WeCom (企业微信) calls that publish customer moments. Usable without the rest of the program.
//!
//! It holds no token, keeps no state and repeats nothing: each method is one HTTP call. Field names are the vendor's. What a
//! code means is [`class`]; what a failure means for a call that creates something is
//! [`CallError`](moments_wire::CallError). What the platform sends by itself is opened by [`CallbackKeys`]. Source: reference wecom,
//! sections 1 to 5, 6.1, 7 and 9.

mod callback;
mod client;
mod codes;
mod create;
mod directory;
mod envelope;
mod members;
mod moments;
mod suites;
mod token;

pub use callback::{CallbackError, CallbackKeys, Event, Push, PushQuery, UrlQuery};
pub use client::WecomClient;
pub use codes::{ALREADY_CANCELLED, DISPATCHING, JOB_UNKNOWN, SYSTEM_BUSY, class};
pub use create::{Attachment, AttachmentKind, CustomerTags, InvalidSenders, NewMoment, Senders, printable};
pub use directory::{Agent, Department, ListedMember, Tag, TagGroup};
pub use members::{Member, MemberStatus};
pub use moments::{CreationResult, JobStatus, ListWindow, MemberTask, Moment, Page, Uploaded};
pub use suites::{
    AuthAgent, AuthCorp, AuthInfo, AuthUser, Authorization, CustomizedAuthUrl, InstallKind, PreAuthCode, Privilege,
    install_url,
};
pub use token::{AccessToken, IssuedToken};
