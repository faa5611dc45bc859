//! Media in a bucket of S3-compatible storage (requirement 5.3), kept by a real server of the protocol.

use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::files::{Arrived, jpeg};
use crate::world::World;

const BUCKET: &str = "media";
const KEY_ID: &str = "the-key-id";
pub(crate) const KEY: &str = "bucket-Key-3Xc8Wm1z";

/// The storage at a free port; its objects are files of the folder.
pub(crate) async fn service(folder: &Path) -> String {
    std::fs::create_dir(folder.join(BUCKET)).expect("a bucket");
    let mut service = S3ServiceBuilder::new(FileSystem::new(folder).expect("a folder"));
    service.set_auth(SimpleAuth::from_single(KEY_ID, KEY));
    let router = Router::new().fallback(pass).with_state(service.build());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn pass(State(service): State<S3Service>, request: Request) -> Response {
    let answer = service.call(request.map(s3s::Body::http_body_unsync)).await;
    answer.expect("an answer").map(Body::new)
}

pub(crate) fn settings(endpoint: &str) -> [(&'static str, &str); 4] {
    [
        ("MEDIA_STORE", "s3://media/moments"),
        ("MEDIA_S3_ENDPOINT", endpoint),
        ("MEDIA_S3_ACCESS_KEY_ID", KEY_ID),
        ("MEDIA_S3_SECRET_ACCESS_KEY", KEY),
    ]
}

/// What was uploaded is published by a machine that has none of it, and its gateway can fetch it there.
#[tokio::test]
async fn an_upload_outlives_the_machine_that_took_it() {
    let objects = tempfile::tempdir().expect("a folder");
    let endpoint = service(objects.path()).await;
    let mut world = World::with(&settings(&endpoint)).await;
    let corp = world.corp("ww_bucket").await;
    let wxid = world.device("bucket").await;
    let picture = jpeg(300, 200);
    let upload = world.api.upload(&[("a.jpg", &picture)]).expect(201).await;
    let urls: Vec<_> = upload["files"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(url)
        .collect();
    assert_eq!(urls.len(), 1, "{upload}");
    world.take_server().stop().await;
    std::fs::remove_dir_all(world.folder().join("media")).expect("the machine's own files");
    world.start_again().await;
    let targets = [corp.account("li.na"), wxid.clone()];
    let id = world.sync("桶里的图").to(targets).media(&urls).accepted().await;
    world.check(id, &format!("li.na SUCCESS, {wxid} SUCCESS")).await;
    for owner in [&corp.id, &wxid] {
        let moment = world.moments_of(owner).pop().expect("a Moment");
        assert_eq!(Arrived::at(&world, &moment.media[0]).await.bytes, picture);
    }
    world.assert_no_violation();
}

fn url(file: &Value) -> Option<String> {
    file["url"].as_str().map(str::to_owned)
}
