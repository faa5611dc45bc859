//! A request to a callback address: as a stranger sends it, as somebody with the Token could, and as the platform does.
#![no_main]

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use moments_wecom::{CallbackKeys, Push, PushQuery};
use secrecy::ExposeSecret as _;

const RECEIVER: &str = "ww5f0a91c27d3be648";

static KEYS: LazyLock<CallbackKeys> = LazyLock::new(|| {
    let aes_key = "ISTYBvIdqX01QXnNIUr0rhaQFZNvrt7ArEKO84BJOAB".into();
    CallbackKeys::new("kQ7mZ2vTx9Lr4Hd".into(), &aes_key).expect("keys")
});

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = str::from_utf8(data) {
        let stranger = KEYS.open_push(&PushQuery::default(), text, &[RECEIVER]);
        assert!(stranger.is_err(), "an unsigned body opened");
        let genuine = KEYS.encrypt(text, RECEIVER).expect("encrypted");
        assert_eq!(delivered(&genuine).as_deref(), Some(text), "a genuine message did not open");
    }
    delivered(&STANDARD.encode(data));
});

/// What comes of an encrypted text with a good signature.
fn delivered(encrypted: &str) -> Option<String> {
    let query = PushQuery {
        msg_signature: KEYS.sign("1767060000", "1", encrypted),
        timestamp: "1767060000".into(),
        nonce: "1".into(),
    };
    let body = format!("<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>");
    let message = KEYS.open_push(&query, &body, &[RECEIVER]).ok()?;
    let _ = Push::parse(message.expose_secret());
    Some(message.expose_secret().to_owned())
}
