//! A plain client for personal-account gateways that speak the GeWe-shaped protocol. Usable without the rest of the program.
//!
//! One shape, several vendors: base address and header name are configuration. Each method is one HTTP call; nothing is repeated and
//! nothing kept. Publishing has no idempotency key, so what a failure means for it is
//! [`CallError`](moments_wire::CallError); what a gateway's words mean is [`class`]. Source: reference personal-gateway, sections 3, 4 and 10.

mod client;
mod device;
mod envelope;
mod id;
mod refusal;
mod send;
mod session;
mod timeline;
mod xml;

pub use client::GeweClient;
pub use device::{Device, Profile};
pub use id::SnsId;
pub use refusal::{RefusalClass, class};
pub use send::{Audience, LinkCard, Published, Staged};
pub use session::{CallbackPath, Label, LoginCheck, LoginDialog, LoginProgress, LoginStage, QrCode, QrWish};
pub use timeline::{SnsPost, TimelineCursor, TimelinePage};
pub use xml::{ContentStyle, TimelineObject};
