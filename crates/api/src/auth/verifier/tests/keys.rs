//! Fresh key pairs, so that no private key lies in the sources.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::EncodingKey;

pub(super) struct KeyPair {
    pub(super) signing: EncodingKey,
    pub(super) public_pem: String,
    pub(super) private_pem: String,
}

pub(super) fn rsa() -> KeyPair {
    let pair = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let private = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der>::as_der(&pair).expect("DER");
    let private_pem = pem("PRIVATE KEY", private.as_ref());
    let signing = EncodingKey::from_rsa_pem(private_pem.as_bytes()).expect("a signing key");
    KeyPair {
        signing,
        public_pem: public_pem(pair.public_key()),
        private_pem,
    }
}

pub(super) fn ec() -> KeyPair {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let private_pem = pem("PRIVATE KEY", pair.to_pkcs8v1().expect("DER").as_ref());
    let signing = EncodingKey::from_ec_pem(private_pem.as_bytes()).expect("a signing key");
    KeyPair {
        signing,
        public_pem: public_pem(pair.public_key()),
        private_pem,
    }
}

pub(super) fn ed25519() -> KeyPair {
    let pair = Ed25519KeyPair::generate().expect("a key");
    let private_pem = pem("PRIVATE KEY", pair.to_pkcs8v1().expect("DER").as_ref());
    let signing = EncodingKey::from_ed_pem(private_pem.as_bytes()).expect("a signing key");
    KeyPair {
        signing,
        public_pem: public_pem(pair.public_key()),
        private_pem,
    }
}

pub(super) fn ec_p384_public_pem() -> String {
    let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).expect("a key");
    public_pem(pair.public_key())
}

fn public_pem(key: &impl AsDer<PublicKeyX509Der<'static>>) -> String {
    pem("PUBLIC KEY", key.as_der().expect("DER").as_ref())
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
