use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;

use super::*;

mod session;

/// A gateway that answers everything with one body and remembers the last request as `path token body`.
struct Gateway {
    client: GeweClient,
    last: Arc<Mutex<String>>,
}

impl Gateway {
    async fn answering(body: &'static str) -> Self {
        let last = Arc::new(Mutex::new(String::new()));
        let seen = Arc::clone(&last);
        let app = Router::new().fallback(move |request: Request| remember(request, Arc::clone(&seen), body));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}/gewe/v2/api", listener.local_addr().expect("an address"))
            .parse()
            .expect("a url");
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            client: GeweClient::new(WireClient::new().expect("a client"), base, "X-GEWE-TOKEN"),
            last,
        }
    }

    #[track_caller]
    fn check(&self, expected: &str) {
        assert_eq!(*self.last.lock().expect("not poisoned"), expected);
    }
}

async fn remember(request: Request, last: Arc<Mutex<String>>, answer: &'static str) -> &'static str {
    let token = request
        .headers()
        .get("x-gewe-token")
        .and_then(|value| value.to_str().ok())
        .unwrap_or("-")
        .to_owned();
    let head = format!("{} {token}", request.uri());
    let body = to_bytes(request.into_body(), 1 << 20).await.expect("a body");
    *last.lock().expect("not poisoned") = format!("{head} {}", String::from_utf8_lossy(&body));
    answer
}

fn device() -> Device {
    Device {
        token: "T0".into(),
        app_id: "wx_Q".into(),
    }
}

const AUDIENCE: &str =
    r#""privacy":false,"allowWxIds":[],"disableWxIds":[],"atWxIds":[],"allowTagIds":[],"disableTagIds":[]}"#;
const PUBLISHED: &str =
    r#"{"ret":200,"msg":"操作成功","data":{"id":14703570661504458755,"userName":"w","createTime":1752802212}}"#;

#[tokio::test]
async fn a_text_is_posted_and_its_id_comes_back_exactly() {
    let gateway = Gateway::answering(PUBLISHED).await;
    let published = gateway
        .client
        .send_text_sns(&device(), "早安\n☕", &Audience::everybody())
        .await;
    assert_eq!(
        published,
        Ok(Published {
            id: SnsId(14_703_570_661_504_458_755),
            create_time: 1_752_802_212
        })
    );
    gateway.check(&format!(
        r#"/gewe/v2/api/sns/sendTextSns T0 {{"appId":"wx_Q","content":"早安\n☕",{AUDIENCE}"#
    ));
}

#[tokio::test]
async fn staged_media_are_given_back_unchanged() {
    let object = r#"{"fileMd5":"5b0f","fileUrl":"http://a.example/0","height":1440,"length":184320,"thumbUrl":"http://a.example/150","width":1080}"#;
    let staged: Staged = serde_json::from_str(object).expect("JSON");
    let gateway = Gateway::answering(PUBLISHED).await;
    gateway
        .client
        .send_img_sns(&device(), "", std::slice::from_ref(&staged), &Audience::everybody())
        .await
        .expect("published");
    gateway.check(&format!(
        r#"/gewe/v2/api/sns/sendImgSns T0 {{"appId":"wx_Q","content":"","imgInfos":[{object}],{AUDIENCE}"#
    ));
    gateway
        .client
        .send_video_sns(&device(), "看", &staged, &Audience::everybody())
        .await
        .expect("published");
    gateway.check(&format!(
        r#"/gewe/v2/api/sns/sendVideoSns T0 {{"appId":"wx_Q","content":"看","videoInfo":{object},{AUDIENCE}"#
    ));
}

#[tokio::test]
async fn a_success_that_cannot_be_read_is_no_answer() {
    for body in [
        r#"{"ret":200,"msg":"操作成功"}"#,
        r#"{"ret":200,"data":null}"#,
        r#"{"ret":200,"data":{}}"#,
        r#"{"msg":"x"}"#,
        "<html>",
    ] {
        let error = Gateway::answering(body)
            .await
            .client
            .send_text_sns(&device(), "早安", &Audience::everybody())
            .await
            .expect_err(body);
        assert!(matches!(error, CallError::NoAnswer(_)), "{body}: {error}");
    }
}

#[tokio::test]
async fn a_refusal_carries_the_inner_cause() {
    for (body, code, message) in [
        (
            r#"{"ret":500,"msg":"发布朋友圈失败","data":{"code":"-1","msg":"微信已离线"}}"#,
            "-1",
            "发布朋友圈失败：微信已离线",
        ),
        (r#"{"ret":500,"msg":"imgUrls不可为空"}"#, "500", "imgUrls不可为空"),
        (r#"{"ret":500,"msg":"失败","data":null}"#, "500", "失败"),
        (
            r#"{"ret":"400","msg":null,"data":{"code":-4,"msg":"用户不存在"}}"#,
            "-4",
            "用户不存在",
        ),
    ] {
        let error = Gateway::answering(body)
            .await
            .client
            .send_text_sns(&device(), "早安", &Audience::everybody())
            .await
            .expect_err(body);
        assert_eq!(error, CallError::refused(code, message));
    }
}

#[tokio::test]
async fn media_are_staged_by_address() {
    let gateway = Gateway::answering(r#"{"ret":200,"data":[{"fileUrl":"http://a.example/0"}]}"#).await;
    assert!(gateway.client.upload_sns_image(&device(), "https://m/1").await.is_ok());
    gateway.check(r#"/gewe/v2/api/sns/uploadSnsImage T0 {"appId":"wx_Q","imgUrls":["https://m/1"]}"#);
    for body in [
        r#"{"ret":200,"data":[]}"#,
        r#"{"ret":200,"data":[{}]}"#,
        r#"{"ret":200,"data":[null]}"#,
        r#"{"ret":200}"#,
    ] {
        let error = Gateway::answering(body)
            .await
            .client
            .upload_sns_image(&device(), "https://m/1")
            .await
            .expect_err(body);
        assert!(matches!(error, CallError::NoAnswer(_)), "{body}: {error}");
    }
    let gateway = Gateway::answering(r#"{"ret":200,"data":{"fileUrl":"http://v.example","length":3}}"#).await;
    assert!(
        gateway
            .client
            .upload_sns_video(&device(), "https://m/v", "https://m/t")
            .await
            .is_ok()
    );
    gateway.check(
        r#"/gewe/v2/api/sns/uploadSnsVideo T0 {"appId":"wx_Q","videoUrl":"https://m/v","thumbUrl":"https://m/t"}"#,
    );
}

#[tokio::test]
async fn reconnecting_while_online_is_a_success() {
    for (body, succeeds) in [
        (r#"{"ret":200,"msg":"操作成功","data":{"wxid":"w"}}"#, true),
        (r#"{"ret":200,"msg":"操作成功"}"#, true),
        (r#"{"ret":500,"msg":"断线重连异常，当前账号状态正常，无需重连"}"#, true),
        (
            r#"{"ret":500,"msg":"重连失败","data":{"code":"-1","msg":"微信已离线"}}"#,
            false,
        ),
    ] {
        assert_eq!(
            Gateway::answering(body)
                .await
                .client
                .reconnection(&device())
                .await
                .is_ok(),
            succeeds,
            "{body}"
        );
    }
}

#[tokio::test]
async fn an_account_is_asked_after() {
    let gateway =
        Gateway::answering(r#"{"ret":200,"data":{"wxid":"wxid_k3","nickName":null,"mobile":"13800001234"}}"#).await;
    let profile = gateway.client.get_profile(&device()).await;
    assert_eq!(
        profile,
        Ok(Profile {
            wxid: "wxid_k3".into(),
            nick_name: String::new()
        })
    );
    assert_eq!(
        Gateway::answering(r#"{"ret":200,"data":false}"#)
            .await
            .client
            .check_online(&device())
            .await,
        Ok(false)
    );
}

#[tokio::test]
async fn a_timeline_is_walked_by_exact_ids() {
    let gateway = Gateway::answering(
        r#"{"ret":200,"data":{"firstPageMd5":"9c41","maxId":14703570661504459000,"snsCount":2,"snsList":[
            {"id":14703570661504459000,"createTime":1752802212,"likeList":null,"snsXml":"<TimelineObject><id>14703570661504458755</id><contentDesc>早安</contentDesc><ContentObject><contentStyle>2</contentStyle><mediaList/></ContentObject></TimelineObject>"},
            {"id":"-3743608847...","createTime":0}]}}"#,
    )
    .await;
    assert!(
        gateway
            .client
            .contacts_sns_list(&device(), "w", &TimelineCursor::default())
            .await
            .is_err(),
        "an id that is none"
    );
    let gateway = Gateway::answering(
        r#"{"ret":200,"data":{"firstPageMd5":"9c41","maxId":14703570661504459000,"snsList":[
            {"id":14703570661504459000,"createTime":1752802212,"snsXml":"<TimelineObject><id>14703570661504458755</id><contentDesc>早安</contentDesc><ContentObject><contentStyle>2</contentStyle><mediaList/></ContentObject></TimelineObject>"},
            {"id":-3743608752387463102}]}}"#,
    )
    .await;
    let page = gateway
        .client
        .contacts_sns_list(&device(), "w", &TimelineCursor::default())
        .await
        .expect("a page");
    let shown: Vec<_> = page
        .posts
        .iter()
        .map(|post| (post.id.0, post.create_time, post.moment.is_some()))
        .collect();
    assert_eq!(
        shown,
        [
            (14_703_570_661_504_458_755, 1_752_802_212, true),
            (14_703_135_321_322_088_514, 1_752_750_315, false)
        ]
    );
    gateway.check(
        r#"/gewe/v2/api/sns/contactsSnsList T0 {"appId":"wx_Q","wxid":"w","maxId":0,"decrypt":true,"firstPageMd5":""}"#,
    );
    let next = page.next.expect("more");
    assert_eq!(
        gateway
            .client
            .contacts_sns_list(&device(), "w", &next)
            .await
            .expect("a page")
            .next,
        None
    );
    gateway.check(r#"/gewe/v2/api/sns/contactsSnsList T0 {"appId":"wx_Q","wxid":"w","maxId":14703135321322088514,"decrypt":true,"firstPageMd5":"9c41"}"#);
}

#[tokio::test]
async fn the_end_of_a_timeline_has_no_next_page() {
    for body in [
        r#"{"ret":200,"data":{"maxId":0,"snsList":[]}}"#,
        r#"{"ret":200,"data":{"snsList":null}}"#,
    ] {
        let page = Gateway::answering(body)
            .await
            .client
            .contacts_sns_list(&device(), "w", &TimelineCursor::default())
            .await;
        assert!(
            page.is_ok_and(|page| page.posts.is_empty() && page.next.is_none()),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_post_is_deleted_by_its_exact_id() {
    let gateway = Gateway::answering(r#"{"ret":200,"msg":"操作成功"}"#).await;
    assert_eq!(
        gateway
            .client
            .del_sns(&device(), SnsId(14_703_135_221_322_088_514))
            .await,
        Ok(())
    );
    gateway.check(r#"/gewe/v2/api/sns/delSns T0 {"appId":"wx_Q","snsId":14703135221322088514}"#);
}
