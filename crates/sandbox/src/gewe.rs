//! The gewe world: a gateway with virtual devices, served under `/gewe/v2/api/…` or where its style says (reference personal-gateway 4, 14).
//!
//! Texts of failures that the reference marks as *invented* exist to exercise the client; nobody may branch on them.

mod audience;
mod call;
mod callback;
mod device;
mod endpoint;
mod envelope;
mod list;
mod login;
mod media;
mod post;
mod publish;
mod script;
mod seed;
mod style;
mod wish;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock, RwLock};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::Sandbox;
use crate::answer::{Answer, cut, deliver};
use crate::error::SandboxError;
use crate::fault::{Struck, World};
use crate::gewe::call::Call;
use crate::gewe::device::Device;
use crate::gewe::endpoint::{Api, Endpoint};
use crate::gewe::envelope::{Refusal, success};
use crate::gewe::publish::PostIds;
use crate::gewe::wish::Wish;
use crate::record::Counters;
use crate::sync::{read, write};

pub use seed::{DeviceSeed, DeviceView, FriendLabel, FriendSeed, Http5xx, LoginStep, Switches};
pub use style::GatewayStyle;

const MAX_BODY: usize = 4 * 1024 * 1024;
/// The gateway allows two minutes for a download.
const HTTP_TIMEOUT: Duration = Duration::from_mins(2);

/// All devices of the gateway.
#[derive(Default)]
pub(crate) struct Gewe {
    style: RwLock<Arc<GatewayStyle>>,
    devices: RwLock<Devices>,
    /// Token → callback address.
    callbacks: RwLock<HashMap<String, Option<String>>>,
    ids: PostIds,
    http: OnceLock<Option<reqwest::Client>>,
    calls: Counters<{ Endpoint::COUNT }>,
}

#[derive(Default)]
struct Devices {
    list: Vec<Arc<Device>>,
    by_app_id: HashMap<String, Arc<Device>>,
}

/// The handler of every path that is nothing else's: the gateway's, if it is below the gateway's prefix.
pub(crate) async fn handle(State(sandbox): State<Sandbox>, request: Request) -> Response {
    let arrival_ms = sandbox.clock().now_ms();
    let (parts, body) = request.into_parts();
    let style = sandbox.gewe().style();
    let Some((number, endpoint)) = style.call_of(parts.uri.path()).and_then(Endpoint::of) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Ok(bytes) = axum::body::to_bytes(body, MAX_BODY).await else {
        return cut();
    };
    let body: Result<Value, _> = serde_json::from_slice(&bytes);
    let understood = parts.method == Method::POST && body.as_ref().is_ok_and(Value::is_object);
    let token = parts
        .headers
        .get(style.token_header.as_str())
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let call = Call {
        endpoint,
        token,
        body: body.unwrap_or_default(),
        arrival_ms,
        now_ms: arrival_ms,
    };
    let device = sandbox.gewe().find(call.app_id());
    sandbox.gewe().count(number, device.as_deref());
    let fault = fault_for(&sandbox, endpoint, device.as_ref());
    let work = async move {
        let call = Call {
            now_ms: sandbox.clock().now_ms(),
            ..call
        };
        let refusal = if understood {
            answer(&sandbox, &call).await
        } else {
            Err(Refusal::flat("请求格式错误"))
        };
        refusal.unwrap_or_else(|refusal| refusal.into_answer(endpoint.failed))
    };
    deliver(fault, envelope::scripted, work).await
}

fn fault_for(sandbox: &Sandbox, endpoint: Endpoint, device: Option<&Arc<Device>>) -> Option<crate::FaultKind> {
    let wxid = device.map(|device| device.state().wxid.clone());
    let owners = [device.map(|device| device.app_id.as_str()), wxid.as_deref()];
    let scripted = sandbox.faults().take(Struck {
        world: World::Gewe,
        call: endpoint.name(),
        owners,
    });
    scripted.or_else(|| device.filter(|_| endpoint.publishes())?.state().switch_fault())
}

async fn answer(sandbox: &Sandbox, call: &Call) -> Result<Answer, Refusal> {
    let gewe = sandbox.gewe();
    gewe.sweep_one(call.app_id(), call.now_ms);
    let device = call.check(gewe)?;
    match (call.endpoint.api, device) {
        (Api::SetCallback, _) => callback::set(sandbox, call).await.map(|()| success(None)),
        (Api::GetLoginQrCode, device) => {
            let wish = Wish::of(&call.body)?;
            let device = device.map_or_else(|| gewe.first_login(call), Ok)?;
            login::qr_code(&device, wish, call.now_ms).map(|data| success(Some(data)))
        }
        (_, Some(device)) => on_device(sandbox, &device, call).await.map(success),
        (_, None) => Err(Refusal::Cause(format!("[{}]设备不存在", call.app_id()))),
    }
}

/// The calls that a known device answers; `None` is a success without data.
async fn on_device(sandbox: &Sandbox, device: &Arc<Device>, call: &Call) -> Result<Option<Value>, Refusal> {
    match call.endpoint.api {
        Api::CheckLogin => login::check(device, &call.body, call.now_ms).map(Some),
        Api::DialogLogin => login::dialog(device, Wish::of(&call.body)?, call.now_ms).map(Some),
        Api::Reconnection => login::reconnect(device).map(Some),
        Api::CheckOnline => Ok(Some(login::is_online(device))),
        Api::Logout => {
            login::logout(device);
            Ok(None)
        }
        Api::GetProfile => Ok(Some(login::profile(device))),
        Api::LabelList => Ok(Some(login::labels(device))),
        Api::UploadSnsImage => media::images(sandbox, device, &call.body).await.map(Some),
        Api::UploadSnsVideo => media::video(sandbox, device, &call.body).await.map(Some),
        Api::ContactsSnsList => list::of_contact(device, call).map(Some),
        Api::SnsList => list::home(device, call).map(Some),
        Api::SnsDetails => list::details(device, call).map(Some),
        Api::DelSns | Api::SnsSetPrivacy => publish::change(device, call).map(|()| None),
        _ => publish::publish(sandbox, device, call).map(Some),
    }
}

impl Gewe {
    pub(crate) fn get(&self, app_id: &str) -> Result<Arc<Device>, SandboxError> {
        self.find(app_id)
            .ok_or_else(|| SandboxError::UnknownDevice(app_id.to_owned()))
    }

    pub(crate) fn find(&self, app_id: &str) -> Option<Arc<Device>> {
        read(&self.devices).by_app_id.get(app_id).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Device>> {
        read(&self.devices).list.clone()
    }

    pub(crate) fn views(&self) -> Vec<DeviceView> {
        self.all().iter().map(|device| device.view()).collect()
    }

    pub(crate) fn knows_token(&self, token: &str) -> bool {
        read(&self.callbacks).contains_key(token)
    }

    /// One client for downloads and events; `None` when this machine cannot make one.
    pub(crate) fn http(&self) -> Option<&reqwest::Client> {
        self.http
            .get_or_init(|| reqwest::Client::builder().no_proxy().timeout(HTTP_TIMEOUT).build().ok())
            .as_ref()
    }

    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.calls.by_name(Endpoint::names())
    }

    pub(crate) fn counts_by_device(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        self.all()
            .iter()
            .map(|device| (device.app_id.clone(), device.calls.by_name(Endpoint::names())))
            .collect()
    }

    pub(crate) fn style(&self) -> Arc<GatewayStyle> {
        Arc::clone(&read(&self.style))
    }

    pub(crate) fn set_style(&self, style: GatewayStyle) {
        *write(&self.style) = Arc::new(style);
    }

    fn ids(&self) -> &PostIds {
        &self.ids
    }

    fn callback(&self, token: &str) -> Option<String> {
        read(&self.callbacks).get(token).cloned().flatten()
    }

    fn set_callback(&self, token: &str, url: &str) {
        write(&self.callbacks).insert(token.to_owned(), Some(url.to_owned()));
    }

    fn count(&self, number: usize, device: Option<&Device>) {
        self.calls.count(number);
        if let Some(device) = device {
            device.calls.count(number);
        }
    }

    fn sweep_one(&self, app_id: &str, now_ms: i64) {
        if let Some(device) = self.find(app_id) {
            self.sweep_device(&device, now_ms);
        }
    }

    fn sweep_device(&self, device: &Arc<Device>, now_ms: i64) {
        let dropped = device.state().drop_if_due(now_ms);
        if dropped {
            callback::send_offline(self, device);
        }
    }

    /// An empty appId makes a new device, as long as the token may have one more; any other unknown one is an error.
    fn first_login(&self, call: &Call) -> Result<Arc<Device>, Refusal> {
        let unknown = || Refusal::Cause(format!("[{}]设备不存在", call.app_id()));
        if !call.app_id().is_empty() {
            return Err(unknown());
        }
        let token = call.token.as_deref().unwrap_or_default();
        let owned = self.all().iter().filter(|device| device.token == token).count();
        if self.style().max_devices.is_some_and(|most| owned >= most) {
            return Err(Refusal::cause("已达到最大客户端数量操作"));
        }
        let seed = json!({ "token": token });
        let seed: DeviceSeed = serde_json::from_value(seed).map_err(|_| unknown())?;
        let app_id = self.add_device(seed, call.now_ms).map_err(|_| unknown())?;
        self.find(&app_id).ok_or_else(unknown)
    }
}

impl<const N: usize> Default for Counters<N> {
    fn default() -> Self {
        Self::new()
    }
}
