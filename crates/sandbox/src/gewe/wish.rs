//! What a log-in is asked for with, and what its polls must repeat (reference personal-gateway 4.2). The texts of these refusals are *invented*.

use serde_json::Value;

use crate::gewe::envelope::Refusal;

/// Every province code of the reference.
const REGIONS: [&str; 31] = [
    "110000", "120000", "130000", "140000", "150000", "210000", "220000", "230000", "310000", "320000", "330000",
    "340000", "350000", "360000", "370000", "410000", "420000", "430000", "440000", "450000", "460000", "500000",
    "510000", "520000", "530000", "540000", "610000", "620000", "630000", "640000", "650000",
];
const DEVICE_TYPES: [&str; 2] = ["ipad", "mac"];

/// The part of a `getLoginQrCode` or `dialogLogin` that matters later.
#[derive(Debug)]
pub(crate) struct Wish {
    /// `ipad` or `mac`; `None`: not told, as at Gewechat and by a dialog.
    pub(crate) device_type: Option<String>,
    /// Empty: none.
    proxy: String,
}

impl Wish {
    pub(crate) fn of(body: &Value) -> Result<Self, Refusal> {
        let region = body["regionId"].as_str().unwrap_or_default();
        if !REGIONS.contains(&region) {
            return Err(Refusal::flat("regionId不支持"));
        }
        let device_type = body["type"].as_str();
        if device_type.is_some_and(|name| !DEVICE_TYPES.contains(&name)) {
            return Err(Refusal::flat("type不支持"));
        }
        Ok(Self {
            device_type: device_type.map(str::to_owned),
            proxy: proxy_of(body),
        })
    }

    /// Checks a `checkLogin` for a device of this type.
    pub(crate) fn check_poll(&self, body: &Value, device_type: Option<&str>) -> Result<(), Refusal> {
        if self.proxy != proxy_of(body) {
            return Err(Refusal::cause("proxyIp与获取二维码时不一致"));
        }
        if body["autoSliding"] == true && device_type == Some("ipad") {
            return Err(Refusal::cause("ipad不支持autoSliding"));
        }
        Ok(())
    }
}

fn proxy_of(body: &Value) -> String {
    body["proxyIp"].as_str().unwrap_or_default().to_owned()
}
