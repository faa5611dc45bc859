//! The keys of one callback address.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::CallbackError;
use super::cipher::AesKey;
use super::xml;

const MAX_TOKEN_CHARS: usize = 32;

/// Token and EncodingAESKey of one callback address, as they stand in the platform's console. Wiped when dropped; `Debug` shows nothing.
pub struct CallbackKeys {
    token: SecretString,
    aes_key: AesKey,
}

/// The query of a push. What is missing reads as empty, which no signature fits.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PushQuery {
    /// The signature: 40 hexadecimal digits.
    pub msg_signature: String,
    /// Unix seconds, as text: it is signed as it came.
    pub timestamp: String,
    /// Random digits.
    pub nonce: String,
}

/// The query of the check that the console makes when an address is saved.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct UrlQuery {
    /// The signature: 40 hexadecimal digits.
    pub msg_signature: String,
    /// Unix seconds, as text: it is signed as it came.
    pub timestamp: String,
    /// Random digits.
    pub nonce: String,
    /// The encrypted text that is to be answered in the clear, percent-decoded.
    pub echostr: String,
}

impl CallbackKeys {
    /// The Token has 1 to 32 characters, the EncodingAESKey exactly 43 of `A-Z a-z 0-9` (reference wecom 4.2); else
    /// [`CallbackError::BadKey`].
    pub fn new(token: SecretString, encoding_aes_key: &SecretString) -> Result<Self, CallbackError> {
        let chars = token.expose_secret();
        if !(1..=MAX_TOKEN_CHARS).contains(&chars.len()) || !chars.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(CallbackError::BadKey);
        }
        let aes_key = AesKey::decode(encoding_aes_key.expose_secret())?;
        Ok(Self { token, aes_key })
    }

    /// The text to answer a URL check with: exactly this, within a second (reference wecom 4.5).
    ///
    /// `allowed` are the receive ids that this address serves; at a suite's instruction address they include the provider's corpid
    /// (reference wecom 4.1). They are compared to the letter.
    pub fn check_url(&self, query: &UrlQuery, allowed: &[&str]) -> Result<String, CallbackError> {
        self.verify(&query.msg_signature, &query.timestamp, &query.nonce, &query.echostr)?;
        self.decrypt(&query.echostr, allowed)
            .map(|text| text.expose_secret().to_owned())
    }

    /// The message inside a push, to be read with [`Push::parse`](super::Push::parse). A secret, since tickets and codes come this way.
    ///
    /// `body` is the POST's body; whoever receives it bounds its length. `allowed` as with [`Self::check_url`].
    pub fn open_push(&self, query: &PushQuery, body: &str, allowed: &[&str]) -> Result<SecretString, CallbackError> {
        let encrypted = xml::fields(body)?.take("Encrypt")?;
        self.verify(
            &query.msg_signature,
            &query.timestamp,
            &query.nonce,
            encrypted.expose_secret(),
        )?;
        self.decrypt(encrypted.expose_secret(), allowed)
    }

    /// A message encrypted for `receive_id`, as the platform would send it: base64, different each time.
    pub fn encrypt(&self, message: &str, receive_id: &str) -> Result<String, CallbackError> {
        self.aes_key.seal(message.as_bytes(), receive_id.as_bytes())
    }

    /// The `msg_signature` of an encrypted text (reference wecom 4.3).
    pub fn sign(&self, timestamp: &str, nonce: &str, encrypted: &str) -> String {
        let mut parts = [self.token.expose_secret(), timestamp, nonce, encrypted];
        parts.sort_unstable();
        let mut sha1 = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
        for part in parts {
            sha1.update(part.as_bytes());
        }
        hex::encode(sha1.finish())
    }

    fn verify(&self, signature: &str, timestamp: &str, nonce: &str, encrypted: &str) -> Result<(), CallbackError> {
        let expected = self.sign(timestamp, nonce, encrypted);
        verify_slices_are_equal(expected.as_bytes(), signature.as_bytes()).map_err(|_| CallbackError::Signature)
    }

    fn decrypt(&self, encrypted: &str, allowed: &[&str]) -> Result<SecretString, CallbackError> {
        let opened = self.aes_key.open(encrypted)?;
        if allowed.contains(&opened.receive_id.as_str()) {
            Ok(opened.message.as_str().into())
        } else {
            Err(CallbackError::ReceiveId)
        }
    }
}

impl fmt::Debug for CallbackKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallbackKeys(…)")
    }
}
