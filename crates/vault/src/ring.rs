//! The keys of an installation, newest first.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::{hkdf, hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::VaultError;
use crate::text::{self, Sealed, SealedText};

const KEY_BYTES: usize = 32;
/// Keeps the signing key apart from the sealing key that it is derived from.
const SIGNING_PURPOSE: &[u8] = b"moments-sync link signature v1";

/// The keys of an installation. Seals with the newest, opens with any. Its `Debug` shows ids only.
pub struct KeyRing {
    newest: Key,
    older: Vec<Key>,
}

struct Key {
    id: String,
    sealing: RandomizedNonceKey,
    signing: hmac::Key,
}

impl KeyRing {
    /// Reads the setting `vault.keys`: `id:base64,id2:base64`, newest first, each key 32 bytes.
    ///
    /// Spaces around entries and empty entries are ignored. An id is 1 to 32 of `A-Z a-z 0-9 _ -`.
    pub fn parse(setting: &SecretString) -> Result<Self, VaultError> {
        let entries = setting
            .expose_secret()
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty());
        let mut keys = Vec::new();
        for (index, entry) in entries.enumerate() {
            let key = Key::parse(entry, index + 1)?;
            if keys.iter().any(|known: &Key| known.id == key.id) {
                return Err(VaultError::DuplicateKey { key_id: key.id });
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let newest = keys.next().ok_or(VaultError::NoKeys)?;
        Ok(Self {
            newest,
            older: keys.collect(),
        })
    }

    /// The text of a new ring with one random key, to be kept as `vault.keys` or put in front of an existing ring.
    pub fn generate() -> Result<SecretString, VaultError> {
        let mut id = [0_u8; 4];
        let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
        rand::fill(&mut id).map_err(|_| VaultError::Unavailable)?;
        rand::fill(key.as_mut_slice()).map_err(|_| VaultError::Unavailable)?;
        let id = u32::from_be_bytes(id);
        let key = Zeroizing::new(STANDARD.encode(key.as_slice()));
        Ok(format!("k{id:08x}:{}", key.as_str()).into())
    }

    /// Seals `secret` under the newest key, with a data key of its own. It opens only with the same `aad`, which names the row:
    /// `channel:17:credential`.
    pub fn seal(&self, aad: &str, secret: &SecretString) -> Result<String, VaultError> {
        let mut data_key = Zeroizing::new([0_u8; KEY_BYTES]);
        rand::fill(data_key.as_mut_slice()).map_err(|_| VaultError::Unavailable)?;
        let secret = seal(
            &sealing_key(data_key.as_slice())?,
            aad,
            secret.expose_secret().as_bytes(),
        )?;
        let data_key = seal(&self.newest.sealing, &wrapped_for(aad), data_key.as_slice())?;
        Ok(text::write(&self.newest.id, &data_key, &secret))
    }

    /// Opens what [`seal`](Self::seal) wrote for the same `aad`.
    pub fn open(&self, aad: &str, sealed: &str) -> Result<SecretString, VaultError> {
        let SealedText {
            key_id,
            data_key,
            secret,
        } = text::read(sealed)?;
        let key = self.key(key_id)?;
        let plain = match data_key {
            Some(data_key) => {
                let data_key = open(key, &key.sealing, &wrapped_for(aad), data_key)?;
                open(key, &sealing_key(&data_key)?, aad, secret)?
            }
            None => open(key, &key.sealing, aad, secret)?,
        };
        std::str::from_utf8(&plain)
            .map(SecretString::from)
            .map_err(|_| key.tampered())
    }

    /// The same secret under the newest key, for the same `aad`. Only the data key is opened for that, and not the secret, save where an earlier
    /// version has sealed it without one.
    pub fn reseal(&self, aad: &str, sealed: &str) -> Result<String, VaultError> {
        let SealedText {
            key_id,
            data_key: Some(data_key),
            secret,
        } = text::read(sealed)?
        else {
            return self.seal(aad, &self.open(aad, sealed)?);
        };
        let (key, aad) = (self.key(key_id)?, wrapped_for(aad));
        let data_key = open(key, &key.sealing, &aad, data_key)?;
        let data_key = seal(&self.newest.sealing, &aad, &data_key)?;
        Ok(text::write(&self.newest.id, &data_key, &secret))
    }

    /// The id of the key that seals.
    pub fn newest_id(&self) -> &str {
        &self.newest.id
    }

    /// Whether `sealed` should be opened and sealed again, because its key is not the newest. `false` for a text that is not ours.
    pub fn needs_reseal(&self, sealed: &str) -> bool {
        text::read(sealed).is_ok_and(|text| text.key_id != self.newest.id)
    }

    /// HMAC-SHA256 of `message` under a key derived from the newest one, in base64url: safe in a URL.
    pub fn sign(&self, message: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.newest.signing, message.as_bytes()))
    }

    /// Whether any key of the ring signed `message`; a link outlives a rotation. Compares in constant time.
    pub fn verify(&self, message: &str, signature: &str) -> bool {
        let Ok(tag) = URL_SAFE_NO_PAD.decode(signature) else {
            return false;
        };
        self.keys()
            .any(|key| hmac::verify(&key.signing, message.as_bytes(), &tag).is_ok())
    }

    fn key(&self, id: &str) -> Result<&Key, VaultError> {
        let missing = || VaultError::MissingKey { key_id: id.to_owned() };
        self.keys().find(|key| key.id == id).ok_or_else(missing)
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.newest).chain(&self.older)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<_> = self.keys().map(|key| &key.id).collect();
        f.debug_struct("KeyRing").field("ids", &ids).finish_non_exhaustive()
    }
}

impl Key {
    fn parse(entry: &str, position: usize) -> Result<Self, VaultError> {
        let bad = |problem| VaultError::BadKey { position, problem };
        let (id, key) = entry.split_once(':').ok_or_else(|| bad("缺少冒号"))?;
        if !is_id(id) {
            return Err(bad("编号须为 1 到 32 个字母、数字、`_` 或 `-`"));
        }
        let key = Zeroizing::new(STANDARD.decode(key).map_err(|_| bad("不是标准的 base64"))?);
        if key.len() != KEY_BYTES {
            return Err(bad("密钥长度不是 32 字节"));
        }
        let sealing = sealing_key(&key)?;
        let signing = signing_key(&key)?;
        Ok(Self {
            id: id.to_owned(),
            sealing,
            signing,
        })
    }

    fn tampered(&self) -> VaultError {
        VaultError::Tampered {
            key_id: self.id.clone(),
        }
    }
}

/// What a data key is bound to: its row too, and to being a data key.
fn wrapped_for(aad: &str) -> String {
    format!("{aad}:data-key")
}

fn sealing_key(key: &[u8]) -> Result<RandomizedNonceKey, VaultError> {
    RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| VaultError::Unavailable)
}

fn seal(key: &RandomizedNonceKey, aad: &str, plain: &[u8]) -> Result<Sealed, VaultError> {
    // Grown for the tag, it would leave the plain text behind where it was.
    let mut buffer = Zeroizing::new(Vec::with_capacity(plain.len() + key.algorithm().tag_len()));
    buffer.extend_from_slice(plain);
    let nonce = key
        .seal_in_place_append_tag(Aad::from(aad), &mut *buffer)
        .map_err(|_| VaultError::Unavailable)?;
    Ok(Sealed {
        nonce: *nonce.as_ref(),
        ciphertext: std::mem::take(&mut *buffer),
    })
}

/// Opens with `sealing`, which is `key` of the ring or a data key under it.
fn open(key: &Key, sealing: &RandomizedNonceKey, aad: &str, sealed: Sealed) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let mut buffer = Zeroizing::new(sealed.ciphertext);
    let length = sealing
        .open_in_place(Nonce::assume_unique_for_key(sealed.nonce), Aad::from(aad), &mut buffer)
        .map_err(|_| key.tampered())?
        .len();
    buffer.truncate(length);
    Ok(buffer)
}

fn is_id(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn signing_key(key: &[u8]) -> Result<hmac::Key, VaultError> {
    let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(key);
    let derived = secret
        .expand(&[SIGNING_PURPOSE], hmac::HMAC_SHA256)
        .map_err(|_| VaultError::Unavailable)?;
    Ok(derived.into())
}

#[cfg(test)]
mod tests;
