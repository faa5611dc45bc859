//! Logging in, staying in, dropping out (reference personal-gateway 4.2 and 14, "QR machine").

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rand::distr::{Alphanumeric, SampleString};
use serde_json::{Value, json};

use crate::error::SandboxError;
use crate::gewe::device::{Device, DeviceState};
use crate::gewe::envelope::Refusal;
use crate::gewe::seed::LoginStep;
use crate::gewe::wish::Wish;

/// How long a login code lives. Samples of the vendors show 187 to 230.
const CODE_SECS: i64 = 200;

/// A login in progress.
#[derive(Debug)]
pub(crate) struct Login {
    uuid: String,
    started_ms: i64,
    wish: Wish,
    stage: Stage,
    verify_url: Option<String>,
    /// What the phone shows, until a poll repeats it.
    number: Option<String>,
    polls: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    Waiting,
    /// The phone shows its button only after a poll.
    Scanned {
        polled: bool,
    },
    Confirmed {
        wxid: String,
        nick_name: String,
    },
    LoggedIn,
    Cancelled,
}

impl Login {
    fn begin(wish: Wish, now_ms: i64) -> Self {
        let uuid = Alphanumeric.sample_string(&mut rand::rng(), 20);
        Self {
            uuid,
            started_ms: now_ms,
            wish,
            stage: Stage::Waiting,
            verify_url: None,
            number: None,
            polls: 0,
        }
    }

    /// Another number than the one on the phone changes nothing.
    fn take_number(&mut self, typed: Option<&str>) {
        self.number.take_if(|number| typed == Some(number));
    }
}

/// `getLoginQrCode` for a device that exists.
pub(crate) fn qr_code(device: &Device, wish: Wish, now_ms: i64) -> Result<Value, Refusal> {
    let mut state = device.state();
    if state.online {
        return Err(Refusal::flat("微信已登录，请勿重复登录。"));
    }
    if wish.device_type.is_some() {
        state.device_type.clone_from(&wish.device_type);
    }
    let login = state.login.insert(Login::begin(wish, now_ms));
    let address = format!("http://weixin.qq.com/x/{}", login.uuid);
    let picture = format!("data:image/jpg;base64,{}", BASE64_STANDARD.encode(&address));
    Ok(json!({ "appId": device.app_id, "uuid": login.uuid, "qrData": address, "qrImgBase64": picture }))
}

/// `dialogLogin`: a dialog on the phone instead of a code; impossible after a kick.
pub(crate) fn dialog(device: &Device, wish: Wish, now_ms: i64) -> Result<Value, Refusal> {
    let mut state = device.state();
    if state.kicked || state.wxid.is_empty() {
        return Err(Refusal::cause("无法弹框登录，请使用二维码登录"));
    }
    let login = state.login.insert(Login::begin(wish, now_ms));
    login.stage = Stage::Scanned { polled: false };
    Ok(json!({ "appId": device.app_id, "uuid": login.uuid }))
}

/// `checkLogin`: the poll that also makes the phone's button appear.
pub(crate) fn check(device: &Device, body: &Value, now_ms: i64) -> Result<Value, Refusal> {
    let mut state = device.state();
    let null_data = state.switches.null_data;
    let mut login = state
        .login
        .take()
        .filter(|login| body["uuid"].as_str() == Some(&login.uuid))
        .ok_or_else(|| Refusal::cause("uuid不存在"))?;
    let accepted = login.wish.check_poll(body, state.device_type.as_deref());
    let answer = accepted.and_then(|()| {
        login.take_number(body["captchCode"].as_str());
        poll(&mut state, &mut login, null_data, now_ms)
    });
    state.login = Some(login);
    answer
}

fn poll(state: &mut DeviceState, login: &mut Login, null_data: bool, now_ms: i64) -> Result<Value, Refusal> {
    login.polls += 1;
    let left = CODE_SECS - (now_ms - login.started_ms) / 1000;
    if left <= 0 && login.stage != Stage::LoggedIn {
        return Err(Refusal::cause("二维码已过期"));
    }
    if null_data && login.polls.is_multiple_of(2) {
        return Ok(Value::Null);
    }
    if let Some(url) = &login.verify_url {
        return Ok(json!({ "url": url }));
    }
    if let Stage::Confirmed { wxid, nick_name } = login.stage.clone() {
        log_in(state, wxid, nick_name)?;
        login.stage = Stage::LoggedIn;
    }
    if let Stage::Scanned { polled } = &mut login.stage {
        *polled = true;
    }
    Ok(progress(state, login, left.max(0)))
}

fn log_in(state: &mut DeviceState, wxid: String, nick_name: String) -> Result<(), Refusal> {
    if !state.wxid.is_empty() && state.wxid != wxid {
        return Err(Refusal::cause("扫码微信与设备绑定的微信不一致"));
    }
    state.wxid = wxid;
    state.nick_name = nick_name;
    state.online = true;
    state.kicked = false;
    Ok(())
}

fn progress(state: &DeviceState, login: &Login, left: i64) -> Value {
    let status = match login.stage {
        Stage::Waiting => 0,
        Stage::Scanned { .. } | Stage::Confirmed { .. } => 1,
        Stage::LoggedIn => 2,
        Stage::Cancelled => 4,
    };
    let nick_name = (status > 0).then_some(&state.nick_name);
    let info = (status == 2).then(|| {
        json!({
            "uin": 2_198_340_561_u32, "wxid": state.wxid, "nickName": state.nick_name,
            "mobile": text_or_null(&state.mobile), "alias": text_or_null(&state.alias),
        })
    });
    let head = nick_name.map(|_| "http://wx.qlogo.cn/mmhead/ver_1/t3nQx9/0");
    json!({
        "uuid": login.uuid, "status": status, "expiredTime": left, "nickName": nick_name, "headImgUrl": head, "loginInfo": info,
    })
}

/// `reconnection`: helps after a plain drop, not after a kick.
pub(crate) fn reconnect(device: &Device) -> Result<Value, Refusal> {
    let mut state = device.state();
    if state.online {
        return Err(Refusal::flat("断线重连异常：当前账号状态正常，无需重连"));
    }
    if state.kicked || state.wxid.is_empty() {
        return Err(Refusal::cause("登录已失效，请重新扫码"));
    }
    state.online = true;
    Ok(json!(true))
}

/// `checkOnline`, which may be stale.
pub(crate) fn is_online(device: &Device) -> Value {
    let state = device.state();
    json!(state.online || state.switches.stale_online)
}

pub(crate) fn logout(device: &Device) {
    device.state().online = false;
}

/// `personal/getProfile`.
pub(crate) fn profile(device: &Device) -> Value {
    let state = device.state();
    json!({
        "wxid": state.wxid, "alias": text_or_null(&state.alias), "nickName": state.nick_name, "mobile": text_or_null(&state.mobile),
        "uin": 2_198_340_561_u32, "sex": 2, "country": "CN", "province": "Zhejiang", "city": "Hangzhou", "signature": "每天九点开门",
        "bigHeadImgUrl": "https://wx.qlogo.cn/mmhead/ver_1/t3nQx9/0", "smallHeadImgUrl": "https://wx.qlogo.cn/mmhead/ver_1/t3nQx9/132",
        "regCountry": "CN", "snsBgImg": null,
    })
}

/// `label/list`.
pub(crate) fn labels(device: &Device) -> Value {
    json!({ "labelList": device.state().labels })
}

/// What the person with the phone does.
pub(crate) fn step(device: &Device, step: LoginStep, now_ms: i64) -> Result<(), SandboxError> {
    let mut state = device.state();
    let (own_wxid, own_name) = (state.wxid.clone(), state.nick_name.clone());
    let login = state
        .login
        .as_mut()
        .ok_or(SandboxError::NotNow("no login code was asked for"))?;
    if (now_ms - login.started_ms) / 1000 >= CODE_SECS {
        return Err(SandboxError::NotNow("the login code has expired"));
    }
    match (step, &login.stage) {
        (LoginStep::Scan, Stage::Waiting) => login.stage = Stage::Scanned { polled: false },
        (LoginStep::Cancel, Stage::Waiting | Stage::Scanned { .. }) => {
            login.stage = Stage::Cancelled;
        }
        (LoginStep::Verify { url }, _) => login.verify_url = Some(url),
        (LoginStep::Verified, _) => login.verify_url = None,
        (LoginStep::Number { number }, Stage::Scanned { .. }) => login.number = Some(number),
        (LoginStep::Number { .. }, _) => return Err(SandboxError::NotNow("a number is shown after the scan")),
        (LoginStep::Confirm { .. }, _) if login.number.is_some() => {
            return Err(SandboxError::NotNow("the number on the phone was not typed yet"));
        }
        (LoginStep::Confirm { wxid, nick_name }, Stage::Scanned { polled: true }) => {
            let wxid = wxid.unwrap_or(own_wxid);
            if wxid.is_empty() {
                return Err(SandboxError::NotNow("a new device needs the wxid of the one who scans"));
            }
            login.stage = Stage::Confirmed {
                wxid,
                nick_name: nick_name.unwrap_or(own_name),
            };
        }
        (LoginStep::Confirm { .. }, _) => {
            return Err(SandboxError::NotNow(
                "the button appears only when checkLogin was called after the scan",
            ));
        }
        (LoginStep::Scan | LoginStep::Cancel, _) => {
            return Err(SandboxError::NotNow("the code was already used"));
        }
    }
    Ok(())
}

fn text_or_null(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { json!(text) }
}
