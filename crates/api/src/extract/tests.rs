use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize)]
struct Sample {
    #[expect(dead_code, reason = "only read")]
    name: Option<String>,
}

impl JsonBody for Sample {
    fn shape(_field: &str) -> &'static str {
        "字符串"
    }
}

#[track_caller]
fn check(body: &str, field: Option<&str>, message: &str) {
    let malformed = parse::<Sample>(body.as_bytes()).expect_err("it cannot be read");
    assert_eq!(
        (malformed.field.as_deref(), malformed.message.as_str()),
        (field, message),
        "{body}"
    );
}

#[test]
fn what_cannot_be_read_is_explained_without_repeating_it() {
    check("", None, "请求体不是有效的 JSON（第 1 行第 0 列）");
    check("{\"name\":\n oops}", None, "请求体不是有效的 JSON（第 2 行第 2 列）");
    check(
        r#"{"name":"a"} trailing"#,
        None,
        "请求体不是有效的 JSON（第 1 行第 14 列）",
    );
    check(
        r#"{"name":{"secret":1}}"#,
        Some("name"),
        "字段 name 格式错误：name 应为字符串",
    );
    check("7", None, "请求体应为 JSON 对象，且字段不能重复");
}

#[test]
fn json_is_told_by_its_media_type() {
    for (value, expected) in [
        ("application/json", true),
        ("Application/JSON; charset=utf-8", true),
        ("application/problem+json", true),
        ("text/json", false),
        ("application/jsonp", false),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, value.parse().expect("a header"));
        assert_eq!(is_json(&headers), expected, "{value}");
    }
}
