//! Looking for secrets in every form in which they may come out.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use daachorse::DoubleArrayAhoCorasick;

/// Shorter texts turn up by chance.
const SHORTEST: usize = 8;

/// Secrets with their forms, made for reading large files in one go.
pub(crate) struct Hunt {
    /// What each pattern stands for.
    meant: Vec<String>,
    search: DoubleArrayAhoCorasick<usize>,
}

impl Hunt {
    /// For these secrets, each with what it is.
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut wanted: Vec<(Vec<u8>, String)> = Vec::new();
        for (name, secret) in secrets {
            assert!(secret.len() >= SHORTEST, "{name} is too short to be looked for");
            for (form, bytes) in forms(secret) {
                if wanted.iter().all(|(known, _)| *known != bytes) {
                    wanted.push((bytes, format!("{name} {form}")));
                }
            }
        }
        let (patterns, meant): (Vec<_>, Vec<_>) = wanted.into_iter().unzip();
        let search = DoubleArrayAhoCorasick::new(patterns).expect("patterns that differ");
        Self { meant, search }
    }

    /// What is found, each with its form.
    pub(crate) fn found_in(&self, text: impl AsRef<[u8]>) -> Vec<&str> {
        let mut found: Vec<_> = self
            .search
            .find_overlapping_iter(text.as_ref())
            .map(|hit| self.meant[hit.value()].as_str())
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn forms(secret: &str) -> Vec<(&'static str, Vec<u8>)> {
    let hex = hex::encode(secret);
    let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let mut forms = vec![
        ("as it is", secret.as_bytes().to_vec()),
        ("in hex", hex.to_uppercase().into_bytes()),
        ("in hex", hex.into_bytes()),
        ("percent-encoded", lower_escapes(&encoded).into_bytes()),
        ("percent-encoded", encoded.into_bytes()),
        (
            "as numbers",
            format!("{:?}", secret.as_bytes()).trim_matches(['[', ']']).into(),
        ),
    ];
    for before in 0..3 {
        forms.push(("in base64", inside(&BASE64_STANDARD_NO_PAD, before, secret)));
        forms.push(("in base64", inside(&BASE64_URL_SAFE_NO_PAD, before, secret)));
    }
    forms
}

/// `%2F` as `%2f`.
fn lower_escapes(encoded: &str) -> String {
    let (head, escapes) = encoded.split_once('%').map_or((encoded, None), |(a, b)| (a, Some(b)));
    let Some(escapes) = escapes else { return head.to_owned() };
    let parts = escapes.split('%').map(|part| {
        let (code, rest) = part.split_at(2);
        format!("%{}{rest}", code.to_lowercase())
    });
    format!("{head}{}", parts.collect::<String>())
}

/// The characters that base64 makes of the secret, and of nothing else, where so many bytes stand before it.
fn inside(base64: &impl base64::Engine, before: usize, secret: &str) -> Vec<u8> {
    let bytes = [&vec![0; before], secret.as_bytes()].concat();
    let mixed = usize::from(bytes.len() % 3 != 0);
    let text = base64.encode(&bytes);
    text.as_bytes()[(before * 8).div_ceil(6)..text.len() - mixed].to_vec()
}

#[test]
fn no_form_escapes_the_hunt() {
    let secret = "Top/Secret+7 ~x";
    let hunt = Hunt::new([("planted", secret), ("another", "not-in-the-text")]);
    for (form, text) in [
        ("as it is", format!("token={secret}&x")),
        ("in hex", hex::encode(format!("ab{secret}"))),
        ("in hex", hex::encode_upper(secret)),
        ("percent-encoded", "?a=Top%2FSecret%2B7+%7Ex".to_owned()),
        ("percent-encoded", "?a=Top%2fSecret%2b7+%7ex".to_owned()),
        ("as numbers", format!("{:?}", format!("<{secret}>").as_bytes())),
        ("in base64", BASE64_STANDARD_NO_PAD.encode(format!("{secret}..."))),
        ("in base64", BASE64_STANDARD_NO_PAD.encode(format!("a{secret}b"))),
        ("in base64", BASE64_URL_SAFE_NO_PAD.encode(format!("user:{secret}"))),
        ("in base64", BASE64_URL_SAFE_NO_PAD.encode(format!("u:{secret}!!"))),
    ] {
        assert_eq!(hunt.found_in(&text), [format!("planted {form}")], "{text}");
    }
    assert!(hunt.found_in("Top/Secret+7 ~y").is_empty());
}
