use super::redacted;

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(redacted(text), expected);
}

#[test]
fn queries_of_addresses_are_cut() {
    check(
        "error for https://a.example/x?access_token=T&b=1 (os error)",
        "error for https://a.example/x?… (os error)",
    );
    check(
        "https://a.example/x?t=1，见 https://b.example/y",
        "https://a.example/x?…，见 https://b.example/y",
    );
    check(
        "更多：\"https://a.example/?e=40001\"。",
        "更多：\"https://a.example/?…\"。",
    );
}

#[test]
fn values_of_tokens_and_secrets_are_hidden() {
    check("access_token=abc-123&x=1", "access_token=…&x=1");
    check(
        r#"{"corpSecret": "s3", "access_token":"t"}"#,
        r#"{"corpSecret": "…", "access_token":"…"}"#,
    );
    check("X-GEWE-TOKEN: 0a1b", "X-GEWE-TOKEN: …");
    check("secret=a token=b secret=c", "secret=… token=… secret=…");
}

#[test]
fn mobile_numbers_are_masked() {
    check("成员 13800001234 不存在", "成员 138****1234 不存在");
    check("+8613800001234", "+138****1234");
}

#[test]
fn what_support_needs_stays() {
    for text in [
        "invalid credential, hint: [1767060000112233445566778], from ip: 203.0.113.7",
        "header:X-GEWE-TOKEN 不可为空",
        "invalid access_token",
        "token 14703570661504458755",
        "1767060000",
        "",
    ] {
        check(text, text);
    }
}
