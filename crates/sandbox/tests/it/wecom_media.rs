use reqwest::header::{CONTENT_DISPOSITION, HeaderMap, HeaderValue};
use reqwest::multipart::{Form, Part};
use serde_json::Value;

use crate::world::{World, check, images_for};

const FOR_MOMENTS: &str = "media_type=image&attachment_type=1";

/// A part whose disposition is written by hand.
fn form(disposition: &str, bytes: Vec<u8>) -> (String, Vec<u8>) {
    let mut body =
        format!("--b7c1\r\nContent-Disposition: {disposition}\r\nContent-Type: image/jpeg\r\n\r\n").into_bytes();
    body.extend(bytes);
    body.extend(b"\r\n--b7c1--\r\n");
    ("multipart/form-data; boundary=b7c1".to_owned(), body)
}

async fn upload_raw(w: &World, content_type: &str, body: Vec<u8>) -> Value {
    let url = format!(
        "{}/cgi-bin/media/upload_attachment?access_token={}&{FOR_MOMENTS}",
        w.base,
        w.token(0).await
    );
    w.http
        .post(url)
        .header("content-type", content_type)
        .body(body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}

#[tokio::test]
async fn an_upload_answers_as_documented_and_can_be_fetched() {
    let w = World::new().await;
    let bytes = w.picture("poster.jpg").await;
    let answer = w.upload(0, "image", "poster.jpg", bytes.clone()).await;
    assert_eq!(
        (&answer["errmsg"], &answer["type"], &answer["created_at"]),
        (&"".into(), &"image".into(), &(crate::world::NOON / 1000).into())
    );
    let url = format!(
        "{}/cgi-bin/media/get?access_token={}&media_id={}",
        w.base,
        w.token(0).await,
        answer["media_id"].as_str().unwrap()
    );
    let fetched = w.http.get(url).send().await.unwrap();
    assert_eq!(fetched.headers()["content-type"], "image/jpeg");
    assert_eq!(fetched.bytes().await.unwrap(), bytes);
}

#[tokio::test]
async fn files_are_judged_by_their_bytes() {
    let w = World::new().await;
    for (kind, name, source, errcode) in [
        ("image", "a.jpg", "a.jpg?w=1080&h=10800", 0),
        ("image", "a.jpg", "a.jpg?w=1081&h=1081", 41081),
        ("image", "a.jpg", "a.jpg?w=10801&h=20", 41081),
        ("image", "a.png", "a.png?w=30&h=30", 0),
        ("image", "a.png", "a.jpg?w=30&h=30", 40004),
        ("image", "a.gif", "a.gif?w=30&h=30", 40004),
        ("image", "a.jpg", "a.webp?w=30&h=30", 40004),
        ("image", "a.jpg", "broken/a.png?w=30&h=30", 40004),
        ("video", "a.mp4", "clip.mp4?secs=30", 0),
        ("video", "a.mp4", "clip.mp4?secs=31", 41082),
        ("video", "a.mp4", "broken/clip.mp4", 41090),
        ("video", "a.mp4", "a.jpg?w=30&h=30", 41090),
        ("voice", "a.mp4", "clip.mp4", 40005),
        ("file", "a.mp4", "clip.mp4", 41072),
    ] {
        let answer = w.upload(0, kind, name, w.picture(source).await).await;
        assert_eq!(answer["errcode"], errcode, "{kind} {name} from {source}: {answer}");
    }
}

#[tokio::test]
async fn sizes_have_a_floor_and_a_ceiling() {
    let w = World::new().await;
    check(&w.upload(0, "image", "a.jpg", vec![0xFF; 5]).await, 40006);
    check(
        &w.upload(0, "image", "a.jpg", vec![0xFF; 10 * 1024 * 1024 + 1]).await,
        41080,
    );
    check(&w.upload(0, "image", "a.jpg", b"this is a text".to_vec()).await, 40123);
}

#[tokio::test]
async fn the_multipart_traps_of_the_vendor_are_here_too() {
    let w = World::new().await;
    let jpeg = w.picture("a.jpg?w=20&h=20").await;
    let length = jpeg.len();
    for (disposition, errcode) in [
        (
            format!("form-data; name=\"media\"; filename=\"a.jpg\"; filelength={length}"),
            0,
        ),
        ("form-data; name=\"media\"; filename=\"a.jpg\"".to_owned(), 0),
        ("form-data; name=\"media\"; filename*=utf-8''a.jpg".to_owned(), 44001),
        ("form-data; name=\"file\"; filename=\"a.jpg\"".to_owned(), 44001),
        (
            "form-data; name=\"media\"; filename=\"a.jpg\"; filelength=1".to_owned(),
            40123,
        ),
        ("form-data; name=\"media\"; filename=\"a\"".to_owned(), 40004),
    ] {
        let (content_type, body) = form(&disposition, jpeg.clone());
        let answer = upload_raw(&w, &content_type, body).await;
        assert_eq!(answer["errcode"], errcode, "{disposition}: {answer}");
    }
    let (_, body) = form("form-data; name=\"media\"; filename=\"a.jpg\"", jpeg);
    check(&upload_raw(&w, "multipart/form-data", body).await, 44001);
}

#[tokio::test]
async fn a_second_part_and_a_body_of_unknown_length_are_refused() {
    let w = World::new().await;
    let jpeg = w.picture("a.jpg?w=20&h=20").await;
    let part = || Part::bytes(jpeg.clone()).file_name("a.jpg");
    check(
        &w.upload_form(0, FOR_MOMENTS, Form::new().part("media", part()).part("media", part()))
            .await,
        40058,
    );
    let stream = reqwest::Body::wrap_stream(futures::stream::iter([Ok::<_, std::io::Error>(jpeg.clone())]));
    let chunked = Form::new().part("media", Part::stream(stream).file_name("a.jpg"));
    check(&w.upload_form(0, FOR_MOMENTS, chunked).await, 44001);
    let mut headers = HeaderMap::new();
    headers.insert("x-more", HeaderValue::from_static("ignored"));
    headers.remove(CONTENT_DISPOSITION);
    check(
        &w.upload_form(0, FOR_MOMENTS, Form::new().part("media", part().headers(headers)))
            .await,
        0,
    );
}

#[tokio::test]
async fn media_expire_after_three_days_and_keep_to_their_scene() {
    let w = World::new().await;
    let image = w.image("one").await;
    let part = Part::bytes(w.picture("b.jpg?w=20&h=20").await).file_name("b.jpg");
    let album = w
        .upload_form(0, "media_type=image&attachment_type=2", Form::new().part("media", part))
        .await;
    let album = album["media_id"].as_str().unwrap();
    check(&w.create(images_for("album", &[album], &["li.na"])).await, 41072);
    w.advance(3 * 86_400 - 1);
    check(&w.create(images_for("in time", &[&image], &["li.na"])).await, 0);
    w.advance(1);
    check(&w.create(images_for("too late", &[&image], &["li.na"])).await, 40145);
}
