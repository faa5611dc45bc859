use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use serde_json::Value;

use super::*;

mod suites;

/// A server that answers everything with one body and remembers the last request as `METHOD target content-type body`.
struct Server {
    client: WecomClient,
    last: Arc<Mutex<String>>,
}

impl Server {
    async fn answering(body: &'static str) -> Self {
        let last = Arc::new(Mutex::new(String::new()));
        let seen = Arc::clone(&last);
        let app = Router::new().fallback(move |request: Request| remember(request, Arc::clone(&seen), body));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"))
            .parse()
            .expect("a url");
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            client: WecomClient::new(WireClient::new().expect("a client"), base),
            last,
        }
    }

    #[track_caller]
    fn check(&self, expected: &str) {
        assert_eq!(*self.last.lock().expect("not poisoned"), expected);
    }
}

async fn remember(request: Request, last: Arc<Mutex<String>>, answer: &'static str) -> &'static str {
    let content_type = request
        .headers()
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .unwrap_or("-")
        .to_owned();
    let head = format!("{} {} {content_type}", request.method(), request.uri());
    let body = to_bytes(request.into_body(), 1 << 20).await.expect("a body");
    *last.lock().expect("not poisoned") = format!("{head} {}", String::from_utf8_lossy(&body)).trim().to_owned();
    answer
}

fn token() -> AccessToken {
    SecretString::from("T&0").into()
}

#[tokio::test]
async fn a_token_is_asked_for_by_query_and_survives_a_missing_errcode() {
    let server = Server::answering(r#"{"access_token":"R5y","expires_in":"7200"}"#).await;
    let issued = server.client.gettoken("ww6c", &"s/1".into()).await.expect("a token");
    assert!(issued.access_token == SecretString::from("R5y").into() && issued.expires_in == 7200);
    server.check("GET /cgi-bin/gettoken?corpid=ww6c&corpsecret=s%2F1 -");
}

#[tokio::test]
async fn the_code_is_looked_at_before_the_fields() {
    let server = Server::answering(r#"{"errcode":40014,"errmsg":"invalid access_token","follow_user":[]}"#).await;
    let error = server.client.get_follow_user_list(&token()).await.expect_err("refused");
    assert_eq!(error, CallError::refused("40014", "invalid access_token"));
    server.check("GET /cgi-bin/externalcontact/get_follow_user_list?access_token=T%260 -");
}

#[tokio::test]
async fn a_hint_is_kept() {
    let server =
        Server::answering(r#"{"errcode":"40001","errmsg":"invalid credential, hint: [1767060000112233445566778]"}"#)
            .await;
    let error = server.client.gettoken("ww6c", &"s".into()).await.expect_err("refused");
    assert_eq!(
        error,
        CallError::refused("40001", "invalid credential, hint: [1767060000112233445566778]")
    );
}

#[tokio::test]
async fn a_member_has_a_name_and_a_standing() {
    let server = Server::answering(r#"{"errcode":0,"userid":"li.na","name":"李娜","status":4,"department":[2]}"#).await;
    let member = server.client.user_get(&token(), "li.na").await.expect("a member");
    assert_eq!(
        (member.name.as_str(), member.status()),
        ("李娜", crate::MemberStatus::NotActivated)
    );
    server.check("GET /cgi-bin/user/get?access_token=T%260&userid=li.na -");
}

#[tokio::test]
async fn an_upload_names_scene_kind_and_length() {
    let server =
        Server::answering(r#"{"errcode":0,"errmsg":"","type":"image","media_id":"1Xq","created_at":"1767060123"}"#)
            .await;
    let bytes = Bytes::from_static(b"PNG");
    let uploaded = server
        .client
        .upload_attachment(&token(), AttachmentKind::Image, "a.png", "image/png", bytes)
        .await;
    assert_eq!(
        uploaded,
        Ok(Uploaded {
            media_id: "1Xq".into(),
            created_at: 1_767_060_123
        })
    );
    server.check(
        "POST /cgi-bin/media/upload_attachment?access_token=T%260&media_type=image&attachment_type=1 \
         multipart/form-data; boundary=----moments-part-0 ------moments-part-0\r\n\
         Content-Disposition: form-data; name=\"media\"; filename=\"a.png\"; filelength=3\r\n\
         Content-Type: image/png\r\n\r\nPNG\r\n------moments-part-0--",
    );
}

#[tokio::test]
async fn a_creation_without_a_job_is_no_answer() {
    let moment = NewMoment::new("早安", vec![], crate::Senders::new(["li.na".to_owned()]).expect("one"));
    for (body, expected) in [
        (r#"{"errcode":0,"errmsg":"ok","jobid":"jobM8"}"#, "jobM8"),
        (r#"{"errcode":0,"errmsg":"ok","jobid":""}"#, "no answer"),
        (r#"{"errcode":0,"errmsg":"ok"}"#, "no answer"),
        (r#"{"errcode":0,"er"#, "no answer"),
        (r#"{"errcode":45009,"errmsg":"api freq out of limit"}"#, "45009"),
    ] {
        let server = Server::answering(body).await;
        let outcome = match server.client.add_moment_task(&token(), &moment).await {
            Ok(job) => job,
            Err(CallError::NoAnswer(_)) => "no answer".into(),
            Err(error) => error.code().unwrap_or("not sent").to_owned(),
        };
        assert_eq!(outcome, expected, "{body}");
        server.check(
            "POST /cgi-bin/externalcontact/add_moment_task?access_token=T%260 application/json \
             {\"text\":{\"content\":\"早安\"},\"visible_range\":{\"sender_list\":{\"user_list\":[\"li.na\"]}}}",
        );
    }
}

#[tokio::test]
async fn a_job_is_judged_by_its_own_code_and_only_when_finished() {
    for (body, expected) in [
        (
            r#"{"errcode":0,"status":1,"result":{"errcode":0,"moment_id":"mom0"}}"#,
            "running",
        ),
        (r#"{"errcode":0,"status":"2"}"#, "running"),
        (
            r#"{"errcode":0,"status":3,"result":{"errcode":0,"errmsg":"ok","moment_id":"mom1","invalid_sender_list":{"user_list":["ghost01"],"department_list":[99]},"invalid_external_contact_list":{"tag_list":["etGone"]}}}"#,
            "0 mom1 ghost01 etGone",
        ),
        (
            r#"{"errcode":0,"status":3,"result":{"errcode":40007,"errmsg":"invalid media_id","invalid_sender_list":{}}}"#,
            "40007   ",
        ),
        (
            r#"{"errcode":0,"status":3,"result":{"errcode":0,"moment_id":"mom2","invalid_sender_list":{"user_list":null},"invalid_external_contact_list":null}}"#,
            "0 mom2  ",
        ),
    ] {
        let server = Server::answering(body).await;
        let shown = match server
            .client
            .get_moment_task_result(&token(), "jobM8")
            .await
            .expect("an answer")
        {
            JobStatus::Running => "running".to_owned(),
            JobStatus::Finished(result) => {
                format!(
                    "{} {} {} {}",
                    result.errcode,
                    result.moment_id,
                    result.invalid_users().join(","),
                    result.invalid_tags().join(",")
                )
            }
        };
        assert_eq!(shown, expected, "{body}");
    }
}

#[tokio::test]
async fn posts_are_listed_page_by_page() {
    let server = Server::answering(
        r#"{"errcode":0,"next_cursor":"c2","moment_list":[
            {"moment_id":"mom1","create_time":"1767060200","create_type":0,"visible_type":1,"text":{"content":"周末"},"image":[{"media_id":"W1"},{"media_id":"W2"}]},
            {"moment_id":"mom2","creator":"li.na","create_time":1767061000,"create_type":0,"visible_type":0,"video":{"media_id":"V","thumb_media_id":"T"},"text":null}]}"#,
    )
    .await;
    let window = ListWindow {
        start_time: 1_767_060_000,
        end_time: 1_767_070_000,
    };
    let page = server
        .client
        .get_moment_list(&token(), window, Some("c1"))
        .await
        .expect("a page");
    assert_eq!(page.next_cursor.as_deref(), Some("c2"));
    let shown: Vec<_> = page
        .items
        .iter()
        .map(|m| {
            format!(
                "{} {} {} {} {} {}",
                m.moment_id,
                m.create_time,
                m.text(),
                m.images(),
                m.has_video(),
                m.is_public()
            )
        })
        .collect();
    assert_eq!(
        shown,
        ["mom1 1767060200 周末 2 false true", "mom2 1767061000  0 true false"]
    );
    server.check(
        "POST /cgi-bin/externalcontact/get_moment_list?access_token=T%260 application/json \
         {\"start_time\":1767060000,\"end_time\":1767070000,\"filter_type\":0,\"cursor\":\"c1\",\"limit\":20}",
    );
}

#[tokio::test]
async fn senders_are_listed_until_the_cursor_is_empty() {
    let server = Server::answering(
        r#"{"errcode":0,"errmsg":"ok","next_cursor":"","task_list":[{"userid":"zhangwei_07","publish_status":1},{"userid":"li.na","publish_status":"0"}]}"#,
    )
    .await;
    let page = server
        .client
        .get_moment_task(&token(), "mom1", None)
        .await
        .expect("a page");
    let shown: Vec<_> = page
        .items
        .iter()
        .map(|task| (task.userid.as_str(), task.is_published()))
        .collect();
    assert_eq!(shown, [("zhangwei_07", true), ("li.na", false)]);
    assert_eq!(page.next_cursor, None);
    server.check(
        "POST /cgi-bin/externalcontact/get_moment_task?access_token=T%260 application/json \
         {\"moment_id\":\"mom1\",\"cursor\":\"\",\"limit\":1000}",
    );
}

#[tokio::test]
async fn a_task_is_cancelled_by_its_moment() {
    let server = Server::answering(r#"{"errcode":0,"errmsg":"ok"}"#).await;
    assert_eq!(server.client.cancel_moment_task(&token(), "mom1").await, Ok(()));
    let last = server.last.lock().expect("not poisoned").clone();
    assert!(
        serde_json::from_str::<Value>(&last[last.find('{').expect("a body")..])
            .is_ok_and(|body| body["moment_id"] == "mom1")
    );
}
