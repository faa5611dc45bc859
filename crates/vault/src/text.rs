//! The written form of a sealed secret.
//!
//! `v2.{key_id}.{data key}.{secret}`: the secret sealed by a data key of its own, and that one by the ring's key `key_id`.
//! `v1.{key_id}.{secret}`: sealed by the ring's key itself, as earlier versions did; still read.
//! What is sealed stands as base64url of nonce, ciphertext and tag.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::VaultError;

/// Bytes of the nonce in front of the ciphertext.
pub(crate) const NONCE_BYTES: usize = 12;

/// A nonce with what it was used for.
pub(crate) struct Sealed {
    pub(crate) nonce: [u8; NONCE_BYTES],
    pub(crate) ciphertext: Vec<u8>,
}

/// A sealed text taken apart.
pub(crate) struct SealedText<'a> {
    pub(crate) key_id: &'a str,
    /// `None`: the ring's key has sealed the secret itself.
    pub(crate) data_key: Option<Sealed>,
    pub(crate) secret: Sealed,
}

impl Sealed {
    fn write(&self) -> String {
        URL_SAFE_NO_PAD.encode([&self.nonce[..], &self.ciphertext].concat())
    }

    fn read(part: &str) -> Result<Self, VaultError> {
        let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| VaultError::Malformed)?;
        let (nonce, ciphertext) = bytes.split_first_chunk().ok_or(VaultError::Malformed)?;
        Ok(Self {
            nonce: *nonce,
            ciphertext: ciphertext.to_vec(),
        })
    }
}

/// Puts the parts of today's form together.
pub(crate) fn write(key_id: &str, data_key: &Sealed, secret: &Sealed) -> String {
    format!("v2.{key_id}.{}.{}", data_key.write(), secret.write())
}

/// Takes a text apart; anything that no version has written is [`VaultError::Malformed`].
pub(crate) fn read(sealed: &str) -> Result<SealedText<'_>, VaultError> {
    let parts: Vec<_> = sealed.split('.').collect();
    match parts.as_slice() {
        ["v2", key_id, data_key, secret] => Ok(SealedText {
            key_id,
            data_key: Some(Sealed::read(data_key)?),
            secret: Sealed::read(secret)?,
        }),
        ["v1", key_id, secret] => Ok(SealedText {
            key_id,
            data_key: None,
            secret: Sealed::read(secret)?,
        }),
        _ => Err(VaultError::Malformed),
    }
}
