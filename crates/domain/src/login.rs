//! Logging a personal account in at a gateway (reference personal-gateway 4.2).

use std::ops::RangeInclusive;

use crate::account::named;

/// How far a log-in is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoginStatus {
    /// The code waits to be scanned.
    Waiting,
    /// Scanned; the person with the phone has not confirmed.
    Scanned,
    /// WeChat wants a face or slider check first.
    Verify,
    /// Logged in, and bound as a channel.
    Done,
    /// Ended by a person: on the phone, by whoever began it, or by beginning another one.
    Cancelled,
    /// The code's time ran out.
    Expired,
    /// It cannot come about; the reason is told.
    Failed,
}
named!(LoginStatus {
    Waiting = "WAITING",
    Scanned = "SCANNED",
    Verify = "VERIFY",
    Done = "DONE",
    Cancelled = "CANCELLED",
    Expired = "EXPIRED",
    Failed = "FAILED",
});

impl LoginStatus {
    /// Whether nothing more happens by itself.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled | Self::Expired | Self::Failed)
    }

    /// Whether a fresh code for the same device may go on with it.
    pub const fn may_go_on(self) -> bool {
        !matches!(self, Self::Done | Self::Failed)
    }
}

/// What a gateway's device pretends to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DeviceType {
    /// A tablet: what vendors advise.
    #[default]
    Ipad,
    /// A desktop.
    Mac,
}
named!(DeviceType { Ipad = "ipad", Mac = "mac" });

/// Every `regionId` of the reference: the provinces of the mainland. A gateway may offer only a part of them.
pub const REGIONS: &[(&str, &str)] = &[
    ("110000", "北京"),
    ("120000", "天津"),
    ("130000", "河北"),
    ("140000", "山西"),
    ("150000", "内蒙古"),
    ("210000", "辽宁"),
    ("220000", "吉林"),
    ("230000", "黑龙江"),
    ("310000", "上海"),
    ("320000", "江苏"),
    ("330000", "浙江"),
    ("340000", "安徽"),
    ("350000", "福建"),
    ("360000", "江西"),
    ("370000", "山东"),
    ("410000", "河南"),
    ("420000", "湖北"),
    ("430000", "湖南"),
    ("440000", "广东"),
    ("450000", "广西"),
    ("460000", "海南"),
    ("500000", "重庆"),
    ("510000", "四川"),
    ("520000", "贵州"),
    ("530000", "云南"),
    ("540000", "西藏"),
    ("610000", "陕西"),
    ("620000", "甘肃"),
    ("630000", "青海"),
    ("640000", "宁夏"),
    ("650000", "新疆"),
];

/// Whether this is one of [`REGIONS`].
pub fn is_region(id: &str) -> bool {
    REGIONS.iter().any(|(known, _)| *known == id)
}

/// What whoever brings a personal account in must be told (reference personal-gateway 12).
pub const RISK: &str = "通过第三方网关登录和自动发布违反微信软件许可及使用规范，账号的朋友圈等功能可能被限制，严重时会被封禁；网关可以看到该账号的聊天与联系人。\
    请确认账号与网关均归您所有并自行承担风险；新设备登录后 1 至 3 天内请勿发布，次日可能掉线一次，用同一设备重新扫码即可。能够使用企业微信的，建议使用企业微信。";

/// How many digits the number may have that WeChat shows for confirmation.
pub const CODE_DIGITS: RangeInclusive<usize> = 2..=8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_known_by_their_whole_code() {
        assert_eq!(REGIONS.len(), 31);
        for (id, known) in [("330000", true), ("33", false), ("", false), ("999999", false)] {
            assert_eq!(is_region(id), known, "{id}");
        }
    }

    #[test]
    fn only_what_failed_or_is_done_cannot_go_on() {
        for status in LoginStatus::ALL {
            assert!(status.is_over() || status.may_go_on(), "{status}");
        }
        assert!(LoginStatus::Expired.may_go_on() && !LoginStatus::Done.may_go_on());
    }
}
