//! Link posts, and posts that only some customers or friends may see, from the request to those who see them.

use moments_sandbox::{Customer, FaultKind, FriendLabel, FriendSeed, LinkRecord, TagSeed, World as Platform};
use serde_json::json;

use crate::files::hash_of;
use crate::world::{Corp, World};

/// A corp with a tag that one customer of li.na has, and nobody else's.
async fn tagged_corp(world: &World) -> Corp {
    let corp = world.corp_with("ww_tags", |seed| {
        let tag = |id: &str| TagSeed {
            id: id.to_owned(),
            name: "老客户".to_owned(),
        };
        seed.tags = vec![tag("etOld"), tag("etNobody")];
        let customer = |name: &str, tags: &[&str]| Customer {
            external_userid: name.to_owned(),
            tags: tags.iter().map(ToString::to_string).collect(),
        };
        for member in seed.members.iter_mut().filter(|member| member.userid == "li.na") {
            member.customers = Some(vec![customer("wmOld", &["etOld"]), customer("wmNew", &[])]);
        }
    });
    corp.await
}

/// An account with a label that one of its two friends has.
async fn labelled_device(world: &World) -> String {
    let device = world.device_with("labels", |seed| {
        seed.labels = vec![FriendLabel {
            label_id: 7,
            label_name: "熟客".to_owned(),
        }];
        let friend = |wxid: &str, labels: &[i64]| FriendSeed {
            wxid: wxid.to_owned(),
            labels: labels.to_vec(),
        };
        seed.friends = vec![friend("wxid_regular", &[7]), friend("wxid_other", &[])];
    });
    device.await
}

fn shop() -> LinkRecord {
    LinkRecord {
        title: "秋季新品".to_owned(),
        url: "https://shop.example.com/autumn?from=moments".to_owned(),
    }
}

#[tokio::test]
async fn a_link_reaches_those_customers_and_friends_whom_its_audience_names() {
    let world = World::new().await;
    let (corp, wxid) = (tagged_corp(&world).await, labelled_device(&world).await);
    let cover = format!("{}/pictures/cover.jpg?w=300&h=300", world.sandbox_url);
    let link = json!({ "title": shop().title, "url": shop().url, "coverUrl": cover });
    let id = world
        .sync("看看新品")
        .field("link", link.clone())
        .field("visibility", json!({ "customerTags": ["etOld"], "labels": ["7"] }))
        .to([corp.account("li.na"), corp.account("zhang.wei"), wxid.clone()])
        .accepted()
        .await;
    let expected = format!("li.na SUCCESS, zhang.wei FAILED NOT_DISPATCHED, {wxid} SUCCESS");
    let task = world.check(id, &expected).await;
    assert_eq!(task.0["link"], link);
    assert_eq!(task.0["visibility"]["customerTags"], json!(["etOld"]));
    let told = task.results()[1]["errorMessage"].as_str().expect("a message");
    assert!(told.contains("没有带所选标签的客户"), "{told}");
    let picture = hash_of(&cover).await;
    for (owner, seen_by) in [(&corp.id, "wmOld"), (&wxid, "wxid_regular")] {
        let moment = world.moments_of(owner).pop().expect("a Moment");
        assert_eq!((moment.text.as_str(), &moment.link), ("看看新品", &Some(shop())));
        assert_eq!(
            (&moment.media, moment.visible_to),
            (&vec![picture.clone()], Some(vec![seen_by.to_owned()]))
        );
    }
    world.assert_no_violation();
}

/// The platform makes the post and the answer is lost: it is found in the list, and not sent twice. Neither names a cover.
#[tokio::test]
async fn a_link_whose_answer_was_lost_is_found_again() {
    let world = World::new().await;
    let (corp, wxid) = (tagged_corp(&world).await, labelled_device(&world).await);
    let first = world.sync("第一条").to([&wxid]).accepted().await;
    world.check(first, &format!("{wxid} SUCCESS")).await;
    world.strike(Platform::Wecom, &corp.id, "add_moment_task", FaultKind::CutAfter);
    world.strike(Platform::Gewe, &wxid, "sendUrlSns", FaultKind::CutAfter);
    let id = world
        .sync("")
        .field("link", json!(shop()))
        .field(
            "visibility",
            json!({ "customerTags": ["etOld"], "deny": ["wxid_other"] }),
        )
        .to([corp.account("li.na"), wxid.clone()])
        .accepted()
        .await;
    world.check(id, &format!("li.na SUCCESS, {wxid} SUCCESS")).await;
    for (owner, moments, seen_by) in [(&corp.id, 1, "wmOld"), (&wxid, 2, "wxid_regular")] {
        let mut all = world.moments_of(owner);
        assert_eq!(all.len(), moments, "{owner}");
        let moment = all.pop().expect("a Moment");
        assert_eq!(
            (moment.kind.as_str(), moment.link, moment.media.len()),
            ("link", Some(shop()), 1)
        );
        assert_eq!(moment.visible_to, Some(vec![seen_by.to_owned()]));
    }
    world.assert_no_violation();
}

/// A tag that is gone, a label that is gone, and a tag that nobody has: told in words, and never shown to everybody instead.
#[tokio::test]
async fn an_audience_that_is_gone_is_told_and_never_becomes_everybody() {
    let world = World::new().await;
    let (corp, wxid) = (tagged_corp(&world).await, labelled_device(&world).await);
    for (account, visibility, reason) in [
        (
            corp.account("li.na"),
            json!({ "customerTags": ["etOld", "etGone"] }),
            "etGone",
        ),
        (wxid.clone(), json!({ "denyLabels": ["8"] }), "8"),
        (corp.account("li.na"), json!({ "customerTags": ["etNobody"] }), "41048"),
    ] {
        let sync = world.sync("早安").field("visibility", visibility).to([account]);
        let id = sync.accepted().await;
        let task = world.wait_for(id, crate::sync::Task::is_over).await;
        assert_eq!(task.results()[0]["errorReason"], "AUDIENCE_GONE", "{}", task.0);
        assert!(
            task.message().contains(reason) && task.message().contains("可见范围"),
            "{}",
            task.message()
        );
    }
    assert_eq!(
        (world.calls(&corp.id, "add_moment_task"), world.moments_of(&wxid).len()),
        (1, 0)
    );
    world.assert_no_violation();
}
