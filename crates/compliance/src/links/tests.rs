use super::*;

fn hosts_in(text: &str) -> String {
    let links = find(text, |host| host == "intranet.local");
    let shown = links
        .iter()
        .map(|link| format!("{}<{}", link.host, text.get(link.bytes.clone()).unwrap()));
    shown.collect::<Vec<_>>().join(" ")
}

#[test]
fn links_are_found() {
    for (text, expected) in [
        (
            "看https://A.Example.com/x?y=1，再说",
            "a.example.com<https://A.Example.com/x?y=1",
        ),
        ("详见example.com。", "example.com<example.com。"),
        ("ｗｗｗ．ｅｖｉｌ．ｃｎ", "www.evil.cn<ｗｗｗ．ｅｖｉｌ．ｃｎ"),
        ("evil。cn/抢", "evil.cn<evil。cn/"),
        ("e\u{200b}vil.cn:8080", "evil.cn<e\u{200b}vil.cn:8080"),
        ("https://例子.中国/路", "xn--fsqu00a.xn--fiqs8s<https://例子.中国/"),
        ("http://user@evil.cn", "evil.cn<http://user@evil.cn"),
        ("203.0.113.7/a", "203.0.113.7<203.0.113.7/a"),
        ("看intranet.local", "intranet.local<intranet.local"),
        ("a.com b.net", "a.com<a.com b.net<b.net"),
    ] {
        assert_eq!(hosts_in(text), expected, "{text}");
    }
}

#[test]
fn what_only_looks_like_a_link_is_none() {
    for text in [
        "3.5折",
        "v1.2.3",
        "index.html",
        "Node.js",
        "me@example.com",
        "等等...",
        "2026.11.22",
        "U.S.A.",
        "好。com",
        "http://",
        "...com",
        "a..com",
        "...",
    ] {
        assert_eq!(hosts_in(text), "", "{text}");
    }
}
