//! One request as the handlers see it, and the checks before it acts.

use std::sync::Arc;

use serde_json::Value;

use crate::gewe::Gewe;
use crate::gewe::device::Device;
use crate::gewe::endpoint::{Api, Endpoint, Need};
use crate::gewe::envelope::Refusal;

pub(crate) struct Call {
    pub(crate) endpoint: Endpoint,
    /// What the token's header says.
    pub(crate) token: Option<String>,
    pub(crate) body: Value,
    pub(crate) arrival_ms: i64,
    pub(crate) now_ms: i64,
}

impl Call {
    pub(crate) fn app_id(&self) -> &str {
        self.body["appId"].as_str().unwrap_or_default()
    }

    /// Header, token, fields, device, online: in this order (reference personal-gateway 14, "Envelope").
    pub(crate) fn check(&self, gewe: &Gewe) -> Result<Option<Arc<Device>>, Refusal> {
        let token = self.token.as_deref().filter(|token| !token.is_empty());
        let header = || gewe.style().token_header.clone();
        let token = token.ok_or_else(|| Refusal::Flat(format!("参数错误：header:{} 不可为空", header())))?;
        let device = gewe.find(self.app_id()).filter(|device| device.token == token);
        let refused = device.as_ref().is_some_and(|device| device.state().switches.bad_token);
        if refused || !gewe.knows_token(token) {
            return Err(Refusal::Flat(format!("{} 不可用或已过期", header())));
        }
        self.check_fields()?;
        self.check_device(device)
    }

    fn check_fields(&self) -> Result<(), Refusal> {
        // The very first login sends an empty appId: it asks for a new device.
        if self.endpoint.api == Api::GetLoginQrCode && !self.body["appId"].is_string() {
            return Err(Refusal::flat("appId不可为空"));
        }
        match self
            .endpoint
            .required
            .iter()
            .find(|field| is_empty(&self.body[**field]))
        {
            Some(field) => Err(Refusal::Flat(format!("{field}不可为空"))),
            None => Ok(()),
        }
    }

    fn check_device(&self, device: Option<Arc<Device>>) -> Result<Option<Arc<Device>>, Refusal> {
        if self.endpoint.device == Need::Nothing {
            return Ok(device);
        }
        let known = device.filter(|device| !device.state().switches.forget_device);
        let device = known.ok_or_else(|| Refusal::Cause(format!("[{}]设备不存在", self.app_id())))?;
        let offline = {
            let state = device.state();
            !state.online || state.switches.stale_online
        };
        if self.endpoint.device == Need::Online && offline {
            return Err(Refusal::cause("微信已离线"));
        }
        Ok(Some(device))
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
