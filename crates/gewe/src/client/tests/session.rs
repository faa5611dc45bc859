//! Logging in, and where events go.

use moments_domain::DeviceType;

use super::*;
use crate::{LoginProgress, LoginStage};

fn wish(proxy: Option<&str>) -> QrWish {
    QrWish {
        region_id: "330000".into(),
        device_type: DeviceType::Ipad,
        proxy: proxy.map(Into::into),
    }
}

async fn check(answer: &'static str) -> LoginCheck {
    let gateway = Gateway::answering(answer).await;
    let check = gateway.client.check_login(&device(), &"Qb81".into(), None, None).await;
    check.expect(answer)
}

#[tokio::test]
async fn a_first_code_makes_a_device_whose_id_comes_back() {
    let gateway = Gateway::answering(
        r#"{"ret":200,"msg":"操作成功","data":{"appId":"wx_N","uuid":"Qb81","qrData":"http://weixin.qq.com/x/Qb81","qrUrl":"http://third.example/Qb81","qrImgBase64":null}}"#,
    )
    .await;
    let new = Device {
        app_id: String::new(),
        ..device()
    };
    let code = gateway
        .client
        .get_login_qr_code(&new, &wish(Some("socks5://u:p@h:1")))
        .await
        .expect("a code");
    assert_eq!(code.app_id, "wx_N");
    assert_eq!(code.qr_data.expose_secret(), "http://weixin.qq.com/x/Qb81");
    assert_eq!(code.picture.expose_secret(), "");
    let shown = format!("{code:?} {:?}", wish(Some("socks5://u:p@h:1")));
    assert!(!shown.contains("Qb81") && !shown.contains("u:p"), "{shown}");
    gateway.check(
        r#"/gewe/v2/api/login/getLoginQrCode T0 {"appId":"","regionId":"330000","type":"ipad","proxyIp":"socks5://u:p@h:1"}"#,
    );
}

#[tokio::test]
async fn a_dialog_needs_no_kind_of_device() {
    let gateway = Gateway::answering(r#"{"ret":200,"data":{"appId":"wx_Q","uuid":"U1"}}"#).await;
    let dialog = gateway.client.dialog_login(&device(), &wish(None)).await;
    assert_eq!(dialog.expect("a dialog").uuid.expose_secret(), "U1");
    gateway.check(r#"/gewe/v2/api/login/dialogLogin T0 {"appId":"wx_Q","regionId":"330000","proxyIp":""}"#);
}

#[tokio::test]
async fn the_number_that_wechat_showed_goes_with_the_poll() {
    let gateway = Gateway::answering(r#"{"ret":200,"data":null}"#).await;
    let (uuid, code) = ("Qb81".into(), "4711".into());
    let check = gateway.client.check_login(&device(), &uuid, None, Some(&code)).await;
    assert!(matches!(check, Ok(LoginCheck::Nothing)), "{check:?}");
    gateway.check(
        r#"/gewe/v2/api/login/checkLogin T0 {"appId":"wx_Q","uuid":"Qb81","autoSliding":false,"proxyIp":"","captchCode":"4711"}"#,
    );
}

#[tokio::test]
async fn every_shape_of_progress_is_understood() {
    for (answer, stage, seconds_left, nick_name) in [
        (
            r#"{"ret":200,"data":{"uuid":"U","status":0,"expiredTime":187,"nickName":null,"headImgUrl":null,"loginInfo":null}}"#,
            LoginStage::Waiting,
            Some(187),
            "",
        ),
        (
            r#"{"ret":"200","data":{"status":"1","expiredTime":"171","nickName":"小禾"}}"#,
            LoginStage::Scanned,
            Some(171),
            "小禾",
        ),
        (r#"{"ret":200,"data":{"status":4}}"#, LoginStage::Cancelled, None, ""),
        (
            r#"{"ret":200,"data":{"status":1,"loginInfo":{"wxid":"","mobile":null}}}"#,
            LoginStage::Scanned,
            None,
            "",
        ),
    ] {
        let LoginCheck::Progress(progress) = check(answer).await else {
            panic!("{answer}");
        };
        let expected = LoginProgress {
            stage,
            seconds_left,
            nick_name: nick_name.into(),
            avatar_url: String::new(),
        };
        assert_eq!(progress, expected, "{answer}");
    }
    for answer in [
        r#"{"ret":200,"data":null}"#,
        r#"{"ret":200}"#,
        r#"{"ret":200,"data":{}}"#,
        r#"{"ret":200,"data":{"status":3}}"#,
    ] {
        assert!(matches!(check(answer).await, LoginCheck::Nothing), "{answer}");
    }
    let verify = check(r#"{"ret":200,"data":{"url":"https://verify.example.net/s/7H"}}"#).await;
    assert!(
        matches!(&verify, LoginCheck::Verify(url) if url.expose_secret().ends_with("7H")),
        "{verify:?}"
    );
    assert!(
        !format!("{verify:?}").contains("7H"),
        "whoever has the address may pass for the owner"
    );
}

#[tokio::test]
async fn logged_in_is_who_has_a_wxid_and_its_phone_number_is_forgotten() {
    for answer in [
        r#"{"ret":200,"data":{"status":2,"loginInfo":{"uin":2198340561,"wxid":"wxid_k","nickName":"小禾","mobile":"13800001234","alias":null}}}"#,
        r#"{"ret":200,"data":{"status":2,"nickName":"小禾","loginInfo":{"uin":"2198340561","wxid":"wxid_k","nickName":null,"mobile":"13800001234"}}}"#,
    ] {
        let check = check(answer).await;
        let LoginCheck::LoggedIn(profile) = &check else {
            panic!("{check:?}");
        };
        assert_eq!((profile.wxid.as_str(), profile.nick_name.as_str()), ("wxid_k", "小禾"));
        assert!(!format!("{check:?}").contains("1380000"), "{check:?}");
    }
}

#[tokio::test]
async fn labels_have_ids_that_publishing_takes() {
    let gateway = Gateway::answering(r#"{"ret":200,"data":{"labelList":[{"labelId":7,"labelName":"老客户"}]}}"#).await;
    let labels = gateway.client.label_list(&device()).await.expect("labels");
    assert_eq!(
        (labels[0].label_id.as_str(), labels[0].label_name.as_str()),
        ("7", "老客户")
    );
    for none in [r#"{"ret":200,"data":{"labelList":null}}"#, r#"{"ret":200,"data":{}}"#] {
        let labels = Gateway::answering(none).await.client.label_list(&device()).await;
        assert_eq!(labels, Ok(Vec::new()), "{none}");
    }
}

#[tokio::test]
async fn events_are_ordered_where_the_gateway_has_that() {
    for (path, tail) in [(CallbackPath::Hosted, "login"), (CallbackPath::SelfHosted, "tools")] {
        let gateway = Gateway::answering(r#"{"ret":200,"msg":"操作成功"}"#).await;
        let url = "https://moments.example.com/callbacks/gewe/S".into();
        gateway.client.set_callback(&device(), path, &url).await.expect("set");
        gateway.check(&format!(
            r#"/gewe/v2/api/{tail}/setCallback T0 {{"token":"T0","callbackUrl":"https://moments.example.com/callbacks/gewe/S"}}"#
        ));
    }
    let gateway = Gateway::answering(r#"{"ret":200,"msg":"操作成功"}"#).await;
    gateway.client.logout(&device()).await.expect("logged out");
    gateway.check(r#"/gewe/v2/api/login/logout T0 {"appId":"wx_Q"}"#);
}
