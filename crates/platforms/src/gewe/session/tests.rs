use moments_domain::DeviceType;
use moments_wire::WireClient;
use secrecy::ExposeSecret;

use super::*;
use crate::testing::{FakePlatform, Seen, shown};

async fn gateway(answer: impl Fn(&Seen) -> String + Send + Sync + 'static) -> (GewePlatform, FakePlatform) {
    let fake = FakePlatform::start(answer).await;
    let wire = WireClient::new().expect("a client");
    (GewePlatform::new(wire, fake.base.clone(), "X-GEWE-TOKEN"), fake)
}

fn line(app_id: Option<&str>) -> GatewayLine {
    GatewayLine {
        base_url: None,
        token: "T0".into(),
        app_id: app_id.map(str::to_owned),
        region_id: "330000".into(),
        device_type: DeviceType::Ipad,
        proxy: None,
    }
}

const CODE: &str = r#"{"ret":200,"data":{"appId":"wx_Q","uuid":"U","qrData":"http://weixin.qq.com/x/U","qrImgBase64":"data:image/jpg;base64,AA"}}"#;
const PROFILE: &str = r#"{"ret":200,"data":{"wxid":"wxid_k3","nickName":"小禾"}}"#;
const ONLINE: &str = r#"{"ret":500,"msg":"微信已登录，请勿重复登录。"}"#;
const OFFLINE: &str = r#"{"ret":500,"msg":"失败","data":{"code":"-1","msg":"微信已离线"}}"#;
const GONE: &str = r#"{"ret":500,"msg":"失败","data":{"code":"-1","msg":"[wx_Q]设备不存在"}}"#;
const DONE: &str = r#"{"ret":200,"msg":"操作成功"}"#;

fn told(begun: &Result<Begun, CallFailure>) -> String {
    match begun {
        Ok(Begun::Code(code)) => format!("code for {}", code.app_id),
        Ok(Begun::LoggedIn(member)) => format!("{} is on line", member.name),
        Ok(Begun::DeviceGone) => "gone".to_owned(),
        Err(failure) => shown(failure),
    }
}

/// What it is about, the device, whether to reconnect, the gateway, and how the log-in begins.
type Row = (
    &'static str,
    Option<&'static str>,
    bool,
    fn(&Seen) -> &'static str,
    &'static str,
);

#[tokio::test]
async fn a_log_in_begins_with_whatever_brings_the_account_back() {
    let rows: [Row; 7] = [
        ("a new device", None, false, |_| CODE, "code for wx_Q"),
        (
            "a session that comes back",
            Some("wx_Q"),
            true,
            |seen| if seen.api == "getProfile" { PROFILE } else { "!" },
            "wxid_k3 is on line",
        ),
        (
            "one that does not",
            Some("wx_Q"),
            true,
            |seen| if seen.api == "getLoginQrCode" { CODE } else { OFFLINE },
            "code for wx_Q",
        ),
        (
            "on line already",
            Some("wx_Q"),
            false,
            |seen| if seen.api == "getProfile" { PROFILE } else { ONLINE },
            "wxid_k3 is on line",
        ),
        ("forgotten", Some("wx_Q"), true, |_| GONE, "gone"),
        (
            "no device",
            None,
            false,
            |_| r#"{"ret":200,"data":{"appId":"","uuid":"U"}}"#,
            "no answer",
        ),
        (
            "too many devices",
            None,
            false,
            |_| r#"{"ret":500,"msg":"失败","data":{"code":"-1","msg":"已达到最大客户端数量操作"}}"#,
            "Configuration -1",
        ),
    ];
    for (name, app_id, reconnect, answer, expected) in rows {
        let (platform, _fake) = gateway(move |seen| answer(seen).to_owned()).await;
        let begun = platform.begin(&line(app_id), reconnect).await;
        assert_eq!(told(&begun), expected, "{name}");
    }
}

/// `checkOnline` and its like are stale: what the gateway believes to be logged in is ended before a code is asked for.
#[tokio::test]
async fn a_session_that_only_the_gateway_believes_in_is_ended_first() {
    let (platform, fake) = gateway({
        let ended = std::sync::atomic::AtomicBool::new(false);
        move |seen| {
            let answer = match seen.api.as_str() {
                "getLoginQrCode" if ended.load(std::sync::atomic::Ordering::SeqCst) => CODE,
                "getLoginQrCode" => ONLINE,
                "logout" => {
                    ended.store(true, std::sync::atomic::Ordering::SeqCst);
                    DONE
                }
                _ => OFFLINE,
            };
            answer.to_owned()
        }
    })
    .await;
    let begun = platform.begin(&line(Some("wx_Q")), false).await;
    assert_eq!(told(&begun), "code for wx_Q");
    assert_eq!(fake.calls("logout").len(), 1);
}

#[tokio::test]
async fn nothing_that_is_no_web_address_reaches_a_browser() {
    for (body, expected) in [
        (
            r#"{"ret":200,"data":{"url":"https://verify.example/s"}}"#,
            "verify https://verify.example/s",
        ),
        (r#"{"ret":200,"data":{"url":"javascript:alert(1)"}}"#, "nothing"),
        (
            r#"{"ret":200,"data":{"status":1,"nickName":"小禾","headImgUrl":"javascript:1"}}"#,
            "小禾 ",
        ),
        (r#"{"ret":200,"data":null}"#, "nothing"),
        (r#"{"ret":200,"data":{"loginInfo":{"wxid":"wxid_k3"}}}"#, "in wxid_k3"),
    ] {
        let (platform, _fake) = gateway(move |_| body.to_owned()).await;
        let told = match platform.poll(&line(Some("wx_Q")), &"U".into(), None).await {
            Ok(LoginReport::Nothing) => "nothing".to_owned(),
            Ok(LoginReport::Verify(url)) => format!("verify {}", url.expose_secret()),
            Ok(LoginReport::Progress(progress)) => format!("{} {}", progress.nick_name, progress.avatar_url),
            Ok(LoginReport::LoggedIn(member)) => format!("in {}", member.name),
            Err(failure) => shown(&failure),
        };
        assert_eq!(told, expected, "{body}");
    }
}

#[tokio::test]
async fn events_are_ordered_by_either_path() {
    let (platform, fake) = gateway(|seen| {
        if seen.body.contains("callbackUrl") && seen.body.contains("/S") {
            DONE.to_owned()
        } else {
            "!".to_owned()
        }
    })
    .await;
    let address = "https://moments.example/S".into();
    platform.send_events_to(&line(None), &address).await.expect("ordered");
    assert_eq!(fake.calls("setCallback").len(), 1);
    let nowhere = "https://moments.example/".into();
    let refused = platform.send_events_to(&line(None), &nowhere).await;
    assert!(refused.is_err());
    assert_eq!(fake.calls("setCallback").len(), 3, "both paths were tried");
    platform.log_out(&line(Some("wx_Q"))).await.expect_err("502");
}
