use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_760_000_000);

fn good() -> SyncRequest {
    SyncRequest {
        text: Some("早安".into()),
        account_ids: vec![AccountId("wx_1".into()), AccountId("wx_2".into())],
        ..SyncRequest::default()
    }
}

fn read_url(url: &str) -> Result<Url, String> {
    Url::parse(url).map_err(|_| "不是网址".into())
}

/// The fields that `change` breaks, in order.
#[track_caller]
fn check(change: impl FnOnce(&mut SyncRequest), fields: &[&str]) {
    let mut request = good();
    change(&mut request);
    let errors = request.check(NOW, read_url);
    assert_eq!(
        errors.iter().map(|e| e.field.as_str()).collect::<Vec<_>>(),
        fields,
        "{errors:?}"
    );
}

#[test]
fn a_good_request_breaks_no_rule() {
    check(|_| (), &[]);
    check(|r| r.scheduled_time = Some(NOW - Duration::from_mins(1)), &[]);
    check(|r| r.scheduled_time = Some(NOW + MAX_AHEAD), &[]);
    check(|r| (r.text, r.content_id) = (Some("  ".into()), Some(7)), &[]);
}

#[test]
fn each_rule_names_its_field() {
    check(|r| r.account_ids.clear(), &["accountIds"]);
    check(|r| r.account_ids.push(AccountId("wx_1".into())), &["accountIds[2]"]);
    check(|r| r.account_ids.push(AccountId("x".repeat(101))), &["accountIds[2]"]);
    check(
        |r| r.account_ids = (0..=MAX_ACCOUNTS).map(|n| AccountId(format!("wx_{n}"))).collect(),
        &["accountIds"],
    );
    check(|r| r.text = None, &["text"]);
    check(|r| r.text = Some(" \n".into()), &["text"]);
    check(|r| r.text = Some("好".repeat(2001)), &["text"]);
    check(|r| r.content_id = Some(7), &["contentId"]);
    check(|r| r.content_cut = true, &["contentCut"]);
    check(|r| r.media_urls = vec!["ftp//x".into()], &["mediaUrls[0]"]);
    check(
        |r| r.scheduled_time = Some(NOW - Duration::from_secs(61)),
        &["scheduledTime"],
    );
    check(
        |r| r.scheduled_time = Some(NOW + MAX_AHEAD + Duration::from_secs(1)),
        &["scheduledTime"],
    );
}

fn link(title: &str) -> MomentLink {
    MomentLink {
        title: title.into(),
        url: "https://shop.example.com/".into(),
        cover_url: None,
    }
}

#[test]
fn a_link_is_a_post_of_its_own_kind() {
    check(|r| r.link = Some(link("新品")), &[]);
    check(|r| (r.text, r.link) = (None, Some(link("新品"))), &[]);
    check(|r| r.link = Some(link("")), &["link.title"]);
    check(
        |r| (r.text, r.content_id, r.link) = (None, Some(7), Some(link("新品"))),
        &["contentId"],
    );
    check(
        |r| {
            r.link = Some(link("新品"));
            r.media_urls = vec!["https://a.example/1.jpg".into()];
        },
        &["link"],
    );
}

#[test]
fn an_audience_of_nobody_is_refused() {
    check(|r| r.visibility = Some(Visibility::default()), &["visibility"]);
}

#[test]
fn all_broken_rules_are_told_at_once() {
    check(
        |r| {
            r.account_ids.clear();
            r.text = Some("好".repeat(2001));
            r.media_urls = vec![
                "https://a.example/1.mp4".into(),
                "no".into(),
                "https://a.example/2.jpg".into(),
            ];
            r.scheduled_time = Some(NOW - Duration::from_hours(1));
        },
        &["accountIds", "text", "mediaUrls[1]", "mediaUrls", "scheduledTime"],
    );
}
