//! What makes two posts indistinguishable on a platform.

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

/// The text as platforms give it back: CRLF as LF, ends trimmed, Unicode NFC (reference personal-gateway 9.4).
pub fn normalised(text: &str) -> String {
    text.replace("\r\n", "\n").trim().nfc().collect()
}

/// A hash of what a reader of a listing could compare: the text, and the media addresses in order.
///
/// Two publications of one channel with the same fingerprint must not be in flight at once: after a lost answer nobody could tell them apart.
pub fn fingerprint(text: &str, media_urls: &[String]) -> String {
    let mut hash = Sha256::new();
    hash.update(normalised(text).as_bytes());
    for url in media_urls {
        hash.update([0]);
        hash.update(url.as_bytes());
    }
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_reader_sees_counts() {
        let url = |name: &str| vec![format!("https://cdn.example.com/{name}")];
        assert_eq!(fingerprint("早安\r\n朋友们 ", &[]), fingerprint("早安\n朋友们", &[]));
        assert_ne!(fingerprint("早安", &[]), fingerprint("晚安", &[]));
        assert_ne!(fingerprint("早安", &url("a.jpg")), fingerprint("早安", &url("b.jpg")));
        assert_ne!(fingerprint("早安", &[]), fingerprint("早安", &url("a.jpg")));
    }
}
