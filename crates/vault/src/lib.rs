//! Seals credentials for the database, and signs links to media.
//!
//! Everything secret that is written down goes through a [`KeyRing`]: AES-256-GCM under the newest key, bound to the
//! row it belongs to. A sealed text names its key, so old rows stay readable while a new key takes over:
//! put the new key in front of the ring, re-seal what [`KeyRing::needs_reseal`] points at, then drop the old key.

mod error;
mod ring;
mod text;

pub use error::VaultError;
pub use ring::KeyRing;
