//! The written form of a sealed secret: `v1.{key_id}.{base64url(nonce + ciphertext + tag)}`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::VaultError;

const VERSION: &str = "v1";
/// Bytes of the nonce in front of the ciphertext.
pub(crate) const NONCE_BYTES: usize = 12;

/// A sealed text taken apart.
pub(crate) struct SealedText<'a> {
    pub(crate) key_id: &'a str,
    pub(crate) nonce: [u8; NONCE_BYTES],
    pub(crate) ciphertext: Vec<u8>,
}

/// Puts the three parts together.
pub(crate) fn write(key_id: &str, nonce: &[u8], ciphertext: &[u8]) -> String {
    let body = URL_SAFE_NO_PAD.encode([nonce, ciphertext].concat());
    format!("{VERSION}.{key_id}.{body}")
}

/// Takes a text apart; anything that [`write`] cannot have made is [`VaultError::Malformed`].
pub(crate) fn read(sealed: &str) -> Result<SealedText<'_>, VaultError> {
    let (key_id, body) = parts(sealed)?;
    let bytes = URL_SAFE_NO_PAD.decode(body).map_err(|_| VaultError::Malformed)?;
    let (nonce, ciphertext) = bytes.split_first_chunk().ok_or(VaultError::Malformed)?;
    Ok(SealedText {
        key_id,
        nonce: *nonce,
        ciphertext: ciphertext.to_vec(),
    })
}

/// The id of the key that a text was sealed with.
pub(crate) fn key_id(sealed: &str) -> Result<&str, VaultError> {
    parts(sealed).map(|(key_id, _)| key_id)
}

fn parts(sealed: &str) -> Result<(&str, &str), VaultError> {
    let mut fields = sealed.split('.');
    match (fields.next(), fields.next(), fields.next(), fields.next()) {
        (Some(VERSION), Some(key_id), Some(body), None) => Ok((key_id, body)),
        _ => Err(VaultError::Malformed),
    }
}
