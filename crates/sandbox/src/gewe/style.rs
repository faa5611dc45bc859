//! What a gateway looks like from outside: vendors of the same calls differ in where they are and in what they allow.

use serde::{Deserialize, Serialize};

/// How the gateway is served, from now on until changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GatewayStyle {
    /// What the paths of its calls begin with: a slash first, none at the end.
    pub prefix: String,
    /// The header that carries a customer's token.
    pub token_header: String,
    /// The most devices that a token may have; `None`: any number. The self-hosted image allows 2.
    pub max_devices: Option<usize>,
}

impl Default for GatewayStyle {
    fn default() -> Self {
        Self {
            prefix: "/gewe/v2/api".to_owned(),
            token_header: "X-GEWE-TOKEN".to_owned(),
            max_devices: None,
        }
    }
}

impl GatewayStyle {
    /// The call that a path names; `None`: it is not below the prefix.
    pub(crate) fn call_of<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(self.prefix.as_str())?.strip_prefix('/')
    }
}
