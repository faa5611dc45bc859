//! A platform's answer in the words of the requirement.

use std::net::IpAddr;

use moments_domain::{ChannelKind, ErrorClass, FailReason, Failure};
use moments_platforms::{CallFailure, Refusal};

/// WeCom's codes that speak of the credential itself (reference wecom 2.2): nothing works until somebody authorises anew.
const BROKEN_CREDENTIAL: &[&str] = &["40001", "40013", "40084", "40091", "50003"];
/// WeCom's code for a caller whose address is not trusted.
const UNTRUSTED_ADDRESS: &str = "60020";
/// WeCom's codes for a medium that must be uploaded anew (reference wecom 9.1).
const STALE_MEDIA: &[&str] = &["40007", "40145"];
/// WeCom's codes that refuse a medium rather than the text.
const MEDIA_CODES: &[&str] = &[
    "40004", "40005", "40006", "40007", "40009", "40011", "40123", "40145", "41064", "41065", "41080", "41081",
    "41082", "41090", "44001", "45001",
];

/// WeCom's codes that speak of the audience: no such tag, no customer to send to (reference wecom 9.2).
const AUDIENCE_CODES: &[&str] = &["40068", "41048"];

/// Whether the platform says that the credential itself is no good.
pub(crate) fn is_broken_credential(kind: ChannelKind, failure: &CallFailure) -> bool {
    matches!(failure, CallFailure::Refused(refusal) if speaks_of_credential(kind, refusal))
}

fn speaks_of_credential(kind: ChannelKind, refusal: &Refusal) -> bool {
    match kind {
        ChannelKind::Wecom => BROKEN_CREDENTIAL.contains(&refusal.code.as_str()),
        ChannelKind::Gewe => refusal.class == ErrorClass::Configuration,
    }
}

/// Whether WeCom does not trust the address that we call from (reference wecom 9.1).
pub(crate) fn is_untrusted_address(failure: &CallFailure) -> bool {
    matches!(failure, CallFailure::Refused(refusal) if refusal.code == UNTRUSTED_ADDRESS)
}

/// The address that WeCom saw, where a refusal says that it is not a trusted one: `…, from ip: 203.0.113.7, more info at …`.
pub fn untrusted_address(refusal: &Refusal) -> Option<IpAddr> {
    if refusal.code != UNTRUSTED_ADDRESS {
        return None;
    }
    let (_, rest) = refusal.message.split_once("from ip: ")?;
    rest.split(',').next()?.trim().parse().ok()
}

/// Whether the platform wants a medium again.
pub(crate) fn is_stale_media(refusal: &Refusal) -> bool {
    STALE_MEDIA.contains(&refusal.code.as_str())
}

/// A refusal as a user reads it.
pub(crate) fn failure_of_refusal(kind: ChannelKind, refusal: &Refusal) -> Failure {
    if let Some(seen) = untrusted_address(refusal) {
        let what = format!("企业微信看到的出口地址是 {seen}，请加入企业可信IP（{UNTRUSTED_ADDRESS}）");
        return Failure::new(FailReason::PermissionMissing, what);
    }
    let reason = match refusal.class {
        ErrorClass::Token | ErrorClass::BackOff | ErrorClass::Window => FailReason::PlatformUnavailable,
        ErrorClass::Configuration if speaks_of_credential(kind, refusal) => FailReason::CredentialBroken,
        ErrorClass::Configuration => FailReason::PermissionMissing,
        ErrorClass::Content if MEDIA_CODES.contains(&refusal.code.as_str()) => FailReason::MediaRejected,
        ErrorClass::Content => FailReason::ContentRefused,
        ErrorClass::Target if AUDIENCE_CODES.contains(&refusal.code.as_str()) => FailReason::AudienceGone,
        ErrorClass::Target => FailReason::TargetGone,
        ErrorClass::Request | ErrorClass::Restricted => FailReason::RequestRejected,
        ErrorClass::Licence => FailReason::LicenceMissing,
        ErrorClass::Offline => FailReason::AccountOffline,
    };
    Failure::new(
        reason,
        format!("微信接口调用失败：{}（{}）", refusal.message, refusal.code),
    )
}

/// Any failed call as a user reads it.
pub(crate) fn failure_of_call(kind: ChannelKind, failure: &CallFailure) -> Failure {
    match failure {
        CallFailure::Refused(refusal) => failure_of_refusal(kind, refusal),
        CallFailure::NotSent(why) => Failure::new(FailReason::PlatformUnavailable, format!("无法连接微信接口：{why}")),
        CallFailure::NoAnswer(why) => Failure::new(
            FailReason::PlatformUnavailable,
            format!("微信接口没有给出明确答复：{why}"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str, message: &str) -> Refusal {
        Refusal {
            class: ErrorClass::Configuration,
            code: code.to_owned(),
            message: message.to_owned(),
        }
    }

    #[test]
    fn the_address_is_read_from_wecoms_message() {
        let message = "not allow to access from your ip, hint: [1], from ip: 203.0.113.7, more info at https://x";
        for (code, text, address) in [
            ("60020", message, Some("203.0.113.7")),
            ("60020", "from ip: 2001:db8::1", Some("2001:db8::1")),
            ("60020", "not allow to access", None),
            ("60020", "from ip: somewhere", None),
            ("40001", message, None),
        ] {
            let seen = untrusted_address(&refused(code, text)).map(|ip| ip.to_string());
            assert_eq!(seen.as_deref(), address, "{text}");
        }
        let failure = failure_of_refusal(ChannelKind::Wecom, &refused("60020", message));
        assert_eq!(failure.reason, FailReason::PermissionMissing);
        assert!(
            failure.message.contains("203.0.113.7，请加入企业可信IP"),
            "{}",
            failure.message
        );
    }
}
