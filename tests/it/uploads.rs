//! Files that their owner sends instead of naming an address (requirement 5.3).

use serde_json::{Value, json};

use crate::api::STRANGER;
use crate::files::{Arrived, jpeg, turned};
use crate::world::World;

fn urls(upload: &Value) -> Vec<String> {
    let files = upload["files"].as_array().expect("files");
    let url = |file: &Value| file["url"].as_str().expect("an address").to_owned();
    files.iter().map(url).collect()
}

/// The file reaches the members' platform and the personal gateway, which fetches it by itself; a restart in between changes nothing.
#[tokio::test]
async fn what_was_uploaded_is_published_and_is_nobody_elses() {
    let mut world = World::new().await;
    let corp = world.corp("ww_upload").await;
    let wxid = world.device("upload").await;
    let (plain, upright) = (jpeg(300, 200), turned(&jpeg(600, 200)));
    let upload = world
        .api
        .upload(&[("a.jpg", &plain), ("竖.jpg", &upright), ("c.jpg", b"none")]);
    let upload = upload.expect(201).await;
    assert_eq!(upload["refused"][0]["index"], 2);
    let urls = urls(&upload);
    let body = json!({ "mediaUrls": urls, "accountIds": [corp.account("li.na")] });
    let stolen = world.api.post("/sync", &body).by(STRANGER).send().await;
    assert_eq!(stolen.error(404), "WechatAccountNotFoundException");
    world.take_server().stop().await;
    world.start_again().await;
    let targets = [corp.account("li.na"), wxid.clone()];
    let id = world.sync("自己的图").to(targets).media(&urls).accepted().await;
    world.check(id, &format!("li.na SUCCESS, {wxid} SUCCESS")).await;
    for owner in [&corp.id, &wxid] {
        let moment = world.moments_of(owner).pop().expect("a Moment");
        let mut arrived = Vec::new();
        for sha256 in &moment.media {
            arrived.push(Arrived::at(&world, sha256).await);
        }
        assert_eq!(arrived[0].bytes, plain, "unchanged");
        assert_eq!(arrived[1].pixels().dimensions(), (200, 600), "upright");
    }
    assert_eq!(
        world.api.get("/media/uploads/none").send().await.error(404),
        "NOT_FOUND"
    );
    world.assert_no_violation();
}
