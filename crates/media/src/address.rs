//! Which addresses of media may be fetched. Pure: no name is resolved here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

#[cfg(test)]
mod tests;

/// Why a media URL is refused before anything is fetched. Display and [`Self::operator_message`] never repeat
/// the URL: it may carry a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlProblem {
    /// Not an absolute URL.
    #[error("not a URL")]
    Unparsable,
    /// Neither `http` nor `https`.
    #[error("scheme is not http or https")]
    Scheme,
    /// A user name or password is part of the URL.
    #[error("URL carries a user name or password")]
    Userinfo,
    /// The host is, or resolves only to, an address outside the public internet.
    #[error("address is not public")]
    PrivateAddress,
}

impl UrlProblem {
    /// Stable code for programs.
    pub fn reason_code(self) -> &'static str {
        match self {
            Self::Unparsable | Self::Scheme | Self::Userinfo => "MEDIA_URL_INVALID",
            Self::PrivateAddress => "MEDIA_ADDRESS_FORBIDDEN",
        }
    }

    /// What happened and what to do, for the person who wrote the post.
    pub fn operator_message(self) -> &'static str {
        match self {
            Self::Unparsable => "不是有效的网址，请填写以 http:// 或 https:// 开头的完整地址",
            Self::Scheme => "只支持 http 和 https 地址",
            Self::Userinfo => "地址中不能带用户名或密码，请改用公开或带签名的链接",
            Self::PrivateAddress => "地址指向内网或本机，不允许下载，请改用公网可访问的地址",
        }
    }
}

/// Checks a media URL as far as that goes without the network; meant for the moment the request comes in.
///
/// Passing says nothing about where the host *name* leads: the fetcher filters addresses again when it connects.
/// `allow_private` lifts the address rule only (setting `media.allow_private_addresses`).
pub fn check_url(url: &str, allow_private: bool) -> Result<Url, UrlProblem> {
    let url = Url::parse(url.trim()).map_err(|_| UrlProblem::Unparsable)?;
    check_parsed(&url, AddressRule::from_setting(allow_private))?;
    Ok(url)
}

/// Which IP addresses may be connected to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AddressRule(fn(IpAddr) -> bool);

impl AddressRule {
    pub(crate) fn from_setting(allow_private: bool) -> Self {
        if allow_private { Self(|_| true) } else { Self(is_public) }
    }

    pub(crate) fn allows(self, address: IpAddr) -> bool {
        (self.0)(address)
    }

    /// The public internet and the one address on which a test can listen.
    #[cfg(test)]
    pub(crate) fn public_and_test_server() -> Self {
        Self(|address| address == IpAddr::V4(Ipv4Addr::LOCALHOST) || is_public(address))
    }
}

/// Everything of [`check_url`] but the parsing; each hop of a redirect comes through here.
pub(crate) fn check_parsed(url: &Url, rule: AddressRule) -> Result<(), UrlProblem> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(UrlProblem::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlProblem::Userinfo);
    }
    // A resolver is never asked for literal addresses, so this is the only place that can refuse them.
    let literal: IpAddr = match url.host().ok_or(UrlProblem::Unparsable)? {
        Host::Ipv4(address) => address.into(),
        Host::Ipv6(address) => address.into(),
        Host::Domain(name) if is_localhost(name) => Ipv4Addr::LOCALHOST.into(),
        Host::Domain(_) => return Ok(()),
    };
    if rule.allows(literal) {
        Ok(())
    } else {
        Err(UrlProblem::PrivateAddress)
    }
}

fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Blocks of the IANA special-purpose registry, multicast and reserved space, and one host address with which a
/// large cloud serves the metadata of its machines.
const CLOSED_V4: [(Ipv4Addr, u32); 16] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    !CLOSED_V4
        .iter()
        .any(|&(network, prefix)| (address.to_bits() ^ network.to_bits()) >> (32 - prefix) == 0)
}

/// Only 2000::/3 is handed out for hosts; that alone excludes loopback, link-local, unique local, multicast and
/// NAT64. Inside it lie Teredo and other protocol blocks (2001::/23), documentation, and 6to4, which embeds any
/// IPv4 address.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let handed_out = first & 0xe000 == 0x2000;
    let protocol = first == 0x2001 && second < 0x0200;
    let documentation = (first == 0x2001 && second == 0x0db8) || (first == 0x3fff && second < 0x1000);
    let six_to_four = first == 0x2002;
    handed_out && !protocol && !documentation && !six_to_four
}
