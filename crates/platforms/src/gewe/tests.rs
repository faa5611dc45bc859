use std::path::Path;

use moments_domain::{ChannelKind, MomentLink, Timestamp};
use moments_media::MediaFormat;

use super::*;
use crate::testing::{FakePlatform, NOW, Seen, channel, medium, post, shown};

async fn gateway(
    answer: impl Fn(&Seen) -> String + Send + Sync + 'static,
) -> (GewePlatform, FakePlatform, ChannelAccess) {
    let fake = FakePlatform::start(answer).await;
    let wire = WireClient::new().expect("a client");
    (
        GewePlatform::new(wire, fake.base.clone(), "X-GEWE-TOKEN"),
        fake,
        channel(ChannelKind::Gewe),
    )
}

fn always(body: &'static str) -> impl Fn(&Seen) -> String + Send + Sync {
    move |_| body.to_owned()
}

const OFFLINE: &str = r#"{"ret":500,"msg":"失败","data":{"code":"-1","msg":"微信已离线"}}"#;
const GONE: &str = r#"{"ret":500,"msg":"失败","data":{"code":"-1","msg":"[wx_Q]设备不存在"}}"#;
const STAGED: &str = r#"{"fileUrl":"http://a.example/0"}"#;

#[tokio::test]
async fn a_post_is_published_refused_or_in_doubt() {
    for (body, expected) in [
        (
            r#"{"ret":200,"data":{"id":14703570661504458755}}"#,
            "published 14703570661504458755",
        ),
        (
            r#"{"ret":200,"data":{"id":-3743173412205092861}}"#,
            "published 14703570661504458755",
        ),
        (r#"{"ret":200,"data":null}"#, "no answer"),
        ("!", "no answer"),
        (OFFLINE, "Offline -1"),
        (GONE, "Configuration -1"),
        (r#"{"ret":401,"msg":"token 不可用或已过期"}"#, "Configuration 401"),
        (r#"{"ret":500,"msg":"content不可为空"}"#, "Request 500"),
        (
            r#"{"ret":500,"msg":"发布朋友圈失败","data":{"code":"-9","msg":"没有人见过的说法"}}"#,
            "Restricted -9",
        ),
    ] {
        let (platform, _fake, channel) = gateway(always(body)).await;
        let outcome = match platform.create(&channel, &post("早安", &[], &["wxid_k3"])).await {
            Ok(Answer::Published { moment_id }) => format!("published {moment_id}"),
            Ok(other) => format!("{other:?}"),
            Err(failure) => shown(&failure),
        };
        assert_eq!(outcome, expected, "{body}");
    }
}

#[tokio::test]
async fn the_call_fits_the_media() {
    for (media, is_video, api) in [
        (&[][..], false, "sendTextSns"),
        (&[STAGED], false, "sendImgSns"),
        (&[STAGED, STAGED], false, "sendImgSns"),
        (&[STAGED], true, "sendVideoSns"),
    ] {
        let (platform, fake, channel) = gateway(always(r#"{"ret":200,"data":{"id":1}}"#)).await;
        let post = Post {
            is_video,
            ..post("早安", media, &["wxid_k3"])
        };
        platform.create(&channel, &post).await.expect("published");
        let body = &fake.calls(api)[0].body;
        assert_eq!(body.matches("fileUrl").count(), media.len(), "{api} {body}");
    }
}

fn narrowed(json: &str) -> Post {
    Post {
        visibility: Some(serde_json::from_str(json).expect("JSON")),
        ..post("早安", &[], &["wxid_k3"])
    }
}

#[tokio::test]
async fn a_link_goes_out_with_its_staged_cover_and_an_audience_in_its_list() {
    let (platform, fake, channel) = gateway(always(r#"{"ret":200,"data":{"id":1}}"#)).await;
    let link = MomentLink {
        title: "秋季新品".into(),
        url: "https://shop.example.com/a".into(),
        cover_url: None,
    };
    let post = Post {
        link: Some(link),
        media: vec![STAGED.into()],
        ..narrowed(r#"{"customerTags":["et1"],"labels":["7"]}"#)
    };
    platform.create(&channel, &post).await.expect("published");
    let body: serde_json::Value = serde_json::from_str(&fake.calls("sendUrlSns")[0].body).expect("JSON");
    let staged: serde_json::Value = serde_json::from_str(STAGED).expect("JSON");
    assert_eq!(
        (
            &body["title"],
            &body["linkUrl"],
            &body["description"],
            &body["thumbUrl"]
        ),
        (
            &"秋季新品".into(),
            &"https://shop.example.com/a".into(),
            &"shop.example.com".into(),
            &staged["fileUrl"]
        )
    );
    assert_eq!(
        (&body["allowTagIds"], &body["allowWxIds"]),
        (&serde_json::json!(["7"]), &serde_json::json!([]))
    );
}

#[tokio::test]
async fn an_audience_that_is_not_the_accounts_never_becomes_everybody() {
    let (platform, fake, channel) = gateway(always(r#"{"ret":200,"data":{"id":1}}"#)).await;
    for json in [
        "{}",
        r#"{"customerTags":["et1"]}"#,
        r#"{"labels":["7"],"deny":["wxid_a"]}"#,
    ] {
        let failure = platform.create(&channel, &narrowed(json)).await.expect_err(json);
        assert_eq!(shown(&failure), "Request NO_AUDIENCE", "{json}");
    }
    assert!(fake.calls("sendTextSns").is_empty());
}

#[tokio::test]
async fn nothing_leaves_for_the_wrong_target_or_with_broken_media() {
    let (platform, fake, channel) = gateway(always("{}")).await;
    for (post, expected) in [
        (post("早安", &[], &[]), "Request INVALID_TARGET"),
        (post("早安", &[], &["wxid_other"]), "Request INVALID_TARGET"),
        (post("早安", &["not json"], &["wxid_k3"]), "Request BAD_MEDIA_REFERENCE"),
    ] {
        let failure = platform.create(&channel, &post).await.expect_err(expected);
        assert_eq!(shown(&failure), expected);
    }
    assert!(fake.calls("sendTextSns").is_empty() && fake.calls("sendImgSns").is_empty());
}

#[tokio::test]
async fn media_are_staged_by_their_public_address() {
    let (platform, fake, channel) = gateway(|seen| match seen.api.as_str() {
        "uploadSnsImage" => format!(r#"{{"ret":200,"data":[{STAGED}]}}"#),
        _ => format!(r#"{{"ret":200,"data":{STAGED}}}"#),
    })
    .await;
    for format in [MediaFormat::Jpeg, MediaFormat::Mp4] {
        let prepared = platform
            .prepare(&channel, &medium(format, Path::new("unused")))
            .await
            .expect("prepared");
        assert_eq!((prepared.reference.as_str(), prepared.usable_until), (STAGED, None));
    }
    assert!(
        fake.calls("uploadSnsImage")[0]
            .body
            .contains(r#""imgUrls":["https://media.example.com/a"]"#)
    );
    assert!(
        fake.calls("uploadSnsVideo")[0]
            .body
            .contains(r#""thumbUrl":"https://media.example.com/cover.jpg""#)
    );

    let hidden = SourceMedia {
        url: None,
        ..medium(MediaFormat::Jpeg, Path::new("unused"))
    };
    let failure = platform.prepare(&channel, &hidden).await.expect_err("no address");
    assert_eq!(shown(&failure), "Configuration NO_MEDIA_URL");
}

#[tokio::test]
async fn staging_that_fails_in_unknown_words_may_be_tried_again() {
    let (platform, _fake, channel) = gateway(always(r#"{"ret":500,"msg":"下载失败"}"#)).await;
    let failure = platform
        .prepare(&channel, &medium(MediaFormat::Jpeg, Path::new("unused")))
        .await
        .expect_err("refused");
    assert_eq!(shown(&failure), "BackOff 500");
}

#[tokio::test]
async fn a_check_believes_the_profile_and_reconnects_once() {
    const HERE: &str = r#"{"ret":200,"data":{"wxid":"wxid_k3","nickName":"小禾咖啡"}}"#;
    for (first, second, expected, reconnections) in [
        (HERE, HERE, "wxid_k3 小禾咖啡 ACTIVE", 0),
        (OFFLINE, HERE, "wxid_k3 小禾咖啡 ACTIVE", 1),
        (OFFLINE, OFFLINE, "wxid_k3 wxid_k3 OFFLINE", 1),
        (GONE, GONE, "Configuration -1", 0),
        (
            r#"{"ret":200,"data":{"wxid":"wxid_zz"}}"#,
            HERE,
            "Configuration OTHER_ACCOUNT",
            0,
        ),
        (
            r#"{"ret":500,"msg":"header:X-GEWE-TOKEN 不可为空"}"#,
            HERE,
            "Configuration 500",
            0,
        ),
        ("!", HERE, "no answer", 0),
    ] {
        let asked = std::sync::atomic::AtomicU32::new(0);
        let (platform, fake, channel) = gateway(move |seen| match seen.api.as_str() {
            "getProfile" if asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0 => first.into(),
            "getProfile" => second.into(),
            _ => OFFLINE.into(),
        })
        .await;
        let outcome = match platform.check(&channel).await {
            Ok(report) => {
                let [member] = report.members.as_slice() else {
                    panic!("one account")
                };
                format!("{} {} {}", member.name, member.display_name, member.standing.status())
            }
            Err(failure) => shown(&failure),
        };
        assert_eq!(outcome, expected);
        assert_eq!(fake.calls("reconnection").len(), reconnections, "{expected}");
    }
}

/// The id of the `n`-th post, made so many seconds before now.
fn id(n: u64, secs_ago: i64) -> u64 {
    ((NOW.as_millis() - secs_ago * 1000).cast_unsigned() << 23) | n
}

/// The `n`-th post as a list item, with its age, its text, and the rest of its content.
fn item(n: u64, secs_ago: i64, text: &str, content: &str) -> String {
    let id = id(n, secs_ago);
    let xml = format!("<TimelineObject><id>{id}</id><contentDesc>{text}</contentDesc>{content}</TimelineObject>");
    let xml = serde_json::to_string(&xml).expect("JSON");
    format!(
        r#"{{"id":{id},"createTime":{},"snsXml":{xml}}}"#,
        NOW.as_secs() - secs_ago
    )
}

const TEXT: &str = "<private>0</private><ContentObject><contentStyle>2</contentStyle><mediaList/></ContentObject>";

fn text(n: u64, secs_ago: i64) -> String {
    item(n, secs_ago, "早安&amp;&#x0A;好", TEXT)
}

/// What a search, 30 s after the call, for the text `早安&⏎好` finds in a timeline of these pages: posts by number, and pages read.
/// The known Moment is learned of just now, however old it is.
async fn found(pages: Vec<Vec<String>>, known: Option<(u64, i64)>) -> String {
    let pages: Vec<String> = pages.iter().map(|items| items.join(",")).collect();
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let (platform, fake, channel) = gateway(move |_| {
        let page = pages
            .get(asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst))
            .map_or("", String::as_str);
        format!(r#"{{"ret":200,"data":{{"firstPageMd5":"9c41","maxId":0,"snsList":[{page}]}}}}"#)
    })
    .await;
    let known_moment = known.map(|(n, secs_ago)| (id(n, secs_ago).to_string(), NOW));
    let window = SearchWindow {
        sent_time: Timestamp::from_secs(NOW.as_secs() - 30),
        now: NOW,
        known_moment,
    };
    let outcome = match platform
        .find(&channel, &post("早安&\r\n好 ", &[], &["wxid_k3"]), &window)
        .await
    {
        Ok(found) => {
            let number = |c: &Candidate| c.moment_id.parse::<u64>().expect("an id") % (1 << 23);
            let numbers: Vec<_> = found.iter().map(|c| number(c).to_string()).collect();
            numbers.join(" ")
        }
        Err(failure) => shown(&failure),
    };
    format!("{outcome} in {}", fake.calls("contactsSnsList").len())
}

#[tokio::test]
async fn a_post_is_found_by_what_it_shows() {
    let earlier = || item(1, 500, "昨天", TEXT);
    for (newest, expected) in [
        (text(9, 20), "9 in 1"),
        (text(9, 89), "9 in 1"),
        (text(9, 91), " in 1"),
        (item(9, 20, "早安", TEXT), " in 1"),
        (
            item(9, 20, "早安&amp;&#x0A;好", &TEXT.replace("<private>0", "<private>1")),
            " in 1",
        ),
        (
            item(
                9,
                20,
                "早安&amp;&#x0A;好",
                &TEXT
                    .replace("Style>2", "Style>1")
                    .replace("<mediaList/>", "<mediaList><media/></mediaList>"),
            ),
            " in 1",
        ),
        (
            format!(r#"{{"id":9,"createTime":{}}}"#, NOW.as_secs()),
            "no answer in 1",
        ),
    ] {
        assert_eq!(
            found(vec![vec![newest.clone(), earlier()]], None).await,
            expected,
            "{newest}"
        );
    }
    assert_eq!(
        found(vec![vec![text(9, 10), text(8, 20), earlier()]], None).await,
        "8 9 in 1"
    );
}

#[tokio::test]
async fn a_list_proves_absence_only_when_it_demonstrably_works() {
    let other = |id, secs_ago| item(id, secs_ago, "别的", TEXT);
    for (pages, known, expected) in [
        (vec![], None, "no answer in 1"),
        (vec![vec![other(9, 20)]], None, "no answer in 2"),
        (vec![vec![other(9, 20)], vec![other(8, 500)]], None, " in 2"),
        (vec![vec![other(9, 20), other(8, 500)]], Some((8, 500)), " in 1"),
        (
            vec![vec![other(9, 20), other(8, 500)], vec![other(7, 900)]],
            Some((7, 900)),
            " in 2",
        ),
        (
            vec![vec![other(9, 20), other(8, 500)], vec![other(6, 9000)]],
            Some((7, 900)),
            "no answer in 2",
        ),
        (vec![], Some((7, 900)), "no answer in 1"),
    ] {
        assert_eq!(found(pages.clone(), known).await, expected, "{pages:?} {known:?}");
    }
}

#[tokio::test]
async fn a_personal_post_is_confirmed_by_existing_and_cannot_be_cancelled() {
    let (platform, _fake, channel) = gateway(always("!")).await;
    assert_eq!(
        platform.confirmations(&channel, "1").await,
        Ok(Confirmations::Listed(HashMap::from([("wxid_k3".into(), true)])))
    );
    assert_eq!(platform.cancel(&channel, "1").await, Ok(()));
    assert_eq!(platform.job(&channel, "1").await, Ok(JobReport::Gone));
}

#[tokio::test]
async fn labels_of_friends_are_a_group_of_tags() {
    let labels = r#"{"ret":200,"data":{"labelList":[{"labelId":7,"labelName":"老客户"}]}}"#;
    let (platform, _fake, channel) = gateway(always(labels)).await;
    let directory = platform.directory(&channel).await.expect("labels");
    let [group] = directory.tag_groups.as_slice() else {
        panic!("{directory:?}");
    };
    assert_eq!(
        (group.tags[0].id.as_str(), group.tags[0].name.as_str()),
        ("7", "老客户")
    );
    let (platform, _fake, channel) = gateway(always(OFFLINE)).await;
    let failure = platform.directory(&channel).await.expect_err("off line");
    assert_eq!(shown(&failure), "Offline -1");
}
