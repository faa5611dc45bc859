//! The link of a link post: a title and an address that readers see as a card, with a cover picture.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::content::MediaGuess;
use crate::error::FieldError;

/// Most characters of a title, counted as UTF-16 units (reference wecom 7.1: 64 字).
pub const MAX_TITLE_UNITS: usize = 64;
/// Most bytes of a title in UTF-8, so that both figures of the platform's rule are met (reference wecom 7.1: 128 字节).
pub const MAX_TITLE_BYTES: usize = 128;
/// Most bytes of an address (reference wecom 7.1: 40039).
pub const MAX_URL_BYTES: usize = 1024;

/// Where a link post leads. As JSON it has the names of the request's field `link`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MomentLink {
    /// What the card says; one line.
    pub title: String,
    /// What it opens: http or https. Nobody here fetches it.
    pub url: String,
    /// Address of the cover picture; `None`: the program's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cover_url: Option<String>,
}

impl MomentLink {
    /// The host that it leads to; empty when the address is none.
    pub fn host(&self) -> String {
        let url = Url::parse(&self.url).ok();
        url.and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// All broken rules at once. `read_url` says why an address of a cover is not acceptable.
    pub(crate) fn check(&self, read_url: impl Fn(&str) -> Result<Url, String>) -> Vec<FieldError> {
        let title = check_title(&self.title).map(|why| FieldError::new("link.title", why));
        let url = check_url(&self.url).map(|why| FieldError::new("link.url", why));
        let cover = self.cover_url.as_deref().and_then(|url| check_cover(url, read_url));
        let cover = cover.map(|why| FieldError::new("link.coverUrl", why));
        [title, url, cover].into_iter().flatten().collect()
    }
}

fn check_title(title: &str) -> Option<String> {
    let (units, bytes) = (title.encode_utf16().count(), title.len());
    if title.trim().is_empty() {
        Some("请填写链接标题".to_owned())
    } else if title.chars().any(char::is_control) {
        Some("链接标题不能含换行或控制字符".to_owned())
    } else if units > MAX_TITLE_UNITS {
        Some(format!("链接标题最多 {MAX_TITLE_UNITS} 字，当前 {units} 字"))
    } else if bytes > MAX_TITLE_BYTES {
        Some(format!(
            "链接标题最多 {MAX_TITLE_BYTES} 字节（约 42 个汉字），当前 {bytes} 字节"
        ))
    } else {
        None
    }
}

fn check_url(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some("请填写链接地址".to_owned());
    }
    if text.len() > MAX_URL_BYTES {
        return Some(format!("链接地址最多 {MAX_URL_BYTES} 字节，当前 {} 字节", text.len()));
    }
    let whole = || text.chars().all(|c| !c.is_control() && !c.is_whitespace());
    let url = Url::parse(text).ok().filter(|_| whole());
    let Some(url) = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) else {
        return Some("链接地址须是完整的 http 或 https 地址".to_owned());
    };
    let has_login = !url.username().is_empty() || url.password().is_some();
    has_login.then(|| "链接地址不能包含用户名或密码".to_owned())
}

fn check_cover(text: &str, read_url: impl Fn(&str) -> Result<Url, String>) -> Option<String> {
    match read_url(text) {
        Ok(url) if MediaGuess::by_address(&url) == MediaGuess::Video => Some("链接封面须为图片".to_owned()),
        Ok(_) => None,
        Err(why) => Some(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_url(url: &str) -> Result<Url, String> {
        url.parse().map_err(|_| "no address".to_owned())
    }

    #[track_caller]
    fn check(title: &str, url: &str, cover: Option<&str>, broken: &[&str]) {
        let link = MomentLink {
            title: title.into(),
            url: url.into(),
            cover_url: cover.map(str::to_owned),
        };
        let fields: Vec<_> = link.check(read_url).into_iter().map(|error| error.field).collect();
        assert_eq!(fields, broken, "{link:?}");
    }

    #[test]
    fn a_link_is_judged_by_the_figures_of_the_reference() {
        let good = "https://shop.example.com/a?b=1#c";
        check("秋季新品", good, None, &[]);
        check("秋季新品", good, Some("https://cdn.example.com/a.jpg"), &[]);
        check(&"a".repeat(64), good, None, &[]);
        check(&"a".repeat(65), good, None, &["link.title"]);
        check(&"好".repeat(42), good, None, &[]);
        check(&"好".repeat(43), good, None, &["link.title"]);
        check("两\n行", good, None, &["link.title"]);
        let long = |bytes: usize| format!("https://shop.example.com/{}", "a".repeat(bytes - 25));
        check("a", &long(1024), None, &[]);
        check("a", &long(1025), None, &["link.url"]);
    }

    #[test]
    fn all_broken_rules_are_told_at_once() {
        check(" ", "", Some("oops"), &["link.title", "link.url", "link.coverUrl"]);
        for url in [
            "shop.example.com",
            "ftp://shop.example.com/",
            "javascript:alert(1)",
            "https://",
            "https://me:secret@shop.example.com/",
            "https://shop.example.com/a b",
            " https://shop.example.com/",
        ] {
            check(
                "a",
                url,
                Some("https://cdn.example.com/a.mp4"),
                &["link.url", "link.coverUrl"],
            );
        }
    }

    #[test]
    fn the_host_is_what_people_recognise() {
        let link = MomentLink {
            url: "https://Shop.Example.com:8443/a".into(),
            ..MomentLink::default()
        };
        assert_eq!(
            (link.host(), MomentLink::default().host()),
            ("shop.example.com".into(), String::new())
        );
    }
}
