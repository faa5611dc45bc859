//! One HTTP exchange with a platform, told apart by the only question that matters: can it have been processed?
//!
//! Neither platform offers an idempotency key, so a create call that is sent twice is a post that people see twice.
//! [`WireClient`] therefore never repeats anything by itself, and [`CallError`] says which failures left nothing behind.

mod answer;
mod call;
mod client;
mod error;
pub mod flexible;
mod redact;
mod upload;

pub use answer::{Answer, Exchanged};
pub use call::Call;
pub use client::{BuildError, WireClient};
pub use error::CallError;
pub use redact::redacted;
pub use upload::Upload;
