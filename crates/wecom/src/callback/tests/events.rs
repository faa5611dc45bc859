//! What a decrypted message means.

use super::*;

/// An event on one line, secrets included.
fn shown(message: &str) -> String {
    let Ok(push) = Push::parse(message) else {
        return "malformed".into();
    };
    let event = match push.event {
        Event::SuiteTicket { ticket } => format!("ticket {}", ticket.expose_secret()),
        Event::CreateAuth { auth_code, state } => format!("create {} {state:?}", auth_code.expose_secret()),
        Event::ChangeAuth { corp_id } => format!("change {corp_id}"),
        Event::CancelAuth { corp_id } => format!("cancel {corp_id}"),
        Event::ResetPermanentCode { auth_code, corp_id } => {
            format!("reset {} {corp_id:?}", auth_code.expose_secret())
        }
        Event::ChangeContact {
            corp_id,
            change_type,
            user_id,
            new_user_id,
        } => format!("contact {corp_id} {change_type} {user_id:?} {new_user_id:?}"),
        Event::Other { info_type } => format!("other {info_type}"),
    };
    format!("{} {} {event}", push.suite_id.as_deref().unwrap_or("-"), push.time_secs)
}

fn suite(info_type: &str, fields: &str) -> String {
    format!(
        "<xml><TimeStamp>1767060900</TimeStamp>{fields}<InfoType>\n<![CDATA[{info_type}]]> </InfoType><SuiteId>ww5</SuiteId><New>1</New></xml>"
    )
}

#[test]
fn every_event_of_a_suite_is_read() {
    for (info_type, fields, expected) in [
        ("suite_ticket", "<SuiteTicket><![CDATA[Tk]]></SuiteTicket>", "ticket Tk"),
        ("create_auth", "<AuthCode>c</AuthCode>", "create c None"),
        ("create_auth", "<AuthCode>c</AuthCode><State></State>", "create c None"),
        (
            "create_auth",
            "<AuthCode>c</AuthCode><State>s1</State><ExtraInfo><AuthCode>no</AuthCode></ExtraInfo>",
            "create c Some(\"s1\")",
        ),
        ("change_auth", "<AuthCorpId>wpA</AuthCorpId>", "change wpA"),
        ("cancel_auth", "<AuthCorpId>wpA</AuthCorpId>", "cancel wpA"),
        (
            "reset_permanent_code",
            "<AuthCode>a&amp;&#98;</AuthCode>",
            "reset a&b None",
        ),
        (
            "change_contact",
            "<AuthCorpId>wpA</AuthCorpId><ChangeType>delete_user</ChangeType><UserID>woU</UserID>",
            "contact wpA delete_user Some(\"woU\") None",
        ),
        (
            "change_contact",
            "<AuthCorpId>wpA</AuthCorpId><ChangeType>update_party</ChangeType><Id>2</Id>",
            "contact wpA update_party None None",
        ),
        ("unlicensed_notify", "", "other unlicensed_notify"),
    ] {
        assert_eq!(shown(&suite(info_type, fields)), format!("ww5 1767060900 {expected}"));
    }
}

#[test]
fn an_app_is_told_of_changed_members_too() {
    let app =
        |fields: &str| format!("<xml><ToUserName>ww1</ToUserName><CreateTime> 1767060900</CreateTime>{fields}</xml>");
    for (fields, expected) in [
        (
            "<MsgType>event</MsgType><Event>change_contact</Event><ChangeType>update_user</ChangeType><UserID>a</UserID><NewUserID>b</NewUserID>",
            "- 1767060900 contact ww1 update_user Some(\"a\") Some(\"b\")",
        ),
        (
            "<MsgType>event</MsgType><Event>enter_agent</Event>",
            "- 1767060900 other enter_agent",
        ),
        ("<MsgType>text</MsgType>", "- 1767060900 other text"),
        ("", "malformed"),
    ] {
        assert_eq!(shown(&app(fields)), expected, "{fields}");
    }
}

#[test]
fn an_event_without_what_it_needs_is_malformed() {
    for (info_type, fields) in [
        ("suite_ticket", ""),
        ("suite_ticket", "<SuiteTicket/>"),
        ("create_auth", "<State>s</State>"),
        ("change_auth", ""),
        ("cancel_auth", "<AuthCorpId> </AuthCorpId>"),
        ("reset_permanent_code", ""),
        ("change_contact", "<AuthCorpId>wpA</AuthCorpId>"),
    ] {
        assert_eq!(shown(&suite(info_type, fields)), "malformed", "{info_type} {fields}");
    }
    for message in [
        "",
        "73018455209166334207156248",
        "<xml><InfoType>suite_ticket</InfoType><SuiteTicket>t</SuiteTicket></xml>",
        "<xml><InfoType>other</InfoType><TimeStamp>soon</TimeStamp></xml>",
        "<xml><InfoType>other</InfoType><TimeStamp>99999999999999999999</TimeStamp></xml>",
    ] {
        assert_eq!(shown(message), "malformed", "{message}");
    }
}

#[test]
fn tickets_and_codes_are_not_shown() {
    for message in [
        TICKET.to_owned(),
        suite("create_auth", "<AuthCode>Tk-9uY3demoTicket_0001</AuthCode>"),
    ] {
        let push = Push::parse(&message).expect("a push");
        assert!(!format!("{push:?}").contains("Tk-9"));
    }
}
