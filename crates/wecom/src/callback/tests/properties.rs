//! For every message: it comes back whole, and no change of it does. The bounded companion of the fuzz targets in `fuzz/`.

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::*;

const OTHERS: &[&str] = &["wpOther"];

/// The same number of cases on every machine.
fn cases(cases: u32) -> Config {
    Config {
        failure_persistence: None,
        ..Config::with_cases(cases)
    }
}

/// Everything that a stranger's request goes through. Returns what was believed.
fn receive(keys: &CallbackKeys, query: &PushQuery, body: &str) -> Result<String, CallbackError> {
    let message = opened(keys.open_push(query, body, &[SUITE]))?;
    let _ = Push::parse(&message);
    Ok(message)
}

fn changed(text: &str, at: prop::sample::Index, to: char) -> String {
    let at = at.index(text.chars().count());
    text.chars()
        .enumerate()
        .map(|(n, was)| if n == at { to } else { was })
        .collect()
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn a_message_comes_back_for_its_receiver_and_for_no_other(message in any::<String>(), receiver in "[a-zA-Z0-9_-]{0,40}") {
        let keys = demo();
        let encrypted = keys.encrypt(&message, &receiver).expect("encrypted");
        let (query, body) = (signed(&keys, &encrypted), envelope(&encrypted));
        prop_assert_eq!(opened(keys.open_push(&query, &body, &[&receiver])), Ok(message));
        prop_assert_eq!(opened(keys.open_push(&query, &body, OTHERS)), Err(CallbackError::ReceiveId));
    }

    #[test]
    fn a_changed_character_of_the_message_never_opens(message in any::<String>(), at: prop::sample::Index, to in "[A-Za-z0-9+/=]") {
        let keys = demo();
        let encrypted = keys.encrypt(&message, SUITE).expect("encrypted");
        let to = to.chars().next().expect("one");
        let other = changed(&encrypted, at, to);
        prop_assume!(other != encrypted);
        prop_assert_eq!(receive(&keys, &signed(&keys, &encrypted), &envelope(&other)), Err(CallbackError::Signature));
    }

    #[test]
    fn a_changed_character_of_the_query_never_opens(which in 0..3_usize, at: prop::sample::Index, to in any::<char>()) {
        let keys = demo();
        let good = signed(&keys, TICKET_ENCRYPTED);
        let mut query = good.clone();
        let part = [&mut query.msg_signature, &mut query.timestamp, &mut query.nonce].into_iter().nth(which).expect("one");
        *part = changed(part, at, to);
        let is_same = query.msg_signature == good.msg_signature && query.timestamp == good.timestamp && query.nonce == good.nonce;
        prop_assume!(!is_same);
        prop_assert_eq!(receive(&keys, &query, &envelope(TICKET_ENCRYPTED)), Err(CallbackError::Signature));
    }

    #[test]
    fn another_token_never_opens(token in "[A-Za-z0-9]{1,32}") {
        prop_assume!(token != "kQ7mZ2vTx9Lr4Hd");
        let others = super::keys(&token, "ISTYBvIdqX01QXnNIUr0rhaQFZNvrt7ArEKO84BJOAB").expect("keys");
        let query = signed(&demo(), TICKET_ENCRYPTED);
        prop_assert_eq!(receive(&others, &query, &envelope(TICKET_ENCRYPTED)), Err(CallbackError::Signature));
    }
}

proptest! {
    #![proptest_config(cases(4096))]

    /// Behind the signature: blocks that decrypt to anything.
    #[test]
    fn no_signed_bytes_can_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        use base64::Engine as _;
        let keys = demo();
        let encrypted = base64::engine::general_purpose::STANDARD.encode(bytes);
        prop_assert!(receive(&keys, &signed(&keys, &encrypted), &envelope(&encrypted)).is_err());
    }

    #[test]
    fn no_body_can_do_harm(body in r#"(<(/|!|\?|xml|Encrypt|a|!\[CDATA\[|!--|!DOCTYPE)?|>|/>|\]\]>|-->|&|;|#|x|[0-9]|"| |\PC){0,60}"#) {
        prop_assert!(receive(&demo(), &PushQuery::default(), &body).is_err());
        let _ = Push::parse(&body);
    }

    #[test]
    fn no_change_of_a_genuine_event_can_do_harm(at: prop::sample::Index, to in any::<char>(), cut: prop::sample::Index) {
        let other = changed(TICKET, at, to);
        let _ = Push::parse(&other);
        let cut = cut.index(TICKET.len());
        prop_assert!(Push::parse(&TICKET[..cut]).is_err());
    }
}
