use super::*;

fn senders(userids: &[&str]) -> Result<Senders, InvalidSenders> {
    Senders::new(userids.iter().map(ToString::to_string))
}

#[track_caller]
fn check(text: &str, media: &[(AttachmentKind, &str)], expected: &str) {
    let attachments = media
        .iter()
        .map(|(kind, id)| Attachment::new(*kind, (*id).to_owned()))
        .collect();
    let moment = NewMoment::new(text, attachments, senders(&["zhangwei_07", "li.na"]).expect("two"));
    assert_eq!(serde_json::to_string(&moment).expect("JSON"), expected);
}

const RANGE: &str = r#""visible_range":{"sender_list":{"user_list":["zhangwei_07","li.na"]}}"#;

#[test]
fn a_text_goes_out_as_raw_utf8() {
    check(
        "早安☕\n\"朋友\"\u{1}",
        &[],
        &format!(r#"{{"text":{{"content":"早安☕\n\"朋友\""}},{RANGE}}}"#),
    );
}

#[test]
fn pictures_keep_their_order_and_an_empty_text_is_left_out() {
    use AttachmentKind::Image;
    let pictures = r#"{"msgtype":"image","image":{"media_id":"B"}},{"msgtype":"image","image":{"media_id":"A"}}"#;
    check(
        "",
        &[(Image, "B"), (Image, "A")],
        &format!(r#"{{"attachments":[{pictures}],{RANGE}}}"#),
    );
}

#[test]
fn a_video_stands_under_its_own_name() {
    let video = r#"{"msgtype":"video","video":{"media_id":"V"}}"#;
    check(
        "看",
        &[(AttachmentKind::Video, "V")],
        &format!(r#"{{"text":{{"content":"看"}},"attachments":[{video}],{RANGE}}}"#),
    );
}

#[test]
fn a_link_has_its_cover_and_tags_narrow_the_audience() {
    let link = Attachment::link("秋季\u{1}新品", "https://shop.example.com/?a=1&b=2".into(), "C".into());
    let tags = |ids: &[&str]| CustomerTags::new(ids.iter().map(ToString::to_string));
    let moment = NewMoment::new("看", vec![link], senders(&["li.na"]).expect("one"));
    let moment = moment.for_customers_with(tags(&["et1", "et2"]).expect("two"));
    let expected = r#"{"text":{"content":"看"},"attachments":[{"msgtype":"link","link":{"title":"秋季新品","url":"https://shop.example.com/?a=1&b=2","media_id":"C"}}],"visible_range":{"sender_list":{"user_list":["li.na"]},"external_contact_list":{"tag_list":["et1","et2"]}}}"#;
    assert_eq!(serde_json::to_string(&moment).expect("JSON"), expected);
    assert_eq!((tags(&[]), tags(&[""])), (None, None), "nothing would be everybody");
}

#[test]
fn an_empty_sender_list_cannot_be_made() {
    assert_eq!(senders(&[]), Err(InvalidSenders::Empty));
    assert_eq!(senders(&["", ""]), Err(InvalidSenders::Empty));
    assert_eq!(
        Senders::new((0..=MAX_SENDERS).map(|n| n.to_string())),
        Err(InvalidSenders::TooMany)
    );
}
