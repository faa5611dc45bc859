use moments_domain::{AppKind, ChannelKind, MomentLink};
use moments_media::MediaFormat;
use moments_wire::WireClient;

use super::*;
use crate::testing::{FakePlatform, HandClock, MemoryShelf, NOW, Seen, channel, medium, post, shown};

/// A corp whose token is on the shelf; the calls are answered by `answer`.
async fn corp(
    answer: impl Fn(&Seen) -> String + Send + Sync + 'static,
) -> (WecomPlatform, FakePlatform, ChannelAccess) {
    let fake = FakePlatform::start(answer).await;
    let client = WecomClient::new(WireClient::new().expect("a client"), fake.base.clone());
    let shelf = MemoryShelf::with("S", NOW + Duration::from_hours(2));
    (
        WecomPlatform::new(client, shelf, HandClock::new()),
        fake,
        channel(ChannelKind::Wecom),
    )
}

fn always(body: &'static str) -> impl Fn(&Seen) -> String + Send + Sync {
    move |_| body.to_owned()
}

fn window(sent_secs_ago: i64) -> SearchWindow {
    SearchWindow {
        sent_time: Timestamp::from_secs(NOW.as_secs() - sent_secs_ago),
        now: NOW,
        known_moment: None,
    }
}

#[tokio::test]
async fn a_creation_is_accepted_refused_or_in_doubt() {
    for (body, expected) in [
        (r#"{"errcode":0,"errmsg":"ok","jobid":"jobM8"}"#, "accepted jobM8"),
        (r#"{"errcode":-1,"errmsg":"system busy"}"#, "no answer"),
        ("!", "no answer"),
        ("<html>", "no answer"),
        (r#"{"errcode":0}"#, "no answer"),
        (r#"{"errcode":45009,"errmsg":"api freq out of limit"}"#, "Window 45009"),
        (r#"{"errcode":41078,"errmsg":"x"}"#, "Window 41078"),
        (r#"{"errcode":40201,"errmsg":"x"}"#, "Content 40201"),
        (r#"{"errcode":48002,"errmsg":"api forbidden"}"#, "Configuration 48002"),
    ] {
        let (platform, fake, channel) = corp(always(body)).await;
        let outcome = match platform.create(&channel, &post("早安", &["m1"], &["li.na"])).await {
            Ok(Answer::Accepted { job_id }) => format!("accepted {job_id}"),
            Ok(other) => format!("{other:?}"),
            Err(failure) => shown(&failure),
        };
        assert_eq!(outcome, expected, "{body}");
        assert_eq!(fake.calls("add_moment_task").len(), 1, "{body}");
    }
}

#[tokio::test]
async fn a_creation_with_an_old_token_is_repeated_once_with_a_new_one() {
    let (platform, fake, channel) = corp(|seen| match (seen.api.as_str(), seen.token()) {
        ("gettoken", _) => r#"{"access_token":"T1","expires_in":7200}"#.into(),
        (_, "S") => r#"{"errcode":42001,"errmsg":"access_token expired"}"#.into(),
        _ => r#"{"errcode":0,"jobid":"jobM8"}"#.into(),
    })
    .await;
    assert!(platform.create(&channel, &post("早安", &[], &["li.na"])).await.is_ok());
    let tokens: Vec<_> = fake
        .calls("add_moment_task")
        .iter()
        .map(|seen| seen.token().to_owned())
        .collect();
    assert_eq!(tokens, ["S", "T1"]);
}

#[tokio::test]
async fn an_empty_target_never_leaves() {
    let (platform, fake, channel) = corp(always("{}")).await;
    for targets in [&[][..], &[""]] {
        let failure = platform
            .create(&channel, &post("早安", &[], targets))
            .await
            .expect_err("refused");
        assert_eq!(shown(&failure), "Request INVALID_SENDERS");
    }
    assert!(fake.calls("add_moment_task").is_empty());
}

#[tokio::test]
async fn a_job_ends_in_a_moment_or_in_its_own_refusal() {
    for (body, expected) in [
        (r#"{"errcode":0,"status":2}"#, "running"),
        (
            r#"{"errcode":0,"status":3,"result":{"errcode":0,"moment_id":"mom1","invalid_sender_list":{"user_list":["ghost"]},"invalid_external_contact_list":{"tag_list":["etGone"]}}}"#,
            "done mom1 ghost etGone",
        ),
        (
            r#"{"errcode":0,"status":3,"result":{"errcode":40007,"errmsg":"invalid media_id"}}"#,
            "Content 40007",
        ),
        (r#"{"errcode":0,"status":3,"result":{"errcode":0}}"#, "no answer"),
        (r#"{"errcode":40088,"errmsg":"jobid does not exist"}"#, "gone"),
        (r#"{"errcode":45009,"errmsg":"x"}"#, "Window 45009"),
    ] {
        let (platform, _fake, channel) = corp(always(body)).await;
        let outcome = match platform.job(&channel, "jobM8").await {
            Ok(JobReport::Running) => "running".into(),
            Ok(JobReport::Done {
                moment_id,
                invalid,
                unknown_tags,
            }) => format!("done {moment_id} {} {}", invalid.join(","), unknown_tags.join(",")),
            Ok(JobReport::Refused(refusal)) => shown(&CallFailure::Refused(refusal)),
            Ok(JobReport::Gone) => "gone".into(),
            Err(failure) => shown(&failure),
        };
        assert_eq!(outcome, expected, "{body}");
    }
}

#[tokio::test]
async fn confirmations_are_read_to_the_last_page() {
    let (platform, fake, channel) = corp(|seen| {
        let (cursor, next, userid, status) = if seen.body.contains(r#""cursor":"c2""#) {
            ("c2", "", "li.na", 0)
        } else {
            ("", "c2", "zhangwei_07", 1)
        };
        assert!(seen.body.contains(&format!(r#""cursor":"{cursor}""#)));
        format!(
            r#"{{"errcode":0,"next_cursor":"{next}","task_list":[{{"userid":"{userid}","publish_status":{status}}}]}}"#
        )
    })
    .await;
    let Ok(Confirmations::Listed(members)) = platform.confirmations(&channel, "mom1").await else {
        panic!("not listed")
    };
    assert_eq!(
        (members.len(), members["zhangwei_07"], members["li.na"]),
        (2, true, false)
    );
    assert_eq!(fake.calls("get_moment_task").len(), 2);
}

#[tokio::test]
async fn a_list_without_an_end_is_no_answer() {
    let (platform, _fake, channel) = corp(always(r#"{"errcode":0,"next_cursor":"c","task_list":[]}"#)).await;
    let failure = platform.confirmations(&channel, "mom1").await.expect_err("endless");
    assert_eq!(shown(&failure), "no answer");
}

#[tokio::test]
async fn while_tasks_are_handed_out_nobody_can_have_confirmed() {
    for body in [
        r#"{"errcode":41079,"errmsg":"x","task_list":[]}"#,
        r#"{"errcode":41063,"errmsg":"x"}"#,
    ] {
        let (platform, _fake, channel) = corp(always(body)).await;
        assert_eq!(
            platform.confirmations(&channel, "mom1").await,
            Ok(Confirmations::Dispatching)
        );
    }
}

#[tokio::test]
async fn cancelling_twice_is_cancelling() {
    for (body, expected) in [
        (r#"{"errcode":0}"#, true),
        (r#"{"errcode":41093,"errmsg":"x"}"#, true),
        (r#"{"errcode":48002,"errmsg":"x"}"#, false),
    ] {
        let (platform, _fake, channel) = corp(always(body)).await;
        assert_eq!(platform.cancel(&channel, "mom1").await.is_ok(), expected, "{body}");
    }
}

const LISTED: &str = r#"{"moment_id":"MOM","create_time":1767059990,"create_type":0,"visible_type":1,"text":{"content":"早安"},"image":[{"media_id":"W1"}]}"#;

/// What a search for a post of one picture to li.na and zhangwei_07 finds among these moments, whose senders are `tasks`.
async fn found(moments: &[String], tasks: &'static str) -> String {
    let list = moments.join(",");
    let (platform, _fake, channel) = corp(move |seen| match seen.api.as_str() {
        "get_moment_list" => format!(r#"{{"errcode":0,"next_cursor":"","moment_list":[{list}]}}"#),
        _ => tasks.into(),
    })
    .await;
    let window = window(30);
    match platform
        .find(&channel, &post("早安 ", &["m1"], &["li.na", "zhangwei_07"]), &window)
        .await
    {
        Ok(candidates) => {
            let show = |c: &Candidate| {
                format!(
                    "{}:{}",
                    c.moment_id,
                    c.senders.as_ref().map_or("?".into(), |senders| senders.join("+"))
                )
            };
            candidates.iter().map(show).collect::<Vec<_>>().join(" ")
        }
        Err(failure) => shown(&failure),
    }
}

const OURS: &str = r#"{"errcode":0,"task_list":[{"userid":"Li.Na","publish_status":0}]}"#;
const OTHERS: &str =
    r#"{"errcode":0,"task_list":[{"userid":"li.na","publish_status":0},{"userid":"wang.fang","publish_status":1}]}"#;

#[tokio::test]
async fn a_post_is_found_by_what_it_shows_and_who_sends_it() {
    let listed = || LISTED.replace("MOM", "mom1");
    for (moments, tasks, expected) in [
        (vec![listed()], OURS, "mom1:Li.Na"),
        (vec![listed()], OTHERS, ""),
        (vec![listed()], r#"{"errcode":0,"task_list":[]}"#, "mom1:?"),
        (vec![listed()], r#"{"errcode":41079,"errmsg":"x"}"#, "mom1:?"),
        (vec![listed()], "!", "no answer"),
        (vec![], OURS, ""),
        (vec![listed().replace("早安", "晚安")], OURS, ""),
        (
            vec![listed().replace(r#"{"media_id":"W1"}"#, r#"{"media_id":"W1"},{"media_id":"W2"}"#)],
            OURS,
            "",
        ),
        (
            vec![listed().replace(r#""image":[{"media_id":"W1"}]"#, r#""video":{"media_id":"V"}"#)],
            OURS,
            "",
        ),
        (
            vec![listed().replace(r#""visible_type":1"#, r#""visible_type":0"#)],
            OURS,
            "",
        ),
        (
            vec![listed().replace(r#""image""#, r#""link":{"url":"u"},"image""#)],
            OURS,
            "",
        ),
        (
            vec![listed(), LISTED.replace("MOM", "mom0").replace("9990", "9980")],
            OURS,
            "mom0:Li.Na mom1:Li.Na",
        ),
    ] {
        assert_eq!(found(&moments, tasks).await, expected, "{moments:?} {tasks}");
    }
}

#[tokio::test]
async fn the_search_is_narrow_and_never_longer_than_a_job_lives() {
    let now = NOW.as_secs();
    for (ago, start, end) in [
        (30, now - 30 - 61, now + 61),
        (172_800, now - 172_800 - 61, now - 86_400 + 1),
    ] {
        let (platform, fake, channel) = corp(always(r#"{"errcode":0,"moment_list":[]}"#)).await;
        assert_eq!(
            platform
                .find(&channel, &post("早安", &[], &["li.na"]), &window(ago))
                .await,
            Ok(vec![])
        );
        let body = &fake.calls("get_moment_list")[0].body;
        assert!(
            body.starts_with(&format!(r#"{{"start_time":{start},"end_time":{end},"filter_type":0,"#)),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_medium_is_uploaded_and_kept_for_less_than_three_days() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.png");
    std::fs::write(&file, b"PNG").expect("written");
    let (platform, fake, channel) = corp(always(r#"{"errcode":0,"media_id":"1Xq","created_at":1767059000}"#)).await;
    let prepared = platform
        .prepare(&channel, &medium(MediaFormat::Png, &file))
        .await
        .expect("prepared");
    assert_eq!(prepared.reference, "1Xq");
    assert_eq!(
        prepared.usable_until,
        Some(Timestamp::from_secs(1_767_059_000) + Duration::from_hours(66))
    );
    assert!(
        fake.calls("upload_attachment")[0]
            .query
            .contains("media_type=image&attachment_type=1")
    );

    let missing = platform
        .prepare(&channel, &medium(MediaFormat::Mp4, &folder.path().join("gone")))
        .await
        .expect_err("no file");
    assert_eq!(shown(&missing), "not sent");
}

#[tokio::test]
async fn a_check_proves_the_credential_and_tells_each_members_standing() {
    let (platform, fake, channel) = corp(|seen| {
        let asked = |name: &str| seen.query.contains(&format!("userid={name}"));
        match seen.api.as_str() {
            "gettoken" => r#"{"access_token":"T1","expires_in":7200}"#.into(),
            "get_follow_user_list" => r#"{"errcode":0,"follow_user":["a","b","c","d","e","f"]}"#.into(),
            _ if asked("a") => r#"{"errcode":0,"userid":"a","name":"张伟","status":1,"department":[2,7]}"#.into(),
            _ if asked("b") => r#"{"errcode":0,"userid":"b","name":"","status":4}"#.into(),
            _ if asked("c") => r#"{"errcode":0,"userid":"c","name":"王芳","status":2}"#.into(),
            _ if asked("d") => r#"{"errcode":60111,"errmsg":"userid not found"}"#.into(),
            _ if asked("e") => r#"{"errcode":60011,"errmsg":"no privilege"}"#.into(),
            _ => r#"{"errcode":0,"userid":"f","name":"李娜","status":5}"#.into(),
        }
    })
    .await;
    let report = platform.check(&channel).await.expect("a report");
    let shown: Vec<_> = report
        .members
        .iter()
        .map(|m| format!("{} {} {}", m.name, m.display_name, m.standing.status()))
        .collect();
    assert_eq!(
        shown,
        [
            "a 张伟 ACTIVE",
            "b b OFFLINE",
            "c 王芳 EXPIRED",
            "d d EXPIRED",
            "e e ACTIVE",
            "f 李娜 EXPIRED"
        ]
    );
    assert_eq!(fake.calls("gettoken").len(), 1);
    assert_eq!(
        (&report.members[0].departments[..], report.members[1].departments.len()),
        (&[2, 7][..], 0)
    );
}

#[tokio::test]
async fn an_installed_app_without_its_rights_is_refused_with_what_to_tick() {
    for (app, held, missing) in [
        (AppKind::SelfBuilt, "", ""),
        (
            AppKind::ProviderDeveloped,
            r#""externalcontact:moment:post","externalcontact:moment:list","externalcontact:base:base""#,
            "",
        ),
        (
            AppKind::ProviderDeveloped,
            r#""externalcontact:moment:list","externalcontact:base:base""#,
            "「客户朋友圈 → 发表到成员客户的朋友圈」(externalcontact:moment:post)。",
        ),
        (
            AppKind::ProviderDeveloped,
            r#""externalcontact:moment:post""#,
            "「客户朋友圈 → 获取企业全部的发表记录」(externalcontact:moment:list)、「客户基础信息」(externalcontact:base:base)。",
        ),
    ] {
        let (platform, _fake, mut channel) = corp(move |seen| match seen.api.as_str() {
            "gettoken" => r#"{"access_token":"T1","expires_in":7200}"#.into(),
            "get_permissions" => format!(r#"{{"errcode":0,"app_permissions":[{held}]}}"#),
            _ => r#"{"errcode":0,"follow_user":[]}"#.into(),
        })
        .await;
        channel.app = app;
        match platform.check(&channel).await {
            Ok(_) => assert_eq!(missing, ""),
            Err(CallFailure::Refused(refusal)) => {
                assert_eq!(
                    (refusal.class, refusal.code.as_str()),
                    (ErrorClass::Configuration, "APP_PERMISSIONS_MISSING")
                );
                assert!(
                    !missing.is_empty() && refusal.message.contains(missing),
                    "{}",
                    refusal.message
                );
            }
            Err(failure) => panic!("{failure}"),
        }
    }
}

#[tokio::test]
async fn departments_and_tags_are_listed_for_choosing_targets() {
    let (platform, _fake, channel) = corp(|seen| match seen.api.as_str() {
        "simplelist" => {
            r#"{"errcode":0,"department_id":[{"id":1,"parentid":0},{"id":2,"parentid":1,"order":9}]}"#.into()
        }
        _ => r#"{"errcode":0,"tag_group":[{"group_id":"etG","group_name":"等级","tag":[{"id":"etA","name":"金卡"}]}]}"#
            .into(),
    })
    .await;
    let directory = platform.directory(&channel).await.expect("a directory");
    let shown: Vec<_> = directory.departments.iter().map(|one| (one.id, one.parent)).collect();
    assert_eq!(shown, [(1, None), (2, Some(1))]);
    let group = &directory.tag_groups[0];
    assert_eq!(
        (
            group.name.as_str(),
            group.tags[0].id.as_str(),
            group.tags[0].name.as_str()
        ),
        ("等级", "etA", "金卡")
    );
}

#[tokio::test]
async fn a_check_that_cannot_ask_after_everyone_reports_nobody() {
    let (platform, _fake, channel) = corp(|seen| match seen.api.as_str() {
        "gettoken" => r#"{"access_token":"T1","expires_in":7200}"#.into(),
        "get_follow_user_list" => r#"{"errcode":0,"follow_user":["a","b"]}"#.into(),
        _ if seen.query.contains("userid=a") => r#"{"errcode":0,"userid":"a","status":1}"#.into(),
        _ => "!".into(),
    })
    .await;
    assert_eq!(
        platform.check(&channel).await.map_err(|failure| shown(&failure)),
        Err("no answer".into())
    );
}

fn narrowed(json: &str) -> Post {
    Post {
        visibility: Some(serde_json::from_str(json).expect("JSON")),
        ..post("早安", &[], &["li.na"])
    }
}

#[tokio::test]
async fn an_audience_without_a_tag_never_becomes_everybody() {
    let (platform, fake, channel) = corp(always("{}")).await;
    for json in ["{}", r#"{"labels":["7"]}"#, r#"{"customerTags":[""]}"#] {
        let failure = platform.create(&channel, &narrowed(json)).await.expect_err(json);
        assert_eq!(shown(&failure), "Request NO_AUDIENCE", "{json}");
    }
    assert!(fake.calls("add_moment_task").is_empty());
}

/// Of a link for some customers a list shows the title, the address, and that not everybody sees it.
#[tokio::test]
async fn a_link_for_some_is_found_by_its_title_and_address() {
    const LINK: &str = r#"{"moment_id":"mom1","create_time":1767059990,"visible_type":0,"text":{"content":"早安"},"link":{"title":"新品","url":"https://a.example/"}}"#;
    let link = MomentLink {
        title: "新品\u{1}".into(),
        url: "https://a.example/".into(),
        cover_url: None,
    };
    let wanted = Post {
        link: Some(link),
        media: vec!["cover".into()],
        ..narrowed(r#"{"customerTags":["et1"]}"#)
    };
    for (listed, found) in [
        (LINK.to_owned(), 1),
        (LINK.replace("新品", "旧款"), 0),
        (LINK.replace("a.example", "b.example"), 0),
        (LINK.replace(r#""visible_type":0"#, r#""visible_type":1"#), 0),
        (LINK.replace(r#""link""#, r#""other""#), 0),
    ] {
        let list = format!(r#"{{"errcode":0,"next_cursor":"","moment_list":[{listed}]}}"#);
        let (platform, _fake, channel) = corp(move |seen| match seen.api.as_str() {
            "get_moment_list" => list.clone(),
            _ => OURS.into(),
        })
        .await;
        let candidates = platform.find(&channel, &wanted, &window(30)).await.expect("a list");
        assert_eq!(candidates.len(), found, "{listed}");
    }
}
