//! The vectors of reference wecom 4.8, tables of what must not open, and properties.

use secrecy::{ExposeSecret as _, SecretString};

use super::{CallbackError, CallbackKeys, Event, Push, PushQuery, UrlQuery};

mod events;
mod hostile;
mod properties;

const SUITE: &str = "ww5f0a91c27d3be648";
const PROVIDER: &str = "ww7c1f0e9ab2d45388";
const TICKET: &str = "<xml><SuiteId><![CDATA[ww5f0a91c27d3be648]]></SuiteId><InfoType><![CDATA[suite_ticket]]></InfoType>\
     <TimeStamp>1767060000</TimeStamp><SuiteTicket><![CDATA[Tk-9uY3demoTicket_0001]]></SuiteTicket></xml>";
const TICKET_ENCRYPTED: &str = "/jRbwWUb4jkpB7b/iE9M9whfurWAR9xPvYy5rnucZGloJLs3te6HQhb/J3G+gWsYrNhIFJQxqBWefFsVhu0yu6IWSVqDQcS/MrbiZQCESguRfCRJ5OVQQcg4CjWlIwgfSXWw3mDm7FXlpUOYXrePbCazkGI+NKkPgLppcPi41Z7MswvK8E/Oh1RRVh/KPhNVIQMvEHO47emqqprNgTwnRzfhx93cRKuP7hshu8iNOCU2xwzuvfRJu/i08ytwrdV7FfTtMQhEfZFBLAQJ+K3rQ6e/o+5JBhjrZM/Tz5rwiSIReObocaMYjNn0xiGdo5GNQP/6MQuFkxRS++1i41Os4Q==";

fn demo() -> CallbackKeys {
    keys("kQ7mZ2vTx9Lr4Hd", "ISTYBvIdqX01QXnNIUr0rhaQFZNvrt7ArEKO84BJOAB").expect("keys")
}

fn keys(token: &str, aes_key: &str) -> Result<CallbackKeys, CallbackError> {
    CallbackKeys::new(token.into(), &aes_key.into())
}

fn signed(keys: &CallbackKeys, encrypted: &str) -> PushQuery {
    PushQuery {
        msg_signature: keys.sign("1767060000", "5209471836", encrypted),
        timestamp: "1767060000".into(),
        nonce: "5209471836".into(),
    }
}

fn envelope(encrypted: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[{SUITE}]]></ToUserName><AgentID><![CDATA[]]></AgentID><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    )
}

fn opened(outcome: Result<SecretString, CallbackError>) -> Result<String, CallbackError> {
    outcome.map(|message| message.expose_secret().to_owned())
}

#[test]
fn the_vendors_sample_opens() {
    let keys = keys("QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C").expect("keys");
    let encrypted = "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q==";
    let query = PushQuery {
        msg_signature: "477715d11cdb4164915debcba66cb864d751f3e6".into(),
        timestamp: "1409659813".into(),
        nonce: "1372623149".into(),
    };
    let message = opened(keys.open_push(&query, &envelope(encrypted), &["wx5823bf96d3bd56c7"])).expect("opens");
    assert_eq!(message.len(), 284);
    assert_eq!(
        message.lines().collect::<Vec<_>>(),
        [
            "<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>",
            "<FromUserName><![CDATA[mycreate]]></FromUserName>",
            "<CreateTime>1409659813</CreateTime>",
            "<MsgType><![CDATA[text]]></MsgType>",
            "<Content><![CDATA[hello]]></Content>",
            "<MsgId>4561255354251345929</MsgId>",
            "<AgentID>218</AgentID>",
            "</xml>",
        ]
    );
    let push = Push::parse(&message).expect("a message");
    assert!(push.suite_id.is_none() && push.time_secs == 1_409_659_813);
    assert!(matches!(push.event, Event::Other { info_type } if info_type == "text"));
}

#[test]
fn a_suite_ticket_opens() {
    let query = PushQuery {
        msg_signature: "417a1d7171c6e6cc3e1be947645cab74703bca85".into(),
        timestamp: "1767060000".into(),
        nonce: "5209471836".into(),
    };
    let outcome = demo().open_push(&query, &envelope(TICKET_ENCRYPTED), &[PROVIDER, SUITE]);
    assert_eq!(opened(outcome), Ok(TICKET.to_owned()));
}

#[test]
fn a_url_check_with_a_full_block_of_padding_is_answered_exactly() {
    let mut query = UrlQuery {
        msg_signature: "6d5277a68174c9e8c6dae10b451af382cc7c3dbe".into(),
        timestamp: "1767060001".into(),
        nonce: "884213".into(),
        echostr: "4a4yXV6TYQ8KPpiiBwYX/lq97GvvGJhY6DsbiFXhkPejvltPXST0BoibXrqBOy86cyP+h14Nh/C8LHgeKTXMZIkC5ViGAxY6hDjVii6TG/pJ1eT498L5gEmUcO1RUvDX".into(),
    };
    assert_eq!(
        demo().check_url(&query, &[SUITE, PROVIDER]),
        Ok("73018455209166334207156248".to_owned())
    );
    assert_eq!(demo().check_url(&query, &[SUITE]), Err(CallbackError::ReceiveId));
    query.nonce.push('0');
    assert_eq!(demo().check_url(&query, &[PROVIDER]), Err(CallbackError::Signature));
}

#[test]
fn keys_are_checked_and_never_shown() {
    let good = "ISTYBvIdqX01QXnNIUr0rhaQFZNvrt7ArEKO84BJOAB";
    for (token, aes_key, expected) in [
        ("kQ7mZ2vTx9Lr4Hd", good, None),
        ("", good, Some(CallbackError::BadKey)),
        ("a b", good, Some(CallbackError::BadKey)),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", good, Some(CallbackError::BadKey)),
        ("t", &good[1..], Some(CallbackError::BadKey)),
        (
            "t",
            "ISTYBvIdqX01QXnNIUr0rhaQFZNvrt7ArEKO84BJOAB=",
            Some(CallbackError::BadKey),
        ),
        (
            "t",
            "ISTYBvIdqX01QXnNIUr0rhaQFZNvrt7ArEKO84BJO/+",
            Some(CallbackError::BadKey),
        ),
    ] {
        assert_eq!(keys(token, aes_key).err(), expected, "{token} {aes_key}");
    }
    assert_eq!(format!("{:?}", demo()), "CallbackKeys(…)");
}

#[test]
fn errors_carry_the_vendors_labels() {
    let message = CallbackError::Signature.to_string();
    assert_eq!(message, "回调签名不符（-40001）");
    assert_eq!(CallbackError::Base64.label(), -40010);
}
