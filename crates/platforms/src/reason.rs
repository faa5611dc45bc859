//! From a platform's "no" to the reason that a user reads.

use moments_domain::{ChannelKind, ErrorClass, FailReason};

use crate::Refusal;

/// The stable reason of a refusal that ended a post, by its class and, at WeCom, by its code.
pub fn fail_reason(kind: ChannelKind, refusal: &Refusal) -> FailReason {
    match refusal.class {
        ErrorClass::Token | ErrorClass::BackOff | ErrorClass::Window => FailReason::PlatformUnavailable,
        ErrorClass::Configuration if kind == ChannelKind::Gewe || ends_credential(&refusal.code) => FailReason::CredentialBroken,
        ErrorClass::Configuration => FailReason::PermissionMissing,
        ErrorClass::Content if blames_media(&refusal.code) => FailReason::MediaRejected,
        ErrorClass::Content => FailReason::ContentRefused,
        ErrorClass::Target => FailReason::TargetGone,
        ErrorClass::Request => FailReason::RequestRejected,
        ErrorClass::Licence => FailReason::LicenceMissing,
        ErrorClass::Offline => FailReason::AccountOffline,
    }
}

/// Whether the post may come out after its media were prepared anew, once: WeCom's media ids live three days (reference wecom 9.1, 11.8).
pub fn wants_fresh_media(refusal: &Refusal) -> bool {
    matches!(refusal.code.as_str(), "40007" | "40145")
}

/// Whether this WeCom code says that the credential itself no longer works (reference wecom 2.2, 9.1).
pub(crate) fn ends_credential(code: &str) -> bool {
    matches!(code, "40001" | "40013" | "40084" | "40091" | "48004" | "50003")
}

fn blames_media(code: &str) -> bool {
    let media = ["40004", "40005", "40006", "40007", "40009", "40011", "40123", "40145", "44001", "45001"];
    let attachments = ["41064", "41065", "41080", "41081", "41082", "41088", "41090", "830001", "830002", "830003"];
    media.contains(&code) || attachments.contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: ChannelKind, code: &str, class: ErrorClass, expected: FailReason) {
        let refusal = Refusal { class, code: code.into(), message: String::new() };
        assert_eq!(fail_reason(kind, &refusal), expected, "{code}");
    }

    #[test]
    fn a_wecom_code_finds_the_one_who_must_act() {
        for (code, expected) in [
            ("40001", FailReason::CredentialBroken),
            ("50003", FailReason::CredentialBroken),
            ("60020", FailReason::PermissionMissing),
            ("48002", FailReason::PermissionMissing),
            ("40201", FailReason::ContentRefused),
            ("41089", FailReason::ContentRefused),
            ("41081", FailReason::MediaRejected),
            ("40007", FailReason::MediaRejected),
            ("81013", FailReason::TargetGone),
            ("701008", FailReason::LicenceMissing),
            ("41210", FailReason::PlatformUnavailable),
            ("41067", FailReason::RequestRejected),
        ] {
            let class = moments_wecom::class(code.parse().expect("a number"));
            check(ChannelKind::Wecom, code, class, expected);
        }
    }

    #[test]
    fn a_gateway_that_must_be_set_up_again_is_a_broken_credential() {
        check(ChannelKind::Gewe, "-1", ErrorClass::Configuration, FailReason::CredentialBroken);
        check(ChannelKind::Gewe, "-1", ErrorClass::Offline, FailReason::AccountOffline);
        check(ChannelKind::Gewe, "500", ErrorClass::Request, FailReason::RequestRejected);
    }
}
