//! The sender's half of callback crypto (reference wecom 4.2 to 4.4), written from the reference alone.

#[cfg(test)]
mod tests;

use aes::Aes256;
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeEncrypt, KeyIvInit};
use base64::Engine;
use base64::alphabet;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_STANDARD;
use sha1::{Digest, Sha1};

use crate::error::SandboxError;

const KEY_CHARS: usize = 43;
const TOKEN_MAX: usize = 32;
const BLOCK: usize = 32;

/// 43 characters carry two bits too many, and they are usually not zero.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
);

/// Token and key that a callback address was registered with.
#[derive(Clone)]
pub(crate) struct CallbackKeys {
    token: String,
    key: [u8; 32],
}

impl CallbackKeys {
    /// Refuses what the console would refuse: other lengths, other characters.
    pub(crate) fn new(token: &str, aes_key: &str) -> Result<Self, SandboxError> {
        let malformed = |what: &str| SandboxError::Malformed(format!("{what} does not look like one of the console's"));
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if token.is_empty() || token.len() > TOKEN_MAX || !plain(token) {
            return Err(malformed("token"));
        }
        if aes_key.len() != KEY_CHARS || !plain(aes_key) {
            return Err(malformed("aes_key"));
        }
        let bytes = LENIENT.decode(aes_key).map_err(|_| malformed("aes_key"))?;
        let key = bytes.try_into().map_err(|_| malformed("aes_key"))?;
        Ok(Self {
            token: token.to_owned(),
            key,
        })
    }

    /// `random ‖ length ‖ message ‖ receive id`, padded to 32, AES-256-CBC, base64.
    pub(crate) fn seal(&self, random: [u8; 16], message: &str, receive_id: &str) -> String {
        let length = u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes();
        let mut plain = [&random[..], &length, message.as_bytes(), receive_id.as_bytes()].concat();
        let pad = BLOCK - plain.len() % BLOCK;
        plain.extend(std::iter::repeat_n(u8::try_from(pad).unwrap_or(0), pad));
        let mut iv = [0; 16];
        iv.copy_from_slice(&self.key[..16]);
        let cipher = cbc::Encryptor::<Aes256>::new(&self.key.into(), &iv.into());
        BASE64_STANDARD.encode(cipher.encrypt_padded_vec::<NoPadding>(&plain))
    }

    /// SHA-1 of the four values in byte order, in lower-case hex.
    pub(crate) fn signature(&self, timestamp: &str, nonce: &str, sealed: &str) -> String {
        let mut values = [self.token.as_str(), timestamp, nonce, sealed];
        values.sort_unstable();
        hex::encode(Sha1::digest(values.concat()))
    }
}
