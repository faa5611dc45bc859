//! AES-256-CBC with the vendor's own framing and padding (reference wecom 4.4).

use aws_lc_rs::cipher::{
    AES_256, AES_CBC_IV_LEN, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey,
};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::{GeneralPurposeConfig, STANDARD};
use zeroize::Zeroizing;

use super::CallbackError;

const ENCODED_KEY_CHARS: usize = 43;
const KEY_BYTES: usize = 32;
/// Padded to this, not to the cipher's 16.
const PADDED_TO: usize = 32;
const RANDOM_BYTES: usize = 16;
const LENGTH_BYTES: usize = 4;

/// 43 characters carry 258 bits; the last two are usually not zero.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// The key behind an EncodingAESKey. Wiped when dropped.
pub(super) struct AesKey(Zeroizing<[u8; KEY_BYTES]>);

impl AesKey {
    pub(super) fn decode(encoded: &str) -> Result<Self, CallbackError> {
        if encoded.len() != ENCODED_KEY_CHARS || !encoded.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(CallbackError::BadKey);
        }
        let padded = Zeroizing::new(format!("{encoded}="));
        let bytes = Zeroizing::new(LENIENT.decode(padded.as_bytes()).map_err(|_| CallbackError::BadKey)?);
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        if bytes.len() != KEY_BYTES {
            return Err(CallbackError::BadKey);
        }
        key.copy_from_slice(&bytes);
        Ok(Self(key))
    }

    /// Message and receive id of a base64 text.
    pub(super) fn open(&self, encrypted: &str) -> Result<Opened, CallbackError> {
        let mut block = Zeroizing::new(STANDARD.decode(encrypted).map_err(|_| CallbackError::Base64)?);
        if block.is_empty() || block.len() % PADDED_TO != 0 {
            return Err(CallbackError::Decrypt);
        }
        self.decrypt(&mut block).map_err(|Unspecified| CallbackError::Decrypt)?;
        let pad = padding(&block).ok_or(CallbackError::Decrypt)?;
        Opened::split(&block[..block.len() - pad]).ok_or(CallbackError::BadBuffer)
    }

    /// A base64 text for message and receive id, begun with fresh random bytes.
    pub(super) fn seal(&self, message: &[u8], receive_id: &[u8]) -> Result<String, CallbackError> {
        let mut block = Zeroizing::new(vec![0; RANDOM_BYTES]);
        rand::fill(&mut block).map_err(|Unspecified| CallbackError::Encrypt)?;
        let length = u32::try_from(message.len()).map_err(|_| CallbackError::Encrypt)?;
        block.extend_from_slice(&length.to_be_bytes());
        block.extend_from_slice(message);
        block.extend_from_slice(receive_id);
        pad(&mut block);
        self.encrypt(&mut block).map_err(|Unspecified| CallbackError::Encrypt)?;
        Ok(STANDARD.encode(&*block))
    }

    fn decrypt(&self, block: &mut [u8]) -> Result<(), Unspecified> {
        let key = DecryptingKey::cbc(self.unbound()?)?;
        key.decrypt(block, DecryptionContext::Iv128(self.iv()?)).map(|_| ())
    }

    fn encrypt(&self, block: &mut [u8]) -> Result<(), Unspecified> {
        let key = EncryptingKey::cbc(self.unbound()?)?;
        let context = EncryptionContext::Iv128(self.iv()?);
        key.less_safe_encrypt(block, context).map(|_| ())
    }

    fn unbound(&self) -> Result<UnboundCipherKey, Unspecified> {
        UnboundCipherKey::new(&AES_256, &*self.0)
    }

    /// The vendor's choice: the key's own first half, for every message.
    fn iv(&self) -> Result<FixedLength<AES_CBC_IV_LEN>, Unspecified> {
        FixedLength::try_from(&self.0[..AES_CBC_IV_LEN])
    }
}

/// What lay in a decrypted block.
pub(super) struct Opened {
    pub(super) message: Zeroizing<String>,
    pub(super) receive_id: String,
}

impl Opened {
    /// `random(16) ‖ length as u32 big-endian ‖ message ‖ receive id`, both UTF-8.
    fn split(block: &[u8]) -> Option<Self> {
        let framed = block.get(RANDOM_BYTES..)?;
        let (length, rest) = framed.split_first_chunk::<LENGTH_BYTES>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (message, receive_id) = rest.split_at_checked(length)?;
        Some(Self {
            message: Zeroizing::new(str::from_utf8(message).ok()?.to_owned()),
            receive_id: str::from_utf8(receive_id).ok()?.to_owned(),
        })
    }
}

/// PKCS#7 over 32 bytes: how many to take off, if value and bytes agree.
fn padding(block: &[u8]) -> Option<usize> {
    let value = *block.last()?;
    let count = usize::from(value);
    let padded = (1..=PADDED_TO).contains(&count) && block.iter().rev().take(count).all(|byte| *byte == value);
    (padded && count <= block.len()).then_some(count)
}

fn pad(block: &mut Vec<u8>) {
    let count = PADDED_TO - block.len() % PADDED_TO;
    #[expect(clippy::cast_possible_truncation, reason = "from 1 to 32")]
    block.resize(block.len() + count, count as u8);
}
