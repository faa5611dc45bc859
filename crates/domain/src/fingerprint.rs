//! What makes two posts the same, and what makes them indistinguishable on a platform.

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use crate::content::MomentContent;

/// Hexadecimal digits of each half of a fingerprint.
const HALF: usize = 32;

/// The text as platforms give it back: CRLF as LF, ends trimmed, Unicode NFC (reference personal-gateway 9.4).
pub fn normalised(text: &str) -> String {
    text.replace("\r\n", "\n").trim().nfc().collect()
}

/// A hash of the content, 64 hexadecimal digits: equal for posts that show the same to the same people.
///
/// Its first half is [`lookalike`].
pub fn fingerprint(content: &MomentContent) -> String {
    let own = content.media_urls.iter().map(String::as_str);
    let cover = content.link.iter().filter_map(|link| link.cover_url.as_deref());
    let who = serde_json::to_string(&content.visibility).unwrap_or_default();
    let rest = half(own.chain(cover).chain([who.as_str()]));
    format!("{}{rest}", listed(content))
}

/// The part of a fingerprint that a reader of a platform's list could compare. Such a reader sees how many media there are and whether the
/// audience is narrowed, not which media and which audience.
///
/// Two publications of one channel of which it is equal must not be in flight at once: after a lost answer nobody could tell them apart
/// (reference wecom 11.5).
pub fn lookalike(fingerprint: &str) -> &str {
    fingerprint.get(..HALF).unwrap_or(fingerprint)
}

fn listed(content: &MomentContent) -> String {
    let media = content.media_urls.len().to_string();
    let narrowed = if content.visibility.is_some() { "some" } else { "all" };
    let text = normalised(&content.text);
    let link = content
        .link
        .iter()
        .flat_map(|link| [link.title.as_str(), link.url.as_str()]);
    half([text.as_str(), media.as_str(), narrowed].into_iter().chain(link))
}

/// A hash of the parts, each with its length, so that no two lists of parts are the same bytes.
fn half<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(&hash.finalize()[..HALF / 2])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::MomentLink;
    use crate::visibility::Visibility;

    fn content(text: &str, media: &[&str]) -> MomentContent {
        MomentContent {
            text: text.into(),
            media_urls: media
                .iter()
                .map(|name| format!("https://cdn.example.com/{name}"))
                .collect(),
            ..MomentContent::default()
        }
    }

    fn link(title: &str, cover: Option<&str>) -> MomentContent {
        let link = MomentLink {
            title: title.into(),
            url: "https://shop.example.com/".into(),
            cover_url: cover.map(str::to_owned),
        };
        MomentContent {
            link: Some(link),
            ..content("早安", &[])
        }
    }

    fn tagged(tag: &str) -> MomentContent {
        let visibility = Visibility {
            customer_tags: vec![tag.into()],
            ..Visibility::default()
        };
        MomentContent {
            visibility: Some(visibility),
            ..content("早安", &[])
        }
    }

    /// Whether two posts are the same, and whether a list shows them alike.
    #[track_caller]
    fn check(one: &MomentContent, other: &MomentContent, (same, alike): (bool, bool)) {
        let (a, b) = (fingerprint(one), fingerprint(other));
        assert_eq!((a.len(), b.len()), (64, 64));
        assert_eq!(
            (a == b, lookalike(&a) == lookalike(&b)),
            (same, alike),
            "{one:?} {other:?}"
        );
    }

    #[test]
    fn what_a_reader_sees_and_who_reads_it_counts() {
        let plain = content("早安", &[]);
        check(
            &content("早安\r\n朋友们 ", &[]),
            &content("早安\n朋友们", &[]),
            (true, true),
        );
        check(&plain, &content("晚安", &[]), (false, false));
        check(&plain, &content("早安", &["a.jpg"]), (false, false));
        check(
            &content("早安", &["a.jpg"]),
            &content("早安", &["b.jpg"]),
            (false, true),
        );
        check(
            &content("早安", &["a.jpg", "b.jpg"]),
            &content("早安", &["b.jpg"]),
            (false, false),
        );
        check(&plain, &link("新品", None), (false, false));
        check(&link("新品", None), &link("旧款", None), (false, false));
        check(
            &link("新品", None),
            &link("新品", Some("https://cdn.example.com/a.jpg")),
            (false, true),
        );
        check(&plain, &tagged("et1"), (false, false));
        check(&tagged("et1"), &tagged("et2"), (false, true));
        check(&tagged("et1"), &tagged("et1"), (true, true));
    }
}
