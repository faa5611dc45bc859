//! `POST …/media` and what may be done with its answer (requirement 5.3).

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::world::{Answer, BASE, OWNER, STRANGER, World, request, token};
use crate::PERMISSIONS;

/// One red pixel each.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";
const GIF: &str = "R0lGODlhAQABAIAAAP8AAAAAACwAAAAAAQABAAACAkQBACwAAAAAAQABAAACAkQBADs=";
const EDGE: &str = "an-edge-that-no-file-contains";

fn decoded(text: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(text).expect("base64")
}

fn form(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, bytes) in files {
        let head = format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"f\"; filename=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{EDGE}--\r\n").as_bytes());
    body
}

fn upload(body: Vec<u8>, more: &[(&str, &str)]) -> Request<Body> {
    let mut request = request("POST", &format!("{BASE}/media"), Some(&token(OWNER, PERMISSIONS)), None);
    let headers = request.headers_mut();
    let kind = format!("multipart/form-data; boundary={EDGE}");
    headers.insert(header::CONTENT_TYPE, kind.parse().expect("a header"));
    for (name, value) in more {
        headers.insert(
            header::HeaderName::from_bytes(name.as_bytes()).expect("a name"),
            value.parse().expect("a header"),
        );
    }
    *request.body_mut() = Body::from(body);
    request
}

async fn sent(world: &World, files: &[(&str, Vec<u8>)]) -> Answer {
    world.send(upload(form(files), &[])).await
}

/// The owner's file that everyone of these tests sends.
pub(crate) async fn a_png(world: &World) -> Value {
    sent(world, &[("红.png", decoded(PNG))]).await.expect(201)["files"][0].clone()
}

fn path_of(url: &Value) -> String {
    let url: url::Url = url.as_str().expect("an address").parse().expect("an address");
    url.path().to_owned()
}

#[tokio::test]
async fn each_file_is_judged_by_itself() {
    let world = World::new().await;
    let files = [
        ("红.png", decoded(PNG)),
        ("page.jpg", b"<html><body>login</body></html>".to_vec()),
        ("动.gif", decoded(GIF)),
        ("empty.png", Vec::new()),
    ];
    let data = sent(&world, &files).await.expect(201);
    let file = &data["files"][0];
    assert_eq!(
        (&file["name"], &file["kind"], &file["mime"], &file["size"]),
        (&json!("红.png"), &json!("IMAGE"), &json!("image/png"), &json!(69))
    );
    assert_eq!((&file["width"], &file["seconds"]), (&json!(1), &json!(null)));
    assert_eq!(file["keepUntil"], "2023-10-29T16:00:00Z");
    assert_eq!(data["files"][1]["warnings"], json!(["动图发布后只显示第一帧"]));
    let refused: Vec<_> = data["refused"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (one["index"].as_i64(), one["error"].as_str()))
        .collect();
    assert_eq!(
        refused,
        [(Some(1), Some("MEDIA_NOT_SUPPORTED")), (Some(3), Some("MEDIA_BROKEN"))]
    );
}

#[tokio::test]
async fn bad_uploads_are_refused_with_a_reason() {
    let world = World::new().await;
    let page = || form(&[("a.jpg", b"<html>".to_vec())]);
    let cut = {
        let mut body = form(&[("a.png", decoded(PNG))]);
        body.truncate(body.len() - 20);
        body
    };
    for (what, request, status) in [
        ("nothing usable", upload(page(), &[]), 422),
        ("no file", upload(form(&[]), &[]), 422),
        ("cut off", upload(cut, &[]), 400),
        ("no form", upload(page(), &[("content-type", "application/json")]), 415),
        (
            "no boundary",
            upload(page(), &[("content-type", "multipart/form-data")]),
            415,
        ),
        ("a strange id", upload(page(), &[("x-upload-id", "a b")]), 400),
    ] {
        let answer = world.send(request).await;
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        answer.expect(status);
    }
    let data = world.send(upload(page(), &[])).await.expect(422);
    assert_eq!(data[0]["field"], "files[0]");
}

#[tokio::test]
async fn more_than_twenty_files_are_too_many() {
    let world = World::new().await;
    let files: Vec<_> = (0..21).map(|_| ("红.png", decoded(PNG))).collect();
    let data = sent(&world, &files).await.expect(201);
    assert_eq!(data["files"].as_array().map(Vec::len), Some(20));
    assert_eq!(data["refused"][0]["error"], "TOO_MANY_FILES");
}

#[tokio::test]
async fn a_file_is_its_owners_and_its_links_end() {
    let world = World::new().await;
    let file = a_png(&world).await;
    let own = path_of(&file["url"]);
    assert!(own.starts_with(&format!("{BASE}/media/")), "{own}");
    let get = |path: String, user| world.send(request("GET", &path, Some(&token(user, PERMISSIONS)), None));
    for (user, status) in [(OWNER, 200), (STRANGER, 404)] {
        assert_eq!(get(own.clone(), user).await.status, status);
    }
    get(own.replace(".png", ".exe"), OWNER).await.error(404);
    for link in ["previewUrl", "thumbnailUrl"] {
        let open = || world.send(request("GET", &path_of(&file[link]), None, None));
        assert_eq!(open().await.headers["x-content-type-options"], "nosniff", "{link}");
    }
    world.clock.advance(Duration::from_hours(25));
    for link in ["previewUrl", "thumbnailUrl"] {
        world
            .send(request("GET", &path_of(&file[link]), None, None))
            .await
            .error(404);
    }
}

#[tokio::test]
async fn only_ones_own_files_can_be_published() {
    let world = World::bound().await;
    let file = a_png(&world).await;
    let body = |url: &Value| json!({ "mediaUrls": [url], "accountIds": ["ww1:zhangsan"] });
    world.post("/sync", body(&file["url"])).await.expect(202);
    world.post("/preflight", body(&file["url"])).await.expect(200);
    let unknown = json!(
        file["url"]
            .as_str()
            .expect("text")
            .replace(file["sha256"].as_str().expect("text"), &"0".repeat(64))
    );
    for route in ["/sync", "/preflight"] {
        let data = world.post(route, body(&unknown)).await.expect(422);
        assert_eq!(data[0]["field"], "mediaUrls[0]", "{route}");
    }
    let animation = sent(&world, &[("动.gif", decoded(GIF))]).await.expect(201)["files"][0]["url"].clone();
    let data = world.post("/preflight", body(&animation)).await.expect(200);
    assert_eq!(
        (&data["verdict"], &data["findings"][0]["code"]),
        (&json!("WARNING"), &json!("MEDIA_CHANGED"))
    );
}

#[tokio::test]
async fn whoever_named_an_upload_can_ask_how_far_it_came() {
    let world = World::new().await;
    let request = upload(form(&[("红.png", decoded(PNG))]), &[("x-upload-id", "page-7")]);
    world.send(request).await.expect(201);
    let data = world.get("/media/uploads/page-7").await.expect(200);
    assert_eq!(
        data,
        json!({ "receivedBytes": 69, "totalBytes": null, "files": 1, "ended": true })
    );
    assert_eq!(world.get("/media/uploads/page-8").await.error(404), "NOT_FOUND");
}
