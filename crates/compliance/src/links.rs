//! Links in a text: with a scheme, or as a bare host that people type in or tap on.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;
use url::Url;

use crate::fold::{Folded, Gap, fold};
use crate::hosts::{self, Host};

/// Top-level domains by which a bare host is told from `index.html` or `3.5`.
const TOP: &str = " com net org cn cc co io top xyz vip shop club site online store tech wang ren ltd group link live fun work app dev me tv info \
    biz asia mobi pro name wiki ink red pub cloud email icu cyou life space website win bid loan hk tw mo sg jp kr us uk de fr ru eu in tk ml ga cf \
    gq ai im ly to ws la gg pw su gov edu ";

/// A link in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) host: Host,
    /// Bytes of the original.
    pub(crate) bytes: Range<usize>,
}

/// A run of characters that could be an address.
#[derive(Debug, Default)]
struct Token {
    /// In ASCII, save for the host of an address with a scheme.
    text: String,
    bytes: Range<usize>,
}

/// Every link in the text. `known` says of a bare host without a common top-level domain whether it is one all the same.
pub(crate) fn find(text: &str, known: impl Fn(&str) -> bool) -> Vec<Link> {
    tokens(text)
        .into_iter()
        .filter_map(|token| link(token, &known))
        .collect()
}

/// The host of an address, such as that of a link post; `None` when it has none.
pub(crate) fn host_of(url: &str) -> Option<Host> {
    let url = Url::parse(url.trim()).ok()?;
    hosts::canonical(url.host_str()?)
}

fn link(token: Token, known: impl Fn(&str) -> bool) -> Option<Link> {
    let bytes = token.bytes;
    let text = token.text.trim_end_matches('.').to_ascii_lowercase();
    if let Some(begin) = text.find("http://").or_else(|| text.find("https://")) {
        return host_of(text.get(begin..)?).map(|host| Link { host, bytes });
    }
    let written = text
        .split(['/', '?', '#', ':'])
        .next()
        .filter(|host| is_bare_host(host))?;
    let top = written.rsplit('.').next()?;
    // Before it is made canonical: that reads 3.5 as the address 3.0.0.5.
    let is_number = top.bytes().all(|b| b.is_ascii_digit());
    if is_number && written.parse::<std::net::Ipv4Addr>().is_err() {
        return None;
    }
    let host = hosts::canonical(written)?;
    let is_one = is_number || top.starts_with("xn--") || TOP.contains(&format!(" {top} ")) || known(&host);
    is_one.then_some(Link { host, bytes })
}

fn is_bare_host(host: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.len() < 64 && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    host.contains('.') && host.split('.').all(is_label)
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut token = Token::default();
    for (start, c) in text.char_indices() {
        if fold(c) == Folded::Gap(Gap::Invisible) {
            continue;
        }
        match plain(c).or_else(|| in_host(c, &token.text)) {
            Some(plain) => {
                if token.text.is_empty() {
                    token.bytes.start = start;
                }
                token.text.push(plain);
                token.bytes.end = start + c.len_utf8();
            }
            None => keep(&mut tokens, std::mem::take(&mut token)),
        }
    }
    keep(&mut tokens, token);
    tokens
}

/// Only what has a point can be an address.
fn keep(tokens: &mut Vec<Token>, token: Token) {
    if token.text.contains('.') {
        tokens.push(token);
    }
}

/// The character of an address that `c` is written for: full-width forms, and `。` for a point.
fn plain(c: char) -> Option<char> {
    let plain = match c {
        '。' | '｡' => '.',
        c if c.is_ascii() => c,
        c => {
            let mut parts = std::iter::once(c).nfkc();
            parts.next().filter(|_| parts.next().is_none())?
        }
    };
    let is_part = plain.is_ascii_alphanumeric() || "-._~:/?#@%&=+$".contains(plain);
    is_part.then_some(plain)
}

/// Letters of other scripts belong to a host whose scheme has been read: elsewhere they are the text around it.
fn in_host(c: char, before: &str) -> Option<char> {
    let host = before.split("://").nth(1)?;
    (c.is_alphanumeric() && !host.contains('/')).then_some(c)
}

#[cfg(test)]
mod tests;
