//! Pictures and videos: in order, within the limits, known to each channel once; all of them or none.

use image::ImageFormat;
use moments_sandbox::{FaultKind, MomentRecord, World as Platform};

use crate::files::{self, Arrived, hash_of};
use crate::world::{Corp, World};

async fn hosting() -> World {
    World::hosting(&[], files::routes()).await
}

/// Addresses of pictures that the sandbox draws.
fn pictures(world: &World, names: impl IntoIterator<Item = impl std::fmt::Display>) -> Vec<String> {
    names
        .into_iter()
        .map(|name| format!("{}/pictures/{name}", world.sandbox_url))
        .collect()
}

/// Publishes these media for one member; the Moment as the platform has it.
async fn publish(world: &World, corp: &Corp, text: &str, urls: &[String]) -> MomentRecord {
    let id = world
        .sync(text)
        .to([corp.account("li.na")])
        .media(urls)
        .accepted()
        .await;
    world.check(id, "li.na SUCCESS").await;
    world.moments_of(&corp.id).pop().expect("a Moment")
}

#[tokio::test]
async fn three_pictures_arrive_in_order_and_unchanged() {
    let world = World::new().await;
    let corp = world.corp("ww_three").await;
    let urls = pictures(&world, ["b.jpg", "a.png?w=300&h=200", "c.jpg?w=200&h=300"]);
    let moment = publish(&world, &corp, "", &urls).await;
    let mut hashes = Vec::new();
    for url in &urls {
        hashes.push(hash_of(url).await);
    }
    assert_eq!((moment.kind.as_str(), moment.media), ("image", hashes));
}

#[tokio::test]
async fn nine_pictures_make_one_post() {
    let world = World::new().await;
    let corp = world.corp("ww_nine").await;
    let urls = pictures(&world, (1..=9).map(|n| format!("{n}.jpg?w=90&h=60")));
    let moment = publish(&world, &corp, "", &urls).await;
    let mut hashes = Vec::new();
    for url in &urls {
        hashes.push(hash_of(url).await);
    }
    assert_eq!(moment.media, hashes);
    assert_eq!(world.calls(&corp.id, "upload_attachment"), 9);
}

/// The sandbox refuses what breaks the platform's limits, so that arriving is half of the proof.
#[tokio::test]
async fn pictures_of_any_kind_and_size_are_made_to_fit() {
    let world = hosting().await;
    let corp = world.corp("ww_fit").await;
    let noise = format!("{}/files/noise", world.sandbox_url);
    let mut urls = pictures(&world, ["p.png?w=500&h=400", "w.webp?w=500&h=400", "g.gif?w=50&h=40"]);
    urls.extend(pictures(&world, ["big.jpg?w=4000&h=3000", "long.jpg?w=600&h=6000"]));
    urls.push(noise);
    let moment = publish(&world, &corp, "", &urls).await;
    let expected = [
        (ImageFormat::Png, (500, 400)),
        (ImageFormat::Jpeg, (500, 400)),
        (ImageFormat::Jpeg, (50, 40)),
        (ImageFormat::Jpeg, (1440, 1080)),
        (ImageFormat::Jpeg, (394, 3943)),
        (ImageFormat::Jpeg, (1440, 1080)),
    ];
    for ((sha256, url), (format, size)) in moment.media.iter().zip(&urls).zip(expected) {
        let arrived = Arrived::at(&world, sha256).await;
        assert_eq!(
            (arrived.format, arrived.pixels().dimensions()),
            (Some(format), size),
            "{url}"
        );
        assert!(arrived.bytes.len() <= 10 << 20, "{url}");
    }
}

#[tokio::test]
async fn a_picture_taken_upright_arrives_upright() {
    let world = hosting().await;
    let corp = world.corp("ww_turn").await;
    let moment = publish(&world, &corp, "", &[format!("{}/files/turned", world.sandbox_url)]).await;
    let arrived = Arrived::at(&world, &moment.media[0]).await;
    let pixels = arrived.pixels();
    assert_eq!(pixels.dimensions(), (200, 600));
    let (above, below) = (pixels.get_pixel(100, 100).0, pixels.get_pixel(100, 500).0);
    assert!(
        above[0] > 150 && below[2] > 150,
        "the red half was on the left: {above:?} {below:?}"
    );
    assert!(
        !arrived.bytes.windows(4).any(|window| window == b"Exif"),
        "nobody turns it twice"
    );
}

#[tokio::test]
async fn a_video_arrives_unchanged_on_both_platforms() {
    let world = World::new().await;
    let corp = world.corp("ww_video").await;
    let wxid = world.device("video").await;
    let urls = pictures(&world, ["clip.mp4?secs=3"]);
    let targets = [corp.account("li.na"), wxid.clone()];
    let id = world.sync("开业").to(targets).media(&urls).accepted().await;
    world.check(id, &format!("li.na SUCCESS, {wxid} SUCCESS")).await;
    for owner in [&corp.id, &wxid] {
        let moment = world.moments_of(owner).pop().expect("a Moment");
        assert_eq!(
            (moment.kind.as_str(), moment.media),
            ("video", vec![hash_of(&urls[0]).await]),
            "{owner}"
        );
    }
}

#[tokio::test]
async fn a_personal_accounts_pictures_are_fetched_from_our_signed_links() {
    let world = World::new().await;
    let wxid = world.device("sign").await;
    let urls = pictures(&world, ["1.jpg", "2.webp?w=300&h=200"]);
    let id = world.sync("早安").to([&wxid]).media(&urls).accepted().await;
    world.check(id, &format!("{wxid} SUCCESS")).await;
    let moment = world.moments_of(&wxid).pop().expect("a Moment");
    assert_eq!(moment.media[0], hash_of(&urls[0]).await);
    let second = Arrived::at(&world, &moment.media[1]).await;
    assert_eq!(
        (second.format, second.pixels().dimensions()),
        (Some(ImageFormat::Jpeg), (300, 200))
    );
}

#[tokio::test]
async fn a_medium_is_uploaded_once_for_each_channel_whatever_its_address() {
    let world = World::new().await;
    let (one, other) = (world.corp("ww_up").await, world.corp("ww_up2").await);
    let url = &pictures(&world, ["same.jpg"])[0];
    for (text, query) in [("一", ""), ("二", "?from=a"), ("三", "?from=b")] {
        publish(&world, &one, text, &[format!("{url}{query}")]).await;
    }
    assert_eq!(world.calls(&one.id, "upload_attachment"), 1);
    publish(&world, &other, "一", std::slice::from_ref(url)).await;
    assert_eq!(
        (
            world.calls(&one.id, "upload_attachment"),
            world.calls(&other.id, "upload_attachment")
        ),
        (1, 1)
    );
    world.assert_no_violation();
}

/// All or nothing: one bad medium, and nothing is posted, on no channel.
/// So it is for a worker whose neighbour fetched the task's media into a folder of its own.
#[tokio::test]
async fn a_medium_that_this_machine_does_not_have_is_fetched_again() {
    let world = World::new().await;
    let corp = world.corp("ww_elsewhere").await;
    let (errcode, errmsg) = (-1, String::new());
    world.strike(
        Platform::Wecom,
        &corp.id,
        "upload_attachment",
        FaultKind::Errcode { errcode, errmsg },
    );
    let urls = pictures(&world, ["a.jpg"]);
    let sync = world.sync("早安").to([corp.account("li.na")]).media(&urls);
    let id = sync.accepted().await;
    world.check(id, "li.na WAITING_RETRY").await;
    let kept = std::fs::read_dir(world.folder().join("media")).expect("the folder of media");
    let places: Vec<_> = kept.flatten().filter(|entry| entry.file_name().len() == 2).collect();
    assert_eq!(places.len(), 1, "one picture is kept");
    std::fs::remove_dir_all(places[0].path()).expect("it is lost");
    world.check(id, "li.na SUCCESS").await;
    assert_eq!(world.moments_of(&corp.id)[0].media, [hash_of(&urls[0]).await]);
}

#[tokio::test]
async fn a_post_with_a_bad_medium_fails_as_a_whole_and_says_which_and_why() {
    let world = hosting().await;
    let corp = world.corp("ww_all").await;
    let wxid = world.device("all").await;
    let good = &pictures(&world, ["good.jpg"])[0];
    let host = &world.sandbox_url;
    let mut tasks = Vec::new();
    for (bad, told) in [
        (format!("{host}/files/nothing"), "第 2 个媒体：素材所在的服务器返回 404"),
        (
            format!("{host}/files/forbidden"),
            "第 2 个媒体：素材所在的服务器返回 403",
        ),
        (format!("{host}/files/page"), "第 2 个媒体：不支持的文件格式"),
        (format!("{host}/pictures/broken/x.jpg"), "第 2 个媒体：文件已损坏"),
        (format!("{host}/pictures/broken/x.png"), "第 2 个媒体：文件已损坏"),
        (
            format!("{host}/pictures/clip.mp4?as=picture").replace("clip.mp4", "clip%2Emp4"),
            "图片和视频不能同时发布",
        ),
    ] {
        let targets = [corp.account("li.na"), wxid.clone()];
        let sync = world
            .sync("")
            .field("mediaUrls", serde_json::json!([good, bad]))
            .to(targets);
        tasks.push((sync.accepted().await, bad, told));
    }
    for (id, bad, told) in tasks {
        let failed = format!("li.na FAILED MEDIA_REJECTED, {wxid} FAILED MEDIA_REJECTED");
        let task = world.check(id, &failed).await;
        assert!(task.message().contains(told), "{bad}: {}", task.message());
    }
    assert_eq!(world.sandbox.moment_count(), 0);
    assert_eq!(world.calls(&corp.id, "add_moment_task"), 0);
}

/// What one post made of a video, the next one does not get without asking for it.
#[tokio::test]
async fn a_video_that_is_too_long_says_so_and_is_cut_for_whoever_wants_that() {
    let ffmpeg = ffmpeg();
    let world = World::with(&[("MEDIA_FFMPEG", ffmpeg.as_deref().unwrap_or("off"))]).await;
    let corp = world.corp("ww_long").await;
    let urls = pictures(&world, ["long.mp4?secs=31"]);
    let post = || world.sync("").to([corp.account("li.na")]).media(&urls);
    if ffmpeg.is_some() {
        let id = post().field("videoCut", true.into()).accepted().await;
        world.check(id, "li.na SUCCESS").await;
        let moment = world.moments_of(&corp.id).pop().expect("a Moment");
        assert_eq!((moment.kind.as_str(), moment.media.len()), ("video", 1));
        assert_ne!(moment.media, [hash_of(&urls[0]).await], "it is another file");
    }
    let before = world.sandbox.moment_count();
    let task = world
        .check(post().accepted().await, "li.na FAILED MEDIA_REJECTED")
        .await;
    for told in ["31 秒", "30 秒", "videoCut"] {
        assert!(task.message().contains(told), "{}", task.message());
    }
    assert_eq!(world.sandbox.moment_count(), before);
}

/// Where tests are a gate, a missing program is a failure, not a reason to pass them over.
fn ffmpeg() -> Option<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut programs = std::env::split_paths(&path).map(|folder| folder.join("ffmpeg"));
    let found = programs.find(|program| program.is_file());
    assert!(
        found.is_some() || std::env::var_os("CI").is_none(),
        "ffmpeg is not installed"
    );
    found.map(|program| program.to_string_lossy().into_owned())
}

/// The address itself is refused at once; a name that leads inside, only when it is fetched.
#[tokio::test]
async fn a_name_that_leads_inside_is_refused_when_it_is_fetched() {
    let world = World::with(&[("MEDIA_ALLOW_PRIVATE_ADDRESSES", "false")]).await;
    let corp = world.corp("ww_inside").await;
    let inside = world.sandbox_url.replace("127.0.0.1", "[::ffff:127.0.0.1]");
    let refused = world
        .sync("")
        .to([corp.account("li.na")])
        .media([format!("{inside}/pictures/a.jpg")]);
    assert_eq!(refused.send().await.wrong_fields(), ["mediaUrls[0]"]);
    let Some(name) = own_host_name() else {
        eprintln!("skipped: this machine's name does not lead to a private address");
        return;
    };
    let port = world.sandbox_url.rsplit_once(':').expect("a port").1;
    let url = format!("http://{name}:{port}/pictures/a.jpg");
    let id = world.sync("").to([corp.account("li.na")]).media([url]).accepted().await;
    let task = world.check(id, "li.na FAILED MEDIA_REJECTED").await;
    assert!(task.message().contains("内网"), "{}", task.message());
}

/// The name of this machine, where it leads to a private address.
fn own_host_name() -> Option<String> {
    use std::net::ToSocketAddrs as _;
    let name = std::fs::read_to_string("/etc/hostname").ok()?.trim().to_owned();
    let mut addresses = (name.as_str(), 80).to_socket_addrs().ok()?;
    let private = addresses.all(|address| match address.ip() {
        std::net::IpAddr::V4(ip) => ip.is_private() || ip.is_loopback(),
        std::net::IpAddr::V6(ip) => ip.is_loopback(),
    });
    (private && name != "localhost").then_some(name)
}
