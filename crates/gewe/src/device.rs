//! One virtual device at a gateway.

use moments_wire::flexible;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// A virtual device, which belongs to one WeChat account, and the token of the gateway's customer.
#[derive(Clone, Debug)]
pub struct Device {
    /// The customer's token; good for all of the customer's devices.
    pub token: SecretString,
    /// The stable handle, `wx_` and about 21 characters.
    pub app_id: String,
}

/// Answer of `getProfile`, as far as publishing needs it. The mobile number that comes with it is not read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// The account.
    pub wxid: String,
    /// What its friends see; may be empty.
    #[serde(default, deserialize_with = "flexible::text")]
    pub nick_name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeviceBody<'a> {
    pub(crate) app_id: &'a str,
}
