use super::*;
use proptest::prelude::*;

#[track_caller]
fn check(url: &str, expected: Result<(), UrlProblem>) {
    assert_eq!(check_url(url, false).map(|_| ()), expected, "{url}");
}

#[test]
fn public_addresses_pass() {
    for url in [
        "https://cdn.example.com/a.jpg?sig=1",
        "http://8.8.8.8/",
        "http://100.63.255.255/",
        "http://100.128.0.1/",
        "http://172.15.0.1/",
        "http://172.32.0.1/",
        "http://192.0.1.1/",
        "http://198.20.0.1/",
        "http://223.255.255.255:8443/a",
        "http://[2400:3200::1]/",
        "http://[2001:4860:4860::8888]/",
        "http://[::ffff:8.8.8.8]/",
        "  https://cdn.example.com/a.jpg\n",
    ] {
        check(url, Ok(()));
    }
}

#[test]
fn addresses_off_the_public_internet_are_refused() {
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0x7f.1",
        "0",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "3232235777",
        "169.254.169.254",
        "169.254.0.23",
        "100.64.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "１２７.0.0.1",
        "127。0。0。1",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a00:1]",
        "[::127.0.0.1]",
        "[fe80::1]",
        "[fc00::1]",
        "[fd12:3456::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::8.8.8.8]",
        "[64:ff9b:1::a00:1]",
        "[2001::1]",
        "[2001:0:4136:e378::]",
        "[2001:db8::1]",
        "[2002:7f00:1::]",
        "[2002:808:808::1]",
        "[3fff::1]",
        "[100::1]",
        "[5f00::1]",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "media.localhost",
    ] {
        check(&format!("http://{host}:8080/a.jpg"), Err(UrlProblem::PrivateAddress));
    }
}

#[test]
fn odd_urls_are_refused() {
    for (url, problem) in [
        ("", UrlProblem::Unparsable),
        ("a.jpg", UrlProblem::Unparsable),
        ("//cdn.example.com/a.jpg", UrlProblem::Unparsable),
        ("http://", UrlProblem::Unparsable),
        ("http://256.0.0.1/", UrlProblem::Unparsable),
        ("ftp://cdn.example.com/a.jpg", UrlProblem::Scheme),
        ("file:///etc/passwd", UrlProblem::Scheme),
        ("data:image/png;base64,AA", UrlProblem::Scheme),
        ("http://user@cdn.example.com/", UrlProblem::Userinfo),
        ("http://:pw@cdn.example.com/", UrlProblem::Userinfo),
        ("http://cdn.example.com@127.0.0.1/", UrlProblem::Userinfo),
    ] {
        check(url, Err(problem));
    }
}

#[test]
fn the_setting_lifts_the_address_rule_and_nothing_else() {
    for url in ["http://127.0.0.1:9000/a", "http://localhost/a", "http://[fd00::1]/a"] {
        assert!(check_url(url, true).is_ok(), "{url}");
    }
    assert_eq!(check_url("file:///etc/passwd", true), Err(UrlProblem::Scheme));
    assert_eq!(check_url("http://u:p@10.0.0.1/", true), Err(UrlProblem::Userinfo));
}

proptest! {
    #[test]
    fn a_mapped_address_is_judged_like_the_plain_one(bits: u32) {
        let plain = Ipv4Addr::from_bits(bits);
        prop_assert_eq!(is_public(plain.into()), is_public(plain.to_ipv6_mapped().into()));
    }

    #[test]
    fn what_the_standard_library_calls_local_is_never_public(bits: u32) {
        let a = Ipv4Addr::from_bits(bits);
        if a.is_private() || a.is_loopback() || a.is_link_local() || a.is_multicast() || a.is_unspecified() {
            prop_assert!(!is_public(a.into()));
        }
    }
}
