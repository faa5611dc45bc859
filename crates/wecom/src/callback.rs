//! Pushes of the platform to us: signed, encrypted XML (reference wecom 4).
//!
//! [`CallbackKeys`] opens what comes to one callback address, [`Push`] says what it means. A push is believed only after its
//! signature, its padding and its receive id were checked; nothing of an unsigned message is parsed but the element that is signed.

mod cipher;
mod error;
mod event;
mod keys;
mod xml;

pub use error::CallbackError;
pub use event::{Event, Push};
pub use keys::{CallbackKeys, PushQuery, UrlQuery};

#[cfg(test)]
mod tests;
