//! Keys that verify tokens, each bound to the one algorithm it may be used with.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};

use crate::auth::TokenProblem;
use crate::auth::claims::Claims;

/// Why a configured key cannot be used. For the operator who configured it.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// `auth.hs256_secret` is empty.
    #[error("auth.hs256_secret 为空；请配置与登录服务相同的密钥")]
    EmptySecret,
    /// The file has something else than a public key.
    #[error("公钥文件不是 PEM 公钥（应以 -----BEGIN PUBLIC KEY----- 开头；不接受私钥和证书）")]
    NoPublicKey,
    /// A public key of a kind that is not supported.
    #[error("公钥类型不支持；支持 RSA（RS256）、EC P-256（ES256）、Ed25519（EdDSA）")]
    UnsupportedKey,
    /// The client for `auth.jwks_url` could not be made.
    #[error("无法创建读取 auth.jwks_url 的 HTTP 客户端")]
    Client(#[source] reqwest::Error),
}

/// A key with the one algorithm that it verifies.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    decoding: DecodingKey,
    validation: Validation,
}

impl Key {
    /// A secret shared with the login service: HS256.
    pub(crate) fn hs256(secret: &[u8]) -> Result<Self, KeyError> {
        if secret.is_empty() {
            return Err(KeyError::EmptySecret);
        }
        if secret.len() < 32 {
            tracing::warn!("auth.hs256_secret is shorter than 32 bytes: it can be guessed from any token");
        }
        Ok(Self::new(Algorithm::HS256, DecodingKey::from_secret(secret)))
    }

    /// A public key in PEM; its kind decides the algorithm.
    pub(crate) fn public_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let text = String::from_utf8_lossy(pem);
        if !["-----BEGIN PUBLIC KEY", "-----BEGIN RSA PUBLIC KEY"]
            .iter()
            .any(|begin| text.contains(begin))
        {
            return Err(KeyError::NoPublicKey);
        }
        if let Ok(key) = DecodingKey::from_ed_pem(pem) {
            return Ok(Self::new(Algorithm::EdDSA, key));
        }
        if let Ok(key) = DecodingKey::from_ec_pem(pem) {
            return if is_p256_point(&key) {
                Ok(Self::new(Algorithm::ES256, key))
            } else {
                Err(KeyError::UnsupportedKey)
            };
        }
        let key = DecodingKey::from_rsa_pem(pem).map_err(|_| KeyError::UnsupportedKey)?;
        Ok(Self::new(Algorithm::RS256, key))
    }

    /// A key of a key set; `None` for one that is not for verifying, or of a kind that is not supported. A symmetric key
    /// in a public key set is never trusted.
    pub(crate) fn of_jwk(jwk: &Jwk) -> Option<Self> {
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => Algorithm::RS256,
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Algorithm::ES256,
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
            _ => return None,
        };
        let encrypts = jwk.common.public_key_use == Some(jsonwebtoken::jwk::PublicKeyUse::Encryption);
        if encrypts {
            None
        } else {
            Some(Self::new(algorithm, DecodingKey::from_jwk(jwk).ok()?))
        }
    }

    /// The claims of a token with a good signature. Times are not checked here, because they need the clock.
    pub(crate) fn claims(&self, token: &str) -> Result<Claims, TokenProblem> {
        match jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation) {
            Ok(token) => Ok(token.claims),
            Err(_) => Err(TokenProblem::Invalid),
        }
    }

    fn new(algorithm: Algorithm, decoding: DecodingKey) -> Self {
        let mut validation = Validation::new(algorithm);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        Self { decoding, validation }
    }
}

/// An uncompressed point of P-256 is 65 bytes; other curves have other lengths.
fn is_p256_point(key: &DecodingKey) -> bool {
    key.try_get_as_bytes().is_ok_and(|bytes| bytes.len() == 65)
}
