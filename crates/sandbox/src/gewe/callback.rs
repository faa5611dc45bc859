//! Events to the client (reference personal-gateway 4.7).

use std::sync::Arc;

use serde_json::{Value, json};

use crate::Sandbox;
use crate::gewe::Gewe;
use crate::gewe::call::Call;
use crate::gewe::device::Device;
use crate::gewe::envelope::Refusal;

/// `setCallback`: tries the address at once, and fails when it does not answer 200.
pub(crate) async fn set(sandbox: &Sandbox, call: &Call) -> Result<(), Refusal> {
    let (Some(token), Some(url)) = (call.body["token"].as_str(), call.body["callbackUrl"].as_str()) else {
        return Err(Refusal::flat("callbackUrl类型错误"));
    };
    if !sandbox.gewe().knows_token(token) {
        return Err(Refusal::flat("X-GEWE-TOKEN 不可用或已过期"));
    }
    let trial = json!({ "testMsg": "回调地址链接成功！", "token": token });
    let http = sandbox.gewe().http().ok_or_else(|| Refusal::cause("回调地址不可用"))?;
    match http.post(url).json(&trial).send().await {
        Ok(answer) if answer.status() == reqwest::StatusCode::OK => {
            sandbox.gewe().set_callback(token, url);
            Ok(())
        }
        _ => Err(Refusal::cause("回调地址不可用")),
    }
}

/// Tells the client that the account dropped. Nothing is repeated when the client does not answer.
pub(crate) fn send_offline(gewe: &Gewe, device: &Arc<Device>) {
    let (Some(url), Some(http)) = (gewe.callback(&device.token), gewe.http().cloned()) else {
        return;
    };
    let (event, times) = {
        let state = device.state();
        let event = json!({ "TypeName": "Offline", "Appid": device.app_id, "Wxid": state.wxid });
        (event, 1 + u32::from(state.switches.duplicate_callbacks))
    };
    // Only a sandbox without a runtime has nobody to send it: a unit test that reads the clock.
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(post(http, url, event, times));
    }
}

async fn post(http: reqwest::Client, url: String, event: Value, times: u32) {
    for _ in 0..times {
        if let Err(error) = http.post(&url).json(&event).send().await {
            tracing::debug!(error = %error.without_url(), "sandbox: an event was not taken");
        }
    }
}
