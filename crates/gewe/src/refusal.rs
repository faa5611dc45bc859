//! What a gateway's words mean. It has no codes worth the name, so these texts are all there is (reference personal-gateway 4.1, 10).

use moments_wire::CallError;

/// The class of a gateway's "no".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalClass {
    /// The customer's token is wrong or has expired: every device behind it stops.
    Auth,
    /// The account is off line. Believe this even when `checkOnline` says otherwise.
    Offline,
    /// The gateway does not know the device: its owner must log in again.
    DeviceGone,
    /// Logging in or reconnecting, although online already.
    AlreadyOnline,
    /// A field is missing in our request.
    Invalid,
    /// The token has as many devices as it may have.
    Quota,
    /// Words that no public source lists, which includes every refusal of a post itself.
    Unlisted,
}

/// Known parts of texts, in the order in which they are looked for.
const TEXTS: [(&[&str], RefusalClass); 7] = [
    (&["设备不存在"], RefusalClass::DeviceGone),
    (&["微信已离线"], RefusalClass::Offline),
    (&["请勿重复登录"], RefusalClass::AlreadyOnline),
    (&["无需重连"], RefusalClass::AlreadyOnline),
    (&["不可用或已过期", "header:"], RefusalClass::Auth),
    (&["不可为空"], RefusalClass::Invalid),
    (&["已达到最大客户端数量"], RefusalClass::Quota),
];

/// The class of a failed call; `None` when it was not refused.
pub fn class(error: &CallError) -> Option<RefusalClass> {
    let CallError::Refused { message, .. } = error else {
        return None;
    };
    let known = TEXTS
        .iter()
        .find(|(parts, _)| parts.iter().any(|part| message.contains(part)));
    Some(known.map_or(RefusalClass::Unlisted, |(_, class)| *class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_of_the_reference_has_its_class() {
        use RefusalClass::{AlreadyOnline, Auth, DeviceGone, Invalid, Offline, Quota, Unlisted};
        for (message, expected) in [
            ("发布朋友圈失败：微信已离线", Offline),
            ("[wx_Qe7RkT20pLmVx4Zb9HsYc]设备不存在", DeviceGone),
            ("微信已登录，请勿重复登录。", AlreadyOnline),
            ("断线重连异常，当前账号状态正常，无需重连", AlreadyOnline),
            ("header:X-GEWE-TOKEN 不可为空", Auth),
            ("token 不可用或已过期", Auth),
            ("imgUrls不可为空", Invalid),
            ("已达到最大客户端数量操作", Quota),
            ("朋友圈发布受限", Unlisted),
            ("", Unlisted),
        ] {
            assert_eq!(class(&CallError::refused("-1", message)), Some(expected), "{message}");
        }
    }

    #[test]
    fn what_was_not_refused_has_no_class() {
        assert_eq!(class(&CallError::no_answer("微信已离线")), None);
    }
}
