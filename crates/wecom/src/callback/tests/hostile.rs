//! What must not open.

use super::*;

#[test]
fn an_envelope_may_be_ordered_and_spaced_freely() {
    let keys = demo();
    let query = signed(&keys, TICKET_ENCRYPTED);
    for body in [
        format!("<xml><Encrypt>\n  <![CDATA[{TICKET_ENCRYPTED}]]>\n</Encrypt><ToUserName>x</ToUserName></xml>"),
        format!(
            "\u{feff}<?xml version=\"1.0\"?>\n<xml a=\"b\"><!-- c --><Encrypt>{TICKET_ENCRYPTED}</Encrypt><AgentID/></xml>\n"
        ),
        format!("<xml><Nested><Encrypt>not this</Encrypt></Nested><Encrypt>{TICKET_ENCRYPTED}</Encrypt></xml>"),
    ] {
        assert_eq!(
            opened(keys.open_push(&query, &body, &[SUITE])).as_deref(),
            Ok(TICKET),
            "{body}"
        );
    }
}

#[test]
fn a_body_that_is_no_envelope_is_malformed() {
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><xml><Encrypt>&b;</Encrypt></xml>";
    let deep = format!("<xml>{}<Encrypt>x</Encrypt>", "<a>".repeat(100_000));
    let wide = format!(
        "<xml>{}<Encrypt>x</Encrypt></xml>",
        (0..300).fold(String::new(), |all, n| all + &format!("<f{n}/>"))
    );
    for body in [
        "",
        "   ",
        "success",
        "{\"encrypt\":\"x\"}",
        "<xml></xml>",
        "<xml><Encrypt></Encrypt></xml>",
        "<xml><Encrypt> </Encrypt></xml>",
        "<xml><Encrypt/></xml>",
        "<xml><Encrypt>x</Encrypt>",
        "<xml><Encrypt>x</xml></Encrypt>",
        "<xml><Encrypt>&unknown;</Encrypt></xml>",
        "<xml><Encrypt>&#xD800;</Encrypt></xml>",
        "<xml><Encrypt><![CDATA[x]]</Encrypt></xml>",
        "<xml><Encrypt>x</Encrypt></xml><xml><Encrypt>y</Encrypt></xml>",
        "<xml><Encrypt>x</Encrypt></xml>trailing",
        "</xml>",
        "<Encrypt>x</Encrypt>",
        bomb,
        &deep,
        &wide,
    ] {
        let shown = &body[..body.len().min(60)];
        let outcome = opened(demo().open_push(&PushQuery::default(), body, &[SUITE]));
        assert_eq!(outcome, Err(CallbackError::Malformed), "{shown}");
    }
}

#[test]
fn what_is_signed_but_not_well_encrypted_is_refused_by_its_kind() {
    let keys = demo();
    let odd_length = TICKET_ENCRYPTED.trim_end_matches("Os4Q==");
    // Whole blocks of 16 bytes, but not of 32.
    let half_block = &TICKET_ENCRYPTED[..64];
    for (encrypted, expected) in [
        ("not base64!", CallbackError::Base64),
        ("AA", CallbackError::Base64),
        (odd_length, CallbackError::Base64),
        ("AAAAAAAAAAAAAAAAAAAAAA==", CallbackError::Decrypt),
        (half_block, CallbackError::Decrypt),
        ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", CallbackError::Decrypt),
    ] {
        let outcome = keys.open_push(&signed(&keys, encrypted), &envelope(encrypted), &[SUITE]);
        assert_eq!(opened(outcome), Err(expected), "{encrypted}");
    }
    let others = super::keys("kQ7mZ2vTx9Lr4Hd", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C").expect("keys");
    let outcome = others.open_push(
        &signed(&others, TICKET_ENCRYPTED),
        &envelope(TICKET_ENCRYPTED),
        &[SUITE],
    );
    assert_eq!(opened(outcome), Err(CallbackError::Decrypt));
}

#[test]
fn a_signature_is_compared_whole_and_as_it_is_written() {
    let keys = demo();
    let good = signed(&keys, TICKET_ENCRYPTED);
    for signature in [
        "",
        &good.msg_signature[..39],
        &format!("{}0", good.msg_signature),
        &good.msg_signature.to_uppercase(),
    ] {
        let query = PushQuery {
            msg_signature: signature.to_owned(),
            ..good.clone()
        };
        let outcome = keys.open_push(&query, &envelope(TICKET_ENCRYPTED), &[SUITE]);
        assert_eq!(opened(outcome), Err(CallbackError::Signature), "{signature}");
    }
}

#[test]
fn an_address_serves_only_its_own_receivers() {
    let keys = demo();
    for (receiver, allowed, opens) in [
        ("wpAbC1", &["wpAbC1"][..], true),
        ("wpAbC1", &["ww1", "wpAbC1"], true),
        ("wpAbC1", &["wpabc1"], false),
        ("wpAbC1", &[], false),
        ("", &[""], true),
        ("", &["ww1"], false),
        ("ww1", &[""], false),
        ("ww12", &["ww1"], false),
    ] {
        let encrypted = keys.encrypt("message", receiver).expect("encrypted");
        let outcome = opened(keys.open_push(&signed(&keys, &encrypted), &envelope(&encrypted), allowed));
        let expected = if opens {
            Ok("message".to_owned())
        } else {
            Err(CallbackError::ReceiveId)
        };
        assert_eq!(outcome, expected, "{receiver} {allowed:?}");
    }
}
