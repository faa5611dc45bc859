use super::*;

#[track_caller]
fn check(sent: Option<&[u8]>, echoed: bool) {
    let mut headers = HeaderMap::new();
    if let Some(sent) = sent {
        headers.insert(X_REQUEST_ID, HeaderValue::from_bytes(sent).expect("a header"));
    }
    let id = request_id(&headers);
    if echoed {
        assert_eq!(Some(id.as_bytes()), sent);
    } else {
        assert!(Uuid::try_parse_ascii(id.as_bytes()).is_ok(), "{id:?} is no UUID");
    }
}

#[test]
fn a_sane_id_is_echoed_and_any_other_is_replaced() {
    check(Some(b"trace-7f/1"), true);
    check(Some(&[b'x'; 128]), true);
    check(Some(&[b'x'; 129]), false);
    check(Some(b""), false);
    check(Some(b"two words"), false);
    check(Some("编号".as_bytes()), false);
    check(None, false);
}
