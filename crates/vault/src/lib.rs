//! Seals credentials for the database, and signs links to media.
//!
//! Everything secret that is written down goes through a [`KeyRing`]. It is an envelope: each text has a data key of its own, which seals the secret,
//! and the ring's newest key seals the data key, AES-256-GCM both times, bound to the row. A sealed text names its key, so old rows stay readable
//! while a new key takes over: put the new key in front of the ring, [`KeyRing::reseal`] what [`KeyRing::needs_reseal`] points at, then drop
//! the old key. Changing keys opens no secret.

mod error;
mod ring;
mod text;

pub use error::VaultError;
pub use ring::KeyRing;
