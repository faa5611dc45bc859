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
fn an_empty_sender_list_cannot_be_made() {
    assert_eq!(senders(&[]), Err(InvalidSenders::Empty));
    assert_eq!(senders(&["", ""]), Err(InvalidSenders::Empty));
    assert_eq!(
        Senders::new((0..=MAX_SENDERS).map(|n| n.to_string())),
        Err(InvalidSenders::TooMany)
    );
}
